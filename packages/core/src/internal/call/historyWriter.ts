/**
 * The writer of a call's history: reports become events, spoken text is aligned with what was said, and every line is kept.
 * A mutable value that belongs to the call's own fiber. Each event costs the same, however long the call.
 */
import * as Result from "effect/Result"
import type * as Event from "../../Event.ts"
import type { EventId } from "../../EventId.ts"
import type * as History from "../../History.ts"
import type { Heard } from "../spoken/Heard.ts"
import * as Spoken from "../spoken/Spoken.ts"
import { successor } from "../successor.ts"
import * as Lines from "./lines.ts"
import type { Made } from "./listener.ts"

export interface HistoryWriter {
  /** Takes what the harness reports. Undefined if the report tells the agent nothing new. */
  readonly report: (report: Event.Report) => Event.Input | undefined
  /** Takes an event that the call itself has made. */
  readonly add: <E extends Event.InputOf<Made>>(event: E) => E
  /** Takes what the agent sent in a turn. */
  readonly sent: (output: Event.Output, turn: number) => void
  /** Tells which turn responds to an event, so that heard text can be placed in it. */
  readonly began: (turn: number, trigger: Event.Input) => void
  /** Tells that a turn was cancelled: what it has said and nobody has heard will not be. */
  readonly stopped: (turn: number) => void
  /** Tells that the caller cut in: what was said and nobody has heard will not be, whichever turn has said it. */
  readonly cut: () => void
  /** Whether something that was said may still be heard. */
  readonly isPending: () => boolean
  readonly view: () => History.History
  readonly addEntry: (
    content: string,
    options: EntryOptions
  ) => Result.Result<Event.CustomHistoryEntry, History.AnchorError>
  readonly update: (
    events: ReadonlyArray<History.GivenEvent>,
    stretch: Stretch
  ) => Result.Result<void, History.AnchorError>
  /** What the caller has said since their turn began, or since they were last answered. */
  readonly userContent: () => ReadonlyArray<Event.UserContent>
  /** Opens a draft: the caller's turn has probably ended. What its turn sends joins the draft. */
  readonly open: (event: Event.UserTurnEnded) => void
  /** Puts the caller's turn of the draft on the record; what its turn has sent follows by `release`. */
  readonly commit: () => void
  /** Moves the oldest line of a committed draft to the record: it was handed over. */
  readonly release: () => void
  /** What the turn of the draft sends from here on is handed over like anything else. */
  readonly free: () => void
  /**
   * The turn of a committed draft was cancelled: what it has said and was not handed over is dropped, and what became of its
   * tools is kept.
   */
  readonly cancel: (turn: number) => void
  /** Drops the draft, of which nothing is left. */
  readonly drop: () => void
  /** Nothing joins the history from here on. */
  readonly close: () => void
}

export interface EntryOptions extends Lines.Place {
  readonly role?: "user" | "system" | undefined
}

export interface Stretch extends Lines.Ends {}

/** Turns that heard text can be placed in. */
const placeable = 64

export const make = (nextId: EventId): HistoryWriter => {
  const lines = Lines.make()
  const spoken = Spoken.make()
  const turnOf = new Map<string, number>()
  let keys = 0
  let closed = false
  let estimated = false
  // Counts what else was sent, so that words before and after it can be told apart.
  let part = 0
  let draftTurn = 0
  let said = { turn: 0, length: 0 }
  let userContent: Array<Event.UserContent> | undefined
  let agentContent: Array<Event.AgentContent> | undefined
  /** The events of the caller's turn that is or was last. */
  let userTurn = new Set<Event.Input>()

  const push = (item: History.HistoryEvent) => Lines.push(lines, { key: keys++, turn: 0, item })

  const settle = (final: boolean) => {
    const [text, rest] = Spoken.settle(spoken, { final })
    Lines.place(lines, text && heardEntry(text, lines.growing))
    if (rest !== undefined) Lines.push(lines, heardEntry(rest, undefined))
    estimated = false
  }

  const heardEntry = (heard: Heard, growing: History.Entry | undefined): History.Entry => {
    const before = growing?.item as Event.AgentTextSent | undefined
    const item = before?.content === heard.text ? before : agentText(before?.eventId ?? nextId(), heard.text)
    return {
      key: growing?.key ?? keys++,
      turn: 0,
      item,
      heard: { spans: heard.spans, ...(estimated && { estimated }) }
    }
  }

  const add = <E extends Event.Input>(event: E): E => {
    if (closed) return event
    settle(event._tag === "AgentTurnEnded" || event._tag === "CallEnded")
    push(event)
    return event
  }

  const addUser = <E extends Event.Input>(event: E): E => {
    userTurn.add(event)
    return add(event)
  }

  const heard = (report: Event.AgentTextSentReport): Event.AgentTextSent | undefined => {
    // A guess and what is known are told apart: they do not grow into one text.
    if (lines.growing !== undefined && estimated !== (report.estimated === true)) settle(false)
    if (report.own === true) {
      settle(false)
      const event = agentText(report.eventId ?? nextId(), report.content)
      Lines.push(lines, { key: keys++, turn: 0, item: event, heard: { spans: [] } })
      return event
    }
    estimated = report.estimated === true
    const turn = report.at && turnOf.get(report.at.respondingTo)
    const now =
      report.at === undefined
        ? Spoken.heard(spoken, report.content)
        : turn === undefined
          ? undefined
          : Spoken.heardTo(spoken, turn, report.at.offset)
    if (now === undefined) return undefined
    const before = lines.growing?.item as Event.AgentTextSent | undefined
    const event = agentText(before === undefined ? nextId() : successor(before.eventId), now.text)
    lines.growing = {
      key: lines.growing?.key ?? keys++,
      turn: 0,
      item: event,
      heard: { spans: now.spans, ...(estimated && { estimated }) }
    }
    return event
  }

  /** Takes the caller's last turn back. */
  const withdraw = () => {
    Lines.remove(lines, userTurn)
    userTurn = new Set()
    userContent = undefined
  }

  const report = (report: Event.Report): Event.Input | undefined => {
    if (closed) return undefined
    switch (report._tag) {
      case "AgentTextSent": {
        agentContent?.push({ _tag: "AgentTextSent", eventId: report.eventId ?? nextId(), content: report.content })
        return heard(report)
      }
      case "AgentDtmfSent": {
        const event = { ...report, eventId: report.eventId ?? nextId() }
        agentContent?.push(event)
        return add(event)
      }
      case "UserTextSent":
      case "UserDtmfSent": {
        const event = { ...report, eventId: report.eventId ?? nextId() }
        userContent?.push(event)
        return addUser(event)
      }
      case "UserTurnStarted":
        userContent = []
        userTurn = new Set()
        return addUser({ _tag: "UserTurnStarted", eventId: report.eventId ?? nextId() })
      case "AgentTurnStarted":
        agentContent = []
        return add({ _tag: "AgentTurnStarted", eventId: report.eventId ?? nextId() })
      case "UserTurnEnded": {
        const said: Event.UserTextSent | undefined =
          report.content === undefined || report.content.trim() === ""
            ? undefined
            : { _tag: "UserTextSent", eventId: nextId(), content: report.content }
        const content = [...(userContent ?? []), ...(said === undefined ? [] : [said])]
        const event: Event.UserTurnEnded = { _tag: "UserTurnEnded", eventId: report.eventId ?? nextId(), content }
        if (report.tentative === true) return event
        if (said !== undefined) {
          userContent?.push(said)
          addUser(said)
        }
        return addUser(event)
      }
      case "UserTurnRevised": {
        withdraw()
        const said: Event.UserTextSent = { _tag: "UserTextSent", eventId: nextId(), content: report.content }
        addUser({ _tag: "UserTurnStarted", eventId: nextId() })
        addUser(said)
        userContent = [said]
        return addUser({ _tag: "UserTurnEnded", eventId: report.eventId ?? nextId(), content: [said] })
      }
      case "UserTurnWithdrawn":
        withdraw()
        return undefined
      case "UserTurnCommitted":
      case "UserTurnResumed":
        return undefined
      case "UserTurnAbandoned":
        return addUser({ _tag: "UserTurnAbandoned", eventId: report.eventId ?? nextId() })
      case "UserSilent":
        return add({ _tag: "UserSilent", eventId: report.eventId ?? nextId(), seconds: report.seconds })
      case "AgentTurnEnded": {
        const event = { ...report, eventId: report.eventId ?? nextId(), content: agentContent?.slice() ?? [] }
        add(event)
        Spoken.quiet(spoken)
        return event
      }
      case "UserCustomSent":
        return add({ ...report, eventId: report.eventId ?? nextId() })
      default:
        report satisfies never
        return undefined
    }
  }

  const sent = (output: Event.Output, turn: number) => {
    if (closed) return
    const entry = { key: keys++, turn, item: output }
    if (turn === draftTurn) lines.draft = [...lines.draft, entry]
    else place(entry, output)
  }

  const place = (entry: History.Entry, output: Event.Output) => {
    if (output._tag !== "AgentSendText") {
      part++
      return Lines.push(lines, entry)
    }
    const from = said.turn === entry.turn ? said.length : 0
    said = { turn: entry.turn, length: from + output.text.length }
    Spoken.said(spoken, output.text, { interruptible: output.interruptible !== false, turn: entry.turn, part })
    Lines.push(lines, { ...entry, from })
  }

  return {
    report,
    add,
    sent,
    began: (turn, trigger) => {
      if (lines.draft.some(({ item }) => item === trigger)) draftTurn = turn
      turnOf.set(trigger.eventId, turn)
      if (turnOf.size > placeable) turnOf.delete(turnOf.keys().next().value!)
    },
    stopped: (turn) => Spoken.stop(spoken, turn),
    cut: () => Spoken.stopAll(spoken),
    isPending: () => Spoken.isPending(spoken),
    view: () => Lines.view(lines, Spoken.pending(spoken)),
    userContent: () => userContent?.slice() ?? [],
    addEntry: (content, { role = "user", ...place }) => {
      const item: Event.CustomHistoryEntry = { _tag: "CustomHistoryEntry", eventId: nextId(), role, content }
      if (closed) return Result.succeed(item)
      return Result.map(Lines.insert(lines, { key: keys++, turn: 0, item }, place), () => item)
    },
    update: (events, stretch) =>
      Result.map(Lines.covered(lines, stretch), (range) => {
        if (closed) return
        // What is being spoken is closed first: an edit covers what was heard, and not what will be.
        if (range !== undefined && Lines.isUnplaced(lines, range.to)) settle(false)
        const entries = events.map((item) => ({ key: keys++, turn: 0, item }))
        Lines.splice(lines, range?.from ?? 0, range === undefined ? 0 : range.to - range.from + 1, entries)
      }),
    open: (event) => {
      // What was reported before is on the record already.
      const words = event.content.filter((said) => !userContent?.includes(said))
      lines.draft = [...words, event].map((item) => ({ key: keys++, turn: 0, item }))
    },
    commit: () => {
      const { draft } = lines
      const ended = draft.findIndex(({ item }) => item._tag === "UserTurnEnded")
      if (ended < 0) return
      settle(false)
      lines.draft = draft.slice(ended + 1)
      for (const entry of draft.slice(0, ended + 1)) {
        Lines.push(lines, entry)
        userTurn.add(entry.item as Event.Input)
        if (entry.item._tag === "UserTextSent") userContent?.push(entry.item)
      }
    },
    release: () => {
      const [entry, ...rest] = lines.draft
      if (entry === undefined) return
      lines.draft = rest
      place(entry, entry.item as Event.Output)
    },
    free: () => {
      draftTurn = 0
    },
    cancel: (turn) => {
      if (draftTurn !== turn || !lines.draft.every((entry) => entry.turn === turn)) return
      const left = lines.draft
      lines.draft = []
      draftTurn = 0
      for (const entry of left) {
        const output = entry.item as Event.Output
        if (output._tag === "AgentToolCalled" || output._tag === "AgentToolReturned") place(entry, output)
      }
    },
    drop: () => {
      lines.draft = []
      draftTurn = 0
    },
    close: () => {
      settle(true)
      closed = true
    }
  }
}

const agentText = (eventId: string, content: string): Event.AgentTextSent => ({
  _tag: "AgentTextSent",
  eventId,
  content
})
