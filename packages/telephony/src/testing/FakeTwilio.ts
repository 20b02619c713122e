/**
 * A Twilio that runs in the test: it calls a server over real sockets, speaks and signs as Twilio does, plays what it is sent at its
 * own pace and records it, answers the REST API, and carries out the instructions that it is given.
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
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import { createServer } from "node:http"
import * as Signature from "../Signature.ts"
import type { Faults } from "./Faults.ts"
import * as Handset from "./internal/handset.ts"
import * as CarrierStream from "./internal/stream.ts"
import * as Dialect from "./internal/twilioDialect.ts"
import * as Xml from "./internal/xml.ts"

/** What happens if a number is called. `answered` by default. */
export type Behaviour = "answered" | "busy" | "no-answer" | "failed"

/** How the carrier behaves. */
export interface Options {
  /** By telephone number. */
  readonly numbers?: Readonly<Record<string, Behaviour>> | undefined
  /** How long a number that is called rings. 30 milliseconds. */
  readonly rings?: Duration.Input | undefined
  /** How long a target of a transfer talks until it hangs up. 100 milliseconds. */
  readonly talks?: Duration.Input | undefined
  /** The API refuses everything with this status. */
  readonly refuses?: number | undefined
  /** Signs with another token, or not at all. */
  readonly signs?: "wrong" | "never" | undefined
  /** What an answering-machine detection finds, such as `machine_start`. `human` by default. */
  readonly answeredBy?: string | undefined
}

/** How somebody calls a server. */
export interface Dial {
  /** The webhook of the number. */
  readonly url: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** More fields of the webhook. */
  readonly fields?: Readonly<Record<string, string>> | undefined
  /** How the webhook is called. `POST` by default. */
  readonly method?: "GET" | "POST" | undefined
  readonly faults?: Faults | undefined
}

/** Somebody on the telephone. Times are milliseconds since they called. */
export interface Phone {
  readonly callSid: string
  /** Speaks: mu-law at 8000 Hz, behind what is being said. */
  readonly say: (audio: Uint8Array) => void
  readonly press: (digit: string) => void
  readonly hangUp: Effect.Effect<void>
  /** Drops the connection without a word. */
  readonly drop: Effect.Effect<void>
  /** Sends a frame of the stream as it is. */
  readonly raw: (frame: string | Uint8Array) => void
  /** What was played, in order. */
  readonly played: ReadonlyArray<Handset.Played>
  readonly clears: ReadonlyArray<Handset.Clear>
  /** When audio came, played or not. */
  readonly came: ReadonlyArray<Handset.Came>
  /** All that was played, without the pauses. */
  readonly recording: () => Uint8Array
  /** When what was said last began to leave. */
  readonly spokeAt: () => number | undefined
  readonly now: () => number
  /** Frames of the server that Twilio does not understand. */
  readonly nonsense: () => ReadonlyArray<string>
  /** The instructions that were carried out, such as `Connect`, `Say: Sorry.`, `Dial: +15550009999`, `Conference: room`. */
  readonly verbs: ReadonlyArray<string>
  /** Waits until a stream is open for the nth time, the first being 1. Fails with the status if the server refuses it. */
  readonly streams: (nth: number) => Effect.Effect<void, number>
  /** How the sockets of the streams were closed, by whoever did it. */
  readonly closes: ReadonlyArray<CarrierStream.Close>
  /** Waits until the call is over, and tells who ended it. */
  readonly over: Effect.Effect<"caller" | "server" | "instructions" | "rejected">
}

/** A request to the API. */
export interface ApiRequest {
  readonly method: string
  readonly path: string
  readonly form: Readonly<Record<string, string>>
}

/** A fake of Twilio. */
export interface FakeTwilio {
  /** What a server is given instead of an account. */
  readonly account: { readonly accountSid: string; readonly authToken: Redacted.Redacted; readonly baseUrl: string }
  /** Somebody calls. Succeeds once the webhook was answered; fails with the status if that was no success. */
  readonly dial: (dial: Dial) => Effect.Effect<Phone, number, Scope.Scope>
  /** Calls that were made by the API, and answered, in order. */
  readonly answered: Effect.Effect<Phone>
  /** What the API was asked. */
  readonly requests: ReadonlyArray<ApiRequest>
  /** Posts a signed form, as Twilio does for status callbacks. Returns the status of the answer. */
  readonly post: (url: string, fields: Readonly<Record<string, string>>) => Effect.Effect<number>
}

const accountSid = "AC00000000000000000000000000000000"
const authToken = "a token that only tests know"
/** Twilio's own times are fractions of a second; tests want them shorter. */
const soon = Duration.millis(30)

/** A call that the fake holds. */
interface Call {
  readonly phone: Phone
  readonly orders: Queue.Queue<{ readonly twiml: string } | "completed">
  readonly status: () => string
}

/** Makes a fake, with its API on a free port. */
export const make = (options: Options = {}): Effect.Effect<FakeTwilio, never, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Scope.Scope
    const clock = yield* Clock.Clock
    const calls = new Map<string, Call>()
    const legs = new Map<string, { status: string; readonly over: Deferred.Deferred<void> }>()
    const answered = yield* Queue.unbounded<Phone>()
    const requests: Array<ApiRequest> = []
    let count = 0
    const sid = (prefix: string) => `${prefix}${String(++count).padStart(32, "0")}`
    const behaviourOf = (number: string): Behaviour => options.numbers?.[number] ?? "answered"
    const rings = options.rings ?? soon

    const signature = (url: string, fields: Readonly<Record<string, string>>): Record<string, string> => {
      if (options.signs === "never") return {}
      const token = options.signs === "wrong" ? "another token" : authToken
      return { "x-twilio-signature": Signature.twilio(token, url, Object.entries(fields)) }
    }
    const ask = (url: string, fields: Readonly<Record<string, string>>, method: "GET" | "POST" = "POST") =>
      Effect.promise(async (signal) => {
        const query = new URLSearchParams(fields).toString()
        const asked = method === "POST" ? url : `${url}${url.includes("?") ? "&" : "?"}${query}`
        const headers = signature(asked, method === "POST" ? fields : {})
        const body = method === "POST" ? { body: new URLSearchParams(fields) } : {}
        const response = await fetch(asked, { method, headers, signal, ...body })
        return { status: response.status, text: await response.text() }
      })
    const tell = (url: string | undefined, fields: Readonly<Record<string, string>>) =>
      url === undefined ? Effect.void : Effect.ignoreCause(ask(url, fields))

    /** Somebody is on the telephone, and the instructions of a document are carried out. */
    const begin = (given: Dial & { readonly callSid: string; readonly outgoing?: Readonly<Record<string, string>> }) =>
      Effect.gen(function* () {
        const startedAt = Number(clock.monotonicTimeNanosUnsafe()) / 1e6
        const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6 - startedAt
        const { callSid, faults = {}, from = "+15550001111", to = "+15550002222" } = given
        const direction = given.outgoing === undefined ? "inbound" : "outbound-api"
        const base = { CallSid: callSid, AccountSid: accountSid, From: from, To: to, Direction: direction }
        const handset = Handset.make(160)
        const orders = yield* Queue.unbounded<{ readonly twiml: string } | "completed">()
        const over = yield* Deferred.make<"caller" | "server" | "instructions" | "rejected">()
        const verbs: Array<string> = []
        const closes: Array<CarrierStream.Close> = []
        const opened: Array<Exit.Exit<CarrierStream.Stream, number>> = []
        const waiting: Array<{ readonly nth: number; readonly done: Deferred.Deferred<void, number> }> = []
        let status = "in-progress"
        const current = () => opened.findLast(Exit.isSuccess)?.value
        const noted = (exit: Exit.Exit<CarrierStream.Stream, number>) =>
          Effect.forEach(
            (opened.push(exit), waiting.filter(({ nth }) => nth <= opened.length)),
            ({ done }) => Deferred.done(done, Exit.asVoid(exit)),
            { discard: true }
          )

        const stream = (element: Xml.Element) =>
          Effect.gen(function* () {
            const { statusCallback, url = "" } = element.attributes
            const streamSid = sid("MZ")
            const parameters = Object.fromEntries(
              element.children.map(({ attributes }) => [attributes["name"] ?? "", attributes["value"] ?? ""])
            )
            const dialect = Dialect.make({
              streamSid,
              callSid,
              accountSid,
              parameters,
              mediaFormat: faults.mediaFormat
            })
            const opening = CarrierStream.open({
              url,
              headers: signature(url, {}),
              dialect,
              faults,
              handset,
              silentByte: 0xff,
              frameBytes: 160,
              now
            })
            const exit = yield* Effect.exit(opening)
            yield* noted(exit)
            if (Exit.isFailure(exit)) return
            // Runs when the call goes on to something else, too.
            const end = Effect.gen(function* () {
              yield* exit.value.end
              const about = { ...base, StreamSid: streamSid, StreamEvent: "stream-stopped" }
              yield* Effect.forkIn(tell(statusCallback, about), scope)
            })
            yield* Effect.addFinalizer(() => end)
            closes.push(yield* exit.value.closed)
          }).pipe(Effect.scoped)

        const dial = (element: Xml.Element): Effect.Effect<string | undefined> =>
          Effect.gen(function* () {
            const [target] = element.children
            if (target?.name === "Conference") {
              verbs.push(`Conference: ${target.text}`)
              return yield* Effect.never
            }
            const number = target?.text ?? element.text
            verbs.push(`Dial: ${number}`)
            yield* Effect.sleep(rings)
            const behaviour = behaviourOf(number)
            const legSid = sid("CA")
            if (behaviour === "answered") {
              const leg = { ...base, CallSid: legSid, ParentCallSid: callSid, CallStatus: "in-progress" }
              yield* tell(target?.attributes["statusCallback"], leg)
              yield* Effect.sleep(options.talks ?? Duration.millis(100))
            }
            const { action } = element.attributes
            if (action === undefined) return undefined
            const DialCallStatus = behaviour === "answered" ? "completed" : behaviour
            const told = { ...base, CallStatus: "in-progress", DialCallStatus, DialCallSid: legSid }
            return (yield* ask(action, told)).text
          })

        /** Carries out a document. Returns the next one, if there is one. */
        const follow = (twiml: string): Effect.Effect<string | undefined> =>
          Effect.gen(function* () {
            const document = Xml.parse(twiml)
            if (document?.name !== "Response") {
              verbs.push("(not TwiML)")
              return undefined
            }
            for (const element of document.children) {
              if (element.name === "Dial") {
                const next = yield* dial(element)
                if (next !== undefined) return next
                continue
              }
              verbs.push(element.text === "" ? element.name : `${element.name}: ${element.text}`)
              if (element.name === "Hangup") return undefined
              if (element.name === "Reject") {
                yield* Deferred.succeed(over, "rejected")
                return undefined
              }
              if (element.name === "Connect" && element.children[0] !== undefined) yield* stream(element.children[0])
            }
            return undefined
          })

        const run = (twiml: string): Effect.Effect<"server" | "instructions"> =>
          Effect.gen(function* () {
            const next = yield* Effect.raceFirst(follow(twiml), Queue.take(orders))
            if (next === "completed") return "server"
            if (next === undefined) return "instructions"
            return yield* run(typeof next === "string" ? next : next.twiml)
          })

        const { status: answer, text } = yield* ask(
          given.url,
          { ...base, CallStatus: given.outgoing === undefined ? "ringing" : "in-progress", ...given.fields },
          given.method
        )
        if (answer !== 200) return yield* Effect.fail(answer)
        const phone: Phone = {
          callSid,
          say: (audio) => current()?.say(audio),
          press: (digit) => current()?.press(digit),
          raw: (frame) => current()?.raw(frame),
          hangUp: Effect.asVoid(Deferred.succeed(over, "caller")),
          drop: Effect.suspend(() => current()?.drop ?? Effect.void),
          played: handset.played,
          clears: handset.clears,
          came: handset.came,
          recording: () => Buffer.concat(handset.played.map(({ bytes }) => bytes)),
          spokeAt: () => current()?.spokeAt(),
          now,
          nonsense: () => opened.flatMap((exit) => (Exit.isSuccess(exit) ? exit.value.nonsense : [])),
          verbs,
          closes,
          streams: (nth) =>
            Effect.suspend(() => {
              const known = opened[nth - 1]
              if (known !== undefined) return Exit.asVoid(known)
              const done = Deferred.makeUnsafe<void, number>()
              waiting.push({ nth, done })
              return Deferred.await(done)
            }),
          over: Deferred.await(over)
        }
        calls.set(callSid, { phone, orders, status: () => status })
        const life = Effect.gen(function* () {
          const ending = yield* Effect.raceFirst(run(text), Deferred.await(over))
          yield* Deferred.succeed(over, ending)
          status = "completed"
          const completed = { ...base, CallStatus: status }
          yield* tell(given.outgoing?.["StatusCallback"], completed)
        })
        yield* Effect.forkIn(life, scope)
        return phone
      })

    /** Calls a number for the API. */
    const callOut = (form: Readonly<Record<string, string>>, callSid: string) =>
      Effect.gen(function* () {
        const { From = "", StatusCallback, To = "", Twiml, Url } = form
        const leg = { status: "queued", over: yield* Deferred.make<void>() }
        legs.set(callSid, leg)
        const base = { CallSid: callSid, AccountSid: accountSid, From, To, Direction: "outbound-api" }
        yield* Effect.sleep(rings)
        if (leg.status === "completed") return
        const behaviour = behaviourOf(To)
        if (behaviour !== "answered") {
          leg.status = behaviour
          return yield* tell(StatusCallback, { ...base, CallStatus: behaviour })
        }
        leg.status = "in-progress"
        if (Url !== undefined) {
          const phone = yield* begin({ url: Url, from: From, to: To, callSid, outgoing: form })
          yield* Queue.offer(answered, phone)
          if (form["MachineDetection"] !== undefined) {
            const AnsweredBy = options.answeredBy ?? "human"
            yield* tell(form["AsyncAmdStatusCallback"], { ...base, AnsweredBy })
          }
          return
        }
        yield* tell(StatusCallback, { ...base, CallStatus: "in-progress" })
        // Whoever is called by a document hears it until they are hung up on: nothing here needs what they hear.
        if (Twiml !== undefined) yield* Deferred.await(leg.over)
        yield* tell(StatusCallback, { ...base, CallStatus: "completed" })
      })

    const api = (request: HttpServerRequest) =>
      Effect.gen(function* () {
        const path = request.originalUrl
        const form = Object.fromEntries(new URLSearchParams(request.method === "POST" ? yield* request.text : ""))
        requests.push({ method: request.method, path, form })
        const basic = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`
        if (options.refuses !== undefined) return answer(options.refuses, { code: 20_500, message: "refused" })
        if (request.headers.authorization !== basic) return answer(401, { code: 20_003, message: "Authenticate" })
        const callSid = /\/Calls\/([^/.]+)\.json$/.exec(path)?.[1]
        if (callSid === undefined) {
          const made = sid("CA")
          yield* Effect.forkIn(Effect.ignoreCause(callOut(form, made)), scope)
          return answer(201, { sid: made, status: "queued" })
        }
        const call = calls.get(callSid)
        const leg = legs.get(callSid)
        if (call === undefined && leg === undefined) return answer(404, { code: 20_404, message: "not found" })
        const isOver = (call?.status() ?? leg?.status) === "completed"
        if (request.method === "POST" && isOver) return answer(404, { code: 20_404, message: "over" })
        if (form["Status"] === "completed") {
          if (call !== undefined) yield* Queue.offer(call.orders, "completed")
          if (leg !== undefined) {
            leg.status = "completed"
            yield* Deferred.succeed(leg.over, undefined)
          }
        } else if (form["Twiml"] !== undefined && call !== undefined) {
          yield* Queue.offer(call.orders, { twiml: form["Twiml"] })
        }
        return answer(200, { sid: callSid, status: call?.status() ?? leg?.status ?? "completed" })
      }).pipe(Effect.orDie)

    const server = HttpRouter.serve(HttpRouter.add("*", "/*", api), {
      disableLogger: true,
      disableListenLog: true
    }).pipe(
      Layer.provideMerge(
        NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" })
      )
    )
    const context = yield* Effect.orDie(Layer.build(server))
    const { address } = yield* Effect.provideContext(HttpServer.HttpServer, context)
    const port = "port" in address ? address.port : 0

    return {
      account: { accountSid, authToken: Redacted.make(authToken), baseUrl: `http://127.0.0.1:${port}` },
      dial: (dial) => Effect.suspend(() => begin({ ...dial, callSid: sid("CA") })),
      answered: Queue.take(answered),
      requests,
      post: (url, fields) => Effect.map(ask(url, fields), ({ status }) => status)
    }
  })

const answer = (status: number, body: object) =>
  HttpServerResponse.text(JSON.stringify(body), { status, contentType: "application/json" })
