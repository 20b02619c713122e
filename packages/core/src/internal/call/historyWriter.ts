/**
 * Writes a call's history: turns reports into events, aligns heard text with what was said, and keeps every line. A
 * mutable value that only the call's own fibers touch. Each event costs the same, however long the call is.
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
  /** Adds a report. Returns undefined if it tells the agent nothing new. */
  readonly report: (report: Event.Report) => Event.Input | undefined
  /** Adds an event made by the call itself. */
  readonly add: <E extends Event.InputOf<Made>>(event: E) => E
  /** Adds an output that is not handed over yet: only its own turn sees the line. */
  readonly queue: (output: Event.Output, turn: number) => History.Entry
  /** Records a line whose output was handed over. Unless it is `taken`, the harness may still be interrupted. */
  readonly handedOver: (line: History.Entry, taken?: boolean) => void
  /** Notes that the harness has taken a line handed to it. */
  readonly taken: (line: History.Entry) => void
  /** Adds an output that was handed over. */
  readonly sent: (output: Event.Output, turn: number) => void
  /** Notes which turn responds to an event, so that heard text can be placed in it. */
  readonly began: (turn: number, trigger: Event.Input) => void
  /** The turn that responds to an event, if it is one of the latest. */
  readonly turnOf: (eventId: string) => number | undefined
  /**
   * Notes that a turn was cancelled: its unheard text will not be heard, and its queued outputs are dropped. If the
   * turn `counts`, the outcomes of its tools are kept and returned.
   */
  readonly stopped: (turn: number, counts: boolean) => ReadonlyArray<Event.Output>
  /** Whether a turn was cancelled, if it is one of the latest. */
  readonly isStopped: (turn: number) => boolean
  /** Notes that the caller cut in: unheard text of any turn will not be heard. */
  readonly cut: () => void
  /** Whether anything that was said may still be heard. */
  readonly isPending: () => boolean
  /** The call so far. For a turn, this includes its outputs that are not handed over yet. */
  readonly view: (turn?: number) => History.History
  readonly addEntry: (
    content: string,
    options: EntryOptions
  ) => Result.Result<Event.CustomHistoryEntry, History.AnchorError>
  readonly update: (
    events: ReadonlyArray<History.GivenEvent>,
    stretch: Stretch
  ) => Result.Result<void, History.AnchorError>
  /** What the caller has said since their turn started, or since the last answer. */
  readonly userContent: () => ReadonlyArray<Event.UserContent>
  /** Opens a draft, because the caller's turn has tentatively ended. */
  readonly open: (event: Event.UserTurnEnded) => void
  /** Records the draft. */
  readonly commit: () => void
  /** Drops the draft without a trace. */
  readonly drop: () => void
  /** Adds nothing to the history from now on. */
  readonly close: () => void
}

export interface EntryOptions extends Lines.Place {
  readonly role?: "user" | "system" | undefined
}

export interface Stretch extends Lines.Ends {}

/** Number of turns in which heard text can be placed. */
const placeable = 64

export const make = (nextId: EventId): HistoryWriter => {
  const lines = Lines.make()
  const spoken = Spoken.make()
  const turnOf = new Map<string, number>()
  let keys = 0
  let closed = false
  let estimated = false
  let isLate = false
  // Counts other outputs, so that words before and after one are kept apart.
  let part = 0
  /** Outputs not handed over yet, in order. */
  let queued: Array<History.Entry> = []
  /** Queued lines recorded when their turn was stopped: something may still try to release them. */
  const recorded = new WeakSet<History.Entry>()
  /** Length of all text said, for each of the latest turns. */
  const said = new Map<number, number>()
  let stopped = new Set<number>()
  let userContent: Array<Event.UserContent> | undefined
  let agentContent: Array<Event.AgentContent> | undefined
  /** The events of the caller's current or last turn. Late words belong to it if the harness reports turn starts. */
  let userTurn = new Set<History.Item>()
  let userTurnBegan = false
  let userTurnOver = false

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
    if (userTurnOver) userTurn = new Set()
    userTurnOver = event._tag === "UserTurnEnded" && !userTurnBegan
    userTurn.add(event)
    return add(event)
  }

  const heard = (report: Event.AgentTextSentReport): Event.AgentTextSent | undefined => {
    // Estimated and exact reports do not grow into one text.
    if (lines.growing !== undefined && estimated !== (report.estimated === true)) settle(false)
    if (report.own === true) {
      settle(false)
      const event = agentText(report.eventId ?? nextId(), report.content)
      Lines.push(lines, { key: keys++, turn: 0, item: event, heard: { spans: [] } })
      return event
    }
    const turn = report.at && turnOf.get(report.at.respondingTo)
    // Late reports about an older turn get their own line.
    const late = turn !== undefined && Spoken.isHeardLater(spoken, turn)
    if (late || isLate) settle(false)
    isLate = late
    estimated = report.estimated === true
    const now =
      report.at === undefined
        ? Spoken.heard(spoken, report.content)
        : turn === undefined
          ? undefined
          : Spoken.heardTo(spoken, turn, report.at.offset, report.at.from)
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

  /** Takes back the caller's last turn, with the unheard part of its answer. */
  const withdraw = () => {
    const answers = new Set(
      [...userTurn].flatMap((item) => ("eventId" in item ? (turnOf.get(item.eventId) ?? []) : []))
    )
    for (const turn of answers) stop(turn, true)
    const isUnheard = ({ from = 0, item, turn }: History.Entry) =>
      item._tag === "AgentSendText" && answers.has(turn) && Spoken.reached(spoken, turn) <= from
    Lines.remove(lines, userTurn, isUnheard)
    userTurn = new Set()
    userContent = undefined
  }

  const stop = (turn: number, counts: boolean): ReadonlyArray<Event.Output> => {
    Spoken.stop(spoken, turn)
    stopped = new Set([...stopped, turn].slice(-placeable))
    const kept = queued.filter(({ item, turn: its }) => counts && its === turn && isOfTool(item))
    for (const line of kept) {
      handedOver(line)
      recorded.add(line)
    }
    queued = queued.filter((line) => line.turn !== turn)
    return kept.map(({ item }) => item as Event.Output)
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
        userTurnBegan = true
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

  const queue = (output: Event.Output, turn: number): History.Entry => {
    const line: History.Entry = {
      key: keys++,
      turn,
      item: output,
      ...(output._tag === "AgentSendText" && say(output, turn))
    }
    if (!closed) queued.push(line)
    return line
  }

  /** The position at which a text starts within everything its turn says. */
  const say = ({ text }: Event.AgentSendText, turn: number): { readonly from: number } => {
    const from = said.get(turn) ?? 0
    said.set(turn, from + text.length)
    if (said.size > placeable) said.delete(said.keys().next().value!)
    return { from }
  }

  const handedOver = (line: History.Entry, taken = true) => {
    if (recorded.delete(line)) return
    if (queued[0] === line) queued.shift()
    else queued = queued.filter((other) => other !== line)
    if (closed) return
    const output = line.item as Event.Output
    if (output._tag === "AgentSendText") {
      const { from, turn } = line
      const interruptible = output.interruptible !== false
      Spoken.said(spoken, output.text, { interruptible, taken, turn, part, start: from })
    } else part++
    Lines.push(lines, line)
  }

  return {
    report,
    add,
    queue,
    handedOver,
    taken: ({ from, item, turn }) => {
      if (from !== undefined && item._tag === "AgentSendText" && item.interruptible === false)
        Spoken.taken(spoken, turn, from)
    },
    sent: (output, turn) => handedOver(queue(output, turn)),
    began: (turn, trigger) => {
      turnOf.set(trigger.eventId, turn)
      if (turnOf.size > placeable) turnOf.delete(turnOf.keys().next().value!)
    },
    turnOf: (eventId) => turnOf.get(eventId),
    stopped: stop,
    isStopped: (turn) => stopped.has(turn),
    cut: () => Spoken.stopAll(spoken),
    isPending: () => Spoken.isPending(spoken),
    view: (turn) => {
      const own = turn === undefined ? [] : queued.filter((line) => line.turn === turn)
      return Lines.view(lines, Spoken.pending(spoken), own)
    },
    userContent: () => userContent?.slice() ?? [],
    addEntry: (content, { role = "user", ...place }) => {
      const item: Event.CustomHistoryEntry = { _tag: "CustomHistoryEntry", eventId: nextId(), role, content }
      if (closed) return Result.succeed(item)
      return Result.map(Lines.insert(lines, { key: keys++, turn: 0, item }, place), () => item)
    },
    update: (events, stretch) =>
      Result.map(Lines.covered(lines, stretch), (range) => {
        if (closed) return
        // Closes the text being spoken first, because an edit covers what was heard, not what will be.
        if (range !== undefined && Lines.isUnplaced(lines, range.to)) settle(false)
        const entries = events.map((item) => ({ key: keys++, turn: 0, item }))
        Lines.splice(lines, range?.from ?? 0, range === undefined ? 0 : range.to - range.from + 1, entries)
      }),
    open: (event) => {
      // Earlier reports are already recorded.
      const words = event.content.filter((said) => !userContent?.includes(said))
      lines.draft = [...words, event].map((item) => ({ key: keys++, turn: 0, item }))
    },
    commit: () => {
      const { draft } = lines
      if (draft.length === 0) return
      settle(false)
      lines.draft = []
      for (const line of draft) {
        Lines.push(lines, line)
        userTurn.add(line.item)
        if (line.item._tag === "UserTextSent") userContent?.push(line.item)
      }
    },
    drop: () => {
      lines.draft = []
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

const isOfTool = ({ _tag }: History.Item): boolean => _tag === "AgentToolCalled" || _tag === "AgentToolReturned"
