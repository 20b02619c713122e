/**
 * Has the user finished? A judgement on the words of a turn, for `Floor` to wait accordingly.
 *
 * A detector is made per call, judges in no time, and decides nothing: the floor does.
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

/** What is judged. */
export interface Input {
  /** The words of the running turn, all of them. */
  readonly transcript: string
  /** What was said before, oldest first. */
  readonly history: ReadonlyArray<{ readonly role: "user" | "agent"; readonly text: string }>
  /** Milliseconds since the user was last heard. */
  readonly silenceMs: number
  /** The last seconds of the user's audio, for detectors that listen. */
  readonly audio?: ReadonlyArray<AudioFrame> | undefined
}

/** A judgement. The fields are those of `FloorEvent.Predicted`. */
export interface Judgement {
  /** From 0 (goes on) to 1 (is over). */
  readonly endOfTurn: number
  /** Silence after which the turn is to end, if the detector knows better than to let the policy derive it. */
  readonly waitMs?: number | undefined
  /** From 0 (asks for the floor) to 1 (only shows that the user listens). */
  readonly backchannel?: number | undefined
}

/** The detector of one call. */
export interface Detector {
  readonly judge: (input: Input) => Judgement
  /** A pause was inside a turn, as the words after it have proved (`FloorAction.Hesitated`). */
  readonly learn: (pauseMs: number) => void
}

/** How the words of a language end. */
export interface TextOptions {
  /** Languages that are spoken, as tags such as `en` or `de-CH`. English by default: more than needed mislead. */
  readonly languages?: ReadonlyArray<string> | undefined
}

/** How waits follow from a caller's pauses. */
export interface AdaptiveOptions extends TextOptions {
  /**
   * How much waiting a false cut-off is worth avoiding, in milliseconds. 16 s by default, which cuts off at one pause in
   * twenty in `bench/turnTaking`; more waits longer.
   */
  readonly cutOffCostMs?: number | undefined
  /** The shortest wait. 200 ms by default: people leave about as much between two speakers. */
  readonly leastMs?: number | undefined
  /** The longest wait. 2500 ms by default. */
  readonly mostMs?: number | undefined
}

/** Codes of the languages that `text` and `adaptive` know. */
export const languages: ReadonlyArray<string> = Object.keys(Languages.languages)

/** Judges words by punctuation, last words and expected digits, without regard to time. */
export const judgeText = (input: Pick<Input, "transcript" | "history">, options: TextOptions = {}): number => {
  const known = (options.languages ?? ["en"]).flatMap((tag) => Languages.of(tag) ?? [])
  const asked = input.history.findLast(({ role }) => role === "agent")?.text ?? ""
  return TextJudge.judge(input.transcript, asked, known)
}

/** Makes a detector that judges words only. It learns nothing. */
const makeText = (options: TextOptions = {}): Detector => ({
  judge: (input) => ({ endOfTurn: judgeText(input, options) }),
  learn: () => {}
})

/** Waits that are compared. */
const stepMs = 50

/**
 * Makes a detector that judges words and knows how long this caller pauses.
 *
 * It chooses the wait `w` that costs least: `p w + c (1 - p) S(w)`, for words that are the end with probability `p`, a cost `c`
 * of a false cut-off, and the share `S(w)` of this caller's pauses that are longer.
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
    /** What a policy's `endpointing` should be with it. */
    readonly endpointing: "silence" | "stt"
    readonly make: Effect.Effect<Detector>
  }
>()("@antiphon/speech/TurnDetector") {
  /** Judges by the words. */
  static readonly text = (options?: TextOptions): Layer.Layer<TurnDetector> =>
    Layer.succeed(TurnDetector, { endpointing: "silence", make: Effect.sync(() => makeText(options)) })

  /** Judges by the words and the caller's own pauses. */
  static readonly adaptive = (options?: AdaptiveOptions): Layer.Layer<TurnDetector> =>
    Layer.succeed(TurnDetector, { endpointing: "silence", make: Effect.sync(() => makeAdaptive(options)) })

  /** Leaves it to a recogniser that knows turns (Ink, Flux): nothing is over until it says so. */
  static readonly fromStt: Layer.Layer<TurnDetector> = Layer.succeed(TurnDetector, {
    endpointing: "stt",
    make: Effect.succeed({ judge: () => ({ endOfTurn: 0 }), learn: () => {} })
  })

  /** Judges by nothing: every silence is as good as the end. */
  static readonly none: Layer.Layer<TurnDetector> = Layer.succeed(TurnDetector, {
    endpointing: "silence",
    make: Effect.succeed({ judge: () => ({ endOfTurn: 1 }), learn: () => {} })
  })
}
