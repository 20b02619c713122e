/**
 * `npm run soak:speech [-- MINUTES [CALLS]]`: calls by voice in real time for half an hour, of which some last from the beginning to the
 * end and others are renewed every minute. Shows what memory they keep, and how far audio time has drifted from the clock.
 *
 * The callers speak every 20 seconds; the recogniser and the voice are faked, and the voice detector is Silero. Exits 1 if memory
 * grows by more than a call's record of what was said, or audio time drifts by more than 1 ms a minute.
 */
import * as Agent from "@antiphon/core/Agent"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as CallerVoice from "@antiphon/speech/testing/CallerVoice"
import * as TestLine from "@antiphon/speech/testing/TestLine"
import * as TestVoice from "@antiphon/speech/testing/TestVoice"
import * as Speech from "@antiphon/speech/Speech"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Vad from "@antiphon/speech/Vad"
import { Effect, Fiber, Layer, References, Stream } from "effect"
import { quantile } from "./report.ts"

const minutes = Number(process.argv[2] ?? 30)
const calls = Number(process.argv[3] ?? 20)
/** A share of the calls is renewed every minute, to show what a call leaves behind. */
const renewed = Math.floor(calls / 4)
const everyMs = 20_000

const reply = "I have found a table for two at eight o'clock, which is by the window, and another one at nine. "
const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText(reply)),
    UserTurnEnded: () => Stream.make(Event.sendText(reply.repeat(2)))
  })
)

const voice = CallerVoice.made({ seed: 3 }).say("No wait a moment please", 160)
const said = new Uint8Array(voice.samples.buffer)
const saidMs = said.length / 32

/** The caller's microphone: the same words again and again, some of them over the agent. */
const microphone = (from: number, to: number): Uint8Array => {
  const [first, end] = [Math.round(from * 16) * 2, Math.round(to * 16) * 2]
  const bytes = new Uint8Array(end - first)
  const round = Math.floor((from - 4000) / everyMs) * everyMs + 4000
  const begin = round * 32
  if (round < 0 || first >= begin + said.length || end <= begin) return bytes
  const part = said.subarray(Math.max(0, first - begin), Math.min(said.length, end - begin))
  bytes.set(part, Math.max(0, begin - first))
  return bytes
}

const words = (lengthMs: number): ReadonlyArray<SpeechToText.ScriptedStep> => {
  const steps: Array<SpeechToText.ScriptedStep> = []
  for (let at = 4000; at < lengthMs; at += everyMs) {
    steps.push({ at: at + 700, event: { _tag: "Partial", text: "no wait" } })
    steps.push({ at: at + saidMs + 150, event: { _tag: "Final", text: "No, wait a moment please." } })
  }
  return steps
}

/**
 * How far the audio that a long call has heard is behind the clock, in milliseconds: the least of each minute, since delays of
 * the machine only add to it.
 */
const sightings = new Map<number, Array<number>>()
/**
 * How far the time of the floor is from the audio that was heard: the least of each minute, over all long calls. While a line
 * stalls, time goes on without it; it must come back to the audio when the line does.
 */
const apart = new Map<number, Array<number>>()
let ended = 0
let failed = 0

const call = (number: number, lengthMs: number, isLong: boolean) =>
  Effect.gen(function* () {
    const line = yield* TestLine.make({ length: lengthMs, audio: microphone, heard: "position", keeps: false })
    const begun = performance.now()
    const seen: Array<number> = []
    const closest: Array<number> = []
    if (isLong) {
      sightings.set(number, seen)
      apart.set(number, closest)
    }
    const silero = yield* Vad.Vad
    let heardMs = 0
    /** Silero, which counts the audio that the pipeline has heard. */
    const counting = Vad.Vad.of({
      name: silero.name,
      make: Effect.map(silero.make, (detector) => ({
        ...detector,
        probability: (window) => {
          heardMs += (window.length * 1000) / detector.sampleRateHz
          const at = performance.now() - begun
          const minute = Math.floor(at / 60_000)
          seen[minute] = Math.min(seen[minute] ?? Number.POSITIVE_INFINITY, at - heardMs)
          return detector.probability(window)
        }
      }))
    })
    const recorder = yield* Recorder.make({ request: CallRequest.make(), write: () => {} })
    const watching: Recorder.Recorder = {
      ...recorder,
      audio: undefined,
      note: (note) => {
        if (note._tag !== "Floor" || !isLong) return
        const minute = Math.floor((performance.now() - begun) / 60_000)
        closest[minute] = Math.min(closest[minute] ?? Number.POSITIVE_INFINITY, Math.abs(note.event.at - heardMs))
      }
    }
    const exit = yield* Effect.exit(
      Speech.run(agent, line.transport).pipe(
        Effect.provide(SpeechToText.scripted(words(lengthMs))),
        Effect.provideService(Vad.Vad, counting),
        Recorder.provide(watching)
      )
    )
    ended++
    if (exit._tag === "Failure") failed++
  }).pipe(Effect.scoped)

const renewing = (number: number, until: number) =>
  Effect.gen(function* () {
    while (performance.now() < until) {
      yield* call(number, Math.max(1000, Math.min(60_000, until - performance.now())), false)
    }
  })

const memory = () => {
  // Twice: the second collection frees the bytes of audio, which are more than the calls keep.
  globalThis.gc?.()
  globalThis.gc?.()
  const { arrayBuffers, heapUsed, rss } = process.memoryUsage()
  return { heap: (heapUsed + arrayBuffers) / 1024, rss: rss / 1024 / 1024 }
}

/**
 * The slope of points according to Theil and Sen: the median of all slopes between two of them, so that a busy minute
 * matters little.
 */
const slope = (points: ReadonlyArray<readonly [x: number, y: number]>): number => {
  const slopes = points.flatMap(([a, b], index) => points.slice(index + 1).map(([c, d]) => (d - b) / (c - a)))
  return slopes.length === 0 ? 0 : quantile(slopes, 0.5)
}

const lengthMs = minutes * 60_000
const services = Layer.mergeAll(Vad.silero, TestVoice.layer(), TurnDetector.TurnDetector.text())

const program = Effect.gen(function* () {
  const begun = performance.now()
  const curve: Array<readonly [minute: number, kib: number]> = []
  console.log(`${calls} calls for ${minutes} minutes, ${renewed} of them renewed every minute`)
  console.log("minute   heap KiB   per call   rss MiB   processor %   lag p99 ms")
  let cpu = process.cpuUsage()
  let last = begun
  let lags: Array<number> = []
  /**
   * The least delay of a timer in each minute. A process with too little processor time hears all its audio late,
   * whatever it does.
   */
  const starved: Array<number> = []
  const heartbeat = Effect.forever(
    Effect.suspend(() => {
      const at = performance.now()
      return Effect.map(Effect.sleep("100 millis"), () => {
        const lag = performance.now() - at - 100
        const minute = Math.floor((at - begun) / 60_000)
        lags.push(lag)
        starved[minute] = Math.min(starved[minute] ?? Number.POSITIVE_INFINITY, lag)
      })
    })
  )
  const watch = Effect.forever(
    Effect.delay(
      Effect.sync(() => {
        const { heap, rss } = memory()
        const used = process.cpuUsage(cpu)
        const now = performance.now()
        const share = (100 * (used.user + used.system)) / 1000 / (now - last)
        const minute = (now - begun) / 60_000
        curve.push([minute, heap])
        const cells = [
          minute.toFixed(1).padStart(6),
          heap.toFixed(0).padStart(10),
          (heap / calls).toFixed(0).padStart(10),
          rss.toFixed(0).padStart(9),
          share.toFixed(1).padStart(13),
          quantile(lags, 0.99).toFixed(1).padStart(12)
        ]
        console.log(cells.join(" "))
        cpu = process.cpuUsage()
        last = now
        lags = []
      }),
      "30 seconds"
    )
  )
  const watching = yield* Effect.forkChild(watch)
  const beating = yield* Effect.forkChild(heartbeat)
  yield* Effect.forEach(
    Array.from({ length: calls }, (_, index) => index),
    (index) =>
      Effect.delay(
        index < renewed ? renewing(index, begun + lengthMs) : call(index, lengthMs, true),
        // Not all at the same moment of a frame.
        index * 7
      ),
    { concurrency: "unbounded", discard: true }
  )
  yield* Fiber.interrupt(watching)
  yield* Fiber.interrupt(beating)

  // The first minutes fill caches; after them only the record of the long calls grows.
  const late = curve.filter(([minute]) => minute >= Math.min(3, minutes / 3))
  const growth = slope(late)
  const perCall = growth / Math.max(1, calls - renewed)
  // Without the last minute, which has only begun.
  const drifts = [...sightings.values()].map((seen) =>
    slope(seen.slice(0, Math.max(2, Math.floor(minutes))).map((behind, minute) => [minute, behind] as const))
  )
  const worst = Math.max(...drifts.map(Math.abs))
  const widest = Math.max(...[...apart.values()].flatMap((closest) => closest.slice(0, Math.floor(minutes))))
  const isFlat = perCall <= mostKibPerMinute
  const isOnTime = worst <= 1 && widest <= 150
  console.log(`\n${ended} calls have ended, ${failed} of them with a failure`)
  console.log(
    `memory: ${growth.toFixed(1)} KiB a minute, ${perCall.toFixed(2)} for each long call (bound ${mostKibPerMinute})`
  )
  console.log(`drift of audio time: ${worst.toFixed(3)} ms a minute in the worst call (bound 1)`)
  console.log(
    `in each minute the floor's time was within ${widest.toFixed(0)} ms of the audio that was heard (bound 150)`
  )
  console.log(
    `least delay of a timer in the worst minute: ${Math.max(...starved).toFixed(0)} ms (if it is more than a few, the process was starved)`
  )
  const after = memory()
  console.log(`when all calls are over: heap ${after.heap.toFixed(0)} KiB`)
  if (!isFlat || !isOnTime || failed > 0) process.exitCode = 1
})

/** What a call's record of its words may take: a call has some 130 words a minute, each reported as heard. */
const mostKibPerMinute = 40

await Effect.runPromise(
  program.pipe(Effect.provide(services), Effect.provideService(References.MinimumLogLevel, "Error"))
)
