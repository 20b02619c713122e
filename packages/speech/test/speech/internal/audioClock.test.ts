import { assert, describe, it } from "@effect/vitest"
import * as AudioClock from "../../../src/speech/internal/audioClock.ts"

describe("AudioClock", () => {
  it("counts samples, however late they come", () => {
    let clock = AudioClock.make(0)
    for (let frame = 1; frame <= 10; frame++) clock = AudioClock.frame(clock, frame * 20, frame * 20 + 7)
    assert.strictEqual(clock.now, 200)
  })

  it("advances while the line sends nothing, in steps of 20 ms after the first 60", () => {
    let clock = AudioClock.frame(AudioClock.make(0), 20, 20)
    assert.strictEqual(AudioClock.due(clock), 80)
    clock = AudioClock.tick(clock, 80)
    assert.strictEqual(clock.now, 80)
    assert.strictEqual(AudioClock.due(clock), 100)
  })

  it("lets frames that were held up catch up, and never goes back", () => {
    let clock = AudioClock.tick(AudioClock.frame(AudioClock.make(0), 20, 20), 520)
    for (let frame = 2; frame <= 26; frame++) {
      const before = clock.now
      clock = AudioClock.frame(clock, frame * 20, 521)
      assert.isAtLeast(clock.now, before)
    }
    assert.strictEqual(clock.now, 520)
    assert.strictEqual(AudioClock.frame(clock, 540, 540).now, 540)
  })

  it("follows the frames of a line that has skipped something", () => {
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

describe("the clock of a line whose delay changes", () => {
  /**
   * Frames of 20 ms, each late by this much, and ticks when they are due. Returns how far the clock was from real time.
   */
  const play = (lateness: (index: number) => number, frames: number) => {
    const arrivals = Array.from({ length: frames }, (_, index) => (index + 1) * 20 + lateness(index))
    for (let i = 1; i < frames; i++) arrivals[i] = Math.max(arrivals[i]!, arrivals[i - 1]!)
    let clock = AudioClock.make(0)
    let [ahead, behind] = [0, 0]
    for (const [index, at] of arrivals.entries()) {
      for (let due = AudioClock.due(clock); due < at; due = AudioClock.due(clock)) clock = AudioClock.tick(clock, due)
      clock = AudioClock.frame(clock, (index + 1) * 20, at)
      ahead = Math.max(ahead, clock.now - at)
      behind = Math.max(behind, at - clock.now)
    }
    return { ahead, behind }
  }

  it("is never ahead of real time, however often the delay rises and falls", () => {
    const { ahead, behind } = play((index) => (Math.floor(index / 25) % 2 === 0 ? 0 : 120), 30 * 60 * 50)
    assert.isAtMost(ahead, 1e-6)
    assert.isAtMost(behind, 140)
  })

  it("is never ahead of real time if the frames arrive unevenly", () => {
    let seed = 1
    const next = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const { ahead, behind } = play(() => (next() < 0.05 ? next() * 400 : next() * 30), 30 * 60 * 50)
    assert.isAtMost(ahead, 1e-6)
    assert.isAtMost(behind, 140)
  })

  it("includes gaps the line has reported", () => {
    let clock = AudioClock.frame(AudioClock.make(0), 20, 20)
    clock = AudioClock.skip(clock, 1000)
    clock = AudioClock.frame(clock, 40, 60)
    assert.strictEqual(clock.now, 1040)
  })
})
