import { assert, it } from "@effect/vitest"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import * as Effect from "effect/Effect"
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
