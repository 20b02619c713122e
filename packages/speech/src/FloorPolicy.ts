/**
 * A policy for taking turns, as plain data: waits in milliseconds, counts, and lists of words.
 *
 * `Floor` decides by these values alone. A value without a named source is a starting point: measure it on your own
 * calls.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Backchannels from "./Backchannels.ts"

const Ms = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Probability = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

const fields = {
  /**
   * Who ends a turn of the user: `silence` (this policy's waits, shortened or lengthened by predictions), `stt` (the
   * recogniser says so, as Ink and Flux do), `push` (the user holds a key while speaking).
   */
  endpointing: Schema.Literals(["silence", "stt", "push"]),
  /** Whether the recogniser reports words while somebody speaks. Without them, speech alone interrupts. */
  partials: Schema.Boolean,

  /** Silence after words that look complete, until the turn ends. */
  completeMs: Ms,
  /** Silence after words that do not look complete, until the turn ends. Never less than `completeMs`. */
  incompleteMs: Ms,
  /** Probability that the turn is over, assumed for words without a judgement. */
  unknownEndOfTurn: Probability,
  /** Added to the wait while the last words are not final. */
  finalWaitMs: Ms,
  /** How long words stay unchanged before they are acted on. */
  stableMs: Ms,
  /** Silence after speech of which no word has arrived, until the turn is abandoned. */
  noTextMs: Ms,
  /** With `endpointing: "stt"`: silence after which the turn ends even if the recogniser has not said so. */
  sttTimeoutMs: Ms,

  /** How much silence starts a speculative reply. */
  speculateMs: Ms,
  /** Speculative replies per turn; 0 for none. */
  speculations: Count,
  /** The minimum probability that the turn is over for a speculative reply. */
  speculateAbove: Probability,

  /** Whether the sound of speech pauses the agent at once. If not, only words interrupt. */
  pauseOnSpeech: Schema.Boolean,
  /** With `partials: false`: speech of this length interrupts the agent. */
  confirmSpeechMs: Ms,
  /** Silence after speech without words, until a paused agent resumes. */
  resumeMs: Ms,
  /** The same, if what was said only shows that the user listens. */
  backchannelResumeMs: Ms,
  /** The longest pause. A sound that makes it longer is not speech. */
  maxPauseMs: Ms,
  /** Speech without a new word for this long is noise, and counts as silence. Ten times as long without `partials`. */
  noiseMs: Ms,
  /** Pauses without a word, in one stretch of agent speech, after which only words interrupt it. */
  falsePauses: Count,
  /** Speech in the first milliseconds of agent speech that does not pause it; words still interrupt. */
  echoGuardMs: Ms,
  /** Whether the line may return the agent's own voice. Words that the agent has just said are then ignored. */
  echo: Schema.Boolean,
  /** Words that an interruption needs. Fewer are treated as if they only showed that the user listens. */
  minWords: Count,
  /** Phrases that show that the user listens. See `Backchannels`. */
  backchannels: Schema.Array(Schema.String),
  /** Such a phrase is an answer if the agent falls silent within this time. */
  answerWindowMs: Ms,
  /** Whether a telephone key interrupts the agent. */
  keysCut: Schema.Boolean,

  /** How long both sides may be silent before the user is asked whether anybody is there. */
  silenceMs: Ms,
  /** How often the user is asked; 0 for never. */
  prompts: Count,
  /** Whether to leave the call after the last question. */
  leave: Schema.Boolean,

  /** How long the agent may think in silence before it says something to bridge the time. */
  fillerMs: Ms,
  /** How often per turn; 0 for never. */
  fillers: Count
}

/** How turns are taken. */
export const FloorPolicy = Schema.Struct(fields).check(
  Schema.makeFilter((policy) =>
    policy.completeMs <= policy.incompleteMs ? undefined : "completeMs must not exceed incompleteMs"
  )
)
export interface FloorPolicy extends Schema.Schema.Type<typeof FloorPolicy> {}

/** For telephones: the carrier cancels echo, and a silent caller is asked twice before the call is left. */
export const telephone: FloorPolicy = {
  endpointing: "silence",
  partials: true,
  completeMs: 400,
  incompleteMs: 2000,
  unknownEndOfTurn: 0.6,
  finalWaitMs: 200,
  stableMs: 100,
  noTextMs: 2000,
  sttTimeoutMs: 6000,
  speculateMs: 120,
  speculations: 3,
  speculateAbove: 0.3,
  pauseOnSpeech: true,
  confirmSpeechMs: 400,
  resumeMs: 600,
  backchannelResumeMs: 200,
  maxPauseMs: 3000,
  noiseMs: 3000,
  falsePauses: 3,
  echoGuardMs: 0,
  echo: false,
  minWords: 1,
  backchannels: Backchannels.of("en"),
  answerWindowMs: 1000,
  keysCut: true,
  silenceMs: 8000,
  prompts: 2,
  leave: true,
  fillerMs: 1500,
  fillers: 1
}

/** For web pages: the loudspeakers' echo may return, and a visitor may be silent for as long as they like. */
export const browser: FloorPolicy = { ...telephone, echo: true, silenceMs: 20_000, prompts: 1, leave: false }

/** For people who speak slowly or think while they speak: every wait is about twice as long. */
export const patient: FloorPolicy = {
  ...telephone,
  completeMs: 900,
  incompleteMs: 4000,
  noTextMs: 3000,
  speculateMs: 300,
  confirmSpeechMs: 700,
  resumeMs: 900,
  silenceMs: 15_000
}

/** For push-to-talk: the key alone begins and ends turns. */
export const pushToTalk: FloorPolicy = {
  ...telephone,
  endpointing: "push",
  pauseOnSpeech: false,
  finalWaitMs: 500,
  silenceMs: 20_000,
  prompts: 0,
  leave: false
}

/** The presets by name. */
export const presets = { telephone, browser, patient, pushToTalk } as const

/**
 * Schema for settings: a preset (`telephone` by default), the languages spoken, and values that differ from the preset.
 */
export const Settings = Schema.Struct({
  preset: Schema.optional(Schema.Literals(["telephone", "browser", "patient", "pushToTalk"])),
  languages: Schema.optional(Schema.Array(Schema.String)),
  ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, Schema.optional(field)]))
} as SettingsFields)
export type Settings = typeof Settings.Type

type SettingsFields = {
  readonly preset: Schema.optional<Schema.Literals<["telephone", "browser", "patient", "pushToTalk"]>>
  readonly languages: Schema.optional<Schema.$Array<typeof Schema.String>>
} & { readonly [Name in keyof typeof fields]: Schema.optional<(typeof fields)[Name]> }

const decode = Schema.decodeUnknownResult(FloorPolicy)

/** Makes a policy from settings. Fails with a `SchemaError` if the values do not fit together. */
export const fromSettings = (settings: Settings): Result.Result<FloorPolicy, Schema.SchemaError> => {
  const { preset, languages, ...rest } = settings
  const values = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return decode({
    ...presets[preset ?? "telephone"],
    ...(languages === undefined ? {} : { backchannels: Backchannels.of(...languages) }),
    ...values
  })
}
