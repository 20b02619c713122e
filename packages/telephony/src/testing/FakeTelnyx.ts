/**
 * A fake Telnyx for tests. It sends signed events to your server, answers the Call Control API, and opens media streams whose audio
 * it paces and records.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { Faults } from "./Faults.ts"
import * as ApiServer from "./internal/apiServer.ts"
import * as TelnyxCall from "./internal/telnyxCall.ts"
import * as TelnyxEvents from "./internal/telnyxEvents.ts"
import type { TelnyxPhone } from "./TelnyxPhone.ts"

export type { Ending, TelnyxPhone as Phone } from "./TelnyxPhone.ts"

/** What happens when a number is called. `answered` by default. */
export type Behaviour = "answered" | "busy" | "no-answer"

/** Options for the fake. */
export interface Options {
  /** By telephone number. */
  readonly numbers?: Readonly<Record<string, Behaviour>> | undefined
  /** Webhook of the application. It receives the events of calls that have none of their own. */
  readonly webhook: () => string
  /** Signs with a wrong key, or not at all. */
  readonly signs?: "wrong" | "never" | undefined
  /** Sends each event twice, as Telnyx may. */
  readonly repeats?: boolean | undefined
  /** Commands, such as `send_dtmf`, that the API never answers. */
  readonly ignores?: ReadonlyArray<string> | undefined
  /** Result of answering-machine detection. `human` by default. */
  readonly answeredBy?: string | undefined
  readonly faults?: Faults | undefined
}

/** A command that the API received. */
export interface Command {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

/** A fake Telnyx. */
export interface FakeTelnyx {
  /** The account to configure your server with. */
  readonly account: { readonly apiKey: Redacted.Redacted; readonly publicKey: string; readonly baseUrl: string }
  /** Calls your server. Fails with the HTTP status of the webhook if that is not 200. */
  readonly dial: (call: { readonly from?: string; readonly to?: string }) => Effect.Effect<TelnyxPhone, number>
  /** Takes the next call that was placed through the API and answered. */
  readonly answered: Effect.Effect<TelnyxPhone>
  readonly commands: ReadonlyArray<Command>
}

const apiKey = "a key that only tests know"
const ours = "+15550002222"
const rings = Duration.millis(30)

/** State of the API. */
interface Exchange extends TelnyxCall.Options {
  readonly options: Options
  readonly calls: Map<string, TelnyxCall.Call>
  readonly answered: Queue.Queue<TelnyxPhone>
  readonly commands: Array<Command>
}

/** Starts a fake, with its API on a free port. */
export const make = (options: Options): Effect.Effect<FakeTelnyx, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const exchange: Exchange = {
      options,
      clock,
      scope: yield* Scope.Scope,
      faults: options.faults ?? {},
      events: TelnyxEvents.make(clock, options),
      calls: new Map(),
      answered: yield* Queue.unbounded<TelnyxPhone>(),
      commands: []
    }
    const baseUrl = yield* ApiServer.serve((request) => api(exchange, request))
    return {
      account: { apiKey: Redacted.make(apiKey), publicKey: exchange.events.publicKey, baseUrl },
      dial: ({ from = "+15550001111", to = ours }) =>
        Effect.gen(function* () {
          const call = begin(exchange, { from, to, direction: "incoming" })
          const status = yield* call.event("call.initiated")
          return status === 200 ? call.phone : yield* Effect.fail(status)
        }),
      answered: Queue.take(exchange.answered),
      commands: exchange.commands
    }
  })

const begin = (exchange: Exchange, about: TelnyxCall.About): TelnyxCall.Call => {
  const call = TelnyxCall.make(exchange, about)
  exchange.calls.set(call.phone.callControlId, call)
  return call
}

const fork = ({ scope }: Exchange, effect: Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.asVoid(Effect.forkIn(Effect.ignoreCause(effect), scope))

/** Answers a request to the API. */
const api = (exchange: Exchange, request: HttpServerRequest): Effect.Effect<HttpServerResponse> =>
  Effect.gen(function* () {
    const path = new URL(request.originalUrl, "http://localhost").pathname
    const body = JSON.parse(yield* request.text) as Command["body"]
    exchange.commands.push({ path, body })
    if (request.headers.authorization !== `Bearer ${apiKey}`) {
      return ApiServer.answer(401, { errors: [{ code: "10009" }] })
    }
    if (path === "/v2/calls") return yield* callOut(exchange, body)
    const [, callId = "", name = ""] = /^\/v2\/calls\/([^/]+)\/actions\/(\w+)$/.exec(path) ?? []
    const call = exchange.calls.get(decodeURIComponent(callId))
    if (call === undefined) return ApiServer.answer(404, { errors: [{ code: "10005" }] })
    if (exchange.options.ignores?.includes(name) === true) return yield* Effect.never
    yield* act(exchange, call, name, body)
    return ApiServer.answer(200, { data: { result: "ok" } })
  }).pipe(Effect.orDie)

/** Places a call. */
const callOut = (exchange: Exchange, body: Command["body"]): Effect.Effect<HttpServerResponse> => {
  const { answering_machine_detection, client_state, from, to, webhook_url } = body
  const call = begin(exchange, { from: String(from), to: String(to), direction: "outgoing", client_state })
  call.redirect(webhook_url)
  const result = exchange.options.answeredBy ?? "human"
  const found = Effect.delay(call.event("call.machine.detection.ended", { result }), rings)
  const isAnswered = Effect.gen(function* () {
    yield* Queue.offer(exchange.answered, call.phone)
    yield* Effect.ignore(call.phone.connected)
    if (answering_machine_detection !== undefined) yield* found
  })
  const { callControlId } = call.phone
  return Effect.as(
    fork(exchange, ring(exchange, call, String(to), isAnswered)),
    ApiServer.answer(200, { data: { call_control_id: callControlId } })
  )
}

/** Lets a phone ring, and then be answered or not. */
const ring = (
  { options }: Exchange,
  call: TelnyxCall.Call,
  to: string,
  isAnswered: Effect.Effect<unknown>
): Effect.Effect<void> =>
  Effect.gen(function* () {
    yield* call.event("call.initiated")
    yield* Effect.sleep(rings)
    const behaviour = options.numbers?.[to] ?? "answered"
    if (behaviour !== "answered") return yield* call.end("server", behaviour === "busy" ? "user_busy" : "timeout")
    yield* call.event("call.answered")
    yield* isAnswered
  })

/** Carries out a command. */
const act = (exchange: Exchange, call: TelnyxCall.Call, name: string, body: Command["body"]): Effect.Effect<void> => {
  switch (name) {
    case "answer":
      call.redirect(body["webhook_url"])
      return fork(exchange, call.open(String(body["stream_url"])))
    case "streaming_start":
      return fork(exchange, call.open(String(body["stream_url"])))
    case "reject":
      return call.end("rejected")
    case "hangup":
      return call.end("server")
    case "transfer": {
      const to = String(body["to"])
      const { target_leg_client_state: client_state } = body
      const target = begin(exchange, { from: ours, to, direction: "outgoing", client_state })
      target.redirect(body["webhook_url"])
      return fork(exchange, ring(exchange, target, to, target.event("call.bridged")))
    }
    default:
      return Effect.void
  }
}
