import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as Intake from "../src/Intake.ts"

const bytes = (...values: ReadonlyArray<number>) => Uint8Array.from(values)

describe("Intake", () => {
  const Pieces = Schema.Array(
    Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))).check(Schema.isMaxLength(9))
  )

  for (const format of [AudioFormat.pcm16000, AudioFormat.mulaw8000]) {
    it.effect.prop(
      `loses no byte of ${AudioFormat.name(format)}, and gives whole samples, however it is cut`,
      { pieces: Pieces },
      ({ pieces }) =>
        Effect.sync(() => {
          const size = AudioFormat.bytesPerSample(format)
          let intake = Intake.make(format, 0)
          const taken: Array<number> = []
          for (const piece of pieces) {
            const [next, samples] = Intake.take(intake, Uint8Array.from(piece))
            intake = next
            assert.strictEqual(samples.length % size, 0)
            taken.push(...samples)
          }
          const sent = pieces.flat()
          const odd = sent.length % size
          assert.deepStrictEqual(taken, sent.slice(0, sent.length - odd))
          assert.strictEqual(intake.half, odd === 0 ? undefined : sent.at(-1))
          assert.closeTo(intake.audioMs, AudioFormat.durationMs(format, sent.length), 1e-6)
        }),
      { arbitrary: { runs: 300, seed: 1 } }
    )
  }

  it("does not join halves of two samples across a gap", () => {
    const [before] = Intake.take(Intake.make(AudioFormat.pcm16000, 0), bytes(1, 2, 3))
    const [behind] = Intake.gap(before, 20, 0)
    assert.deepStrictEqual(Intake.take(behind, bytes(4, 5))[1], bytes(4, 5))
  })

  it("has room for five seconds ahead of the clock, whether samples or gaps use it up", () => {
    const format = AudioFormat.pcm16000
    const second = new Uint8Array(32_000)
    const start = Intake.make(format, 1000)
    assert.strictEqual(Intake.roomMs(start, 1000), 5000)
    const [one] = Intake.take(start, second)
    assert.strictEqual(Intake.roomMs(one, 1000), 4000)
    assert.strictEqual(Intake.roomMs(one, 2500), 5500)
    const [, whole] = Intake.gap(one, 3000, 1000)
    assert.strictEqual(whole, 3000)
    const [full, cut] = Intake.gap(one, 600_000, 1000)
    assert.strictEqual(cut, 4000)
    assert.strictEqual(Intake.roomMs(full, 1000), 0)
    assert.strictEqual(Intake.gap(full, 20, 1000)[1], 0)
    assert.lengthOf(Intake.bounded(full, new Uint8Array(3_200_000)), 160_000)
  })
})
