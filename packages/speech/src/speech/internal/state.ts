/** What the pipeline knows of a call. Plain data, but for the text filters, which an application may replace. */
import type * as AudioFormat from "../../AudioFormat.ts"
import * as AudioTime from "../../AudioTime.ts"
import type * as Clauses from "../../Clauses.ts"
import * as Floor from "../../Floor.ts"
import type { FloorEvent } from "../../FloorEvent.ts"
import type { FloorPolicy } from "../../FloorPolicy.ts"
import * as Playback from "../../Playback.ts"
import type { SpokenAudio } from "../../SpokenAudio.ts"
import type * as SpeechText from "../../SpeechText.ts"
import type * as TextToSpeech from "../../TextToSpeech.ts"
import type { Timing } from "./timing.ts"
import type { Wanted } from "./wanted.ts"

/** What does not change during a call. */
export interface Settings {
  readonly policy: FloorPolicy
  readonly format: AudioFormat.AudioFormat
  readonly report: Playback.Report
  readonly latencyMs: number
  readonly leadMs: number
  /** Audio that is synthesised ahead of what is played. */
  readonly aheadMs: number
  readonly clauses: Clauses.Options
  /** Makes the filter that makes a text speakable. */
  readonly filter: (language: string | undefined) => SpeechText.Filter
  readonly texts: Texts
  readonly budgetMs: number
  /** How long an exit waits for the words before it. */
  readonly exitMs: number
  /** How long a voice may be silent with text to say. */
  readonly voiceMs: number
  /** How often an utterance is begun at most. */
  readonly voiceAttempts: number
  /** Whether frames of silence leave while nobody speaks, for a background sound. */
  readonly isContinuous: boolean
  /** Whether each step of the floor is told. */
  readonly tellsSteps: boolean
}

/** What the pipeline says by itself. */
export interface Texts {
  readonly reprompts: ReadonlyArray<string>
  readonly goodbye: string
  readonly fillers: ReadonlyArray<string>
  readonly deaf: string
}

/**
 * A stretch of one turn's text that is spoken in one piece, with a voice context of its own: all of it can be interrupted, or
 * nothing.
 */
export interface Utterance {
  readonly id: string
  readonly number: number
  /** The event that the text responds to. Undefined for what the pipeline says by itself. */
  readonly reply: string | undefined
  readonly generation: number
  readonly interruptible: boolean
  readonly voice: TextToSpeech.Voice
  /** Where its text begins in all text of the reply. */
  readonly base: number
  readonly text: string
  readonly filter: SpeechText.Filter
  readonly pieces: ReadonlyArray<SpeechText.Spoken>
  readonly clauses: Clauses.Clauses
  /** What the voice was given to say. */
  readonly spoken: string
  /** No text follows. */
  readonly isClosed: boolean
  /** A part of the audio was asked for, and since when text waits for it. */
  readonly isPulling: boolean
  readonly waitsFrom: AudioTime.AudioTime
  /** Audio that came before its turn. */
  readonly held: ReadonlyArray<SpokenAudio>
  /** All audio has come. */
  readonly isVoiced: boolean
  /** Counts the voice contexts, and how much of `spoken` those before this one have said. */
  readonly attempt: number
  readonly resumedAt: number
  /** How far in `spoken` audio has come. */
  readonly voicedTo: number
  /** How far in `text` was heard, and reported. */
  readonly heardTo: number
  /** Its first sample was heard. */
  readonly isBegun: boolean
}

/** An answer of the agent: what one of its turns says. */
export interface Reply {
  readonly id: string
  readonly turn: number
  readonly generation: number
  /** The caller has only probably finished: nothing of it leaves. */
  readonly isTentative: boolean
  /** The turn is over: no text follows. */
  readonly isOver: boolean
  /** It was interrupted: nothing of it that can be is spoken any more. */
  readonly isCut: boolean
  /** All text that was sent, in UTF-16 units. */
  readonly length: number
  /** It belongs to no turn that the call has told of: each text stands for itself. */
  readonly isLoose: boolean
}

/** What waits until the words before it were heard or cut. */
export interface Exit {
  readonly reply: string
  /** Utterances with a lower number come before it. */
  readonly after: number
  readonly until: AudioTime.AudioTime
  /** It is dropped if its words are cut. */
  readonly isDropped: boolean
  readonly order:
    | { readonly _tag: "HangUp"; readonly reason: string; readonly ending: "AgentEnded" | "Silence" | "Deaf" | "Mute" }
    | { readonly _tag: "Transfer"; readonly targetPhoneNumber: string }
    | { readonly _tag: "Dtmf"; readonly button: string }
}

/** A turn of the caller, as it was reported. */
export interface UserTurn {
  readonly turn: number
  readonly phase: "Started" | "Tentative" | "Ended"
  /** Names its last end. */
  readonly eventId: string
  readonly ends: number
}

export interface State {
  readonly settings: Settings
  readonly now: AudioTime.AudioTime
  /** The same moment on the monotonic clock, in milliseconds. */
  readonly at: number
  readonly floor: Floor.Floor
  readonly playback: Playback.Playback
  readonly userTurn: UserTurn | undefined
  /** The end of a turn that the agent may answer, until it is known whether it does. */
  readonly expected: string | undefined
  /** The last end of a turn that the agent does not answer. */
  readonly decided: string | undefined
  /** A silence that the agent may answer by itself, and what is said otherwise. */
  readonly silence: { readonly eventId: string; readonly text: string; readonly leaves: boolean } | undefined
  readonly silences: number
  readonly replies: ReadonlyArray<Reply>
  /** In the order in which they are spoken, until they were heard. */
  readonly utterances: ReadonlyArray<Utterance>
  /** Those that were cut last: a line may tell late what was heard of them. */
  readonly cut: ReadonlyArray<Utterance>
  readonly numbers: number
  readonly exits: ReadonlyArray<Exit>
  readonly tools: ReadonlyArray<{ readonly id: string; readonly name: string; readonly reply: string }>
  readonly works: number
  readonly toolsTold: boolean
  /** The caller cannot hear the line. */
  readonly isHeld: boolean
  readonly voice: TextToSpeech.Voice
  /** Utterances in a row of which nothing could be spoken. */
  readonly voiceFailures: number
  /** The caller hears the agent, as reported. */
  readonly isTalking: boolean
  /** What the floor was told of the agent last, and of which generation. */
  readonly agentTold: string
  readonly speechEndedAt: AudioTime.AudioTime
  readonly timing: Timing | undefined
  readonly isOver: boolean
}

/** A state that is being changed by one step, and what the step wants done. */
export type Draft = { -readonly [Field in keyof State]: State[Field] } & {
  readonly wanted: Array<Wanted>
  /** What the floor is still to be told in this step. */
  readonly events: Array<FloorEvent>
  isTelling: boolean
}

/** The beginning of a call. */
export const initial = (settings: Settings, voice: TextToSpeech.Voice): State => ({
  settings,
  now: AudioTime.zero,
  at: 0,
  floor: Floor.initial,
  playback: Playback.make({
    format: settings.format,
    report: settings.report,
    leadMs: settings.leadMs,
    latencyMs: settings.latencyMs
  }),
  userTurn: undefined,
  expected: undefined,
  decided: undefined,
  silence: undefined,
  silences: 0,
  replies: [],
  utterances: [],
  cut: [],
  numbers: 0,
  exits: [],
  tools: [],
  works: 0,
  toolsTold: false,
  isHeld: false,
  voice,
  voiceFailures: 0,
  isTalking: false,
  agentTold: "",
  speechEndedAt: AudioTime.zero,
  timing: undefined,
  isOver: false
})

/** Wants something done. */
export const want = (draft: Draft, ...wanted: ReadonlyArray<Wanted>): void => {
  draft.wanted.push(...wanted)
}

/** Reports something to the call. */
export const report = (draft: Draft, report: Extract<Wanted, { readonly _tag: "Report" }>["report"], asks = false) =>
  want(draft, { _tag: "Report", report, asks })

/** Shows something to the caller. */
export const show = (draft: Draft, event: Extract<Wanted, { readonly _tag: "Show" }>["event"]) =>
  want(draft, { _tag: "Show", event })

/** Changes one reply. */
export const changeReply = (draft: Draft, id: string, change: Partial<Reply>): void => {
  draft.replies = draft.replies.map((reply) => (reply.id === id ? { ...reply, ...change } : reply))
}

/** Changes one utterance. */
export const changeUtterance = (draft: Draft, id: string, change: Partial<Utterance>): void => {
  draft.utterances = draft.utterances.map((each) => (each.id === id ? { ...each, ...change } : each))
}

/** The reply to an event. */
export const replyTo = (state: State | Draft, id: string): Reply | undefined =>
  state.replies.find((reply) => reply.id === id)
