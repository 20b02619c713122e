import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioTime from "../src/AudioTime.ts"
import * as Pcm from "../src/Pcm.ts"
import * as Reframe from "../src/Reframe.ts"
import * as Resample from "../src/Resample.ts"
import * as Vad from "../src/Vad.ts"
import * as VadEdges from "../src/VadEdges.ts"
import type * as FloorEvent from "../src/FloorEvent.ts"
import * as VadWindows from "../src/VadWindows.ts"
import * as Sounds from "./support/sounds.ts"

const windowsOf = (probabilities: ReadonlyArray<number>): ReadonlyArray<VadWindows.Window> =>
  probabilities.map((probability, i) => ({
    from: AudioTime.make(i * 32),
    to: AudioTime.make((i + 1) * 32),
    probability
  }))
const edgesOf = (probabilities: ReadonlyArray<number>, policy?: Partial<VadEdges.Policy>) =>
  VadEdges.steps(VadEdges.initial, windowsOf(probabilities), { ...VadEdges.defaultPolicy, ...policy })[1]
const started = (at: number, from: number, soundFrom: number) => ({ _tag: "SpeechStarted", at, from, soundFrom })
const ended = (at: number, from: number) => ({ _tag: "SpeechEnded", at, from })
const [loud, quiet, between] = [0.9, 0.1, 0.4]

describe("VadEdges", () => {
  for (const [name, probabilities, edges] of [
    ["one loud window is no speech", [quiet, loud, quiet, loud, quiet], []],
    ["two in a row are", [quiet, loud, loud], [started(96, 32, 0)]],
    ["0.5 is loud", [0.5, 0.5], [started(64, 0, 0)]],
    ["0.49 is not", [0.49, 0.49, 0.49], []],
    ["what lies between the thresholds breaks a row", [loud, between, loud], []],
    [
      "three quiet windows in a row are the end",
      [loud, loud, quiet, quiet, quiet],
      [started(64, 0, 0), ended(160, 64)]
    ],
    ["two are not", [loud, loud, quiet, quiet, loud, quiet, quiet], [started(64, 0, 0)]],
    ["0.35 is not quiet", [loud, loud, 0.35, 0.35, 0.35], [started(64, 0, 0)]],
    ["what lies between keeps speech going", [loud, loud, quiet, quiet, between, quiet, quiet], [started(64, 0, 0)]]
  ] as const) {
    it(name, () => assert.deepStrictEqual(edgesOf(probabilities), edges as never))
  }

  it("starts earlier by the pre-roll, but not before the start of the stream", () => {
    const late = [...Array<number>(20).fill(quiet), loud, loud]
    assert.deepStrictEqual(edgesOf(late), [started(704, 640, 340)] as never)
    assert.deepStrictEqual(edgesOf([quiet, quiet, loud, loud]), [started(128, 64, 0)] as never)
  })

  it("never reaches back into speech already reported", () => {
    const edges = edgesOf([loud, loud, quiet, quiet, quiet, quiet, loud, loud])
    assert.deepStrictEqual(edges[2], started(256, 192, 160) as never)
    const atOnce = edgesOf([loud, loud, quiet, quiet, quiet, loud, loud])
    assert.deepStrictEqual(atOnce[2], started(224, 160, 160) as never)
  })

  it.effect("finds an utterance on a telephone line", () =>
    Effect.gen(function* () {
      const format = AudioFormat.mulaw8000
      const bytes = Pcm.encode(format, Resample.all(Sounds.utterance(), 16000, 8000))
      const windows = VadWindows.make(yield* Vad.Vad.use(({ make }) => make), format)
      const frames = Reframe.push(Reframe.make(format), bytes)[1]
      const found = frames.flatMap((frame) => Result.getOrThrow(windows.push(frame)))
      const [, edges] = VadEdges.steps(VadEdges.initial, found)
      // flite says that "Hello," begins at 564 ms and "seven." ends at 3397 ms. There is a pause in between.
      assert.closeTo(edges[0]!.from, 564, 100)
      assert.closeTo(edges.at(-1)!.from, 3397, 100)
      assert.strictEqual(edges.at(-1)!._tag, "SpeechEnded")
      assert.isAtMost(edges.length, 4)
    }).pipe(Effect.scoped, Effect.provide(Vad.silero))
  )

  it("produces events the floor accepts", () => {
    const events: ReadonlyArray<FloorEvent.FloorEvent> = edgesOf([loud, loud, quiet, quiet, quiet])
    assert.strictEqual(events.length, 2)
  })

  it("supports other counts and thresholds", () => {
    const policy = { onAt: 0.8, onWindows: 1, offBelow: 0.8, offWindows: 1, preRollMs: 0 }
    assert.deepStrictEqual(edgesOf([0.79, 0.8, 0.79], policy), [started(64, 32, 32), ended(96, 64)] as never)
  })

  const Probabilities = Schema.Array(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))).check(
    Schema.isMaxLength(80)
  )
  const Policy = Schema.Struct({
    onAt: Schema.Finite.check(Schema.isBetween({ minimum: 0.4, maximum: 0.9 })),
    onWindows: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })),
    offBelow: Schema.Finite.check(Schema.isBetween({ minimum: 0.1, maximum: 0.4 })),
    offWindows: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 })),
    preRollMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 500 }))
  })
  const run = { arbitrary: { runs: 500, seed: 5 } }

  it.effect.prop(
    "edges alternate, in order, and stretches of speech do not overlap",
    { probabilities: Probabilities, policy: Policy },
    ({ policy, probabilities }) =>
      Effect.sync(() => {
        let earliest = 0
        edgesOf(probabilities, policy).forEach((edge, i) => {
          assert.strictEqual(edge._tag, i % 2 === 0 ? "SpeechStarted" : "SpeechEnded")
          if (edge._tag === "SpeechStarted") {
            assert.isAtLeast(edge.soundFrom, earliest)
            assert.isAtMost(edge.soundFrom, edge.from)
            assert.isAtMost(edge.from - edge.soundFrom, policy.preRollMs)
            assert.strictEqual(edge.at - edge.from, 32 * policy.onWindows)
          } else assert.strictEqual(edge.at - edge.from, 32 * policy.offWindows)
          assert.isAtLeast(edge.at, earliest)
          earliest = edge.at
        })
      }),
    run
  )

  it.effect.prop(
    "every edge is supported by its windows, and none is missed",
    { probabilities: Probabilities, policy: Policy },
    ({ policy, probabilities }) =>
      Effect.sync(() => {
        // The definition, applied to the whole: an edge falls on a window if the last few windows all support it.
        const expected: Array<number> = []
        let [speaking, from] = [false, 0]
        probabilities.forEach((_, i) => {
          const needed = speaking ? policy.offWindows : policy.onWindows
          const last = probabilities.slice(Math.max(from, i + 1 - needed), i + 1)
          const speaks = (p: number) => (speaking ? p < policy.offBelow : p >= policy.onAt)
          if (last.length < needed || !last.every(speaks)) return
          expected.push((i + 1) * 32)
          speaking = !speaking
          from = i + 1
        })
        assert.deepStrictEqual(
          edgesOf(probabilities, policy).map(({ at }) => at as number),
          expected
        )
      }),
    run
  )

  it.effect.prop(
    "is the same at once and window by window",
    { probabilities: Probabilities },
    ({ probabilities }) =>
      Effect.sync(() => {
        let state = VadEdges.initial
        const edges = windowsOf(probabilities).flatMap((window) => {
          const [next, edge] = VadEdges.step(state, window)
          state = next
          return edge === undefined ? [] : [edge]
        })
        assert.deepStrictEqual(edges, [...edgesOf(probabilities)])
      }),
    run
  )
})
