import { assert, it } from "@effect/vitest"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as AudioFrame from "../../../src/AudioFrame.ts"
import * as AudioTime from "../../../src/AudioTime.ts"
import * as SpeechError from "../../../src/SpeechError.ts"
import * as Listener from "../../../src/speech/internal/listener.ts"

it.effect("a reopened recogniser gets the last seconds, except what was already final", () =>
  VirtualTime.run(
    Effect.gen(function* () {
      const sent: Array<ReadonlyArray<number>> = []
      const listener = Listener.make({
        stt: {
          name: "test/one",
          capabilities: { turns: false, partials: true, wordTimes: false },
          warmUp: Effect.void,
          open: () =>
            Effect.sync(() => {
              const frames: Array<number> = []
              sent.push(frames)
              const error = SpeechError.make("test", { _tag: "Closed", closeCode: 1006 })
              return {
                send: (frame) => Effect.sync(() => void frames.push(frame.time)),
                flush: Effect.void,
                end: Effect.void,
                events: Stream.fromEffect(Effect.delay(Effect.fail(error), "1 second"))
              }
            })
        },
        format: AudioFormat.pcm16000,
        session: {},
        retry: Schedule.recurs(1),
        againMs: 200,
        heard: () => {}
      })
      const fiber = yield* Effect.forkChild(listener.run)
      const hear = (at: number) =>
        Effect.sync(() => listener.hear(AudioFrame.silence(AudioFormat.pcm16000, 20, AudioTime.make(at))))
      for (let at = 0; at < 800; at += 20) yield* Effect.andThen(hear(at), Effect.sleep(20))
      listener.forget()
      for (let at = 800; at < 900; at += 20) yield* Effect.andThen(hear(at), Effect.sleep(20))
      yield* Effect.sleep("5 seconds")
      assert.strictEqual(sent.length, 2)
      assert.deepStrictEqual(sent[1], [800, 820, 840, 860, 880])
      assert.isDefined(fiber.pollUnsafe())
    })
  )
)

/** A listener whose recogniser receives frames with `send`, and never says anything. */
const listening = (
  send: (at: number) => Effect.Effect<void>,
  retry: Parameters<typeof Listener.make>[0]["retry"] = Schedule.recurs(0)
) =>
  Listener.make({
    stt: {
      name: "test/one",
      capabilities: { turns: false, partials: true, wordTimes: false },
      warmUp: Effect.void,
      open: () =>
        Effect.succeed({
          send: (frame) => send(frame.time),
          flush: Effect.void,
          end: Effect.void,
          events: Stream.never
        })
    },
    format: AudioFormat.pcm16000,
    session: {},
    retry,
    againMs: 200,
    heard: () => {}
  })
const times = (from: number, to: number) => Array.from({ length: (to - from) / 20 }, (_, i) => from + i * 20)
const hear = (listener: Listener.Listener, from: number, to: number) => {
  for (const at of times(from, to)) listener.hear(AudioFrame.silence(AudioFormat.pcm16000, 20, AudioTime.make(at)))
}

it.effect("a recogniser gets each frame at once, and the last seconds are kept to the frame", () =>
  Effect.gen(function* () {
    for (const to of [20, 200, 220, 1220, 1240, 9000]) {
      const sent: Array<number> = []
      const listener = listening((at) => Effect.sync(() => void sent.push(at)))
      yield* Effect.forkChild(listener.run, { startImmediately: true })
      yield* Effect.yieldNow
      hear(listener, 0, to)
      assert.deepStrictEqual(sent, times(0, to))
      const recent = listener.recent().map(({ time }) => Number(time))
      assert.deepStrictEqual(recent, times(Math.max(0, to - 200), to))
    }
  })
)

it.effect("a recogniser that breaks down while it takes audio is opened again, and given up like any other", () =>
  VirtualTime.run(
    Effect.gen(function* () {
      for (const [retries, expected] of [
        [0, times(0, 60)],
        [1, [...times(0, 60), ...times(0, 100)]]
      ] as const) {
        const sent: Array<number> = []
        const send = (at: number) =>
          Effect.sync(() => {
            sent.push(at)
            if (sent.length === 3) throw new Error("a defect")
          })
        const listener = listening(send, Schedule.recurs(retries))
        const fiber = yield* Effect.forkChild(listener.run)
        yield* Effect.sleep(20)
        hear(listener, 0, 100)
        yield* Effect.sleep(20)
        assert.deepStrictEqual(sent, expected)
        assert.strictEqual(fiber.pollUnsafe() !== undefined, retries === 0)
      }
    })
  )
)

it.effect("a recogniser that does not keep up loses the oldest frames", () =>
  Effect.gen(function* () {
    const sent: Array<number> = []
    const slow = Latch.makeUnsafe(false)
    const listener = listening((at) =>
      Effect.andThen(
        Effect.sync(() => void sent.push(at)),
        slow.await
      )
    )
    yield* Effect.forkChild(listener.run, { startImmediately: true })
    yield* Effect.yieldNow
    hear(listener, 0, 12_000)
    assert.deepStrictEqual(sent, [0])
    slow.openUnsafe()
    yield* Effect.yieldNow
    assert.deepStrictEqual(sent, [0, ...times(2000, 12_000)])
  })
)
