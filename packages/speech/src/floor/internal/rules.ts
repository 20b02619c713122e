/**
 * The consequences of a state, immediate or timed. Each rule says when it is due, and what it does when it fires.
 *
 * A rule that has fired is no longer due, so `Floor.due` always lies ahead.
 */
import * as AudioTime from "../../AudioTime.ts"
import type { FloorPolicy } from "../../FloorPolicy.ts"
import * as State from "./state.ts"

/** A rule. `when` is in milliseconds of audio time; `never` if it does not apply. */
export interface Rule {
  readonly name: string
  readonly when: (state: State.State, policy: FloorPolicy) => number
  readonly fire: (draft: State.Draft, policy: FloorPolicy) => void
}

const never = Number.POSITIVE_INFINITY
const atOnce = Number.NEGATIVE_INFINITY

const isRunning = (turn: State.Turn): boolean => turn.phase === "Started" || turn.phase === "Tentative"
const speaks = (state: State.State): boolean => state.speech !== undefined && !state.speech.noise
const hasFloor = (state: State.State): boolean => state.agent === "Speaking" || state.agent === "Paused"

/** Begins a turn of the user: while the agent is silent, or by words that ask for the floor. */
const take: Rule = {
  name: "take",
  when: (state, policy) => {
    const { turn, agent } = state
    if (turn?.phase !== "Overlap" || agent === "Uninterruptible") return never
    if (state.pressed) return atOnce
    if (agent === "Quiet") return turn.key !== "" || speaks(state) ? atOnce : never
    return State.weigh(state, turn, policy) === "Words" ? atOnce : never
  },
  fire: (draft) => State.start(draft, draft.turn!)
}

/** The user keeps speaking although the agent has begun to. */
const interrupt: Rule = {
  name: "interrupt",
  when: (state, policy) => {
    const { turn } = state
    if (turn === undefined || !isRunning(turn) || !hasFloor(state)) return never
    if (state.pressed) return atOnce
    return turn.textAt >= state.agentFrom && State.weigh(state, turn, policy) === "Words" ? atOnce : never
  },
  fire: (draft) => State.cut(draft, "Interrupted")
}

/** After a while, treats speech without new words as noise, such as music or a television. */
const noise: Rule = {
  name: "noise",
  when: (state, policy) => {
    if (!speaks(state) || state.pressed) return never
    return lastSign(state) + policy.noiseMs * (policy.partials ? 1 : 10)
  },
  fire: (draft) => {
    draft.silentFrom = State.later(draft.silentFrom, lastSign(draft))
    draft.speech = { ...draft.speech!, noise: true }
  }
}

const lastSign = (state: State.State): AudioTime.AudioTime => {
  const from = state.speech?.from ?? state.silentFrom
  return state.turn === undefined ? from : State.later(from, state.turn.textAt)
}

/** Pauses the agent while the user makes a sound. */
const pause: Rule = {
  name: "pause",
  when: (state, policy) => {
    if (!speaks(state) || !policy.pauseOnSpeech || state.pressed) return never
    if (state.falsePauses >= policy.falsePauses) return never
    if (state.agent === "Thinking") return atOnce
    return state.agent === "Speaking" ? state.agentFrom + policy.echoGuardMs : never
  },
  fire: (draft) => State.pause(draft)
}

/** Gives speech the floor even without words, if the recogniser reports none in time. */
const confirm: Rule = {
  name: "confirm",
  when: (state, policy) => {
    const { turn } = state
    if (policy.partials || turn === undefined || !speaks(state) || state.pressed) return never
    const takesFloor = hasFloor(state) || (state.agent === "Thinking" && !isRunning(turn))
    return takesFloor || turn.phase === "Tentative" ? state.speech!.from + policy.confirmSpeechMs : never
  },
  fire: (draft) => {
    const turn = draft.turn!
    if (turn.phase === "Overlap") State.start(draft, turn)
    else if (turn.phase === "Started") State.cut(draft, "Interrupted")
    else State.reopen(draft, turn)
  }
}

/** Resumes a paused agent once the user is silent and has not asked for the floor. */
const resume: Rule = {
  name: "resume",
  when: (state, policy) => {
    if (state.agent !== "Paused" || !State.isSilent(state)) return never
    const { turn } = state
    const isHeard = turn?.phase === "Overlap" && turn.key !== "" && turn.partial === ""
    return state.silentFrom + (isHeard ? policy.backchannelResumeMs : policy.resumeMs)
  },
  fire: (draft) => {
    if (draft.turn?.phase !== "Overlap" || draft.turn.key === "") draft.falsePauses++
    State.resume(draft)
  }
}

/** Upper bound of a pause, however noisy the line is. */
const give: Rule = {
  name: "give",
  when: (state, policy) => (state.pause === undefined ? never : state.pause.at + policy.maxPauseMs),
  fire: (draft) => {
    draft.falsePauses++
    if (draft.speech !== undefined) draft.speech = { ...draft.speech, noise: true }
    State.resume(draft)
  }
}

/** Drops words that were said over the agent without becoming a turn, once they can no longer be an answer. */
const drop: Rule = {
  name: "drop",
  when: (state, policy) => {
    const { turn, agent } = state
    if (turn?.phase !== "Overlap" || agent === "Paused" || !State.isSilent(state)) return never
    const quiet = State.quietSince(state, turn)
    if (turn.key === "") return quiet + policy.noTextMs
    if (agent === "Uninterruptible" && State.weigh(state, turn, policy) === "Words") return never
    return Math.max(quiet, turn.textAt, state.resumedAt) + policy.answerWindowMs
  },
  fire: (draft, policy) => {
    const turn = draft.turn!
    const weight = State.weigh(draft, turn, policy)
    if (weight !== "None") {
      const reason = weight === "Backchannel" ? "Backchannel" : "TooFew"
      draft.out.push({ _tag: "Ignored", text: State.textOf(turn), reason })
    }
    State.close(draft)
  }
}

/** Drops a turn without words. */
const abandon: Rule = {
  name: "abandon",
  when: (state, policy) => {
    const { turn } = state
    if (turn === undefined || !isRunning(turn) || turn.key !== "" || !State.isSilent(state)) return never
    return turn.over ? atOnce : State.quietSince(state, turn) + policy.noTextMs
  },
  fire: (draft) => {
    const turn = draft.turn!
    draft.out.push({ _tag: "TurnAbandoned", turn: turn.id, interrupted: turn.interrupted })
    draft.idleFrom = draft.now
    State.close(draft)
  }
}

/** Duration of silence that ends a turn with words. */
const endAt = (state: State.State, turn: State.Turn, policy: FloorPolicy): number => {
  const quiet = State.quietSince(state, turn)
  switch (policy.endpointing) {
    case "stt":
      return quiet + policy.sttTimeoutMs
    case "push":
      return turn.finalAt >= state.silentFrom ? atOnce : quiet + policy.finalWaitMs
    case "silence":
      return Math.max(
        quiet + waitMs(state, turn, policy) + (turn.partial === "" ? 0 : policy.finalWaitMs),
        turn.textAt + policy.stableMs
      )
  }
}

const waitMs = (state: State.State, turn: State.Turn, policy: FloorPolicy): number => {
  if (turn.over) return policy.completeMs
  const predicted = state.prediction?.key === turn.key ? state.prediction : undefined
  if (predicted?.waitMs !== undefined) return Math.min(Math.max(predicted.waitMs, 0), policy.incompleteMs)
  const probability = Math.min(1, Math.max(0, predicted?.endOfTurn ?? policy.unknownEndOfTurn))
  return policy.completeMs + (1 - probability) * (policy.incompleteMs - policy.completeMs)
}

/** Ends a turn with words. */
const end: Rule = {
  name: "end",
  when: (state, policy) => {
    const { turn } = state
    if (turn === undefined || !isRunning(turn) || turn.key === "" || state.agent === "Uninterruptible") return never
    if (turn.over && policy.endpointing === "stt") return atOnce
    return State.isSilent(state) ? endAt(state, turn, policy) : never
  },
  fire: (draft) => {
    const turn = draft.turn!
    const text = State.textOf(turn)
    if (draft.agent !== "Quiet") State.cut(draft, "Interrupted")
    const tag = turn.phase === "Tentative" ? "TurnCommitted" : "TurnEnded"
    draft.out.push({ _tag: tag, turn: turn.id, text, generation: draft.generation })
    State.update(draft, { phase: "Ended", told: turn.key, toldText: text })
    draft.agent = "Thinking"
    draft.thinkingFrom = draft.now
    draft.fillers = 0
    draft.falsePauses = 0
    draft.prompts = 0
  }
}

/** Begins a reply early, before the end of the turn is certain. */
const speculate: Rule = {
  name: "speculate",
  when: (state, policy) => {
    const { turn } = state
    if (turn?.phase !== "Started" || turn.key === "" || state.agent !== "Quiet") return never
    if (turn.speculations >= policy.speculations) return never
    if (turn.eager) return atOnce
    if (policy.endpointing !== "silence" || !State.isSilent(state)) return never
    const predicted = state.prediction?.key === turn.key ? state.prediction.endOfTurn : policy.unknownEndOfTurn
    if (predicted < policy.speculateAbove && !turn.over) return never
    const at = Math.max(State.quietSince(state, turn) + policy.speculateMs, turn.textAt + policy.stableMs)
    const over = endAt(state, turn, policy)
    return at < over && state.now < over ? at : never
  },
  fire: (draft) => {
    const turn = draft.turn!
    const text = State.textOf(turn)
    draft.out.push({ _tag: "TurnTentative", turn: turn.id, text, generation: draft.generation })
    State.update(draft, {
      phase: "Tentative",
      told: turn.key,
      toldText: text,
      eager: false,
      speculations: turn.speculations + 1
    })
  }
}

/** Fills the silence while a reply takes long. */
const fill: Rule = {
  name: "fill",
  when: (state, policy) => {
    if (state.agent !== "Thinking" || state.turn?.phase !== "Ended" || !State.isSilent(state)) return never
    return state.fillers < policy.fillers ? state.thinkingFrom + policy.fillerMs * (state.fillers + 1) : never
  },
  fire: (draft) => {
    draft.fillers++
    draft.out.push({ _tag: "Filler", turn: draft.turn!.id, n: draft.fillers })
  }
}

/** Asks a silent user whether they are still there, and finally hangs up. Never while a tool works. */
const silence: Rule = {
  name: "silence",
  when: (state, policy) => {
    if (state.agent !== "Quiet" || state.turn !== undefined || state.toolsRunning || !State.isSilent(state))
      return never
    const wants = state.prompts < policy.prompts || (policy.leave && policy.prompts > 0 && !state.left)
    return wants ? state.idleFrom + policy.silenceMs : never
  },
  fire: (draft, policy) => {
    draft.idleFrom = draft.now
    if (draft.prompts < policy.prompts) {
      draft.prompts++
      draft.out.push({ _tag: "Reprompt", n: draft.prompts })
    } else {
      draft.left = true
      draft.out.push({ _tag: "Leave" })
    }
  }
}

/** All rules, by precedence: if several are due at the same time, the first one fires first. */
const rules: ReadonlyArray<Rule> = [
  take,
  interrupt,
  noise,
  confirm,
  pause,
  resume,
  give,
  drop,
  abandon,
  end,
  speculate,
  fill,
  silence
]

/** Returns the rule that is due first. */
export const next = (
  state: State.State,
  policy: FloorPolicy
): { readonly rule: Rule; readonly at: number } | undefined => {
  let first: Rule | undefined
  let at = never
  for (const rule of rules) {
    const when = rule.when(state, policy)
    if (when < at) {
      at = when
      first = rule
    }
  }
  return first === undefined ? undefined : { rule: first, at }
}

/** More rules than any event can set off: stops a rule that stays due by mistake. */
const most = 32

/** Fires all rules that are due. */
export const settle = (draft: State.Draft, policy: FloorPolicy): void => {
  for (let fired = 0; fired < most; fired++) {
    const due = next(draft, policy)
    if (due === undefined || due.at > draft.now) return
    due.rule.fire(draft, policy)
  }
}
