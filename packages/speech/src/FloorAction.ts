/**
 * What the floor wants done.
 *
 * A user turn has a number. Its life cycle: started, then any number of times tentative and resumed, then committed (if
 * it was tentative) or ended, or abandoned. A turn that has ended is resumed if the user continues before a sample of
 * the reply was heard, and then ends again.
 *
 * @since 0.1.0
 */
import type { AudioTime } from "./AudioTime.ts"

/** Hold the agent's speech: the user may want to speak. Ends in `Resume` or `Cut`. */
export interface Pause {
  readonly _tag: "Pause"
}

/** Let the agent continue where it was paused: the user did not want to speak. */
export interface Resume {
  readonly _tag: "Resume"
}

/**
 * Drop what the agent has said but the user has not heard, here and at the carrier.
 *
 * From now on only audio of `generation` or later may leave. `Interrupted`: the user took the floor. `Reopened`: the
 * turn that was answered goes on. `Key`: the user pressed a key.
 */
export interface Cut {
  readonly _tag: "Cut"
  readonly generation: number
  readonly reason: "Interrupted" | "Reopened" | "Key"
}

/** The user has begun a turn. `from`: the audio time at which it began. */
export interface TurnStarted {
  readonly _tag: "TurnStarted"
  readonly turn: number
  readonly from: AudioTime
}

/** The turn is probably over: start a reply to `text`, and hold it. */
export interface TurnTentative {
  readonly _tag: "TurnTentative"
  readonly turn: number
  readonly text: string
  readonly generation: number
}

/** The turn is over, with the words of the last `TurnTentative`: release the reply. `text` may be punctuated better. */
export interface TurnCommitted {
  readonly _tag: "TurnCommitted"
  readonly turn: number
  readonly text: string
  readonly generation: number
}

/** The turn is over: reply to `text`. */
export interface TurnEnded {
  readonly _tag: "TurnEnded"
  readonly turn: number
  readonly text: string
  readonly generation: number
}

/** The turn goes on, although it was tentative, committed or ended: retract the reply. Nothing of it was heard. */
export interface TurnResumed {
  readonly _tag: "TurnResumed"
  readonly turn: number
}

/** The words of an ended turn got a better spelling. They are the same words, so the reply stands. */
export interface TurnRevised {
  readonly _tag: "TurnRevised"
  readonly turn: number
  readonly text: string
}

/** A turn without a word, such as a cough. `interrupted`: it cut the agent short, so the agent should continue. */
export interface TurnAbandoned {
  readonly _tag: "TurnAbandoned"
  readonly turn: number
  readonly interrupted: boolean
}

/**
 * Words that belong to no turn: the user only signalled listening, said too little, or they were an echo of the agent's
 * voice.
 */
export interface Ignored {
  readonly _tag: "Ignored"
  readonly text: string
  readonly reason: "Backchannel" | "TooFew" | "Echo"
}

/** A pause turned out to be inside a turn, because more words came. Detectors learn from it. */
export interface Hesitated {
  readonly _tag: "Hesitated"
  readonly turn: number
  readonly pauseMs: number
}

/** Ask the user whether they are still there, for the `n`-th time in this silence. */
export interface Reprompt {
  readonly _tag: "Reprompt"
  readonly n: number
}

/** Say goodbye and hang up: the user was asked, and stayed silent. */
export interface Leave {
  readonly _tag: "Leave"
}

/** Say something to bridge the time until the reply, for the `n`-th time in this turn. */
export interface Filler {
  readonly _tag: "Filler"
  readonly turn: number
  readonly n: number
}

/** An action of the floor. */
export type FloorAction =
  | Pause
  | Resume
  | Cut
  | TurnStarted
  | TurnTentative
  | TurnCommitted
  | TurnEnded
  | TurnResumed
  | TurnRevised
  | TurnAbandoned
  | Ignored
  | Hesitated
  | Reprompt
  | Leave
  | Filler
