import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioFrame from "../src/AudioFrame.ts"
import * as AudioTime from "../src/AudioTime.ts"
import * as SpeechError from "../src/SpeechError.ts"
import * as SpeechToText from "../src/SpeechToText.ts"

const format = AudioFormat.pcm16000
const silence = (fromMs: number, ms: number) => AudioFrame.silence(format, ms, AudioTime.make(fromMs))

const script: ReadonlyArray<SpeechToText.ScriptedStep> = [
  { at: 200, event: { _tag: "Final", text: "A table." } },
  { at: 100, event: { _tag: "Partial", text: "a" } },
  { at: 400, event: { _tag: "Final", text: "For two." } }
]

describe("SpeechToText.scripted", () => {
  it.effect("reports each step once the audio has reached it", () =>
    Effect.gen(function* () {
      const { open } = yield* SpeechToText.SpeechToText
      const session = yield* open(format)
      const pull = yield* Stream.toPull(session.events)
      yield* session.send(silence(0, 80))
      yield* session.send(silence(80, 20))
      assert.deepStrictEqual(yield* pull, [{ _tag: "Partial", text: "a" }])
      yield* session.send(silence(100, 100))
      assert.deepStrictEqual(yield* pull, [{ _tag: "Final", text: "A table." }])
      yield* session.end
      assert.isTrue(Exit.isFailure(yield* Effect.exit(pull)))
    }).pipe(Effect.provide(SpeechToText.scripted(script)), Effect.scoped)
  )

  it.effect("plays the script in each session, and fails where scripted", () => {
    const failure = SpeechError.make("scripted", { _tag: "Closed", closeCode: 1006 })
    return Effect.gen(function* () {
      const { open } = yield* SpeechToText.SpeechToText
      for (let session = 0; session < 2; session++) {
        const { events, send } = yield* open(format)
        yield* send(silence(0, 500))
        const heard: Array<string> = []
        const error = yield* Effect.flip(
          Stream.runForEach(events, (event) => Effect.sync(() => heard.push("text" in event ? event.text : event._tag)))
        )
        assert.deepStrictEqual(heard, ["a", "A table."])
        assert.strictEqual(error, failure)
      }
    }).pipe(Effect.provide(SpeechToText.scripted([...script.slice(0, 2), { at: 300, fail: failure }])), Effect.scoped)
  })
})
