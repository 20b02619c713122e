/**
 * A fake Twilio for tests. It calls your server over real sockets, signs requests, paces and records audio, answers the REST API,
 * and follows TwiML.
 *
 * ```ts
 * const twilio = yield* FakeTwilio.make({ numbers: { "+15550009999": "busy" } })
 * // a server with Twilio.layer(answer, { account: twilio.account }) on `port`
 * const phone = yield* twilio.dial({ url: `http://127.0.0.1:${port}/twilio` })
 * phone.say(audio)
 * ```
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as ApiServer from "./internal/apiServer.ts"
import * as TwilioCall from "./internal/twilioCall.ts"
import * as TwilioNetwork from "./internal/twilioNetwork.ts"
import type { Dial, TwilioPhone } from "./TwilioPhone.ts"

export type { Behaviour } from "./internal/twilioNetwork.ts"
export type { Dial, Ending, TwilioPhone as Phone } from "./TwilioPhone.ts"

/** Options for the fake. */
export interface Options {
  /** What happens when a number is called. `answered` by default. */
  readonly numbers?: Readonly<Record<string, TwilioNetwork.Behaviour>> | undefined
  /** How long a phone rings. 30 milliseconds by default. */
  readonly rings?: Duration.Input | undefined
  /** How long the target of a cold transfer talks before it hangs up. 100 milliseconds by default. */
  readonly talks?: Duration.Input | undefined
  /** HTTP status with which the API refuses every request. */
  readonly refuses?: number | undefined
  /** Signs with a wrong token, or not at all. */
  readonly signs?: "wrong" | "never" | undefined
  /** Result of answering-machine detection, such as `machine_start`. `human` by default. */
  readonly answeredBy?: string | undefined
}

/** A request that the API received. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly form: Readonly<Record<string, string>>
}

/** A fake Twilio. */
export interface FakeTwilio {
  /** The account to configure your server with. */
  readonly account: { readonly accountSid: string; readonly authToken: Redacted.Redacted; readonly baseUrl: string }
  /** Calls your server. Succeeds once the webhook has answered, or fails with its status if that is not 200. */
  readonly dial: (dial: Dial) => Effect.Effect<TwilioPhone, number, Scope.Scope>
  /** Takes the next call that was placed through the API and answered. */
  readonly answered: Effect.Effect<TwilioPhone>
  /** Requests that the API received, in order. */
  readonly requests: ReadonlyArray<ApiRequest>
  /** Posts a signed form, as Twilio does for status callbacks. Returns the HTTP status. */
  readonly post: (url: string, fields: Readonly<Record<string, string>>) => Effect.Effect<number>
}

/** A call that was placed through the API. */
interface Leg {
  status: string
  readonly over: Deferred.Deferred<void>
}

/** State of the API. */
interface Exchange {
  readonly network: TwilioNetwork.Network
  readonly options: Options
  readonly calls: Map<string, TwilioCall.Call>
  readonly legs: Map<string, Leg>
  readonly answered: Queue.Queue<TwilioPhone>
  readonly requests: Array<ApiRequest>
}

/** Starts a fake, with its API on a free port. */
export const make = (options: Options = {}): Effect.Effect<FakeTwilio, never, Scope.Scope> =>
  Effect.gen(function* () {
    const network = TwilioNetwork.make(yield* Scope.Scope, yield* Clock.Clock, options)
    const exchange: Exchange = {
      network,
      options,
      calls: new Map(),
      legs: new Map(),
      answered: yield* Queue.unbounded<TwilioPhone>(),
      requests: []
    }
    const { accountSid, authToken } = TwilioNetwork
    const baseUrl = yield* ApiServer.serve((request) => api(exchange, request))
    return {
      account: { accountSid, authToken: Redacted.make(authToken), baseUrl },
      dial: (dial) => Effect.suspend(() => begin(exchange, { ...dial, callSid: network.sid("CA") })),
      answered: Queue.take(exchange.answered),
      requests: exchange.requests,
      post: (url, fields) => Effect.map(network.ask(url, fields), ({ status }) => status)
    }
  })

const begin = ({ calls, network }: Exchange, given: TwilioCall.Given): Effect.Effect<TwilioPhone, number> =>
  Effect.map(TwilioCall.begin(network, given), (call) => {
    calls.set(given.callSid, call)
    return call.phone
  })

/** Answers a request to the API. */
const api = (exchange: Exchange, request: HttpServerRequest): Effect.Effect<HttpServerResponse> =>
  Effect.gen(function* () {
    const { network, options, requests } = exchange
    const { accountSid, authToken } = TwilioNetwork
    const path = new URL(request.originalUrl, "http://localhost").pathname
    const form = Object.fromEntries(new URLSearchParams(request.method === "POST" ? yield* request.text : ""))
    requests.push({ method: request.method, path, form })
    const basic = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`
    if (options.refuses !== undefined) return ApiServer.answer(options.refuses, { code: 20_500, message: "refused" })
    if (request.headers.authorization !== basic) return ApiServer.answer(401, { code: 20_003, message: "Authenticate" })
    const callSid = /\/Calls\/([^/.]+)\.json$/.exec(path)?.[1]
    if (callSid !== undefined) return yield* update(exchange, callSid, form)
    const sid = network.sid("CA")
    yield* Effect.forkIn(Effect.ignoreCause(callOut(exchange, form, sid)), network.scope)
    return ApiServer.answer(201, { sid, status: "queued" })
  }).pipe(Effect.orDie)

/** Changes a call, or returns its status if there is nothing to change. */
const update = (
  { calls, legs }: Exchange,
  callSid: string,
  form: TwilioNetwork.Fields
): Effect.Effect<HttpServerResponse> =>
  Effect.gen(function* () {
    const call = calls.get(callSid)
    const leg = legs.get(callSid)
    const status = () => call?.status() ?? leg?.status ?? "completed"
    const isChange = Object.keys(form).length > 0
    if ((call === undefined && leg === undefined) || (isChange && status() === "completed")) {
      return ApiServer.answer(404, { code: 20_404, message: "not found, or over" })
    }
    const { Status, Twiml } = form
    if (Twiml !== undefined) yield* call?.order({ twiml: Twiml }) ?? Effect.void
    if (Status === "completed") {
      yield* call?.order("completed") ?? Effect.void
      if (leg !== undefined) {
        leg.status = "completed"
        yield* Deferred.succeed(leg.over, undefined)
      }
    }
    return ApiServer.answer(200, { sid: callSid, status: status() })
  })

/** Calls a number, and connects whoever answers to a webhook or a document. */
const callOut = (exchange: Exchange, form: TwilioNetwork.Fields, callSid: string): Effect.Effect<void, number> =>
  Effect.gen(function* () {
    const { answered, legs, network, options } = exchange
    const { AsyncAmdStatusCallback, From = "", MachineDetection, StatusCallback, To = "", Url } = form
    const leg: Leg = { status: "queued", over: yield* Deferred.make<void>() }
    legs.set(callSid, leg)
    const about = { CallSid: callSid, AccountSid: TwilioNetwork.accountSid, From, To, Direction: "outbound-api" }
    const tell = (CallStatus: string) => network.tell(StatusCallback, { ...about, CallStatus })
    yield* Effect.raceFirst(Effect.sleep(network.rings), Deferred.await(leg.over))
    if (leg.status === "completed") return
    const behaviour = network.behaviourOf(To)
    if (behaviour !== "answered") {
      leg.status = behaviour
      return yield* tell(behaviour)
    }
    leg.status = "in-progress"
    if (Url === undefined) {
      yield* tell("in-progress")
      // The document itself is not followed: no test needs what the target of a warm transfer hears.
      yield* Deferred.await(leg.over)
      return yield* tell("completed")
    }
    yield* Queue.offer(answered, yield* begin(exchange, { url: Url, from: From, to: To, callSid, outgoing: form }))
    if (MachineDetection === undefined) return
    yield* network.tell(AsyncAmdStatusCallback, { ...about, AnsweredBy: options.answeredBy ?? "human" })
  })
