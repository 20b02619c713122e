import { assert, describe, it } from "@effect/vitest"
import * as AudioClock from "../../../src/speech/internal/audioClock.ts"

describe("AudioClock", () => {
  it("counts samples, however late they come", () => {
    let clock = AudioClock.make(0)
    for (let frame = 1; frame <= 10; frame++) clock = AudioClock.frame(clock, frame * 20, frame * 20 + 7)
    assert.strictEqual(clock.now, 200)
  })

  it("goes on while the line sends nothing, in steps of 20 ms after the first 60", () => {
    let clock = AudioClock.frame(AudioClock.make(0), 20, 20)
    assert.strictEqual(AudioClock.due(clock), 80)
    clock = AudioClock.tick(clock, 80)
    assert.strictEqual(clock.now, 80)
    assert.strictEqual(AudioClock.due(clock), 100)
  })

  it("is caught up with by frames that were held up, and never goes back", () => {
    let clock = AudioClock.tick(AudioClock.frame(AudioClock.make(0), 20, 20), 520)
    for (let frame = 2; frame <= 26; frame++) {
      const before = clock.now
      clock = AudioClock.frame(clock, frame * 20, 521)
      assert.isAtLeast(clock.now, before)
    }
    assert.strictEqual(clock.now, 520)
    assert.strictEqual(AudioClock.frame(clock, 540, 540).now, 540)
  })

  it("goes on by the frames of a line that has left something out", () => {
    let clock = AudioClock.tick(AudioClock.frame(AudioClock.make(0), 20, 20), 1020)
    let at = 1020
    for (let frame = 2; frame <= 20; frame++) {
      at += 20
      clock = AudioClock.frame(clock, frame * 20, at)
      if (AudioClock.due(clock) <= at) clock = AudioClock.tick(clock, at)
    }
    assert.isAbove(clock.shift, 900)
    const next = AudioClock.frame(clock, 21 * 20, at + 20)
    assert.isFalse(next.isStalled)
    assert.strictEqual(next.now, at + 20)
  })
})
