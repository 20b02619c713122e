import * as AudioTime from "@antiphon/speech/AudioTime"
import { assert, describe, it } from "@effect/vitest"
import * as Pacer from "../../../src/internal/audioSocket/pacer.ts"

const audio = (stream: number, length: number, from = 0) =>
  ({
    _tag: "Audio",
    generation: 1,
    stream,
    at: AudioTime.zero,
    bytes: Uint8Array.from({ length }, (_, index) => from + index)
  }) as const

/** Everything a pacer holds, frame by frame. */
const drain = (pacer: Pacer.Pacer, frameBytes: number) => {
  const frames: Array<readonly [ReadonlyArray<number>, stream: number | undefined, samples: number | undefined]> = []
  let state = pacer
  for (let next = Pacer.take(state, frameBytes); next !== undefined; next = Pacer.take(state, frameBytes)) {
    const [after, bytes, played] = next
    state = after
    frames.push([[...bytes], played?.stream, played?.samples])
  }
  return frames
}

describe("pacer", () => {
  it("cuts audio into frames, whatever its chunks, and counts samples", () => {
    const pacer = Pacer.push(Pacer.push(Pacer.initial, [audio(1, 2), audio(1, 6, 2)]), [audio(1, 2, 8)])
    assert.deepStrictEqual(drain(pacer, 4), [
      [[0, 1, 2, 3], 1, 2],
      [[4, 5, 6, 7], 1, 4],
      [[8, 9], 1, 5]
    ])
  })

  it("never mixes two streams in one frame, and counts each from its start", () => {
    const pacer = Pacer.push(Pacer.initial, [audio(1, 6), audio(2, 4)])
    assert.deepStrictEqual(drain(pacer, 4), [
      [[0, 1, 2, 3], 1, 2],
      [[4, 5], 1, 3],
      [[0, 1, 2, 3], 2, 2]
    ])
  })

  it("sends the tones of keys in their turn, counts them in no stream, and keeps them at a clear", () => {
    const spoken = Pacer.push(Pacer.press(Pacer.push(Pacer.initial, [audio(1, 6)]), Uint8Array.of(9, 9)), [audio(1, 4)])
    assert.deepStrictEqual(drain(spoken, 4), [
      [[0, 1, 2, 3], 1, 2],
      [[4, 5], 1, 3],
      [[9, 9], undefined, undefined],
      [[0, 1, 2, 3], 1, 5]
    ])
    const [cleared] = Pacer.clear(spoken, { generation: 1, stream: 1 })
    assert.deepStrictEqual(drain(cleared, 4), [[[9, 9], undefined, undefined]])
    assert.strictEqual(Pacer.press(Pacer.initial, new Uint8Array(0)), Pacer.initial)
  })

  it("drops waiting audio at a clear, and reports how much of the stream had left", () => {
    const [after] = Pacer.take(Pacer.push(Pacer.initial, [audio(1, 8)]), 4)!
    const [cleared, played] = Pacer.clear(after, { generation: 1, stream: 1 })
    assert.deepStrictEqual(played, { _tag: "Played", generation: 1, stream: 1, samples: 2, isCleared: true })
    assert.isUndefined(Pacer.take(cleared, 4))
    assert.strictEqual(Pacer.waitingBytes(cleared), 0)
    assert.strictEqual(Pacer.clear(after, { generation: 1, stream: 9 })[1].samples, 0)
  })
})
