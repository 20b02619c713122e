/**
 * Answers and places telephone calls over Twilio Media Streams.
 *
 * ```ts
 * const Phone = Twilio.layer((line) => Speech.run(agent, line))
 * VoiceAgentApp.layerServer(agent, { routes: Phone })
 * ```
 *
 * Point the voice webhook of a number at `https://<your server>/twilio`. Every request must carry Twilio's signature, and the
 * socket of a call must also bring the one-use token that was issued to its webhook.
 *
 * @since 0.1.0
 */
import type * as Entrance from "@antiphon/server/Entrance"
import type * as Mount from "@antiphon/server/Mount"
import type * as PreCall from "@antiphon/server/PreCall"
import type * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Answer, Surroundings } from "./Answer.ts"
import { CarrierError } from "./CarrierError.ts"
import * as CarrierDesk from "./internal/carrierDesk.ts"
import * as Credentials from "./internal/credentials.ts"
import * as Reception from "./internal/reception.ts"
import * as Calls from "./internal/twilio/calls.ts"
import * as Routes from "./internal/twilio/routes.ts"
import type { Transfer } from "./internal/twilio/transfer.ts"
import * as TwilioAccount from "./TwilioAccount.ts"

export type { Transfer } from "./internal/twilio/transfer.ts"

/** Options for answering calls. */
export interface Options<out E = never, out R = never> {
  /** The account. Read from `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN` by default. */
  readonly account?: TwilioAccount.Options | undefined
  /** Path of the webhook, `/twilio` by default. The other routes are below it. */
  readonly path?: HttpRouter.PathInput | undefined
  /**
   * Public address of this server, such as `https://agent.example.com`. Defaults to `ANTIPHON_PUBLIC_URL`, or else to what the
   * request says (`X-Forwarded-Host`, `X-Forwarded-Proto`, `Host`), which works with tunnels and most proxies.
   */
  readonly publicUrl?: string | undefined
  /**
   * Address of this process alone, if several processes share `publicUrl`. Twilio is told to open streams and send
   * callbacks there, since a call must stay with the process that answered its webhook.
   */
  readonly processUrl?: string | undefined
  /** Decides about each call before it is answered. Its metadata reaches the agent; `config` has no effect here. */
  readonly preCall?: PreCall.Handler<E, R> | undefined
  /** How calls are transferred, for all targets or by target. Cold by default. */
  readonly transfer?: Transfer | ((targetPhoneNumber: string) => Transfer) | undefined
  /** Spoken by Twilio if the stream breaks off while the caller is still there. Empty for silence. */
  readonly apology?: string | undefined
  /** Custom parameters of the stream. They are part of the call's metadata. */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Whether the socket must be signed too, in addition to its token. True by default. */
  readonly checkUpgrade?: boolean | undefined
}

/** Mounts the routes on a server, beside its other protocols: `VoiceAgentApp.serve(agent, { protocols: [mount(answer)] })`. */
export const mount = <E = never, R = never, PE = never, PR = never>(
  answer: Answer<E, R>,
  options: Options<PE, PR> = {}
): Mount.Mount<R | PR> => ({
  name: "twilio",
  routes: (reception) => Effect.orDie(routes(answer, options, reception))
})

/**
 * Layer that adds the routes to a router. Its calls count towards the `Calls` in the context, or towards limits of its own. Fails
 * with the names of missing variables.
 */
export const layer = <E = never, R = never, PE = never, PR = never>(
  answer: Answer<E, R>,
  options: Options<PE, PR> & Surroundings = {}
): Layer.Layer<never, Config.ConfigError | CarrierError, HttpRouter.HttpRouter | Exclude<R | PR, Scope.Scope>> =>
  Reception.layer((reception) => routes(answer, options, reception), options)

const carrier = { name: "Twilio", path: "/twilio" } as const
const defaultApology = "I am sorry, something went wrong. Please call again later."

const routes = <E, R, PE, PR>(answer: Answer<E, R>, options: Options<PE, PR>, reception: Entrance.Reception) =>
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const account = yield* TwilioAccount.load(options.account)
    const { parameters = {}, transfer = {} } = options
    const desk: Routes.Desk = {
      ...(yield* CarrierDesk.make<Calls.Expected, E, R, PE, PR>(carrier, answer, options, reception)),
      account,
      transfer: typeof transfer === "function" ? transfer : () => transfer,
      apology: options.apology ?? defaultApology,
      parameters,
      checkUpgrade: options.checkUpgrade ?? true,
      calls: new Map()
    }
    const { path } = desk
    yield* router.add("*", path, (request) => Routes.voice(desk, request))
    yield* router.add("*", `${path}/status`, (request) => Routes.status(desk, request))
    yield* router.add("*", `${path}/transferred`, (request) => Routes.transferred(desk, request))
    yield* router.add("*", `${path}/stream/:token`, (request) =>
      Effect.flatMap(HttpRouter.params, ({ token }): Effect.Effect<HttpServerResponse> =>
        Routes.stream(desk, request, token ?? "")
      )
    )
  })

/** Options for placing a call. */
export interface Outgoing {
  readonly to: string
  /** One of your Twilio numbers. */
  readonly from: string
  /** Public address of the server that runs the agent. Defaults to `ANTIPHON_PUBLIC_URL`. */
  readonly publicUrl?: string | undefined
  /** Path of that server's webhook. `/twilio` by default. */
  readonly path?: string | undefined
  readonly account?: TwilioAccount.Options | undefined
  /** How long the phone rings. 30 seconds by default. */
  readonly timeout?: Duration.Input | undefined
  /** Whether Twilio detects answering machines. The agent starts at once, and is told the result later. */
  readonly detectMachine?: boolean | undefined
  /** Part of the call's metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/** Places a call. Whoever answers talks to the agent on the server at `publicUrl`. Succeeds once Twilio has queued the call. */
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

/** Waits until a call is answered or fails. Polls Twilio every second. */
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
