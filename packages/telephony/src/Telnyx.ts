/**
 * Answers and places telephone calls over Telnyx Call Control and media streaming.
 *
 * ```ts
 * const Phone = Telnyx.layer((line) => Speech.run(agent, line))
 * ```
 *
 * Point the webhook of a Voice API application at `https://<your server>/telnyx`. Every event must carry Telnyx's signature, and
 * the socket of a call must bring the one-use token that was issued for it.
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
import type * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Answer, Surroundings } from "./Answer.ts"
import { CarrierError } from "./CarrierError.ts"
import * as CarrierDesk from "./internal/carrierDesk.ts"
import * as Credentials from "./internal/credentials.ts"
import * as Once from "./internal/once.ts"
import * as Reception from "./internal/reception.ts"
import * as Routes from "./internal/telnyx/routes.ts"
import * as Signature from "./Signature.ts"
import * as TelnyxAccount from "./TelnyxAccount.ts"

/** Options for answering calls. */
export interface Options<out E = never, out R = never> {
  /** The account. Read from `TELNYX_API_KEY` and `TELNYX_PUBLIC_KEY` by default. */
  readonly account?: TelnyxAccount.Options | undefined
  /** Path of the webhook, `/telnyx` by default. Sockets are below it. */
  readonly path?: HttpRouter.PathInput | undefined
  /** Public address of this server. Defaults to `ANTIPHON_PUBLIC_URL`, or else to what the request says. */
  readonly publicUrl?: string | undefined
  /**
   * Address of this process alone, if several processes share `publicUrl`. Telnyx is told to open streams there, since
   * a call must stay with the process that answered it.
   */
  readonly processUrl?: string | undefined
  /** Decides about each incoming call. Its metadata reaches the agent; `config` has no effect here. */
  readonly preCall?: PreCall.Handler<E, R> | undefined
  /** `PCMU` (mu-law) by default. `PCMA` is A-law, as used in Europe. */
  readonly codec?: "PCMU" | "PCMA" | undefined
  /** How long the target of a transfer rings. 30 seconds by default. */
  readonly ringFor?: Duration.Input | undefined
}

/** Mounts the routes on a server, beside its other protocols: `VoiceAgentApp.serve(agent, { protocols: [mount(answer)] })`. */
export const mount = <E = never, R = never, PE = never, PR = never>(
  answer: Answer<E, R>,
  options: Options<PE, PR> = {}
): Mount.Mount<R | PR> => ({
  name: "telnyx",
  routes: (reception) => Effect.orDie(routes(answer, options, reception))
})

/**
 * Layer that adds the routes to a router. Its calls count towards the `Calls` in the context, or towards limits of its own. Fails
 * with the name of a variable that is missing or is not a valid key.
 */
export const layer = <E = never, R = never, PE = never, PR = never>(
  answer: Answer<E, R>,
  options: Options<PE, PR> & Surroundings = {}
): Layer.Layer<never, Config.ConfigError | CarrierError, HttpRouter.HttpRouter | Exclude<R | PR, Scope.Scope>> =>
  Reception.layer((reception) => routes(answer, options, reception), options)

const carrier = { name: "Telnyx", path: "/telnyx" } as const

const routes = <E, R, PE, PR>(answer: Answer<E, R>, options: Options<PE, PR>, reception: Entrance.Reception) =>
  Effect.gen(function* () {
    const router = yield* HttpRouter.HttpRouter
    const account = yield* TelnyxAccount.load(options.account)
    const key = Signature.telnyxKey(account.publicKey)
    if (Result.isFailure(key)) {
      const reason = { _tag: "MissingKey", variables: ["TELNYX_PUBLIC_KEY"] } as const
      return yield* Effect.fail(new CarrierError({ carrier: "telnyx", reason }))
    }
    const desk: Routes.Desk = {
      ...(yield* CarrierDesk.make<Routes.Expected, E, R, PE, PR>(carrier, answer, options, reception)),
      account,
      key: key.success,
      codec: options.codec ?? "PCMU",
      ringFor: Duration.fromInputUnsafe(options.ringFor ?? "30 seconds"),
      calls: new Map(),
      isNew: Once.make()
    }
    yield* router.add("*", desk.path, (request) => Routes.webhook(desk, request))
    yield* router.add("*", `${desk.path}/stream/:token`, (request) =>
      Effect.flatMap(HttpRouter.params, ({ token }) => Routes.stream(desk, request, token ?? ""))
    )
  })

/** Options for placing a call. */
export interface Outgoing {
  readonly to: string
  /** One of your Telnyx numbers. */
  readonly from: string
  /** The Voice API application that places the call. Defaults to `TELNYX_CONNECTION_ID`. */
  readonly connectionId?: string | undefined
  /**
   * Public address of the server that runs the agent. Defaults to `ANTIPHON_PUBLIC_URL`; without either, the call goes to the webhook
   * of the application.
   */
  readonly publicUrl?: string | undefined
  /** Path of that server's webhook, if it has several with agents of their own. `/telnyx` by default. */
  readonly path?: string | undefined
  readonly account?: TelnyxAccount.Options | undefined
  /** How long the phone rings. 30 seconds by default. */
  readonly timeout?: Duration.Input | undefined
  /** Whether Telnyx detects answering machines. The agent starts at once, and is told the result later. */
  readonly detectMachine?: boolean | undefined
  /** Part of the call's metadata. */
  readonly metadata?: Readonly<Record<string, string>> | undefined
}

/**
 * Places a call. Whoever answers talks to the agent on the server at `publicUrl`, which gets all events of this call, whatever webhook
 * the application has. Succeeds once Telnyx has queued the call.
 */
export const call = (options: Outgoing): Effect.Effect<{ readonly callControlId: string }, CarrierError> =>
  Effect.gen(function* () {
    const account = yield* TelnyxAccount.load(options.account)
    const publicUrl = options.publicUrl ?? (yield* Credentials.variable("ANTIPHON_PUBLIC_URL"))
    return yield* TelnyxAccount.createCall(account, {
      to: options.to,
      from: options.from,
      connection_id: yield* Credentials.required("telnyx", options.connectionId, "TELNYX_CONNECTION_ID"),
      timeout_secs: Math.ceil(Duration.toSeconds(Duration.fromInputUnsafe(options.timeout ?? "30 seconds"))),
      client_state: Routes.stateOf({ call: options.metadata ?? {} }),
      ...(publicUrl === undefined
        ? {}
        : { webhook_url: Credentials.address(publicUrl, "") + (options.path ?? "/telnyx") }),
      ...(options.detectMachine === true ? { answering_machine_detection: "detect" } : {})
    })
  })
