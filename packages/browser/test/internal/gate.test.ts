import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Gate from "../../src/internal/gate.ts"

const start = JSON.stringify({ type: "start", format: "pcm_16000" })

/** Passes frames through a gate, and returns the audio that comes out. */
const play = (frames: ReadonlyArray<string | Uint8Array>) => {
  let gate = Gate.initial
  const audio: Array<number> = []
  for (const frame of frames) {
    const step = Gate.step(gate, frame, 0)
    gate = step.gate
    for (const one of step.incoming) {
      if (one._tag !== "Audio") continue
      assert.strictEqual(one.bytes.length % 2, 0)
      audio.push(...one.bytes)
    }
  }
  return { audio, gate }
}

describe("gate", () => {
  const Byte = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))
  const Audio = Schema.Array(Byte).check(Schema.isMaxLength(9))
  const Frames = Schema.Array(
    Schema.Union([Audio, Schema.Literals(["{", '{"type":"dtmf"}', '{"type":"ping"}', start])])
  )

  it.effect.prop(
    "loses no byte of audio, however it is cut, wherever the start is, whatever nonsense is between",
    { before: Frames, after: Frames },
    ({ after, before }) =>
      Effect.sync(() => {
        const frames = [...before, start, ...after]
        const sent = frames.flatMap((frame) => (typeof frame === "string" ? [] : [...frame]))
        const { audio, gate } = play(
          frames.map((frame) => (typeof frame === "string" ? frame : Uint8Array.from(frame)))
        )
        assert.deepStrictEqual(audio, sent.slice(0, sent.length - (sent.length % 2)))
        assert.strictEqual(gate.intake?.half, sent.length % 2 === 0 ? undefined : sent.at(-1))
      }),
    { arbitrary: { runs: 500, seed: 1 } }
  )

  it("keeps a bounded amount before the start", () => {
    let gate = Gate.initial
    for (let i = 0; i < 1000; i++) gate = Gate.step(gate, new Uint8Array(1000), 0).gate
    assert.strictEqual(gate.earlyBytes, 64_000)
    assert.strictEqual(gate.lostBytes, 936_000)
    const { incoming } = Gate.step(gate, start, 0)
    assert.deepStrictEqual(incoming.at(-1), { _tag: "Gap", ms: 29_250 })
  })

  it("stops answering nonsense after a while", () => {
    let gate = Gate.initial
    let replies = 0
    for (let i = 0; i < 1000; i++) {
      const step = Gate.step(gate, "nonsense", 0)
      gate = step.gate
      replies += step.replies.length
    }
    assert.strictEqual(replies, 5)
  })

  it("leaves out audio that is more than five seconds ahead of the clock, and says so", () => {
    let gate = Gate.step(Gate.initial, start, 1000).gate
    /** Passes a second of audio. */
    const second = (now: number) => {
      const step = Gate.step(gate, new Uint8Array(32_000), now)
      gate = step.gate
      return [step.incoming.length, ...step.replies.map((reply) => "code" in reply && reply.code)]
    }
    for (let passed = 0; passed < 6; passed++) assert.deepStrictEqual(second(1000), [1])
    assert.deepStrictEqual(second(1000), [0, "too_fast"])
    const long = Gate.step(Gate.step(Gate.initial, start, 0).gate, new Uint8Array(3_200_000), 0)
    assert.deepStrictEqual(
      long.incoming.map((one) => one._tag === "Audio" && one.bytes.length),
      [160_000]
    )
    const gap = JSON.stringify({ type: "gap", ms: 60_000 })
    assert.deepStrictEqual(Gate.step(gate, gap, 1000).incoming, [])
    assert.deepStrictEqual(second(2000), [1])
    assert.deepStrictEqual(second(2000), [0, "too_fast"])
    // Whoever was away comes back with what was left out.
    assert.deepStrictEqual(Gate.step(gate, gap, 63_000).incoming, [{ _tag: "Gap", ms: 60_000 }])
  })

  it("a gap does not run away from the clock either", () => {
    const { gate } = Gate.step(Gate.initial, start, 0)
    const step = Gate.step(gate, JSON.stringify({ type: "gap", ms: 600_000 }), 1000)
    assert.deepStrictEqual(step.incoming, [{ _tag: "Gap", ms: 6000 }])
    assert.deepStrictEqual(
      step.replies.map((reply) => "code" in reply && reply.code),
      ["too_fast"]
    )
  })
})
