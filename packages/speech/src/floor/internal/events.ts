/** The direct effects of each event on the state. Consequences, immediate or timed, belong to the rules. */
import * as AudioTime from "../../AudioTime.ts"
import type * as Event from "../../FloorEvent.ts"
import type { FloorPolicy } from "../../FloorPolicy.ts"
import * as State from "./state.ts"
import * as Words from "./words.ts"

/** Applies an event to the draft. */
export const apply = (draft: State.Draft, event: Event.FloorEvent, policy: FloorPolicy): void => {
  switch (event._tag) {
    case "SpeechStarted":
      return isKeyed(draft, policy) ? touch(draft) : speechStarted(draft, event.from)
    case "SpeechEnded":
      return isKeyed(draft, policy) ? touch(draft) : speechEnded(draft, event.from)
    case "Transcript":
      return transcript(draft, event, policy)
    case "Predicted":
      draft.prediction = {
        key: Words.key(event.text),
        endOfTurn: event.endOfTurn,
        waitMs: event.waitMs,
        backchannel: event.backchannel
      }
      return
    case "SttEagerEnd":
      transcript(draft, { ...event, _tag: "Transcript", final: false }, policy)
      return markOver(draft, "Eager")
    case "SttResumed":
      if (draft.turn?.phase === "Tentative") State.reopen(draft, draft.turn)
      return
    case "SttTurnEnded":
      transcript(draft, { ...event, _tag: "Transcript", final: true }, policy)
      return markOver(draft, "Over")
    case "AgentThinking":
    case "AgentSpeaking":
    case "AgentHeard":
    case "AgentQuiet":
      return event.generation === draft.generation ? agent(draft, event) : undefined
    case "AgentSaid":
      return said(draft, event.text)
    case "ToolsRunning":
      draft.toolsRunning = true
      return
    case "ToolsIdle":
      draft.toolsRunning = false
      return touch(draft)
    case "Dtmf":
      return key(draft, policy)
    case "TalkPressed":
      return pressed(draft)
    case "TalkReleased":
      if (!draft.pressed) return
      draft.pressed = false
      return speechEnded(draft, draft.now)
    case "Tick":
      return
    default:
      return event satisfies never
  }
}

const touch = (draft: State.Draft): void => {
  draft.idleFrom = draft.now
}

/** Whether push-to-talk, rather than the voice detector, decides when the user speaks. */
const isKeyed = (draft: State.Draft, policy: FloorPolicy): boolean => draft.pressed || policy.endpointing === "push"

const speechStarted = (draft: State.Draft, from: AudioTime.AudioTime): void => {
  if (from - draft.partialAt > danglingMs) draft.dangling = []
  const turn = draft.turn ?? State.open(draft, from)
  const pauseMs = from - State.quietSince(draft, turn)
  if (turn.phase !== "Overlap" && turn.key !== "" && pauseMs > 0 && draft.speech === undefined) {
    State.update(draft, { gap: { ms: pauseMs, to: from } })
  }
  draft.speech = { from, noise: false }
  touch(draft)
}

const speechEnded = (draft: State.Draft, from: AudioTime.AudioTime): void => {
  if (draft.speech === undefined) return
  draft.speech = undefined
  draft.silentFrom = State.later(draft.silentFrom, from)
  touch(draft)
}

const pressed = (draft: State.Draft): void => {
  if (draft.pressed) return
  if (draft.speech === undefined) speechStarted(draft, draft.now)
  else draft.speech = { ...draft.speech, noise: false }
  draft.pressed = true
  const turn = draft.turn
  if (turn?.phase === "Tentative" || turn?.phase === "Ended") State.reopen(draft, turn)
}

/** Speech that begins longer than this after interim words is separate from them. */
const danglingMs = 2000
/** Words that arrive sooner than this after the onset of speech belong to the speech before it. */
const recognisedMs = 250
/** If the times of the words are unknown, looks for an echo in what the agent said up to this long ago. */
const echoLookBackMs = 1500

const transcript = (draft: State.Draft, event: Event.Transcript, policy: FloorPolicy): void => {
  let text = event.text
  let turn = draft.turn
  if (draft.dangling.length > 0 && (turn === undefined || turn.finals === "")) {
    text = Words.behind(text, draft.dangling)
    // A partial with a different beginning shows that the recogniser has dropped the earlier words.
    if (event.final || (text === event.text && Words.key(text) !== "")) draft.dangling = []
  }
  if (!event.final && event.text !== "") draft.partialAt = draft.now
  const words = Words.list(text)
  const from = event.from ?? draft.speech?.from
  if (
    policy.echo &&
    words.length > 1 &&
    State.isSaid(draft, words, from ?? AudioTime.plus(draft.now, -echoLookBackMs))
  ) {
    if (event.final) draft.out.push({ _tag: "Ignored", text: text.trim(), reason: "Echo" })
    text = ""
  }
  if (turn === undefined) {
    if (Words.key(text) === "") return
    turn = State.open(draft, from ?? event.to ?? draft.now)
  }
  if (draft.speech?.noise === true && words.length > 0) draft.speech = { ...draft.speech, noise: false }
  if (event.final) setText(draft, turn, Words.join(turn.finals, text), "", event)
  else setText(draft, turn, turn.finals, text, event)
}

const setText = (
  draft: State.Draft,
  turn: State.Turn,
  finals: string,
  partial: string,
  event: Event.Transcript
): void => {
  const text = Words.join(finals, partial)
  const words = Words.list(text)
  const key = words.join(" ")
  const finalAt = event.final ? draft.now : turn.finalAt
  if (key === turn.key) {
    const revised = State.update(draft, { finals, partial, finalAt })
    if (event.final && turn.phase === "Ended" && State.textOf(revised) !== turn.toldText) {
      State.update(draft, { toldText: State.textOf(revised) })
      draft.out.push({ _tag: "TurnRevised", turn: turn.id, text: State.textOf(revised) })
    }
    return
  }
  const { gap } = turn
  const isProven =
    gap !== undefined && (event.to === undefined ? draft.now - gap.to >= recognisedMs : event.to > gap.to)
  if (isProven) draft.out.push({ _tag: "Hesitated", turn: turn.id, pauseMs: gap.ms })
  const changed = State.update(draft, {
    finals,
    partial,
    words,
    key,
    finalAt,
    textAt: draft.now,
    over: false,
    eager: false,
    gap: isProven ? undefined : gap,
    quietFrom: quietFrom(draft, turn, event)
  })
  if ((turn.phase === "Tentative" || turn.phase === "Ended") && key !== turn.told) State.reopen(draft, changed)
}

/** Counts silence from words that the voice detector missed. */
const quietFrom = (draft: State.Draft, turn: State.Turn, event: Event.Transcript): AudioTime.AudioTime => {
  if (event.to !== undefined) return State.later(turn.quietFrom, event.to)
  const isMissed = State.isSilent(draft) && draft.silentFrom < turn.from
  return isMissed ? draft.now : turn.quietFrom
}

const markOver = (draft: State.Draft, how: "Eager" | "Over"): void => {
  if (draft.turn === undefined || draft.turn.phase === "Ended") return
  State.update(draft, how === "Over" ? { over: true } : { eager: true })
}

const agent = (
  draft: State.Draft,
  event: Event.AgentThinking | Event.AgentSpeaking | Event.AgentHeard | Event.AgentQuiet
): void => {
  switch (event._tag) {
    case "AgentThinking":
      if (draft.pause !== undefined) draft.pause = { ...draft.pause, from: "Thinking" }
      else if (draft.agent !== "Thinking") {
        draft.agent = "Thinking"
        draft.thinkingFrom = draft.now
      }
      return
    case "AgentSpeaking":
      return speaking(draft, event.interruptible)
    case "AgentHeard":
      return settleTurn(draft)
    case "AgentQuiet":
      if (draft.pause !== undefined) State.resume(draft)
      draft.agent = "Quiet"
      draft.falsePauses = 0
      touch(draft)
      return settleTurn(draft)
    default:
      return event satisfies never
  }
}

const speaking = (draft: State.Draft, interruptible: boolean): void => {
  if (draft.pause !== undefined) {
    if (interruptible) draft.pause = { ...draft.pause, from: "Speaking" }
    else State.resume(draft)
  }
  if (draft.agent === "Quiet" || draft.agent === "Thinking") draft.agentFrom = draft.now
  if (draft.agent !== "Paused") draft.agent = interruptible ? "Speaking" : "Uninterruptible"
  // A reply that cannot be interrupted cannot be retracted either.
  if (draft.agent === "Uninterruptible") settleTurn(draft)
}

/** The reply can no longer be retracted, so the turn it answers is final. */
const settleTurn = (draft: State.Draft): void => {
  if (draft.turn?.phase === "Ended") State.close(draft)
}

/** Number of words kept to recognise an echo: about ten seconds of speech. */
const saidWords = 40

const said = (draft: State.Draft, text: string): void => {
  const at = draft.now
  draft.said = [...draft.said, ...Words.list(text).map((word) => ({ word, at }))].slice(-saidWords)
}

const key = (draft: State.Draft, policy: FloorPolicy): void => {
  touch(draft)
  draft.prompts = 0
  const speaks = draft.agent === "Speaking" || (draft.agent === "Paused" && draft.pause?.from === "Speaking")
  if (policy.keysCut && speaks && draft.turn?.phase !== "Ended") State.cut(draft, "Key")
}
