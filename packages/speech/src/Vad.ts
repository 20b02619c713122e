/**
 * Whether there is speech in a stretch of sound: a number between 0 and 1 for each window of samples.
 *
 * A detector tells how likely speech is, at once and without a fiber. What follows from it, when a speaker has begun and when
 * they have stopped, is decided by `VadEdges`; cutting frames of any format into windows is the work of `VadWindows`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { AudioError } from "./AudioError.ts"
import type * as AudioFormat from "./AudioFormat.ts"
import * as Energy from "./vad/internal/energy.ts"
import * as Fvad from "./vad/internal/fvad.ts"
import * as Silero from "./vad/internal/silero.ts"
import { readWeights } from "./vad/internal/sileroFile.ts"
import * as Scripted from "./vad/internal/scripted.ts"

/** Listens to one call. */
export interface Detector {
  /** The rate of the samples that it takes. */
  readonly sampleRateHz: AudioFormat.SampleRateHz
  /** Samples in each window. */
  readonly windowSamples: number
  /**
   * How likely there is speech in the next window, from 0 to 1. Windows follow one another without gaps: a detector
   * remembers what it has heard. Throws an `AudioError` if the window has another length than `windowSamples`.
   */
  readonly probability: (window: Int16Array) => number
  /** Forgets what was heard. */
  readonly reset: () => void
}

/** Makes detectors, one for each call. What a detector needs is released when the scope of its call closes. */
export class Vad extends Context.Service<
  Vad,
  {
    /** What is told in logs and metrics, such as `silero`. */
    readonly name: string
    readonly make: Effect.Effect<Detector, never, Scope.Scope>
  }
>()("@antiphon/speech/Vad") {}

/** A voice detector cannot be loaded. Fatal for whatever needs the layer: nothing listens without it. */
export class VadError extends Schema.TaggedError<VadError>()("VadError", {
  detector: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `the voice detector ${this.detector} cannot be loaded`
  }
}

/**
 * Silero VAD v5, the one to use: windows of 32 ms at 16000 Hz, and no music or noise taken for speech.
 *
 * The network of the original (MIT) is written out in TypeScript over a SIMD kernel. Its probabilities are those of ONNX Runtime to
 * within 0.00001; a window takes about 50 us of processor time. The weights, 1 MB, are in memory once for all calls.
 */
export const silero: Layer.Layer<Vad, VadError> = Layer.effect(
  Vad,
  load("silero", () => readWeights().then(Silero.make)).pipe(
    Effect.map((network) =>
      Vad.of({
        name: "silero",
        make: Effect.sync(() =>
          checked({ sampleRateHz: 16000, windowSamples: Silero.windowSamples, ...Silero.detector(network) })
        )
      })
    )
  )
)

/**
 * The detector of WebRTC: windows of 20 ms at 16000 Hz, 0 or 1, 2 us of processor time. It takes music for speech 95 % of the time;
 * use it where 1 MB or 50 us are too much. Runs in mode 3: in the others digital silence counts as speech at first.
 */
export const fvad: Layer.Layer<Vad, VadError> = Layer.effect(
  Vad,
  load("fvad", () => Fvad.load()).pipe(
    Effect.map((library) =>
      Vad.of({
        name: "fvad",
        make: Effect.map(
          Effect.acquireRelease(
            Effect.sync(() => library.detector()),
            (detector) => Effect.sync(detector.free)
          ),
          ({ probability, reset }) =>
            checked({ sampleRateHz: 16000, windowSamples: Fvad.windowSamples, probability, reset })
        )
      })
    )
  )
)

/** How loud speech is. */
export interface EnergyOptions {
  /** Decibels above the noise at which speech is as likely as not. By default 12. */
  readonly marginDb?: number | undefined
  /** What is quieter is never speech, in dBFS. By default -50. */
  readonly floorDbfs?: number | undefined
}

/**
 * Loudness above the noise of the line, in windows of 20 ms at 16000 Hz. Anything loud is speech to it: for lines that carry nothing
 * else, and for tests.
 */
export const energy = (options: EnergyOptions = {}): Layer.Layer<Vad> =>
  Layer.succeed(
    Vad,
    Vad.of({
      name: "energy",
      make: Effect.sync(() =>
        checked({ sampleRateHz: 16000, windowSamples: Energy.windowSamples, ...Energy.detector(options) })
      )
    })
  )

/** A stretch of the stream in which somebody speaks, in milliseconds. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Tells what it was told, whatever the sound: speech in these stretches of each call, and none elsewhere. Windows of 32 ms at
 * 16000 Hz; one is speech if half of it or more is.
 */
export const scripted = (speech: ReadonlyArray<Stretch>): Layer.Layer<Vad> =>
  Layer.succeed(
    Vad,
    Vad.of({
      name: "scripted",
      make: Effect.sync(() =>
        checked({ sampleRateHz: 16000, windowSamples: Scripted.windowSamples, ...Scripted.detector(speech) })
      )
    })
  )

function load<A>(detector: string, load: () => Promise<A>): Effect.Effect<A, VadError> {
  return Effect.tryPromise({ try: load, catch: (cause) => new VadError({ detector, cause }) })
}

const checked = (detector: Detector): Detector => ({
  ...detector,
  probability: (window) => {
    const { windowSamples } = detector
    if (window.length !== windowSamples) {
      throw new AudioError({ reason: "WrongLength", expected: `${windowSamples} samples`, actual: `${window.length}` })
    }
    return detector.probability(window)
  }
})
