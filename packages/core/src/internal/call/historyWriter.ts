/**
 * The record of one call: reports become events, spoken text is aligned with what was said, and every line is kept.
 * A mutable value that belongs to the call's own fiber. Each event costs the same, however long the call.
 */
import * as Result from "effect/Result"
import type * as Event from "../../Event.ts"
import type { EventId } from "../../EventId.ts"
import * as History from "../../History.ts"
import type * as Recording from "../../recording/Recording.ts"
import * as Spoken from "../spoken/Spoken.ts"
import { successor } from "../successor.ts"

export interface HistoryWriter {
  /** Takes what the harness reports. Undefined where the report tells the agent nothing new. */
  readonly report: (report: Event.Report) => Event.Input | undefined
  /** Takes an event that the call itself has made. */
  readonly add: <E extends Recording.Happened["event"]>(event: E) => E
  /** Takes what the agent sent in a turn. */
  readonly sent: (output: Event.Output, turn: number) => void
  readonly view: () => History.History
  readonly addEntry: (
    content: string,
    options: EntryOptions
  ) => Result.Result<Event.CustomHistoryEntry, History.AnchorError>
  readonly update: (
    events: ReadonlyArray<History.HistoryEvent>,
    stretch: Stretch
  ) => Result.Result<void, History.AnchorError>
}

export interface EntryOptions {
  readonly role?: "user" | "system" | undefined
  readonly before?: History.Anchor | undefined
  readonly after?: History.Anchor | undefined
}

export interface Stretch {
  readonly start?: History.Anchor | undefined
  readonly end?: History.Anchor | undefined
}

export const make = (nextId: EventId): HistoryWriter => {
  const entries: Array<History.Entry> = []
  // The entries that no agent has sent: most agents read nothing else, and each turn of a long call reads them all.
  const events: Array<History.HistoryEvent> = []
  const spoken = Spoken.make()
  let edits: ReadonlyArray<History.Edit> = []
  let keys = 0
  // The text that is being spoken. It joins the entries once something else happens.
  let speaking: { readonly key: number; readonly item: Event.InputOf<"AgentTextSent"> } | undefined
  let userContent: Array<Event.UserContent> | undefined
  let agentContent: Array<Event.AgentContent> | undefined

  const push = (item: History.HistoryEvent, key = keys++) => {
    entries.push({ key, turn: 0, item })
    events.push(item)
  }

  const settle = (final: boolean) => {
    const texts = spoken.settle({ final })
    for (const content of texts) {
      const event =
        speaking?.item.content === content ? speaking.item : agentText(speaking?.item.eventId ?? nextId(), content)
      push(event, speaking?.key)
      speaking = undefined
    }
    speaking = undefined
  }

  const add = <E extends Event.Input>(event: E): E => {
    settle(event._tag === "AgentTurnEnded" || event._tag === "CallEnded")
    push(event)
    return event
  }

  const report = (report: Event.Report): Event.Input | undefined => {
    const eventId = report.eventId ?? nextId()
    switch (report._tag) {
      case "AgentTextSent": {
        agentContent?.push({ ...report, eventId })
        const content = spoken.heard(report.content)
        if (content === undefined) return undefined
        const id = speaking === undefined ? nextId() : successor(speaking.item.eventId)
        speaking = { key: speaking?.key ?? keys++, item: agentText(id, content) }
        return speaking.item
      }
      case "AgentDtmfSent": {
        const event = { ...report, eventId }
        agentContent?.push(event)
        return add(event)
      }
      case "UserTextSent":
      case "UserDtmfSent": {
        const event = { ...report, eventId }
        userContent?.push(event)
        return add(event)
      }
      case "UserTurnStarted":
        userContent = []
        return add({ ...report, eventId })
      case "AgentTurnStarted":
        agentContent = []
        return add({ ...report, eventId })
      case "UserTurnEnded":
        return add({ ...report, eventId, content: userContent?.slice() ?? [] })
      case "AgentTurnEnded":
        return add({ ...report, eventId, content: agentContent?.slice() ?? [] })
      case "UserCustomSent":
        return add({ ...report, eventId })
      default:
        report satisfies never
        return undefined
    }
  }

  const view = (): History.History => {
    const [lines, happened, last] = [entries.length, events.length, speaking]
    return History.make(
      () => (last === undefined ? entries.slice(0, lines) : [...entries.slice(0, lines), { ...last, turn: 0 }]),
      edits,
      () => (last === undefined ? events.slice(0, happened) : [...events.slice(0, happened), last.item])
    )
  }

  const edit = (edit: History.Edit) => {
    edits = [...edits, edit]
  }

  return {
    report,
    add,
    sent: (output, turn) => {
      if (output._tag === "AgentSendText") {
        spoken.said(output.text, { interruptible: output.interruptible !== false, turn })
      }
      entries.push({ key: keys++, turn, item: output })
    },
    view,
    addEntry: (content, { after, before, role = "user" }) => {
      const item: Event.CustomHistoryEntry = { _tag: "CustomHistoryEntry", eventId: nextId(), role, content }
      return Result.map(History.insert(view(), [{ key: keys++, turn: 0, item }], { before, after }), (made) => {
        edit(made)
        return item
      })
    },
    update: (events, stretch) =>
      Result.map(
        History.replace(
          view(),
          events.map((item) => ({ key: keys++, turn: 0, item })),
          stretch
        ),
        edit
      )
  }
}

const agentText = (eventId: string, content: string): Event.InputOf<"AgentTextSent"> => ({
  _tag: "AgentTextSent",
  eventId,
  content
})
