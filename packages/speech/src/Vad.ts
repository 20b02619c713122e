/**
 * Voice activity detection: how likely a window of samples contains speech.
 *
 * A detector is synchronous: samples in, probability out. `VadWindows` cuts frames of any format into windows for it,
 * and `VadEdges` decides from the probabilities when somebody starts and stops speaking.
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

/** Detects speech in one call. */
export interface Detector {
  /** The sample rate it expects. */
  readonly sampleRateHz: AudioFormat.SampleRateHz
  /** The number of samples in a window. */
  readonly windowSamples: number
  /**
   * The probability, from 0 to 1, that the next window contains speech. Pass windows in order and without gaps, because
   * a detector remembers what it has heard. Throws an `AudioError` if the window does not have `windowSamples` samples.
   */
  readonly probability: (window: Int16Array) => number
  /** Forgets everything heard so far. */
  readonly reset: () => void
}

/** Makes a detector for each call. Closing the scope of the call releases it. */
export class Vad extends Context.Service<
  Vad,
  {
    /** A name for logs and metrics, such as `silero`. */
    readonly name: string
    readonly make: Effect.Effect<Detector, never, Scope.Scope>
  }
>()("@antiphon/speech/Vad") {}

/** A voice detector could not be loaded. Fatal for the application that needs its layer. */
export class VadError extends Schema.TaggedError<VadError>()("VadError", {
  detector: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `the voice detector ${this.detector} cannot be loaded`
  }
}

/**
 * Layer for Silero VAD v5, the recommended detector: windows of 32 ms at 16000 Hz. It does not mistake music or noise
 * for speech.
 *
 * The original network (MIT) is reimplemented in TypeScript with a SIMD kernel. Its probabilities agree with ONNX
 * Runtime to within 0.00001, and a window takes about 50 us of processor time. All calls share one copy of the weights
 * (1 MB).
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
 * Layer for WebRTC's detector (libfvad): windows of 20 ms at 16000 Hz, each 0 or 1, in 2 us of processor time.
 *
 * It mistakes music for speech 95 % of the time, so use it only if 1 MB or 50 us are too much. It runs in mode 3,
 * because in the other modes digital silence counts as speech at first.
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

/** How loud a sound must be to count as speech. */
export interface EnergyOptions {
  /** How far above the noise floor the probability reaches 0.5, in decibels. Defaults to 12. */
  readonly marginDb?: number | undefined
  /** The level, in dBFS, at or below which nothing counts as speech. Defaults to -50. */
  readonly floorDbfs?: number | undefined
}

/**
 * Layer that detects any sound louder than the noise of the line, in windows of 20 ms at 16000 Hz. Use it for tests,
 * and for lines that carry nothing but speech.
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

/** A period in which somebody speaks, in milliseconds from the start of the call. */
export interface Stretch {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Layer that ignores the sound and reports speech in the given periods of every call. Windows have 32 ms at 16000 Hz; a
 * window is speech if at least half of it lies in a period.
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
