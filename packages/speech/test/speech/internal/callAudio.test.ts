import { assert, describe, it } from "@effect/vitest"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as AudioTime from "../../../src/AudioTime.ts"
import type * as Playback from "../../../src/Playback.ts"
import * as CallAudio from "../../../src/speech/internal/callAudio.ts"

// 8 samples a millisecond.
const format = AudioFormat.pcm8000
const samples = (length: number, value: number) => new Uint8Array(new Int16Array(length).fill(value).buffer)
const audio = (stream: number, ms: number, value: number): Playback.Output => ({
  _tag: "Audio",
  generation: 0,
  stream,
  at: AudioTime.zero,
  bytes: samples(8 * ms, value)
})

/** Plays frames of 20 ms from the caller up to a time, with events in between. Returns runs of one value, per side. */
const play = (untilMs: number, acts: (audio: CallAudio.CallAudio, at: number) => void, value = 5) => {
  const parts: Array<Uint8Array> = []
  const track = CallAudio.make(format, (bytes) => void parts.push(bytes), 1000)
  for (let ms = 0; ms < untilMs; ms += 20) {
    acts(track, 1000 + ms)
    track.incoming({ _tag: "Audio", bytes: samples(160, value) }, 1000 + ms + 20)
  }
  track.end(1000 + untilMs)
  const all = Buffer.concat(parts)
  const view = new DataView(all.buffer, all.byteOffset, all.byteLength)
  const side = (channel: 0 | 1): ReadonlyArray<readonly [fromMs: number, value: number]> => {
    const runs: Array<readonly [number, number]> = []
    for (let i = 0; i < all.length / 4; i++) {
      const value = view.getInt16(4 * i + 2 * channel, true)
      if (runs.at(-1)?.[1] !== value) runs.push([i / 8, value])
    }
    return runs
  }
  return { left: side(0), right: side(1), ms: all.length / 4 / 8 }
}

describe("CallAudio", () => {
  it("has the caller on the left, and the agent on the right at the time it was played", () => {
    const { left, ms, right } = play(4000, (track, at) => {
      if (at === 1500) track.sent([audio(0, 60, 7), audio(0, 40, 8)], at)
      if (at === 1520) track.sent([audio(0, 100, 9)], at)
    })
    assert.strictEqual(ms, 4000)
    assert.deepStrictEqual(left, [[0, 5]])
    assert.deepStrictEqual(right, [
      [0, 0],
      [500, 7],
      [560, 8],
      [600, 9],
      [700, 0]
    ])
  })

  it("cuts unplayed audio at a clear, and puts later audio after it", () => {
    const { right } = play(3000, (track, at) => {
      if (at === 1500) track.sent([audio(0, 400, 7)], at)
      if (at === 1600) track.cleared(0, at)
      if (at === 1700) track.sent([audio(1, 100, 8)], at)
    })
    assert.deepStrictEqual(right, [
      [0, 0],
      [500, 7],
      [600, 0],
      [700, 8],
      [800, 0]
    ])
  })

  it("corrects what was heard when the line reports how many samples it has played", () => {
    const { right } = play(4000, (track, at) => {
      if (at === 1500) track.sent([audio(0, 200, 7), audio(0, 200, 8)], at)
      if (at === 1600) track.cleared(0, at)
      if (at === 1640) {
        track.incoming({ _tag: "Played", generation: 0, stream: 0, samples: 8 * 82, isCleared: true }, at)
      }
    })
    assert.deepStrictEqual(right, [
      [0, 0],
      [500, 7],
      [582, 0]
    ])
  })

  it("leaves silence for audio the line lost, and advances while it sends nothing", () => {
    const parts: Array<Uint8Array> = []
    const track = CallAudio.make(format, (bytes) => void parts.push(bytes), 0)
    for (let ms = 20; ms <= 100; ms += 20) track.incoming({ _tag: "Audio", bytes: samples(160, 5) }, ms)
    track.incoming({ _tag: "Gap", ms: 300 }, 400)
    for (let ms = 420; ms <= 500; ms += 20) track.incoming({ _tag: "Audio", bytes: samples(160, 6) }, ms)
    track.end(1500)
    const all = Buffer.concat(parts)
    const at = (ms: number) => all.readInt16LE(4 * 8 * ms)
    assert.deepStrictEqual([at(50), at(250), at(450), at(900)], [5, 0, 6, 0])
    assert.closeTo(all.length / 32, 1500, 25)
  })
})
