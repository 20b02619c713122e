/**
 * Events of the floor: what the user does, what the agent does, and that time has passed.
 *
 * Each event carries the audio time (`at`, milliseconds of the call's input) at which it became known. Events come in
 * the order of that time.
 *
 * @since 0.1.0
 */
import type { AudioTime } from "./AudioTime.ts"

/** Speech was detected. `from`: when it began, a few windows of the detector earlier. */
export interface SpeechStarted {
  readonly _tag: "SpeechStarted"
  readonly at: AudioTime
  readonly from: AudioTime
}

/** Silence was detected. `from`: when it began. */
export interface SpeechEnded {
  readonly _tag: "SpeechEnded"
  readonly at: AudioTime
  readonly from: AudioTime
}

/**
 * Words of a recogniser. A partial replaces the partial before it; a final replaces the partial and stays.
 *
 * `from` and `to` are the audio times of the words, if the recogniser knows them.
 */
export interface Transcript {
  readonly _tag: "Transcript"
  readonly at: AudioTime
  readonly text: string
  readonly final: boolean
  readonly from?: AudioTime | undefined
  readonly to?: AudioTime | undefined
}

/**
 * A judgement on all the words of the current turn. It is valid as long as the turn has exactly these words, and may
 * come before or after the transcript that completes them.
 */
export interface Predicted {
  readonly _tag: "Predicted"
  readonly at: AudioTime
  readonly text: string
  /** From 0 (goes on) to 1 (is over). */
  readonly endOfTurn: number
  /** How much silence ends the turn, if the detector knows better than the policy. */
  readonly waitMs?: number | undefined
  /** From 0 (asks for the floor) to 1 (only shows that the user listens). */
  readonly backchannel?: number | undefined
}

/**
 * A recogniser that detects turns considers the turn probably over. `text`: its words since the last `SttTurnEnded`.
 */
export interface SttEagerEnd {
  readonly _tag: "SttEagerEnd"
  readonly at: AudioTime
  readonly text: string
}

/** A recogniser that detects turns takes `SttEagerEnd` back. */
export interface SttResumed {
  readonly _tag: "SttResumed"
  readonly at: AudioTime
}

/** A recogniser that detects turns reports its end. `text`: its words since the last `SttTurnEnded`, now final. */
export interface SttTurnEnded {
  readonly _tag: "SttTurnEnded"
  readonly at: AudioTime
  readonly text: string
}

/**
 * The agent is working on a reply, and nothing of it can be heard at the moment. After the end of a user turn the floor
 * assumes this by itself. Events of an old `generation` are ignored.
 */
export interface AgentThinking {
  readonly _tag: "AgentThinking"
  readonly at: AudioTime
  readonly generation: number
}

/** Audio of the agent is on its way to the user. */
export interface AgentSpeaking {
  readonly _tag: "AgentSpeaking"
  readonly at: AudioTime
  readonly generation: number
  readonly interruptible: boolean
}

/** The first sample of a reply was heard, which makes the user's turn final. Do not report this for a filler. */
export interface AgentHeard {
  readonly _tag: "AgentHeard"
  readonly at: AudioTime
  readonly generation: number
}

/** Words of the agent were played just now. Needed only for a policy with `echo`. */
export interface AgentSaid {
  readonly _tag: "AgentSaid"
  readonly at: AudioTime
  readonly text: string
}

/** The agent has nothing more to say: everything was heard, or there was nothing. */
export interface AgentQuiet {
  readonly _tag: "AgentQuiet"
  readonly at: AudioTime
  readonly generation: number
}

/** At least one tool is running: the user's silence does not count. */
export interface ToolsRunning {
  readonly _tag: "ToolsRunning"
  readonly at: AudioTime
}

/** No tool is running any more. */
export interface ToolsIdle {
  readonly _tag: "ToolsIdle"
  readonly at: AudioTime
}

/** The user pressed a key of the telephone. */
export interface Dtmf {
  readonly _tag: "Dtmf"
  readonly at: AudioTime
  readonly digit: string
}

/** The user pressed the push-to-talk key. */
export interface TalkPressed {
  readonly _tag: "TalkPressed"
  readonly at: AudioTime
}

/** The user released the push-to-talk key. */
export interface TalkReleased {
  readonly _tag: "TalkReleased"
  readonly at: AudioTime
}

/** Time has passed. Wanted at `Floor.due`. */
export interface Tick {
  readonly _tag: "Tick"
  readonly at: AudioTime
}

/** Everything the floor can be told. */
export type FloorEvent =
  | SpeechStarted
  | SpeechEnded
  | Transcript
  | Predicted
  | SttEagerEnd
  | SttResumed
  | SttTurnEnded
  | AgentThinking
  | AgentSpeaking
  | AgentHeard
  | AgentSaid
  | AgentQuiet
  | ToolsRunning
  | ToolsIdle
  | Dtmf
  | TalkPressed
  | TalkReleased
  | Tick
