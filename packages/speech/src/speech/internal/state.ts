/** The pipeline's state of one call. Plain data, except for the text filters, which an application may replace. */
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

/** Values that do not change during a call. */
export interface Settings {
  readonly policy: FloorPolicy
  readonly format: AudioFormat.AudioFormat
  readonly report: Playback.Report
  readonly latencyMs: number
  readonly leadMs: number
  /** How much audio the line prefers to get at once. */
  readonly messageMs: number
  /** Whether the voice reports the times of its words. */
  readonly wordTimes: boolean
  /** How much audio to synthesise ahead of playback. */
  readonly aheadMs: number
  readonly clauses: Clauses.Options
  /** Makes the filter that turns text into speech. */
  readonly filter: (language: string | undefined) => SpeechText.Filter
  readonly texts: Texts
  readonly budgetMs: number
  /** How long an exit waits for the words before it. */
  readonly exitMs: number
  /** How long a voice may be silent with text to say. */
  readonly voiceMs: number
  /** How many times an utterance may be started. */
  readonly voiceAttempts: number
  /** Whether to send frames of silence while the agent is silent, for a background sound. */
  readonly isContinuous: boolean
  /** Whether to report each step of the floor. */
  readonly tellsSteps: boolean
}

/** An utterance of the pipeline itself. */
export interface Texts {
  readonly reprompts: ReadonlyArray<string>
  readonly goodbye: string
  readonly fillers: ReadonlyArray<string>
  readonly deaf: string
}

/**
 * A stretch of one turn's text, spoken with its own voice context. It can be interrupted either entirely or not at all.
 */
export interface Utterance {
  readonly id: string
  readonly number: number
  /** The event that the text responds to. Undefined for utterances of the pipeline itself. */
  readonly reply: string | undefined
  readonly generation: number
  readonly interruptible: boolean
  readonly voice: TextToSpeech.Voice
  /** The position of its text in the whole text of the reply. */
  readonly base: number
  readonly text: string
  readonly filter: SpeechText.Filter
  readonly pieces: ReadonlyArray<SpeechText.Spoken>
  readonly clauses: Clauses.Clauses
  /** The text given to the voice. */
  readonly spoken: string
  /** No more text follows. */
  readonly isClosed: boolean
  /** A part of the audio was requested, and the time since which text has been waiting for it. */
  readonly isPulling: boolean
  readonly waitsFrom: AudioTime.AudioTime
  /** Audio that arrived before its turn to be played. */
  readonly held: ReadonlyArray<SpokenAudio>
  /** How much audio this context has given, and the end of the last word in it, in milliseconds. */
  readonly audioMs: number
  readonly wordedMs: number
  /** All audio has arrived. */
  readonly isVoiced: boolean
  /** The number of voice contexts, and the length of `spoken` that earlier contexts have said. */
  readonly attempt: number
  readonly resumedAt: number
  /** The position in `spoken` up to which audio has arrived. */
  readonly voicedTo: number
  /** The position in `text` up to which speech was heard and reported. */
  readonly heardTo: number
  /** Its first sample was heard. */
  readonly isBegun: boolean
}

/** An answer of the agent: the speech of one of its turns. */
export interface Reply {
  readonly id: string
  readonly turn: number
  readonly generation: number
  /** Begun early, before the caller has certainly finished: none of it is sent yet. */
  readonly isTentative: boolean
  /** The turn is over: no more text follows. */
  readonly isOver: boolean
  /** The reply was interrupted: only text that must not be interrupted is still spoken. */
  readonly isCut: boolean
  /** Length of all text sent, in UTF-16 code units. */
  readonly length: number
  /** The reply belongs to no turn that the call has announced: each of its texts stands alone. */
  readonly isLoose: boolean
}

/** An action that waits until the words before it were heard or cut. */
export interface Exit {
  readonly reply: string
  /** Utterances with a lower number precede the exit. */
  readonly after: number
  readonly until: AudioTime.AudioTime
  /** The exit is dropped if the words before it are cut. */
  readonly isDropped: boolean
  readonly order:
    | { readonly _tag: "HangUp"; readonly reason: string; readonly ending: "AgentEnded" | "Silence" | "Deaf" | "Mute" }
    | { readonly _tag: "Transfer"; readonly targetPhoneNumber: string }
    | { readonly _tag: "Dtmf"; readonly button: string }
}

/** A turn of the caller, as reported. */
export interface UserTurn {
  readonly turn: number
  readonly phase: "Started" | "Tentative" | "Ended"
  /** The id of its last end. */
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
  /** The end of a turn, until the agent has decided whether to answer it. */
  readonly expected: string | undefined
  /** The last end of a turn that the agent declined to answer. */
  readonly decided: string | undefined
  /** A silence that the agent may answer itself, and the words to say if it does not. */
  readonly silence: { readonly eventId: string; readonly text: string; readonly leaves: boolean } | undefined
  readonly silences: number
  readonly replies: ReadonlyArray<Reply>
  /** The utterances not fully heard yet, in the order in which they are spoken. */
  readonly utterances: ReadonlyArray<Utterance>
  /** The utterances cut most recently: a line may report late how much of them was heard. */
  readonly cut: ReadonlyArray<Utterance>
  readonly numbers: number
  readonly exits: ReadonlyArray<Exit>
  readonly tools: ReadonlyArray<{ readonly id: string; readonly name: string; readonly reply: string }>
  readonly works: number
  readonly toolsTold: boolean
  /** The caller cannot hear the line. */
  readonly isHeld: boolean
  readonly voice: TextToSpeech.Voice
  /** Number of consecutive utterances that no voice could speak. */
  readonly voiceFailures: number
  /** Whether the caller hears the agent, as last reported. */
  readonly isTalking: boolean
  /** The agent's state last told to the floor, and its generation. */
  readonly agentTold: string
  readonly speechEndedAt: AudioTime.AudioTime
  /** The last final words, when they came, and where they end in the audio, if the recogniser knows that. */
  readonly lastFinal:
    | { readonly text: string; readonly at: AudioTime.AudioTime; readonly to: AudioTime.AudioTime | undefined }
    | undefined
  readonly timing: Timing | undefined
  readonly isOver: boolean
}

/** The state in the middle of a step, and the effects collected so far. */
export type Draft = { -readonly [Field in keyof State]: State[Field] } & {
  readonly wanted: Array<Wanted>
  /** Events that the floor has yet to be told in this step. */
  readonly events: Array<FloorEvent>
  isTelling: boolean
}

/** The state at the beginning of a call. */
export const initial = (settings: Settings, voice: TextToSpeech.Voice): State => ({
  settings,
  now: AudioTime.zero,
  at: 0,
  floor: Floor.initial,
  playback: Playback.make({
    format: settings.format,
    report: settings.report,
    leadMs: settings.leadMs,
    messageMs: settings.messageMs,
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
  lastFinal: undefined,
  timing: undefined,
  isOver: false
})

/**
 * The state of a step that begins now. The draft is the next state once the step is over: nothing changes it any more. Fields are
 * written out because engines copy an object of this size with spread ten times slower.
 */
export const begin = (state: State, clock: { readonly now: AudioTime.AudioTime; readonly at: number }): Draft => ({
  now: clock.now > state.now ? clock.now : state.now,
  at: clock.at,
  settings: state.settings,
  floor: state.floor,
  playback: state.playback,
  userTurn: state.userTurn,
  expected: state.expected,
  decided: state.decided,
  silence: state.silence,
  silences: state.silences,
  replies: state.replies,
  utterances: state.utterances,
  cut: state.cut,
  numbers: state.numbers,
  exits: state.exits,
  tools: state.tools,
  works: state.works,
  toolsTold: state.toolsTold,
  isHeld: state.isHeld,
  voice: state.voice,
  voiceFailures: state.voiceFailures,
  isTalking: state.isTalking,
  agentTold: state.agentTold,
  speechEndedAt: state.speechEndedAt,
  lastFinal: state.lastFinal,
  timing: state.timing,
  isOver: state.isOver,
  wanted: [],
  events: [],
  isTelling: false
})

/** Adds an effect. */
export const want = (draft: Draft, ...wanted: ReadonlyArray<Wanted>): void => {
  draft.wanted.push(...wanted)
}

/** Reports an event to the call. */
export const report = (draft: Draft, report: Extract<Wanted, { readonly _tag: "Report" }>["report"], asks = false) =>
  want(draft, { _tag: "Report", report, asks })

/** Shows an event to the caller. */
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
