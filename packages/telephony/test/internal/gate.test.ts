import * as AudioFormat from "@antiphon/speech/AudioFormat"
import { assert, describe, it } from "@effect/vitest"
import * as Gate from "../../src/internal/gate.ts"
import type { Message, Started } from "../../src/internal/message.ts"

const started = (format: AudioFormat.AudioFormat | undefined): Message => ({
  _tag: "Started",
  started: { callId: "c", streamId: "s", format, formatName: "", metadata: {} } satisfies Started
})
const media = (bytes: Uint8Array, chunk?: number): Message => ({ _tag: "Media", bytes, chunk })
const bytes = (length: number, from = 0) => Uint8Array.from({ length }, (_, index) => (from + index) & 255)

const play = (messages: ReadonlyArray<Message>, now: (index: number) => number = (index) => index * 20) => {
  let gate = Gate.make()
  return messages.map((message, index) => {
    const step = Gate.step(gate, message, now(index))
    gate = step.gate
    return step
  })
}
const audioOf = (steps: ReadonlyArray<Gate.Step>) =>
  steps.flatMap(({ incoming }) => incoming.flatMap((one) => (one._tag === "Audio" ? [...one.bytes] : [])))

describe("gate", () => {
  it("joins a two-byte sample split between messages", () => {
    const steps = play([started(AudioFormat.pcm16000), media(bytes(5)), media(bytes(1, 5)), media(bytes(4, 6))])
    assert.deepStrictEqual(audioOf(steps), [...bytes(10)])
    for (const { incoming } of steps) {
      for (const one of incoming) assert.isTrue(one._tag !== "Audio" || one.bytes.length % 2 === 0)
    }
  })

  it("does not join halves of two samples across a gap", () => {
    const steps = play([started(AudioFormat.pcm16000), media(bytes(3), 1), media(bytes(4, 100), 3)])
    assert.deepStrictEqual(audioOf(steps), [0, 1, 100, 101, 102, 103])
  })

  it("keeps two seconds of audio that arrives before the start", () => {
    const early = Array.from({ length: 120 }, (_, index) => media(bytes(160, index)))
    const steps = play([...early, started(AudioFormat.mulaw8000)], () => 0)
    assert.lengthOf(audioOf(steps), 16_000)
    assert.match(steps[119]!.dropped!, /before the start/)
  })

  it("drops audio more than five seconds ahead of the clock, but not audio that was held up", () => {
    const many = Array.from({ length: 400 }, () => media(bytes(160)))
    const rushed = play([started(AudioFormat.mulaw8000), ...many], () => 0)
    assert.lengthOf(audioOf(rushed), 8 * 5020)
    const late = play([started(AudioFormat.mulaw8000), ...many], (index) => (index === 0 ? 0 : 8000))
    assert.lengthOf(audioOf(late), 64_000)
  })

  it("a single message does not run away from the clock either, by its length or by the gap before it", () => {
    const [, long] = play([started(AudioFormat.mulaw8000), media(new Uint8Array(800_000))], () => 0)
    assert.lengthOf(audioOf([long!]), 40_000)
    assert.match(long!.dropped!, /faster than real time/)
    const hour = [media(new Uint8Array(8000), 1), media(new Uint8Array(8000), 400)]
    const gaps = (now: (index: number) => number) =>
      play([started(AudioFormat.mulaw8000), ...hour], now).flatMap(({ incoming }) =>
        incoming.flatMap((one) => (one._tag === "Gap" ? [one.ms] : []))
      )
    assert.deepStrictEqual(
      gaps(() => 0),
      [4000]
    )
    // So much was lost indeed.
    assert.deepStrictEqual(
      gaps((index) => (index < 2 ? 0 : 500_000)),
      [398_000]
    )
  })

  it("keeps no more than two seconds before the start if messages are long", () => {
    const early = Array.from({ length: 10 }, () => media(new Uint8Array(64_000)))
    const steps = play([...early, started(AudioFormat.pcm16000)], () => 0)
    assert.lengthOf(audioOf(steps), 192_000)
    assert.strictEqual(steps.filter(({ dropped }) => dropped?.includes("before the start")).length, 7)
  })

  it("rejects an unusable format, and ignores audio after that or after a stop", () => {
    const [refused, after] = play([started(undefined), media(bytes(160))])
    assert.match(refused!.refused!, /format/)
    assert.deepStrictEqual(after!.incoming, [])
    const stopped = play([started(AudioFormat.mulaw8000), { _tag: "Stopped" }, { _tag: "Stopped" }, media(bytes(160))])
    assert.deepStrictEqual(
      stopped.map(({ isStopped }) => isStopped === true),
      [false, true, false, false]
    )
    assert.deepStrictEqual(audioOf(stopped), [])
  })

  it("accepts the keys of a telephone, once the call has started", () => {
    const steps = play([
      { _tag: "Dtmf", digit: "1" },
      started(AudioFormat.mulaw8000),
      { _tag: "Dtmf", digit: "#" },
      { _tag: "Dtmf", digit: "12" },
      { _tag: "Dtmf", digit: "" }
    ])
    assert.deepStrictEqual(
      steps.flatMap(({ incoming }) => incoming),
      [{ _tag: "Dtmf", button: "#" }]
    )
  })
})
