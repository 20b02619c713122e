/**
 * Judges whether the user has finished, from the words of a turn. `Floor` waits accordingly.
 *
 * Each call has its own detector. It judges without delay and decides nothing: the floor does.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AudioFrame } from "./AudioFrame.ts"
import * as Languages from "./turn/internal/languages.ts"
import * as Pauses from "./turn/internal/pauses.ts"
import * as TextJudge from "./turn/internal/textJudge.ts"

/** The input of a judgement. */
export interface Input {
  /** All words of the running turn. */
  readonly transcript: string
  /** What was said before, oldest first. */
  readonly history: ReadonlyArray<{ readonly role: "user" | "agent"; readonly text: string }>
  /** Milliseconds since the user was last heard. */
  readonly silenceMs: number
  /** The last seconds of the user's audio, for detectors that use it. */
  readonly audio?: ReadonlyArray<AudioFrame> | undefined
}

/** A judgement. The fields are those of `FloorEvent.Predicted`. */
export interface Judgement {
  /** From 0 (continues) to 1 (is over). */
  readonly endOfTurn: number
  /** Silence after which the turn should end, if the detector knows better than the policy. */
  readonly waitMs?: number | undefined
  /** From 0 (asks for the floor) to 1 (only shows that the user listens). */
  readonly backchannel?: number | undefined
}

/** The detector of one call. */
export interface Detector {
  readonly judge: (input: Input) => Judgement
  /** Learns that a pause was inside a turn, as the words after it have proved (`FloorAction.Hesitated`). */
  readonly learn: (pauseMs: number) => void
}

/** How sentences end in the languages spoken. */
export interface TextOptions {
  /**
   * Languages spoken, as tags such as `en` or `de-CH`. English by default. List only the languages needed, because
   * others mislead.
   */
  readonly languages?: ReadonlyArray<string> | undefined
}

/** How waits are derived from a caller's pauses. */
export interface AdaptiveOptions extends TextOptions {
  /**
   * The cost of a false cut-off, in milliseconds of waiting. 16 s by default, which cuts off one pause in twenty in
   * `bench/turnTaking`; higher values wait longer.
   */
  readonly cutOffCostMs?: number | undefined
  /** The minimum wait. 200 ms by default, which is about the usual gap between two speakers. */
  readonly leastMs?: number | undefined
  /** The maximum wait. 2500 ms by default. */
  readonly mostMs?: number | undefined
}

/** Codes of the languages supported by `text` and `adaptive`. */
export const languages: ReadonlyArray<string> = Object.keys(Languages.languages)

/** Judges words by punctuation, last words and expected digits, ignoring time. */
export const judgeText = (input: Pick<Input, "transcript" | "history">, options: TextOptions = {}): number => {
  const known = (options.languages ?? ["en"]).flatMap((tag) => Languages.of(tag) ?? [])
  const asked = input.history.findLast(({ role }) => role === "agent")?.text ?? ""
  return TextJudge.judge(input.transcript, asked, known)
}

/** Makes a detector that judges words only, and learns nothing. */
const makeText = (options: TextOptions = {}): Detector => ({
  judge: (input) => ({ endOfTurn: judgeText(input, options) }),
  learn: () => {}
})

/** The waits to compare. */
const stepMs = 50

/**
 * Makes a detector that judges words and learns how long this caller pauses.
 *
 * It chooses the wait `w` with the lowest cost: `p w + c (1 - p) S(w)`, for words that end a turn with probability `p`,
 * the cost `c` of a false cut-off, and the share `S(w)` of this caller's pauses that are longer.
 */
export const makeAdaptive = (options: AdaptiveOptions = {}): Detector => {
  const { cutOffCostMs = 16_000, leastMs = 200, mostMs = 2500 } = options
  let pauses = Pauses.unknown
  return {
    judge: (input) => {
      const endOfTurn = judgeText(input, options)
      let [waitMs, least] = [leastMs, Number.POSITIVE_INFINITY]
      for (let wait = leastMs; wait <= mostMs; wait += stepMs) {
        const cost = endOfTurn * wait + cutOffCostMs * (1 - endOfTurn) * Pauses.longer(pauses, wait)
        if (cost < least) [waitMs, least] = [wait, cost]
      }
      return { endOfTurn, waitMs }
    },
    learn: (pauseMs) => {
      pauses = Pauses.learn(pauses, pauseMs)
    }
  }
}

/** Makes detectors, one per call. */
export class TurnDetector extends Context.Service<
  TurnDetector,
  {
    /** The value of a policy's `endpointing` that fits it. */
    readonly endpointing: "silence" | "stt"
    readonly make: Effect.Effect<Detector>
  }
>()("@antiphon/speech/TurnDetector") {
  /** Judges the words. */
  static readonly text = (options?: TextOptions): Layer.Layer<TurnDetector> =>
    Layer.succeed(TurnDetector, { endpointing: "silence", make: Effect.sync(() => makeText(options)) })

  /** Judges the words and the caller's own pauses. */
  static readonly adaptive = (options?: AdaptiveOptions): Layer.Layer<TurnDetector> =>
    Layer.succeed(TurnDetector, { endpointing: "silence", make: Effect.sync(() => makeAdaptive(options)) })

  /** Leaves the decision to a recogniser that detects turns (Ink, Flux): nothing is over until it says so. */
  static readonly fromStt: Layer.Layer<TurnDetector> = Layer.succeed(TurnDetector, {
    endpointing: "stt",
    make: Effect.succeed({ judge: () => ({ endOfTurn: 0 }), learn: () => {} })
  })

  /** Judges nothing: every silence may be the end. */
  static readonly none: Layer.Layer<TurnDetector> = Layer.succeed(TurnDetector, {
    endpointing: "silence",
    make: Effect.succeed({ judge: () => ({ endOfTurn: 1 }), learn: () => {} })
  })
}
