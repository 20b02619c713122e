/** The floor's state: the user's speech and turn, the agent's speech, and the silence of both. */
import type { FloorAction } from "../../FloorAction.ts"
import type { FloorPolicy } from "../../FloorPolicy.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as Words from "./words.ts"

type Time = AudioTime.AudioTime

/** `Overlap`: not announced, because the agent has the floor. `Ended`: the reply is on its way, and not heard yet. */
export type Phase = "Overlap" | "Started" | "Tentative" | "Ended"

/** A turn of the user. */
export interface Turn {
  readonly id: number
  readonly from: Time
  readonly phase: Phase
  readonly finals: string
  readonly partial: string
  readonly words: ReadonlyArray<string>
  /** The words, normalised for comparison. */
  readonly key: string
  /** The text last reported to the agent, and its `key`. */
  readonly told: string
  readonly toldText: string
  /** When the words changed last, and when the last final came. */
  readonly textAt: Time
  readonly finalAt: Time
  /** The time from which silence is counted, if the voice detector missed the words. */
  readonly quietFrom: Time
  /** The pause before the current speech, until words prove that it was inside the turn. `to`: its end. */
  readonly gap: { readonly ms: number; readonly to: Time } | undefined
  readonly speculations: number
  readonly interrupted: boolean
  /** The recogniser considers the turn over, or probably over. Later words revoke this. */
  readonly over: boolean
  readonly eager: boolean
}

/** What the agent is doing. */
export type Agent = "Quiet" | "Thinking" | "Speaking" | "Uninterruptible" | "Paused"

/** Everything the floor knows. Plain data. */
export interface State {
  readonly now: Time
  /** `noise`: counts as silence. */
  readonly speech: { readonly from: Time; readonly noise: boolean } | undefined
  readonly pressed: boolean
  readonly silentFrom: Time
  readonly turn: Turn | undefined
  /** Interim words that were already reported: their final version is not news. */
  readonly dangling: ReadonlyArray<string>
  /** Time of the last interim words. */
  readonly partialAt: Time
  readonly prediction: Prediction | undefined
  readonly turns: number
  readonly agent: Agent
  readonly agentFrom: Time
  readonly pause: { readonly at: Time; readonly from: "Thinking" | "Speaking" } | undefined
  readonly resumedAt: Time
  readonly falsePauses: number
  readonly generation: number
  /** The agent's last words, to recognise their echo. */
  readonly said: ReadonlyArray<{ readonly word: string; readonly at: Time }>
  readonly toolsRunning: boolean
  /** Since when both sides are silent. */
  readonly idleFrom: Time
  readonly prompts: number
  readonly left: boolean
  readonly thinkingFrom: Time
  readonly fillers: number
}

/** A judgement on the words with this key. */
export interface Prediction {
  readonly key: string
  readonly endOfTurn: number
  readonly waitMs: number | undefined
  readonly backchannel: number | undefined
}

/** The state in the middle of a step, and the actions collected so far. */
export type Draft = { -readonly [Field in keyof State]: State[Field] } & { readonly out: Array<FloorAction> }

/** The state at the beginning of a call: both sides are silent. */
export const initial: State = {
  now: AudioTime.zero,
  speech: undefined,
  pressed: false,
  silentFrom: AudioTime.zero,
  turn: undefined,
  dangling: [],
  partialAt: AudioTime.zero,
  prediction: undefined,
  turns: 0,
  agent: "Quiet",
  agentFrom: AudioTime.zero,
  pause: undefined,
  resumedAt: AudioTime.zero,
  falsePauses: 0,
  generation: 0,
  said: [],
  toolsRunning: false,
  idleFrom: AudioTime.zero,
  prompts: 0,
  left: false,
  thinkingFrom: AudioTime.zero,
  fillers: 0
}

/**
 * The state of a step that begins at a time. Its fields are written out, here and in `end`: with rest and spread this was half the
 * processor time of a call, since engines copy many fields slowly that they do not know beforehand.
 */
export const begin = (floor: State, now: Time): Draft => ({
  now,
  speech: floor.speech,
  pressed: floor.pressed,
  silentFrom: floor.silentFrom,
  turn: floor.turn,
  dangling: floor.dangling,
  partialAt: floor.partialAt,
  prediction: floor.prediction,
  turns: floor.turns,
  agent: floor.agent,
  agentFrom: floor.agentFrom,
  pause: floor.pause,
  resumedAt: floor.resumedAt,
  falsePauses: floor.falsePauses,
  generation: floor.generation,
  said: floor.said,
  toolsRunning: floor.toolsRunning,
  idleFrom: floor.idleFrom,
  prompts: floor.prompts,
  left: floor.left,
  thinkingFrom: floor.thinkingFrom,
  fillers: floor.fillers,
  out: []
})

/** The state after a step. */
export const end = (draft: Draft): State => ({
  now: draft.now,
  speech: draft.speech,
  pressed: draft.pressed,
  silentFrom: draft.silentFrom,
  turn: draft.turn,
  dangling: draft.dangling,
  partialAt: draft.partialAt,
  prediction: draft.prediction,
  turns: draft.turns,
  agent: draft.agent,
  agentFrom: draft.agentFrom,
  pause: draft.pause,
  resumedAt: draft.resumedAt,
  falsePauses: draft.falsePauses,
  generation: draft.generation,
  said: draft.said,
  toolsRunning: draft.toolsRunning,
  idleFrom: draft.idleFrom,
  prompts: draft.prompts,
  left: draft.left,
  thinkingFrom: draft.thinkingFrom,
  fillers: draft.fillers
})

/** The later of two times. */
export const later = (a: Time, b: Time): Time => (a > b ? a : b)

/** Whether the user is silent, apart from noise. */
export const isSilent = (state: State): boolean => !state.pressed && (state.speech === undefined || state.speech.noise)

/** The words of a turn as reported. */
export const textOf = (turn: Turn): string => Words.join(turn.finals, turn.partial).trim()

/** The time from which the silence after a turn's words is counted. */
export const quietSince = (state: State, turn: Turn): Time => later(state.silentFrom, turn.quietFrom)

/** Opens a turn without announcing it. */
export const open = (draft: Draft, from: Time): Turn => {
  draft.turns++
  return (draft.turn = {
    id: draft.turns,
    from,
    phase: "Overlap",
    finals: "",
    partial: "",
    words: [],
    key: "",
    told: "",
    toldText: "",
    textAt: from,
    finalAt: AudioTime.make(-1),
    quietFrom: from,
    gap: undefined,
    speculations: 0,
    interrupted: false,
    over: false,
    eager: false
  })
}

/** Changes the running turn. */
export const update = (draft: Draft, change: Partial<Turn>): Turn => (draft.turn = { ...draft.turn!, ...change })

/** Drops the part of the agent's speech that was not heard. */
export const cut = (draft: Draft, reason: "Interrupted" | "Reopened" | "Key"): void => {
  draft.generation++
  draft.agent = "Quiet"
  draft.pause = undefined
  draft.falsePauses = 0
  draft.idleFrom = draft.now
  draft.out.push({ _tag: "Cut", generation: draft.generation, reason })
}

/** Announces the turn, and takes the floor from the agent. */
export const start = (draft: Draft, turn: Turn): void => {
  const interrupted = draft.agent !== "Quiet"
  if (interrupted) cut(draft, "Interrupted")
  update(draft, { phase: "Started", interrupted })
  draft.out.push({ _tag: "TurnStarted", turn: turn.id, from: turn.from })
}

/** Retracts the end of a turn, and its reply. */
export const reopen = (draft: Draft, turn: Turn): void => {
  if (turn.phase === "Ended" && draft.agent !== "Quiet") cut(draft, "Reopened")
  update(draft, { phase: "Started", over: false, eager: false })
  draft.out.push({ _tag: "TurnResumed", turn: turn.id })
}

/** Forgets the running turn. Continuing speech belongs to a new one. */
export const close = (draft: Draft): void => {
  const turn = draft.turn
  if (turn === undefined) return
  const words = Words.list(turn.partial)
  if (words.length > 0) {
    // The words of one partial may have been reported in several consecutive turns.
    draft.dangling = turn.finals === "" ? [...draft.dangling, ...words] : words
  }
  draft.prediction = undefined
  draft.turn = undefined
  if (draft.speech !== undefined && !draft.speech.noise) open(draft, draft.speech.from)
}

/** Pauses or resumes the agent. */
export const pause = (draft: Draft): void => {
  draft.pause = { at: draft.now, from: draft.agent === "Speaking" ? "Speaking" : "Thinking" }
  draft.agent = "Paused"
  draft.out.push({ _tag: "Pause" })
}

/** Resumes a paused agent. */
export const resume = (draft: Draft): void => {
  draft.agent = draft.pause?.from ?? "Speaking"
  draft.pause = undefined
  draft.resumedAt = draft.now
  draft.out.push({ _tag: "Resume" })
}

/** The weight of words said over the agent. */
export type Weight = "None" | "Backchannel" | "TooFew" | "Words"

/** Weighs the words of the running turn. */
export const weigh = (state: State, turn: Turn, policy: FloorPolicy): Weight => {
  if (turn.key === "") return "None"
  const predicted = state.prediction?.key === turn.key ? state.prediction.backchannel : undefined
  if (predicted === undefined ? Words.areOnly(turn.words, policy.backchannels) : predicted >= 0.5) return "Backchannel"
  if (Words.count(turn.words) < policy.minWords) return "TooFew"
  return policy.echo && turn.words.length === 1 && isSaid(state, turn.words, turn.from) ? "TooFew" : "Words"
}

/** Longest delay of an echo: to the loudspeaker, through the room and back, with all buffers. */
const echoMs = 700

/** Whether words attributed to the user since a time repeat what the agent has just said. */
export const isSaid = (state: State, words: ReadonlyArray<string>, from: Time): boolean => {
  const recent: Array<string> = []
  for (const { word, at } of state.said) if (at >= from - echoMs) recent.push(word)
  return Words.areWithin(words, recent)
}
