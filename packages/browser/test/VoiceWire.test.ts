import type { Shown } from "@antiphon/speech/Transport"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as VoiceWire from "../src/VoiceWire.ts"

describe("VoiceWire", () => {
  it("reads what a page sends, and ignores unknown fields", () => {
    const read = (message: object) => Result.getOrThrow(VoiceWire.decode(JSON.stringify(message)))
    assert.deepStrictEqual(read({ type: "start", format: "pcm_16000", new: 1 }), { type: "start", format: "pcm_16000" })
    assert.deepStrictEqual(read({ type: "dtmf", button: "#" }), { type: "dtmf", button: "#" })
  })

  it("explains what is wrong without quoting it", () => {
    const why = (text: string) => Result.getOrElse(Result.flip(VoiceWire.decode(text)), () => "nothing")
    assert.strictEqual(why("my secret"), "A text frame was not JSON.")
    assert.strictEqual(why('{"type":"my secret"}'), "A message had an unknown type.")
    assert.strictEqual(why("null"), "A message had an unknown type.")
    for (const wrong of [
      { type: "dtmf", button: "12" },
      { type: "played", generation: 0, stream: 0, samples: -1, cleared: true },
      { type: "played", generation: 0, stream: 0, samples: 0.5, cleared: true },
      { type: "gap", ms: 1e9 },
      { type: "start" },
      { type: "start", format: "pcm_16000", call_id: "x".repeat(257) }
    ]) {
      assert.strictEqual(why(JSON.stringify(wrong)), `A message of type ${wrong.type} had invalid fields.`)
    }
  })

  it("encodes everything a line can show", () => {
    const shown: ReadonlyArray<readonly [Shown, object]> = [
      [
        { _tag: "Transcript", text: "a", isFinal: true },
        { type: "transcript", text: "a", final: true }
      ],
      [
        { _tag: "UserTurn", state: "Tentative" },
        { type: "user_turn", state: "tentative" }
      ],
      [
        { _tag: "AgentText", turn: 1, text: "a" },
        { type: "agent_text", turn: 1, text: "a" }
      ],
      [
        { _tag: "AgentHeard", turn: 1, text: "a" },
        { type: "agent_heard", turn: 1, text: "a" }
      ],
      [
        { _tag: "AgentTurn", turn: 1, state: "Failed" },
        { type: "agent_turn", turn: 1, state: "failed" }
      ],
      [
        { _tag: "Tool", turn: 1, name: "a", isRunning: false },
        { type: "tool", turn: 1, name: "a", running: false }
      ],
      [
        { _tag: "Latency", turn: 1, firstAudioMs: 2 },
        { type: "latency", turn: 1, first_audio_ms: 2 }
      ]
    ]
    for (const [event, message] of shown) {
      assert.deepStrictEqual(JSON.parse(VoiceWire.encode(VoiceWire.display(event))), message)
    }
  })
})
