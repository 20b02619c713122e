/** Tracks what the caller has heard: converts played samples to words, at their position in the agent's text. */
import * as Floor from "../../Floor.ts"
import type { FloorEvent } from "../../FloorEvent.ts"
import * as Playback from "../../Playback.ts"
import * as SpeechText from "../../SpeechText.ts"
import type { Draft, Utterance } from "./state.ts"
import * as State from "./state.ts"
import * as Utterances from "./utterances.ts"

/** Updates the state with the audio heard by now. */
export const listen = (draft: Draft): ReadonlyArray<FloorEvent> => {
  const [playback, news] = Playback.heard(draft.playback, draft.now)
  draft.playback = playback
  return tell(draft, news)
}

/** Reports the words heard, and returns the news for the floor. */
export const tell = (draft: Draft, news: Playback.Heard): ReadonlyArray<FloorEvent> => {
  const events: Array<FloorEvent> = []
  const generation = Floor.generation(draft.floor)
  for (const id of news.began) {
    const utterance = draft.utterances.find((each) => each.id === id)
    if (utterance === undefined) continue
    State.changeUtterance(draft, id, { isBegun: true })
    talks(draft)
    if (utterance.reply === undefined) continue
    Utterances.mark(draft, utterance.reply, "firstHeard")
    events.push({ _tag: "AgentHeard", at: draft.now, generation })
  }
  const heard = new Map<string, { to: number; text: string }>()
  for (const { reply, text, to } of news.words) {
    const before = heard.get(reply)
    heard.set(reply, {
      to: Math.max(before?.to ?? 0, to ?? 0),
      text: before === undefined ? text : `${before.text} ${text}`
    })
  }
  for (const [id, { text, to }] of heard) {
    const utterance = find(draft, id)
    if (utterance === undefined) continue
    if (draft.settings.policy.echo) events.push({ _tag: "AgentSaid", at: draft.now, text })
    heardTo(draft, utterance, SpeechText.place(utterance.pieces, 0, to).to)
  }
  return events
}

const find = (draft: Draft, id: string): Utterance | undefined =>
  draft.utterances.find((each) => each.id === id) ?? draft.cut.find((each) => each.id === id)

const change = (draft: Draft, id: string, heardTo: number): void => {
  const to = (each: Utterance) => (each.id === id ? { ...each, heardTo } : each)
  draft.utterances = draft.utterances.map(to)
  draft.cut = draft.cut.map(to)
}

/** The caller hears the agent. */
const talks = (draft: Draft): void => {
  if (draft.isTalking) return
  draft.isTalking = true
  State.report(draft, { _tag: "AgentTurnStarted" })
}

/** Reports the text of an utterance heard so far. Text without words, such as white space, waits for the next word. */
const heardTo = (draft: Draft, utterance: Utterance, to: number): void => {
  const content = utterance.text.slice(utterance.heardTo, to)
  if (content.trim() === "") return
  change(draft, utterance.id, to)
  if (utterance.reply === undefined) return
  const isLate = draft.cut.some((each) => each.id === utterance.id)
  if (!isLate) talks(draft)
  State.report(draft, {
    _tag: "AgentTextSent",
    content: content.trim(),
    at: {
      respondingTo: utterance.reply,
      offset: utterance.base + to,
      ...(isBehindCut(draft, utterance) ? { from: utterance.base + utterance.heardTo } : {})
    },
    ...(draft.settings.report === "estimate" ? { estimated: true } : {})
  })
  const turn = State.replyTo(draft, utterance.reply)?.turn ?? 0
  State.show(draft, { _tag: "AgentHeard", turn, text: content })
}

/** Whether words of the same reply before an utterance were cut, and never heard. */
const isBehindCut = (draft: Draft, { number, reply }: Utterance): boolean =>
  draft.cut.some((each) => each.reply === reply && each.number < number && each.heardTo < each.text.length)

/** Reports an utterance of the pipeline itself. It is reported as a whole, because it is not part of a reply's text. */
export const reportOwn = (draft: Draft, utterance: Utterance): void => {
  const content = utterance.text.slice(0, utterance.heardTo).trim()
  if (utterance.reply === undefined && content !== "") {
    State.report(draft, { _tag: "AgentTextSent", content, own: true })
    State.show(draft, { _tag: "AgentHeard", turn: 0, text: content })
  }
}

/** Whether the tape still holds audio of an utterance. */
export const isQueued = (draft: Draft, id: string): boolean =>
  draft.playback.tape.stretches.some((stretch) => stretch.reply === id)

/** Audio of an utterance, not the silence under a background sound. */
export const hasAudio = (draft: Draft): boolean => draft.playback.tape.stretches.some((stretch) => stretch.reply !== "")

/** Removes utterances that were heard to their end. Unspoken parts of their text, such as an emoji, count as heard. */
export const finish = (draft: Draft): void => {
  for (const utterance of draft.utterances) {
    // The utterances after it may be silent, and wait.
    if (!utterance.isVoiced || utterance.held.length > 0 || isQueued(draft, utterance.id)) return
    if (!Utterances.hasWords(utterance)) heardTo(draft, utterance, utterance.text.length)
    reportOwn(
      draft,
      draft.utterances.find((each) => each.id === utterance.id)!
    )
    draft.utterances = draft.utterances.filter((each) => each.id !== utterance.id)
  }
}

/** Whether the agent is going to speak: a turn is running, or text is on its way to the voice. */
export const isWorking = (draft: Draft): boolean =>
  draft.expected !== undefined ||
  draft.replies.some((reply) => !reply.isTentative && !reply.isOver && !reply.isCut && !reply.isLoose) ||
  draft.utterances.some((each) => each.spoken !== "" && !isTentative(draft, each))

const isTentative = (draft: Draft, utterance: Utterance): boolean =>
  utterance.reply !== undefined && State.replyTo(draft, utterance.reply)?.isTentative === true

/** The agent has become silent: it has finished, or was cut. */
export const quiet = (draft: Draft): void => {
  if (!draft.isTalking) return
  draft.isTalking = false
  State.report(draft, { _tag: "AgentTurnEnded" })
}
