/**
 * Actions of the agent that end a call, transfer it or press a key. Each waits until the words before it were heard or
 * cut.
 */
import * as AudioTime from "../../AudioTime.ts"
import type { Draft, Exit } from "./state.ts"
import * as Hearing from "./hearing.ts"
import * as State from "./state.ts"
import * as Utterances from "./utterances.ts"

/** Queues an exit after the words that the agent has said so far. */
export const add = (draft: Draft, reply: string, order: Exit["order"], isDropped = false): void => {
  Utterances.close(draft, reply)
  draft.exits = [
    ...draft.exits,
    {
      reply,
      after: draft.numbers,
      until: AudioTime.plus(draft.now, draft.settings.exitMs),
      isDropped,
      order
    }
  ]
}

/** Performs the exits that no longer need to wait, in order. */
export const settle = (draft: Draft): void => {
  for (let exit = draft.exits[0]; exit !== undefined && !draft.isOver; exit = draft.exits[0]) {
    if (isAwaited(draft, exit) && draft.now < exit.until) return
    draft.exits = draft.exits.slice(1)
    leave(draft, exit.order)
  }
}

/** Whether words before the exit have not been heard yet. */
const isAwaited = (draft: Draft, exit: Exit): boolean =>
  draft.utterances.some((each) => each.number <= exit.after && each.text !== "") ||
  (exit.order._tag === "HangUp" &&
    State.replyTo(draft, exit.reply)?.isOver === false &&
    exit.order.ending === "Silence")

const leave = (draft: Draft, order: Exit["order"]): void => {
  switch (order._tag) {
    case "HangUp":
      Hearing.quiet(draft)
      draft.isOver = true
      return State.want(draft, { _tag: "Finish", ending: order.ending, hangUp: order.reason })
    case "Transfer":
      return State.want(draft, { _tag: "Transfer", targetPhoneNumber: order.targetPhoneNumber })
    case "Dtmf":
      State.want(draft, { _tag: "Dtmf", button: order.button })
      return State.report(draft, { _tag: "AgentDtmfSent", button: order.button })
    default:
      return order satisfies never
  }
}
