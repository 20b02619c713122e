import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as SpeechToText from "../../../src/SpeechToText.ts"
import * as RecogniserServer from "../../support/recogniserServer.ts"
import * as Recogniser from "../../contract/recogniser.ts"
import * as Flux from "../../../src/provider/deepgram/Flux.ts"
import * as DeepgramServer from "../../support/deepgramServer.ts"

Recogniser.suite({
  name: "Flux",
  protocol: DeepgramServer.flux,
  layer: (options) => Flux.layer({ ...options, eagerEndThreshold: 0.4 }),
  capabilities: { turns: true, partials: true, wordTimes: false },
  keyOf: ({ headers }) => headers.authorization,
  tellsStart: true,
  refusedKey: {
    message: { type: "Error", sequence_id: 1, code: "INTERNAL_SERVER_ERROR", description: "private words" },
    reason: "Unavailable"
  },
  misshapen: { type: "TurnInfo", event: "Update" }
})

describe("Flux", () => {
  it.effect("reports an end once, and nothing of a finished turn, however late it arrives", () =>
    Effect.gen(function* () {
      const server = yield* RecogniserServer.make(DeepgramServer.flux)
      const info = (event: string, turn_index: number, transcript: string) => ({
        type: "TurnInfo",
        event,
        turn_index,
        transcript,
        words: [],
        sequence_id: 1
      })
      server.play([
        { when: 80, send: info("EndOfTurn", 0, "A table.") },
        { when: 160, send: info("EndOfTurn", 0, "A table.") },
        { when: 160, send: info("Update", 0, "A table for") },
        { when: 240, send: info("StartOfTurn", 1, "Hello") },
        { when: 320, send: info("SomethingNew", 1, "Hello") },
        { when: 320, send: info("EagerEndOfTurn", 1, "Hello?") },
        { when: 400, send: info("EndOfTurn", 1, "Hello, you?") }
      ])
      const session = yield* SpeechToText.SpeechToText.use(({ open }) => open(AudioFormat.pcm16000)).pipe(
        Effect.provide(
          Flux.layer({ apiKey: Redacted.make("k"), baseUrl: server.url, eagerEndThreshold: 0.4, endThreshold: 0.8 })
        )
      )
      yield* Effect.forEach(Recogniser.audio(480), session.send)
      yield* session.end
      const events = [...(yield* Stream.runCollect(session.events))].map(Recogniser.plain)
      assert.deepStrictEqual(events, [
        "SpeechStarted",
        "TurnEnded A table.",
        "SpeechStarted",
        "Partial Hello",
        "EagerEnd Hello?",
        "Resumed",
        "TurnEnded Hello, you?"
      ])
      const { path, query } = yield* server.next
      assert.strictEqual(path, "/v2/listen")
      assert.strictEqual(query.get("eager_eot_threshold"), "0.4")
      assert.strictEqual(query.get("eot_threshold"), "0.8")
    })
  )
})
