/** Drops speech that was not heard yet. Clears the line in the same step. */
import type { FloorEvent } from "../../FloorEvent.ts"
import * as Playback from "../../Playback.ts"
import * as Hearing from "./hearing.ts"
import type { Draft, Reply, Utterance } from "./state.ts"
import * as State from "./state.ts"
import * as Utterances from "./utterances.ts"

/** Clears audio of the current stream from the line. */
const clear = (draft: Draft): void => {
  const { generation, sent, start, stream } = draft.playback
  if (sent > start) State.want(draft, { _tag: "Clear", generation, stream })
}

/** Pauses the agent. */
export const pause = (draft: Draft): ReadonlyArray<FloorEvent> => {
  clear(draft)
  const [playback, news] = Playback.pause(draft.playback, draft.now)
  draft.playback = playback
  return Hearing.tell(draft, news)
}

/**
 * Drops everything interruptible from some replies and from the pipeline's own utterances, and begins a new generation.
 */
export const cut = (
  draft: Draft,
  generation: number,
  isCut: (reply: Reply) => boolean = (reply) => !reply.isTentative
): ReadonlyArray<FloorEvent> => {
  clear(draft)
  const replies = draft.replies.filter(isCut)
  const isDropped = ({ interruptible, reply }: Utterance) =>
    interruptible && (reply === undefined || replies.some(({ id }) => id === reply))
  for (const utterance of draft.utterances) if (isDropped(utterance)) Utterances.reckon(draft, utterance.id, false)
  const [playback, news] = Playback.cut(draft.playback, draft.now, generation)
  draft.playback = playback
  const events = Hearing.tell(draft, news)
  const dropped = draft.utterances.filter(isDropped)
  const wordsOf = new Set(dropped.flatMap((each) => (each.text.trim() === "" ? [] : [each.reply ?? ""])))
  draft.exits = draft.exits.filter(
    (exit) => !(exit.isDropped && wordsOf.has(exit.reply) && dropped.some((each) => each.number <= exit.after))
  )
  for (const utterance of dropped) Hearing.reportOwn(draft, utterance)
  Utterances.drop(draft, (each) => dropped.includes(each))
  for (const { id } of replies) {
    Utterances.close(draft, id)
    State.changeReply(draft, id, { isCut: true })
  }
  if (!Hearing.hasAudio(draft)) Hearing.quiet(draft)
  return events
}
