/**
 * The pipeline as a pure function from a state and an input to a new state and a list of effects. Each step first
 * accounts for the audio heard by now, then handles its input, then settles the consequences:
 *
 * the floor learns about the agent, audio is sent, and exits that need not wait are performed.
 */
import type * as Event from "@antiphon/core/Event"
import type * as Harness from "@antiphon/core/Harness"
import type * as AudioTime from "../../AudioTime.ts"
import * as Floor from "../../Floor.ts"
import * as AudioFormat from "../../AudioFormat.ts"
import * as Playback from "../../Playback.ts"
import type * as SpeechToText from "../../SpeechToText.ts"
import * as Cutting from "./cutting.ts"
import * as Exits from "./exits.ts"
import * as Hearing from "./hearing.ts"
import type { Draft, Reply } from "./state.ts"
import * as State from "./state.ts"
import * as Timing from "./timing.ts"
import type { Told } from "./told.ts"
import * as Turns from "./turns.ts"
import * as Utterances from "./utterances.ts"
import type { Wanted } from "./wanted.ts"

/** Handles one input. Returns the new state, and the effects in order. */
export const step = (
  state: State.State,
  told: Told,
  clock: { readonly now: AudioTime.AudioTime; readonly at: number }
): readonly [State.State, ReadonlyArray<Wanted>] => {
  if (state.isOver) return [state, []]
  const draft = State.begin(state, clock)
  Turns.tell(draft, ...Hearing.listen(draft))
  apply(draft, told)
  if (!draft.isOver) settle(draft)
  return [draft, draft.wanted]
}

const apply = (draft: Draft, told: Told): void => {
  const at = draft.now
  switch (told._tag) {
    case "Frame":
      for (const edge of told.edges) {
        if (edge._tag === "SpeechEnded") {
          draft.speechEndedAt = edge.from
          // Elsewhere a pause does not end a turn, and a flush would.
          if (draft.settings.policy.endpointing === "silence") State.want(draft, { _tag: "FlushWords" })
        }
        Turns.tell(draft, edge)
      }
      return Turns.tell(draft, { _tag: "Tick", at })
    case "Tick":
      return Turns.tell(draft, { _tag: "Tick", at })
    case "Line":
      return line(draft, told.incoming)
    case "LineEnded":
      Hearing.quiet(draft)
      draft.isOver = true
      return State.want(draft, { _tag: "Finish", ending: "CallerLeft", hangUp: undefined })
    case "Recognised":
      return recognised(draft, told.event)
    case "Deaf":
      Utterances.sayOwn(draft, draft.settings.texts.deaf)
      return leave(draft, "Deaf")
    case "Judged":
      return Turns.tell(draft, { _tag: "Predicted", at, text: told.transcript, ...told.judgement })
    case "Turn":
      return turn(draft, told.change)
    case "Sent":
      for (const output of told.outputs) sent(draft, output)
      return
    case "Decided":
      return decided(draft, told.eventId, told.decision === "Run")
    case "Work":
      draft.works = Math.max(0, draft.works + (told.isRunning ? 1 : -1))
      return
    case "AgentFailed":
      Hearing.quiet(draft)
      draft.isOver = true
      return State.want(draft, { _tag: "Finish", ending: "AgentFailed", hangUp: "agent_failed" })
    case "Voiced":
      return Utterances.voiced(draft, told.utterance, told.attempt, told.part)
    case "VoiceEnded":
      return Utterances.ended(draft, told.utterance, told.attempt)
    case "VoiceFailed":
      return Utterances.failed(draft, told.utterance, told.attempt)
    default:
      return told satisfies never
  }
}

/** Ends the call after all pending speech. */
const leave = (draft: Draft, ending: "Silence" | "Deaf" | "Mute", reply = ""): void => {
  const reason = { Silence: "silence", Deaf: "recogniser_failed", Mute: "voice_failed" }[ending]
  Exits.add(draft, reply, { _tag: "HangUp", reason, ending })
}

const line = (draft: Draft, incoming: Extract<Told, { readonly _tag: "Line" }>["incoming"]): void => {
  const at = draft.now
  switch (incoming._tag) {
    case "Mark":
      return heard(draft, Playback.marked(draft.playback, incoming.name))
    case "Played":
      return heard(draft, Playback.played(draft.playback, incoming))
    case "Dtmf":
      Turns.tell(draft, { _tag: "Dtmf", at, digit: incoming.button })
      return State.report(draft, { _tag: "UserDtmfSent", button: incoming.button })
    case "Talk":
      if (!incoming.isPressed) {
        draft.speechEndedAt = at
        State.want(draft, { _tag: "FlushWords" })
      }
      return Turns.tell(draft, { _tag: incoming.isPressed ? "TalkPressed" : "TalkReleased", at })
    case "Text":
      return typed(draft, incoming.text)
    case "Custom":
      return State.report(draft, { _tag: "UserCustomSent", metadata: incoming.metadata })
    case "Held":
      return held(draft, incoming.isHeld)
    case "Transferred":
      return State.report(draft, {
        _tag: "UserCustomSent",
        metadata: {
          event: "transfer",
          outcome: snake(incoming.outcome),
          target_phone_number: incoming.targetPhoneNumber
        }
      })
    case "Answered":
      return State.report(draft, {
        _tag: "UserCustomSent",
        metadata: { event: "answered", by: snake(incoming.by) }
      })
    default:
      return incoming satisfies never
  }
}

const snake = (name: string): string => name.replaceAll(/(?<!^)[A-Z]/g, "_$&").toLowerCase()

const heard = (draft: Draft, [playback, news]: readonly [Playback.Playback, Playback.Heard]): void => {
  draft.playback = playback
  Turns.tell(draft, ...Hearing.tell(draft, news))
}

/** Takes back unheard audio if the caller cannot hear, and sends it again once they can. */
const held = (draft: Draft, isHeld: boolean): void => {
  if (draft.isHeld === isHeld) return
  draft.isHeld = isHeld
  if (isHeld) Turns.tell(draft, ...Cutting.pause(draft))
  else if (Floor.agent(draft.floor) !== "Paused") draft.playback = Playback.resume(draft.playback, draft.now)
}

/** Typed words are final, never count as backchannels, and end their turn. */
const typed = (draft: Draft, text: string): void => {
  if (text.trim() === "") return
  const at = draft.now
  draft.speechEndedAt = at
  const before = Floor.transcript(draft.floor)?.trim() ?? ""
  const all = before === "" ? text : `${before} ${text}`
  Turns.tell(
    draft,
    { _tag: "Predicted", at, text: all, endOfTurn: 1, waitMs: 0, backchannel: 0 },
    { _tag: "SttTurnEnded", at, text }
  )
}

/** The same words within this time are a repetition by the recogniser if it does not say where they are: nobody speaks that fast. */
const againMs = 300

/** Whether a recogniser repeats final words, or reports them late: they have the same place in the audio, or come too soon. */
const isRepeated = (
  { lastFinal, now }: Draft,
  { _tag, text, to }: SpeechToText.Partial | SpeechToText.Final
): boolean => {
  if (lastFinal === undefined || text.trim() === "") return false
  if (to !== undefined && lastFinal.to !== undefined) return to <= lastFinal.to && lastFinal.text.includes(text.trim())
  if (to !== undefined || now - lastFinal.at >= againMs || !/\S\s+\S/.test(text.trim())) return false
  const plain = (words: string) =>
    words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\s]/gu, "")
      .trim()
  return _tag === "Final"
    ? plain(lastFinal.text) === plain(text)
    : `${plain(lastFinal.text)} `.startsWith(`${plain(text)} `)
}

const recognised = (draft: Draft, event: SpeechToText.Event): void => {
  const at = draft.now
  const before = Floor.transcript(draft.floor)
  switch (event._tag) {
    case "SpeechStarted":
      return
    case "Partial":
    case "Final": {
      const final = event._tag === "Final"
      const { from, text, to } = event
      if (isRepeated(draft, event)) return
      if (final) draft.lastFinal = { text, at, to }
      Turns.tell(draft, {
        _tag: "Transcript",
        at,
        text,
        final,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to })
      })
      if (final) State.want(draft, { _tag: "WordsFinal" })
      else State.show(draft, { _tag: "Transcript", text, isFinal: false })
      break
    }
    case "EagerEnd":
      Turns.tell(draft, { _tag: "SttEagerEnd", at, text: event.text })
      break
    case "Resumed":
      return Turns.tell(draft, { _tag: "SttResumed", at })
    case "TurnEnded":
      State.want(draft, { _tag: "WordsFinal" })
      return Turns.tell(draft, { _tag: "SttTurnEnded", at, text: event.text })
    default:
      return event satisfies never
  }
  const transcript = Floor.transcript(draft.floor)
  if (transcript === undefined || transcript === before || transcript.trim() === "") return
  State.want(draft, { _tag: "Judge", transcript, silenceMs: Floor.silenceMs(draft.floor) })
}

const turn = (draft: Draft, { _tag, trigger, turn }: Harness.TurnChange): void => {
  const id = trigger.eventId
  if (draft.expected === id) draft.expected = undefined
  if (_tag === "Started") return begun(draft, id, turn, trigger)
  const reply = State.replyTo(draft, id)
  const state = _tag
  if (turn > 0) State.show(draft, { _tag: "AgentTurn", turn, state })
  draft.tools = draft.tools.filter((tool) => tool.reply !== id)
  if (reply === undefined) return
  Utterances.close(draft, id)
  State.changeReply(draft, id, { isOver: true })
  if (_tag === "Cancelled") cancelled(draft, id)
}

const begun = (draft: Draft, id: string, turn: number, trigger: Event.Input): void => {
  if (trigger._tag === "CallEnded") return
  const isTentative = draft.userTurn?.eventId === id && draft.userTurn.phase === "Tentative"
  const reply: Reply = {
    id,
    turn,
    generation: Floor.generation(draft.floor),
    isTentative,
    isOver: false,
    isCut: false,
    length: 0,
    isLoose: false
  }
  draft.replies = [...draft.replies, reply]
  if (draft.timing?.reply === id) {
    draft.timing = Timing.reached({ ...draft.timing, turn }, "asked", draft.at)
  }
  State.show(draft, { _tag: "AgentTurn", turn, state: "Started" })
  Utterances.open(draft, { reply, interruptible: true })
}

/** Stops speaking a cancelled turn, except for text that must not be interrupted. */
const cancelled = (draft: Draft, id: string): void => {
  const utterances = draft.utterances.filter((each) => each.reply === id && each.interruptible)
  const isPlaying = utterances.some((each) => Hearing.isQueued(draft, each.id))
  const isCut = isPlaying ? undefined : (reply: Reply) => reply.id === id
  if (isPlaying) Turns.tell(draft, ...Cutting.cut(draft, Floor.generation(draft.floor), isCut))
  else {
    Utterances.drop(draft, (each) => utterances.includes(each))
    if (utterances.some((each) => each.text !== "")) {
      draft.exits = draft.exits.filter((exit) => !(exit.reply === id && exit.isDropped))
    }
    State.changeReply(draft, id, { isCut: true })
  }
}

const replyOf = (draft: Draft, respondingTo: string): Reply => {
  const known = State.replyTo(draft, respondingTo)
  if (known !== undefined) return known
  const reply: Reply = {
    id: respondingTo,
    turn: 0,
    generation: Floor.generation(draft.floor),
    isTentative: false,
    isOver: false,
    isCut: false,
    length: 0,
    isLoose: true
  }
  draft.replies = [...draft.replies, reply]
  return reply
}

const sent = (draft: Draft, output: Event.Output): void => {
  const id = output.respondingTo ?? ""
  switch (output._tag) {
    case "AgentSendText": {
      const reply = replyOf(draft, id)
      if (output.text.trim() !== "") Utterances.mark(draft, id, "firstText")
      State.show(draft, { _tag: "AgentText", turn: reply.turn, text: output.text })
      return Utterances.add(draft, reply, output.text, output.interruptible !== false)
    }
    case "AgentEndCall":
      return Exits.add(
        draft,
        id,
        { _tag: "HangUp", reason: output.reason ?? "agent_ended", ending: "AgentEnded" },
        output.interruptible !== false
      )
    case "AgentTransferCall":
      return Exits.add(draft, id, { _tag: "Transfer", targetPhoneNumber: output.targetPhoneNumber })
    case "AgentSendDtmf":
      return Exits.add(draft, id, { _tag: "Dtmf", button: output.button })
    case "AgentToolCalled": {
      const { toolCallId, toolName: name } = output
      // Text before a tool call must not wait for the tool.
      Utterances.close(draft, id)
      draft.tools = [...draft.tools, { id: toolCallId, name, reply: id }]
      return State.show(draft, { _tag: "Tool", turn: replyOf(draft, id).turn, name, isRunning: true })
    }
    case "AgentToolReturned": {
      draft.tools = draft.tools.filter((tool) => tool.id !== output.toolCallId)
      return State.show(draft, { _tag: "Tool", turn: replyOf(draft, id).turn, name: output.toolName, isRunning: false })
    }
    case "AgentUpdateCall": {
      const { language, pronunciationDictId, voiceId } = output
      Utterances.close(draft, id)
      draft.voice = {
        ...draft.voice,
        ...(voiceId === undefined ? {} : { id: voiceId }),
        ...(pronunciationDictId === undefined ? {} : { pronunciationDictId }),
        ...(language === undefined ? {} : { language })
      }
      if (language !== undefined) State.want(draft, { _tag: "Listen", language })
      return
    }
    case "AgentSendCustom":
      return State.want(draft, { _tag: "Custom", metadata: output.metadata })
    case "LogMetric":
    case "LogMessage":
      return State.want(draft, { _tag: "Log", output })
    default:
      return output satisfies never
  }
}

const decided = (draft: Draft, eventId: string, runs: boolean): void => {
  if (!runs && draft.expected === eventId) draft.expected = undefined
  if (!runs) draft.decided = eventId
  const { silence } = draft
  if (silence?.eventId !== eventId) return
  draft.silence = undefined
  if (!runs) Utterances.sayOwn(draft, silence.text)
  if (silence.leaves) leave(draft, "Silence", eventId)
}

const settle = (draft: Draft): void => {
  Utterances.overdue(draft)
  Utterances.pull(draft)
  Hearing.finish(draft)
  tools(draft)
  budget(draft)
  agent(draft)
  play(draft)
  if (draft.isTalking && !Hearing.hasAudio(draft) && !Hearing.isWorking(draft)) Hearing.quiet(draft)
  if (draft.voiceFailures >= Utterances.mostFailures && draft.exits.length === 0) leave(draft, "Mute")
  Exits.settle(draft)
  draft.replies = draft.replies.filter(
    ({ id, isLoose, isOver }) =>
      !(isOver || isLoose) ||
      draft.timing?.reply === id ||
      draft.utterances.some((each) => each.reply === id) ||
      draft.cut.some((each) => each.reply === id) ||
      draft.exits.some((exit) => exit.reply === id)
  )
  measured(draft)
}

const tools = (draft: Draft): void => {
  const isRunning = draft.tools.length > 0 || draft.works > 0 || draft.isHeld
  if (isRunning === draft.toolsTold) return
  draft.toolsTold = isRunning
  Turns.tell(draft, { _tag: isRunning ? "ToolsRunning" : "ToolsIdle", at: draft.now })
}

/** Tells the floor what the agent is doing, before any audio is sent. */
const agent = (draft: Draft): void => {
  const at = draft.now
  const generation = Floor.generation(draft.floor)
  const told = (what: string): boolean => {
    const key = `${what}.${generation}`
    if (draft.agentTold === key) return true
    draft.agentTold = key
    return false
  }
  if (Hearing.hasAudio(draft)) {
    const interruptible = Playback.isInterruptible(draft.playback) !== false
    const isTold = told(interruptible ? "Speaking" : "Uninterruptible")
    const agent = Floor.agent(draft.floor)
    if (!isTold || agent === "Quiet" || agent === "Thinking") {
      Turns.tell(draft, { _tag: "AgentSpeaking", at, generation, interruptible })
    }
    return
  }
  const agent = Floor.agent(draft.floor)
  if (Hearing.isWorking(draft)) {
    if (!told("Thinking") || agent === "Quiet") Turns.tell(draft, { _tag: "AgentThinking", at, generation })
  } else if (agent !== "Quiet") {
    told("Quiet")
    Turns.tell(draft, { _tag: "AgentQuiet", at, generation })
  }
}

/** Sends the audio that is due. */
const play = (draft: Draft): void => {
  if (draft.isHeld) return
  if (draft.settings.isContinuous && draft.playback.sent === draft.playback.tape.end && !draft.playback.isPaused) {
    const { format } = draft.settings
    const bytes = new Uint8Array(AudioFormat.bytesOf(format, 20)).fill(AudioFormat.silentByte(format))
    draft.playback = Playback.push(draft.playback, {
      generation: draft.playback.generation,
      reply: "",
      bytes,
      words: [],
      interruptible: true
    })
  }
  const [playback, outputs] = Playback.pull(draft.playback, draft.now)
  draft.playback = playback
  const [first, ...rest] = outputs
  if (first === undefined) return
  State.want(draft, { _tag: "Send", outputs: [first, ...rest] })
  const replyId = draft.utterances.find((each) => Hearing.isQueued(draft, each.id))?.reply
  Utterances.mark(draft, replyId, "firstSent")
}

/** Acts on an answer that will be late. */
const budget = (draft: Draft): void => {
  const { timing } = draft
  if (timing === undefined || timing.hasActed || draft.userTurn?.phase !== "Ended") return
  if (timing.ms.firstAudio !== undefined || draft.at - timing.from < draft.settings.budgetMs) return
  draft.timing = { ...timing, hasActed: true }
  // Speaks an incomplete clause as it is, or a filler if there are no words yet.
  if (!Utterances.hurry(draft, timing.reply) && timing.ms.firstClause === undefined) Turns.fill(draft, 1)
}

const measured = (draft: Draft): void => {
  const { timing } = draft
  if (timing === undefined || timing.ms.firstHeard === undefined) return
  draft.timing = undefined
  const report = Timing.report(timing, draft.settings.budgetMs)
  State.want(draft, { _tag: "Measured", timing: report })
  const { endOfTurn, firstAudio, firstHeard, firstText } = report.ms
  State.show(draft, {
    _tag: "Latency",
    turn: report.turn,
    endOfTurnMs: endOfTurn,
    firstTextMs: firstText,
    firstAudioMs: firstAudio,
    firstHeardMs: firstHeard
  })
}
