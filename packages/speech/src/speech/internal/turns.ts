/**
 * Tells the floor about events, and carries out its decisions: turns become reports, pauses and cuts act on the
 * playback.
 */
import * as AudioTime from "../../AudioTime.ts"
import * as Floor from "../../Floor.ts"
import type { FloorAction } from "../../FloorAction.ts"
import type { FloorEvent } from "../../FloorEvent.ts"
import * as Playback from "../../Playback.ts"
import * as Cutting from "./cutting.ts"
import type { Draft, UserTurn } from "./state.ts"
import * as State from "./state.ts"
import * as Timing from "./timing.ts"
import * as Utterances from "./utterances.ts"

/** Tells the floor an event. Events caused by its actions follow after them. */
export const tell = (draft: Draft, ...events: ReadonlyArray<FloorEvent>): void => {
  draft.events.push(...events)
  if (draft.isTelling) return
  draft.isTelling = true
  for (let event = draft.events.shift(); event !== undefined; event = draft.events.shift()) {
    const before = draft.floor
    const [floor, actions] = Floor.step(before, event, draft.settings.policy)
    draft.floor = floor
    if (draft.settings.tellsSteps)
      State.want(draft, { _tag: "Stepped", step: { before, event, actions, after: floor } })
    for (const action of actions) draft.events.push(...act(draft, action))
  }
  draft.isTelling = false
}

const nothing: ReadonlyArray<FloorEvent> = []

const act = (draft: Draft, action: FloorAction): ReadonlyArray<FloorEvent> => {
  switch (action._tag) {
    case "Pause":
      return Cutting.pause(draft)
    case "Resume":
      draft.playback = Playback.resume(draft.playback, draft.now)
      return nothing
    case "Cut":
      draft.agentTold = ""
      return Cutting.cut(draft, action.generation)
    case "TurnStarted":
      started(draft, action.turn)
      return nothing
    case "TurnTentative":
      return ends(draft, action.turn, action.text, true)
    case "TurnCommitted":
      return committed(draft, action.generation, action.text)
    case "TurnEnded":
      return ends(draft, action.turn, action.text, false)
    case "TurnResumed":
      return resumed(draft, action.turn)
    case "TurnRevised":
      State.show(draft, { _tag: "Transcript", text: action.text, isFinal: true })
      return nothing
    case "TurnAbandoned":
      return abandoned(draft, action.turn, action.interrupted)
    case "Ignored":
      return nothing
    case "Hesitated":
      State.want(draft, { _tag: "Learn", pauseMs: action.pauseMs })
      return nothing
    case "Reprompt":
      return silent(draft, draft.settings.texts.reprompts, action.n, false)
    case "Leave":
      return silent(draft, [draft.settings.texts.goodbye], 1, true)
    case "Filler":
      return fill(draft, action.n)
    default:
      return action satisfies never
  }
}

const started = (draft: Draft, turn: number): void => {
  draft.userTurn = { turn, phase: "Started", eventId: "", ends: 0 }
  draft.silence = undefined
  State.report(draft, { _tag: "UserTurnStarted" })
  State.show(draft, { _tag: "UserTurn", state: "Started" })
}

/**
 * Returns the id of a turn's next end. Each end has its own id, so that an answer is not mistaken for an earlier one to
 * the same turn.
 */
const nextEnd = (draft: Draft, turn: number, phase: UserTurn["phase"]): string => {
  const ends = draft.userTurn?.turn === turn ? draft.userTurn.ends + 1 : 1
  const eventId = `user-turn-${turn}.${ends}`
  draft.userTurn = { turn, phase, eventId, ends }
  return eventId
}

const ends = (draft: Draft, turn: number, text: string, tentative: boolean): ReadonlyArray<FloorEvent> => {
  const eventId = nextEnd(draft, turn, tentative ? "Tentative" : "Ended")
  const spoke = draft.at - AudioTime.elapsed(draft.speechEndedAt, draft.now)
  draft.timing = Timing.begin(eventId, spoke)
  if (!tentative) {
    draft.expected = eventId
    Utterances.mark(draft, eventId, "endOfTurn")
  }
  State.report(
    draft,
    { _tag: "UserTurnEnded", content: text, eventId, ...(tentative ? { tentative: true } : {}) },
    true
  )
  if (!tentative) State.show(draft, { _tag: "Transcript", text, isFinal: true })
  State.show(draft, { _tag: "UserTurn", state: tentative ? "Tentative" : "Ended" })
  return nothing
}

const committed = (draft: Draft, generation: number, text: string): ReadonlyArray<FloorEvent> => {
  const turn = draft.userTurn
  if (turn === undefined) return nothing
  draft.userTurn = { ...turn, phase: "Ended" }
  Utterances.mark(draft, turn.eventId, "endOfTurn")
  State.report(draft, { _tag: "UserTurnCommitted" })
  State.show(draft, { _tag: "Transcript", text, isFinal: true })
  State.show(draft, { _tag: "UserTurn", state: "Ended" })
  const reply = State.replyTo(draft, turn.eventId)
  // The end of a draft without words is reported once it is committed.
  if (reply === undefined && draft.decided !== turn.eventId) draft.expected = turn.eventId
  State.changeReply(draft, turn.eventId, { isTentative: false, generation })
  draft.utterances = draft.utterances.map((each) => (each.reply === turn.eventId ? { ...each, generation } : each))
  return nothing
}

const resumed = (draft: Draft, turn: number): ReadonlyArray<FloorEvent> => {
  const wasTentative = draft.userTurn?.phase === "Tentative"
  draft.expected = undefined
  draft.timing = undefined
  draft.userTurn = { turn, phase: "Started", eventId: "", ends: draft.userTurn?.ends ?? 0 }
  if (wasTentative) State.report(draft, { _tag: "UserTurnResumed" })
  else {
    State.report(draft, { _tag: "UserTurnWithdrawn" })
    State.report(draft, { _tag: "UserTurnStarted" })
  }
  State.show(draft, { _tag: "UserTurn", state: "Started" })
  return nothing
}

const abandoned = (draft: Draft, turn: number, interrupted: boolean): ReadonlyArray<FloorEvent> => {
  if (interrupted) {
    // After a cut, the agent has to continue with the words it could not say.
    const eventId = nextEnd(draft, turn, "Ended")
    draft.expected = eventId
    State.report(draft, { _tag: "UserTurnEnded", eventId }, true)
  } else State.report(draft, { _tag: "UserTurnAbandoned" })
  draft.userTurn = undefined
  State.show(draft, { _tag: "UserTurn", state: "Abandoned" })
  return nothing
}

const silent = (draft: Draft, texts: ReadonlyArray<string>, n: number, leaves: boolean): ReadonlyArray<FloorEvent> => {
  const eventId = `silence-${++draft.silences}`
  draft.silence = { eventId, text: texts.length === 0 ? "" : texts[(n - 1) % texts.length]!, leaves }
  State.report(draft, { _tag: "UserSilent", seconds: draft.settings.policy.silenceMs / 1000, eventId }, true)
  return nothing
}

/** Says a filler until the reply arrives. */
export const fill = (draft: Draft, n: number): ReadonlyArray<FloorEvent> => {
  const { fillers } = draft.settings.texts
  const answers = draft.utterances.some((each) => each.spoken !== "")
  if (fillers.length > 0 && !answers) Utterances.sayOwn(draft, fillers[(n - 1) % fillers.length]!)
  return nothing
}
