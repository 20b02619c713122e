/**
 * A fake Telnyx for tests. It sends signed events to your server, answers the Call Control API, and opens media streams whose audio
 * it paces and records.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { generateKeyPairSync, sign } from "node:crypto"
import type { Faults } from "./Faults.ts"
import * as ApiServer from "./internal/apiServer.ts"
import * as Handset from "./internal/handset.ts"
import * as CarrierStream from "./internal/stream.ts"
import * as Dialect from "./internal/telnyxDialect.ts"

/** What happens when a number is called. `answered` by default. */
export type Behaviour = "answered" | "busy" | "no-answer"

/** Options for the fake. */
export interface Options {
  /** By telephone number. */
  readonly numbers?: Readonly<Record<string, Behaviour>> | undefined
  /** Webhook that receives the events. */
  readonly webhook: () => string
  /** Signs with a wrong key, or not at all. */
  readonly signs?: "wrong" | "never" | undefined
  /** Result of answering-machine detection. `human` by default. */
  readonly answeredBy?: string | undefined
  readonly faults?: Faults | undefined
}

/** A phone in a call. Times are milliseconds since the start of the call. */
export interface Phone {
  readonly callControlId: string
  /** Queues speech of the caller: mu-law at 8000 Hz. */
  readonly say: (audio: Uint8Array) => void
  readonly press: (digit: string) => void
  readonly hangUp: Effect.Effect<void>
  readonly played: ReadonlyArray<Handset.Played>
  readonly clears: ReadonlyArray<Handset.Clear>
  /** All audio that was played, without pauses. */
  readonly recording: () => Uint8Array
  /** Frames from the server that Telnyx would not understand. */
  readonly nonsense: () => ReadonlyArray<string>
  /** Waits until the media stream is open. */
  readonly connected: Effect.Effect<void, number>
  /** Waits until the call is over. Returns how it ended. */
  readonly over: Effect.Effect<"caller" | "server" | "rejected">
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
  readonly dial: (call: { readonly from?: string; readonly to?: string }) => Effect.Effect<Phone, number>
  /** Takes the next call that was placed through the API and answered. */
  readonly answered: Effect.Effect<Phone>
  readonly commands: ReadonlyArray<Command>
}

const apiKey = "a key that only tests know"
const rings = Duration.millis(30)

interface Call {
  readonly phone: Phone
  readonly open: (url: string) => Effect.Effect<void>
  readonly end: (by: "caller" | "server" | "rejected", cause?: string) => Effect.Effect<void>
  readonly event: (type: string, fields?: object) => Effect.Effect<number>
}

/** Starts a fake, with its API on a free port. */
export const make = (options: Options): Effect.Effect<FakeTelnyx, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.Scope
    const clock = yield* Clock.Clock
    const { privateKey, publicKey } = generateKeyPairSync("ed25519")
    const another = generateKeyPairSync("ed25519")
    const calls = new Map<string, Call>()
    const answered = yield* Queue.unbounded<Phone>()
    const commands: Array<Command> = []
    let count = 0
    const id = (prefix: string) => `${prefix}:${++count}`
    const fork = (effect: Effect.Effect<unknown>) => Effect.forkIn(Effect.ignoreCause(effect), scope)

    /** Sends an event. Returns the HTTP status. */
    const tell = (event_type: string, payload: object) =>
      Effect.promise(async (signal) => {
        const body = JSON.stringify({ data: { event_type, id: id("event"), payload } })
        const timestamp = String(Math.floor(clock.currentTimeMillisUnsafe() / 1000))
        const key = options.signs === "wrong" ? another.privateKey : privateKey
        const signature = sign(null, Buffer.from(`${timestamp}|${body}`), key).toString("base64")
        const headers: Record<string, string> = { "content-type": "application/json" }
        if (options.signs !== "never") {
          headers["telnyx-signature-ed25519"] = signature
          headers["telnyx-timestamp"] = timestamp
        }
        return (await fetch(options.webhook(), { method: "POST", headers, body, signal })).status
      })

    /** Starts a call. */
    const begin = (about: {
      readonly from: string
      readonly to: string
      readonly direction: "incoming" | "outgoing"
      readonly client_state?: unknown
    }): Effect.Effect<Call> =>
      Effect.gen(function* () {
        const callControlId = id("v3")
        const startedAt = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
        const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6 - startedAt
        const { faults = {} } = options
        const handset = Handset.make(160)
        const over = yield* Deferred.make<"caller" | "server" | "rejected">()
        const connected = yield* Deferred.make<void, number>()
        let stream: CarrierStream.Stream | undefined
        const event = (type: string, fields: object = {}) =>
          tell(type, { call_control_id: callControlId, ...about, ...fields })
        const open = (url: string) =>
          Effect.gen(function* () {
            const dialect = Dialect.make({ streamId: id("stream"), callControlId, mediaFormat: faults.mediaFormat })
            const exit = yield* Effect.exit(
              CarrierStream.open({
                url,
                headers: {},
                dialect,
                faults,
                handset,
                silentByte: 0xff,
                frameBytes: 160,
                now
              })
            )
            yield* Deferred.done(connected, Exit.asVoid(exit))
            if (Exit.isFailure(exit)) return
            stream = exit.value
            yield* Effect.raceFirst(stream.closed, Deferred.await(over))
            yield* stream.end
          }).pipe(Effect.scoped)
        const end: Call["end"] = (by, hangup_cause = "normal_clearing") =>
          Effect.flatMap(Deferred.succeed(over, by), (isFirst) =>
            isFirst ? Effect.asVoid(fork(event("call.hangup", { hangup_cause }))) : Effect.void
          )
        const phone: Phone = {
          callControlId,
          say: (audio) => stream?.say(audio),
          press: (digit) => stream?.press(digit),
          hangUp: end("caller"),
          played: handset.played,
          clears: handset.clears,
          recording: () => Buffer.concat(handset.played.map(({ bytes }) => bytes)),
          nonsense: () => stream?.nonsense ?? [],
          connected: Deferred.await(connected),
          over: Deferred.await(over)
        }
        const call: Call = { phone, open, end, event }
        calls.set(callControlId, call)
        return call
      })

    /** Lets a phone ring, and then be answered or not. */
    const ring = (call: Call, to: string, then: Effect.Effect<void>) =>
      Effect.gen(function* () {
        yield* call.event("call.initiated")
        yield* Effect.sleep(rings)
        const behaviour = options.numbers?.[to] ?? "answered"
        if (behaviour !== "answered") {
          return yield* call.end("server", behaviour === "busy" ? "user_busy" : "timeout")
        }
        yield* call.event("call.answered")
        yield* then
      })

    const act = (call: Call, name: string, body: Readonly<Record<string, unknown>>) => {
      const url = body["stream_url"]
      switch (name) {
        case "answer":
        case "streaming_start":
          return typeof url === "string" ? fork(call.open(url)) : Effect.void
        case "reject":
          return call.end("rejected")
        case "hangup":
          return call.end("server")
        case "transfer":
          return Effect.gen(function* () {
            const to = String(body["to"])
            const from = "+15550002222"
            const { target_leg_client_state: client_state } = body
            const target = yield* begin({ from, to, direction: "outgoing", client_state })
            yield* fork(ring(target, to, Effect.asVoid(target.event("call.bridged"))))
          })
        default:
          return Effect.void
      }
    }

    const api = (request: HttpServerRequest) =>
      Effect.gen(function* () {
        const path = new URL(request.originalUrl, "http://localhost").pathname
        const body = JSON.parse(yield* request.text) as Readonly<Record<string, unknown>>
        commands.push({ path, body })
        if (request.headers.authorization !== `Bearer ${apiKey}`)
          return ApiServer.answer(401, { errors: [{ code: "10009" }] })
        if (path === "/v2/calls") {
          const to = String(body["to"])
          const { client_state } = body
          const call = yield* begin({ from: String(body["from"]), to, direction: "outgoing", client_state })
          const found = call.event("call.machine.detection.ended", { result: options.answeredBy ?? "human" })
          const detected = body["answering_machine_detection"] === undefined ? Effect.void : Effect.asVoid(found)
          const then = Effect.andThen(
            Effect.andThen(Queue.offer(answered, call.phone), Effect.ignore(call.phone.connected)),
            Effect.delay(detected, rings)
          )
          yield* fork(ring(call, to, then))
          return ApiServer.answer(200, { data: { call_control_id: call.phone.callControlId } })
        }
        const [, callId = "", name = ""] = /^\/v2\/calls\/([^/]+)\/actions\/(\w+)$/.exec(path) ?? []
        const call = calls.get(decodeURIComponent(callId))
        if (call === undefined) return ApiServer.answer(404, { errors: [{ code: "10005" }] })
        yield* act(call, name, body)
        return ApiServer.answer(200, { data: { result: "ok" } })
      }).pipe(Effect.orDie)

    const baseUrl = yield* ApiServer.serve(api)
    const raw = publicKey.export({ format: "der", type: "spki" }).subarray(-32)

    return {
      account: {
        apiKey: Redacted.make(apiKey),
        publicKey: raw.toString("base64"),
        baseUrl
      },
      dial: ({ from = "+15550001111", to = "+15550002222" }) =>
        Effect.gen(function* () {
          const call = yield* begin({ from, to, direction: "incoming" })
          const status = yield* call.event("call.initiated")
          return status === 200 ? call.phone : yield* Effect.fail(status)
        }),
      answered: Queue.take(answered),
      commands
    }
  })
