import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import * as Vad from "../src/Vad.ts"
import * as Sounds from "./support/sounds.ts"

const windowsOf = (samples: Int16Array, size: number) =>
  Array.from({ length: Math.floor(samples.length / size) }, (_, i) => samples.subarray(i * size, (i + 1) * size))
const probabilities = (detector: Vad.Detector, samples: Int16Array) =>
  windowsOf(samples, detector.windowSamples).map(detector.probability)
const share = (values: ReadonlyArray<number>) => values.filter((value) => value >= 0.5).length / values.length

/** Runs a test with its own detector. */
const withDetector = <E>(layer: Layer.Layer<Vad.Vad, E>, test: (detector: Vad.Detector) => void) =>
  Vad.Vad.use(({ make }) => Effect.map(make, test)).pipe(Effect.scoped, Effect.provide(layer))

/** What holds for every detector that listens. */
const contract = (name: string, layer: Layer.Layer<Vad.Vad, Vad.VadError>) => {
  describe(name, () => {
    it.effect("separates an utterance from the silence around it", () =>
      withDetector(layer, (detector) => {
        const values = probabilities(detector, Sounds.utterance())
        assert.isTrue(values.every((value) => value >= 0 && value <= 1))
        const windowMs = (detector.windowSamples * 1000) / detector.sampleRateHz
        const between = (fromMs: number, toMs: number) => values.slice(fromMs / windowMs, toMs / windowMs)
        assert.isAtMost(share(between(0, 380)), 0.1)
        assert.isAtLeast(share(between(1400, 3300)), 0.75)
        assert.isAtMost(share(between(3900, 4060)), 0.1)
      })
    )

    it.effect("hears nothing in silence", () =>
      withDetector(layer, (detector) => {
        assert.strictEqual(share(probabilities(detector, new Int16Array(16000))), 0)
      })
    )

    it.effect("keeps calls separate, and forgets on reset", () =>
      Effect.gen(function* () {
        const { make } = yield* Vad.Vad
        const [one, other] = [yield* make, yield* make]
        const utterance = Sounds.utterance().subarray(0, 32000)
        const alone = probabilities(one, utterance)
        one.reset()
        const mixed = windowsOf(utterance, one.windowSamples).map((window, i) => {
          other.probability(Sounds.noise(other.windowSamples, 100 * i))
          return one.probability(window)
        })
        assert.deepStrictEqual(mixed, alone)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("rejects a window of another length", () =>
      withDetector(layer, (detector) => {
        for (const length of [0, detector.windowSamples - 1, detector.windowSamples + 1]) {
          assert.throws(() => detector.probability(new Int16Array(length)), /WrongLength/)
        }
      })
    )

    it.effect("has a name", () =>
      Vad.Vad.use((vad) => Effect.sync(() => assert.strictEqual(vad.name, name))).pipe(Effect.provide(layer))
    )
  })
}

describe("Vad", () => {
  contract("silero", Vad.silero)
  contract("fvad", Vad.fvad)
  contract("energy", Vad.energy())

  describe("silero", () => {
    const recorded: Readonly<Record<string, ReadonlyArray<number>>> = JSON.parse(
      readFileSync(new URL("fixtures/silero.json", import.meta.url), "utf8")
    )
    const utterance = Sounds.utterance()
    const sounds: Readonly<Record<string, Int16Array>> = {
      utterance,
      silence: new Int16Array(16000),
      noise: Sounds.noise(32000),
      music: Sounds.music(32000),
      utteranceInNoise: Sounds.noise(utterance.length, 1000).map((sample, i) => sample + utterance[i]!)
    }

    for (const [name, samples] of Object.entries(sounds)) {
      it.effect(`matches the probabilities of the original: ${name}`, () =>
        withDetector(Vad.silero, (detector) => {
          const values = probabilities(detector, samples)
          assert.strictEqual(values.length, recorded[name]!.length)
          values.forEach((value, i) => assert.closeTo(value, recorded[name]![i]!, 1e-5, `window ${i}`))
        })
      )
    }

    it("has the weights taken from the original", () => {
      const bytes = readFileSync(new URL("../data/silero-vad-v5.bin", import.meta.url))
      assert.strictEqual(
        createHash("sha256").update(bytes).digest("hex"),
        "72165515d5363b047e3bc56450fd661d0b822cb7e77bf6053fcb35e47f4657ff"
      )
    })

    it.effect("takes neither music nor noise for speech", () =>
      withDetector(Vad.silero, (detector) => {
        assert.strictEqual(share(probabilities(detector, sounds.music!)), 0)
        assert.strictEqual(share(probabilities(detector, sounds.noise!)), 0)
      })
    )
  })

  describe("energy", () => {
    it.effect("learns a steady noise, and hears speech above it", () =>
      withDetector(Vad.energy(), (detector) => {
        const noise = Sounds.noise(32000, 600)
        probabilities(detector, noise)
        assert.isAtMost(share(probabilities(detector, noise)), 0.02)
        assert.isAbove(share(probabilities(detector, Sounds.utterance().subarray(20000, 50000))), 0.5)
      })
    )

    it.effect("hears nothing below its floor", () =>
      withDetector(Vad.energy({ floorDbfs: -20 }), (detector) => {
        assert.strictEqual(share(probabilities(detector, Sounds.noise(16000, 3000))), 0)
      })
    )
  })

  describe("scripted", () => {
    it.effect("repeats its script in each call", () =>
      Effect.gen(function* () {
        const { make } = yield* Vad.Vad
        for (const detector of [yield* make, yield* make]) {
          const values = probabilities(detector, new Int16Array(512 * 8))
          assert.deepStrictEqual(values, [0, 1, 1, 0, 0, 1, 0, 0])
          detector.reset()
          assert.deepStrictEqual(probabilities(detector, new Int16Array(512 * 2)), [0, 1])
        }
      }).pipe(
        Effect.scoped,
        // 20 ms of the second window, all of the third, and 16 of the sixth.
        Effect.provide(
          Vad.scripted([
            { fromMs: 44, toMs: 96 },
            { fromMs: 176, toMs: 205 }
          ])
        )
      )
    )
  })
})
