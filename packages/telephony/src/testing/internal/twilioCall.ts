/** A call on a fake Twilio: asks a server for instructions, and follows them until somebody hangs up. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type { Dial, Ending, TwilioPhone } from "../TwilioPhone.ts"
import * as Handset from "./handset.ts"
import * as CarrierStream from "./stream.ts"
import * as Streams from "./streams.ts"
import * as Dialect from "./twilioDialect.ts"
import type { Fields, Network } from "./twilioNetwork.ts"
import { accountSid } from "./twilioNetwork.ts"
import * as Xml from "./xml.ts"

/** How a call starts. */
export interface Given extends Dial {
  readonly callSid: string
  /** The API request, if the API placed the call. */
  readonly outgoing?: Fields | undefined
}

/** A call, as seen by the API. */
export interface Call {
  readonly phone: TwilioPhone
  /** New instructions, or the end. */
  readonly order: (order: Order) => Effect.Effect<void>
  readonly status: () => "in-progress" | "completed"
}

export type Order = { readonly twiml: string } | "completed"

/** What a call needs. */
interface Line {
  readonly network: Network
  readonly given: Given
  /** Fields included in every request about a call. */
  readonly about: Fields
  readonly handset: Handset.Handset
  readonly streams: Streams.Streams
  readonly closes: Array<CarrierStream.Close>
  readonly verbs: Array<string>
  readonly over: Deferred.Deferred<Ending>
  readonly now: () => number
}

const frameBytes = 160

/** Places a call to the server. Fails with the status if the webhook rejects it. */
export const begin = (network: Network, given: Given): Effect.Effect<Call, number> =>
  Effect.gen(function* () {
    const startedAt = network.now()
    const { callSid, from = "+15550001111", outgoing, to = "+15550002222" } = given
    const Direction = outgoing === undefined ? "inbound" : "outbound-api"
    const line: Line = {
      network,
      given,
      about: { CallSid: callSid, AccountSid: accountSid, From: from, To: to, Direction },
      handset: Handset.make(frameBytes),
      streams: Streams.make(),
      closes: [],
      verbs: [],
      over: yield* Deferred.make<Ending>(),
      now: () => network.now() - startedAt
    }
    const CallStatus = outgoing === undefined ? "ringing" : "in-progress"
    const asked = { ...line.about, CallStatus, ...given.fields }
    const { status, text } = yield* network.ask(given.url, asked, given.method)
    if (status !== 200) return yield* Effect.fail(status)
    const orders = yield* Queue.unbounded<Order>()
    let isOver = false
    const life = Effect.gen(function* () {
      const ending = yield* Effect.raceFirst(run(line, orders, text), Deferred.await(line.over))
      yield* Deferred.succeed(line.over, ending)
      isOver = true
      yield* network.tell(outgoing?.["StatusCallback"], { ...line.about, CallStatus: "completed" })
    })
    yield* Effect.forkIn(life, network.scope)
    return {
      phone: phoneOf(line),
      order: (order) => Effect.asVoid(Queue.offer(orders, order)),
      status: () => (isOver ? "completed" : "in-progress")
    }
  })

const phoneOf = ({ closes, given, handset, now, over, streams, verbs }: Line): TwilioPhone => ({
  callSid: given.callSid,
  say: (audio) => streams.current()?.say(audio),
  press: (digit) => streams.current()?.press(digit),
  raw: (frame) => streams.current()?.raw(frame),
  hangUp: Effect.asVoid(Deferred.succeed(over, "caller")),
  drop: Effect.suspend(() => streams.current()?.drop ?? Effect.void),
  played: handset.played,
  clears: handset.clears,
  came: handset.came,
  marks: handset.marks,
  recording: () => Buffer.concat(handset.played.map(({ bytes }) => bytes)),
  hears: (length) => heard(handset, Duration.toMillis(Duration.fromInputUnsafe(length)) * bytesPerMs),
  spokeAt: () => streams.current()?.spokeAt(),
  now,
  nonsense: () => streams.all().flatMap(({ nonsense }) => nonsense),
  verbs,
  closes,
  streams: streams.nth,
  over: Deferred.await(over)
})

const bytesPerMs = 8

const heard = (handset: Handset.Handset, bytes: number): Effect.Effect<void> =>
  Effect.suspend(() =>
    handset.playedBytes() >= bytes ? Effect.void : Effect.delay(heard(handset, bytes), "20 millis")
  )

/** Follows one document after another. */
const run = (line: Line, orders: Queue.Queue<Order>, twiml: string): Effect.Effect<Ending> =>
  Effect.gen(function* () {
    const next = yield* Effect.raceFirst(follow(line, twiml), Queue.take(orders))
    if (next === "completed") return "server"
    if (next === "rejected" || next === "instructions") return next
    return yield* run(line, orders, next.twiml)
  })

/** Follows a document. Returns the next one, or how the call ends if there is none. */
const follow = (line: Line, twiml: string): Effect.Effect<{ readonly twiml: string } | "instructions" | "rejected"> =>
  Effect.gen(function* () {
    const document = Xml.parse(twiml)
    if (document?.name !== "Response") {
      line.verbs.push("(not TwiML)")
      return "instructions"
    }
    for (const element of document.children) {
      if (element.name === "Dial") {
        const next = yield* dial(line, element)
        if (next !== undefined) return { twiml: next }
        continue
      }
      line.verbs.push(element.text === "" ? element.name : `${element.name}: ${element.text}`)
      if (element.name === "Hangup") return "instructions"
      if (element.name === "Reject") return "rejected"
      if (element.name === "Connect" && element.children[0] !== undefined) yield* stream(line, element.children[0])
    }
    return "instructions"
  })

/** Opens the stream in a document, and waits until its socket is closed. */
const stream = (line: Line, element: Xml.Element): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { about, closes, given, network, streams } = line
    const { faults = {} } = given
    const { statusCallback, url = "" } = element.attributes
    const streamSid = network.sid("MZ")
    const parameters = Object.fromEntries(
      element.children.map(({ attributes }) => [attributes["name"] ?? "", attributes["value"] ?? ""])
    )
    const { callSid } = given
    const { mediaFormat } = faults
    const opening = CarrierStream.open({
      url,
      headers: network.signature(url, {}),
      dialect: Dialect.make({ streamSid, callSid, accountSid, parameters, mediaFormat }),
      faults,
      handset: line.handset,
      silentByte: 0xff,
      frameBytes,
      now: line.now
    })
    const exit = yield* Effect.exit(opening)
    streams.note(exit)
    if (Exit.isFailure(exit)) return
    // Also runs if the call moves on to other instructions.
    const end = Effect.gen(function* () {
      yield* exit.value.end
      const stopped = { ...about, StreamSid: streamSid, StreamEvent: "stream-stopped" }
      yield* Effect.forkIn(network.tell(statusCallback, stopped), network.scope)
    })
    yield* Effect.addFinalizer(() => end)
    closes.push(yield* exit.value.closed)
  }).pipe(Effect.scoped)

/** Calls someone for the caller. Returns the instructions for afterwards, if there are any. */
const dial = ({ about, network, verbs }: Line, element: Xml.Element): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    const [target] = element.children
    if (target?.name === "Conference") {
      verbs.push(`Conference: ${target.text}`)
      return yield* Effect.never
    }
    const number = target?.text ?? element.text
    verbs.push(`Dial: ${number}`)
    yield* Effect.sleep(network.rings)
    const behaviour = network.behaviourOf(number)
    const DialCallSid = network.sid("CA")
    if (behaviour === "answered") {
      const leg = { ...about, CallSid: DialCallSid, ParentCallSid: about["CallSid"] ?? "", CallStatus: "in-progress" }
      yield* network.tell(target?.attributes["statusCallback"], leg)
      yield* Effect.sleep(network.talks)
    }
    const { action } = element.attributes
    if (action === undefined) return undefined
    const DialCallStatus = behaviour === "answered" ? "completed" : behaviour
    return (yield* network.ask(action, { ...about, CallStatus: "in-progress", DialCallStatus, DialCallSid })).text
  })
