/**
 * Telephone calls through Twilio Media Streams: routes for your server, and outgoing calls.
 *
 * ```ts
 * const Phone = Twilio.layer((line) => Speech.run(agent, line))
 * VoiceAgentApp.layerServer(agent, { routes: Phone })
 * ```
 *
 * Point the voice webhook of a number at `https://<your server>/twilio`. What comes is checked against Twilio's
 * signature before anything of it is read, and the socket of a call is let in only with the token that its signed
 * webhook was given.
 *
 * @since 0.1.0
 */
import * as EventId from "@antiphon/core/EventId"
import * as Entrance from "@antiphon/server/Entrance"
import type * as Mount from "@antiphon/server/Mount"
import type * as PreCall from "@antiphon/server/PreCall"
import * as Clock from "effect/Clock"
import type * as Config from "effect/Config"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Answer, Surroundings } from "./Answer.ts"
import { CarrierError } from "./CarrierError.ts"
import * as Credentials from "./internal/credentials.ts"
import * as Reception from "./internal/reception.ts"
import * as Tokens from "./internal/tokens.ts"
import * as Calls from "./internal/twilio/calls.ts"
import * as Routes from "./internal/twilio/routes.ts"
import type { Transfer } from "./internal/twilio/transfer.ts"
import * as TwilioAccount from "./TwilioAccount.ts"

export type { Transfer } from "./internal/twilio/transfer.ts"

/** Options besides the answer. */
export interface Options<out E = never, out R = never> {
  /** The account. By default from `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`. */
  readonly account?: TwilioAccount.Options | undefined
  /** The path of the webhook. `/twilio` by default; the other routes are below it. */
  readonly path?: HttpRouter.PathInput | undefined
  /**
   * The public address of this server, such as `https://agent.example.com`. Defaults to `ANTIPHON_PUBLIC_URL`, or the
   * address in the request (`X-Forwarded-Host`, `X-Forwarded-Proto`, `Host`), which tunnels and most proxies set.
   */
  readonly publicUrl?: string | undefined
  /** Called before each call. Its metadata is passed to the agent; `config` is ignored. */
  readonly preCall?: PreCall.Handler<E, R> | undefined
  /** How calls are transferred. Cold by default. */
  readonly transfer?: Transfer | ((targetPhoneNumber: string) => Transfer) | undefined
  /** Said by Twilio if a call fails. Pass an empty text to say nothing. */
  readonly apology?: string | undefined
  /** Custom parameters of each stream, which are returned in the metadata of the call. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Whether the socket must be signed, too. Its token is required in any case. True by default. */
  readonly checkUpgrade?: boolean | undefined
}

/**
 * Mounts the routes on a server alongside other protocols: `VoiceAgentApp.layer(agent, { protocols: [..., mount(...)]
 * })`.
 */
export const mount = <E = never, R = never, PE = never, PR = never>(
  answer: Answer<E, R>,
  options: Options<PE, PR> = {}
): Mount.Mount<R | PR> => ({
  name: "twilio",
  routes: (reception) => Effect.orDie(routes(answer, options, reception))
})

/**
 * Layer that adds the routes to a router. Counts calls among the `Calls` of the context, if provided, and otherwise
 * with its own limit. Fails with the name of a missing variable.
 */
export const layer = <E = never, R = never, PE = never, PR = never>(
  answer: Answer<E, R>,
  options: Options<PE, PR> & Surroundings = {}
): Layer.Layer<never, Config.ConfigError | CarrierError, HttpRouter.HttpRouter | Exclude<R | PR, Scope.Scope>> =>
  Layer.effectDiscard(
    Effect.flatMap(Entrance.reception(options.settings), (reception) =>
      routes(answer, options, { ...reception, record: options.record })
    )
  ) as Layer.Layer<never, Config.ConfigError | CarrierError, HttpRouter.HttpRouter | Exclude<R | PR, Scope.Scope>>

/** How long the socket of a call may take to open after its webhook. */
const tokenTimeout = Duration.seconds(60)
const defaultApology = "I am sorry, something went wrong. Please call again later."

const routes = <E, R, PE, PR>(answer: Answer<E, R>, options: Options<PE, PR>, reception: Entrance.Reception) =>
  Effect.gen(function* () {
    const services = yield* Effect.context<R | PR>()
    const router = yield* HttpRouter.HttpRouter
    const account = yield* TwilioAccount.load(options.account)
    const { parameters = {}, preCall, transfer = {} } = options
    const path = (options.path ?? "/twilio").replace(/(?<!\/)\/+$/, "") as `/${string}`
    const provide = <A, E2>(effect: Effect.Effect<A, E2, R | PR>) =>
      Effect.provideContext(effect, services as Context.Context<R | PR>)
    const desk: Routes.Desk = {
      reception: Reception.ofCarrier(reception),
      nextId: yield* EventId.make,
      answer: (line) => provide(answer(line)),
      account,
      publicUrl: (options.publicUrl ?? (yield* Credentials.variable("ANTIPHON_PUBLIC_URL")))?.replace(/\/+$/, ""),
      path,
      preCall: preCall === undefined ? undefined : (request) => provide(preCall(request)),
      transfer: typeof transfer === "function" ? transfer : () => transfer,
      apology: options.apology ?? defaultApology,
      parameters,
      checkUpgrade: options.checkUpgrade ?? true,
      tokens: Tokens.make(yield* Clock.Clock, tokenTimeout),
      calls: new Map()
    }
    const where = desk.publicUrl === undefined ? `${path} of this server's public address` : desk.publicUrl + path
    yield* Effect.logInfo(`Twilio is answered at ${where}.`)
    yield* router.add("*", path, (request) => Routes.voice(desk, request))
    yield* router.add("*", `${path}/status`, (request) => Routes.status(desk, request))
    yield* router.add("*", `${path}/transferred`, (request) => Routes.transferred(desk, request))
    yield* router.add("*", `${path}/stream/:token`, (request) =>
      Effect.flatMap(HttpRouter.params, ({ token }): Effect.Effect<HttpServerResponse> =>
        Routes.stream(desk, request, token ?? "")
      )
    )
  })

/** An outgoing call. */
export interface Outgoing {
  readonly to: string
  /** One of your numbers. */
  readonly from: string
  /** The address of the server that runs the call. Defaults to `ANTIPHON_PUBLIC_URL`. */
  readonly publicUrl?: string | undefined
  /** The path of its webhook. `/twilio` by default. */
  readonly path?: string | undefined
  readonly account?: TwilioAccount.Options | undefined
  /** How long it rings. 30 seconds by default. */
  readonly timeout?: Duration.Input | undefined
  /** Whether Twilio listens for an answering machine. The agent is told who answered, without waiting for it. */
  readonly detectMachine?: boolean | undefined
  /** Passed to the agent in the metadata of the call. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/**
 * Makes a call, which connects to the agent of the server at `publicUrl`. Succeeds as soon as Twilio has accepted it.
 */
export const call = (options: Outgoing): Effect.Effect<{ readonly callSid: string }, CarrierError> =>
  Effect.gen(function* () {
    const account = yield* TwilioAccount.load(options.account)
    const publicUrl = yield* Credentials.required("twilio", options.publicUrl, "ANTIPHON_PUBLIC_URL")
    const base = Credentials.address(publicUrl, "") + (options.path ?? "/twilio")
    const query = new URLSearchParams(options.metadata).toString()
    const made = yield* TwilioAccount.createCall(account, {
      To: options.to,
      From: options.from,
      Url: query === "" ? base : `${base}?${query}`,
      Timeout: String(Math.ceil(Duration.toSeconds(Duration.fromInputUnsafe(options.timeout ?? "30 seconds")))),
      StatusCallback: `${base}/status`,
      ...(options.detectMachine === true
        ? { MachineDetection: "Enable", AsyncAmd: "true", AsyncAmdStatusCallback: `${base}/status` }
        : {})
    })
    return { callSid: made.sid }
  })

/** Waits for the outcome of an outgoing call. Polls Twilio every second. */
export const outcome = (
  callSid: string,
  options: { readonly account?: TwilioAccount.Options | undefined } = {}
): Effect.Effect<"Answered" | "Busy" | "NoAnswer" | "Failed", CarrierError> =>
  Effect.gen(function* () {
    const account = yield* TwilioAccount.load(options.account)
    const asked = Effect.map(TwilioAccount.call(account, callSid), ({ status }) => Calls.outcomeOf(status))
    const known = yield* Effect.repeat(asked, {
      schedule: Schedule.spaced("1 second"),
      until: (known) => known !== undefined
    })
    return known ?? "Failed"
  })
