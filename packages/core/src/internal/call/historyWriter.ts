/**
 * Writes a call's history: turns reports into events, aligns heard text with what was said, and keeps every line. A
 * mutable value that only the call's own fibers touch. Each event costs the same, however long the call is.
 */
import * as Result from "effect/Result"
import type * as Event from "../../Event.ts"
import type { EventId } from "../../EventId.ts"
import type * as History from "../../History.ts"
import * as Spoken from "../spoken/Spoken.ts"
import { successor } from "../successor.ts"
import * as CallerTurn from "./callerTurn.ts"
import * as HeardText from "./heardText.ts"
import * as Lines from "./lines.ts"
import type { Listener, Made } from "./listener.ts"
import * as TurnOutputs from "./turnOutputs.ts"

export interface EntryOptions extends Lines.Place {
  readonly role?: "user" | "system" | undefined
}

export interface Stretch extends Lines.Ends {}

/** A writer. A recorder, if there is one, is told of each report and each event of the call before anything acts on it. */
export const make = (nextId: EventId, recorder?: Listener): HistoryWriter => new HistoryWriter(nextId, recorder)

export class HistoryWriter {
  readonly #nextId: EventId
  readonly #recorder: Listener | undefined
  readonly #lines = Lines.make()
  readonly #heard: HeardText.HeardText
  readonly #outputs = TurnOutputs.make()
  readonly #caller = CallerTurn.make()
  /** The agent's words and key presses that were reported since its turn began. */
  #agentContent: Array<Event.AgentContent> | undefined
  /** The id of the last of these words that the harness has not named. */
  #wordId: string | undefined
  #isClosed = false

  constructor(nextId: EventId, recorder: Listener | undefined) {
    this.#nextId = nextId
    this.#recorder = recorder
    this.#heard = HeardText.make(this.#lines, nextId)
  }

  /** Adds a report. Returns undefined if it tells the agent nothing new. */
  report(report: Event.Report): Event.Input | undefined {
    const event = this.#isClosed ? undefined : this.#take(report)
    if (event === undefined || event.eventId === report.eventId) this.#recorder?.note({ _tag: "Reported", report })
    else this.#recorder?.note({ _tag: "Reported", report, eventId: event.eventId })
    return event
  }

  /** Adds an event made by the call itself. */
  add<E extends Event.InputOf<Made>>(event: E): E {
    this.#recorder?.note({ _tag: "Happened", event })
    return this.#add(event)
  }

  /** Adds an output that is not handed over yet: only its own turn sees the line. */
  queue(output: Event.Output, turn: number): TurnOutputs.Line {
    const from = output._tag === "AgentSendText" ? TurnOutputs.say(this.#outputs, turn, output.text) : undefined
    const line = Lines.line(this.#lines, output, turn, from)
    if (!this.#isClosed) this.#outputs.queued.push(line)
    return line
  }

  /** Records a line whose output was handed over. Unless it is `taken`, the harness may still be interrupted. */
  handedOver(line: History.Entry, taken = true): void {
    if (TurnOutputs.release(this.#outputs, line)) this.#record(line, taken)
  }

  /** Notes that the harness has taken a line handed to it. */
  taken(line: History.Entry): void {
    HeardText.taken(this.#heard, line)
  }

  /** Adds an output that was handed over. */
  sent(output: Event.Output, turn: number): void {
    this.handedOver(this.queue(output, turn))
  }

  /** Notes which turn responds to an event, so that heard text can be placed in it. */
  began(turn: number, trigger: Event.Input): void {
    TurnOutputs.began(this.#outputs, turn, trigger)
  }

  /** The turn that responds to an event, if it is one of the latest. */
  turnOf(eventId: string): number | undefined {
    return this.#outputs.turnOf.get(eventId)
  }

  /**
   * Notes that a turn was cancelled: its unheard text will not be heard, and its queued outputs are dropped. If the
   * turn `counts`, the outcomes of its tools are kept and returned.
   */
  stopped(turn: number, counts: boolean): ReadonlyArray<Event.Output> {
    Spoken.stop(this.#heard.spoken, turn)
    const kept = TurnOutputs.stop(this.#outputs, turn, counts)
    for (const line of kept) this.#record(line, true)
    return kept.map(({ item }) => item)
  }

  /** Whether a turn was cancelled, if it is one of the latest. */
  isStopped(turn: number): boolean {
    return this.#outputs.stopped.has(turn)
  }

  /** Notes that the caller cut in: unheard text of any turn will not be heard. */
  cut(): void {
    Spoken.stopAll(this.#heard.spoken)
  }

  /** Whether anything that was said may still be heard. */
  isPending(): boolean {
    return Spoken.isPending(this.#heard.spoken)
  }

  /** The call so far. For a turn, this includes its outputs that are not handed over yet. */
  view(turn?: number): History.History {
    const own = turn === undefined ? [] : TurnOutputs.queuedBy(this.#outputs, turn)
    return Lines.view(this.#lines, Spoken.pending(this.#heard.spoken), own)
  }

  addEntry(
    content: string,
    { role = "user", ...place }: EntryOptions
  ): Result.Result<Event.CustomHistoryEntry, History.AnchorError> {
    const item: Event.CustomHistoryEntry = { _tag: "CustomHistoryEntry", eventId: this.#nextId(), role, content }
    if (this.#isClosed) return Result.succeed(item)
    return Result.map(Lines.insert(this.#lines, Lines.line(this.#lines, item), place), () => item)
  }

  update(events: ReadonlyArray<History.GivenEvent>, stretch: Stretch): Result.Result<void, History.AnchorError> {
    const lines = this.#lines
    return Result.map(Lines.covered(lines, stretch), (range) => {
      if (this.#isClosed) return
      // Settles the text being spoken first, because an edit covers what was heard so far, not what follows.
      if (range !== undefined && Lines.isUnplaced(lines, range.to)) HeardText.settle(this.#heard)
      const entries = events.map((item) => Lines.line(lines, item))
      Lines.splice(lines, range?.from ?? 0, range === undefined ? 0 : range.to - range.from + 1, entries)
    })
  }

  /** What the caller has said since their turn started. */
  userContent(): ReadonlyArray<Event.UserContent> {
    return this.#caller.content?.slice() ?? []
  }

  /** Opens a draft, because the caller's turn has tentatively ended. */
  open(event: Event.UserTurnEnded): void {
    // Earlier reports are already recorded.
    const recorded = new Set(this.#caller.content)
    const words = event.content.filter((said) => !recorded.has(said))
    this.#lines.draft = [...words, event].map((item) => Lines.line(this.#lines, item))
  }

  /** Records the draft. */
  commit(): void {
    const { draft } = this.#lines
    if (draft.length === 0) return
    HeardText.settle(this.#heard)
    this.#lines.draft = []
    for (const line of draft) {
      Lines.push(this.#lines, line)
      this.#caller.events.add(line.item)
      if (line.item._tag === "UserTextSent") this.#caller.content?.push(line.item)
    }
  }

  /** Drops the draft without a trace. */
  drop(): void {
    this.#lines.draft = []
  }

  /** Adds nothing to the history from now on. */
  close(): void {
    HeardText.settle(this.#heard, true)
    this.#isClosed = true
  }

  #add<E extends Event.Input>(event: E): E {
    if (this.#isClosed) return event
    HeardText.settle(this.#heard, event._tag === "AgentTurnEnded" || event._tag === "CallEnded")
    Lines.push(this.#lines, Lines.line(this.#lines, event))
    return event
  }

  #addUser<E extends Event.Input>(event: E): E {
    CallerTurn.join(this.#caller, event)
    return this.#add(event)
  }

  #addContent(event: Event.UserContent): Event.UserContent {
    this.#caller.content?.push(event)
    return this.#addUser(event)
  }

  #record(line: History.Entry, taken: boolean): void {
    if (this.#isClosed) return
    HeardText.handedOver(this.#heard, line, taken)
    Lines.push(this.#lines, line)
  }

  /** Takes back the caller's last turn, with the unheard part of its answer. */
  #withdraw(): void {
    const { events } = this.#caller
    const answers = TurnOutputs.answering(this.#outputs, events)
    for (const turn of answers) this.stopped(turn, true)
    const isUnheard = ({ from = 0, item, turn }: History.Entry) =>
      item._tag === "AgentSendText" && answers.has(turn) && Spoken.reached(this.#heard.spoken, turn) <= from
    Lines.remove(this.#lines, events, isUnheard)
    CallerTurn.withdraw(this.#caller)
  }

  #take(report: Event.Report): Event.Input | undefined {
    const eventId = () => report.eventId ?? this.#nextId()
    switch (report._tag) {
      case "AgentTextSent":
        this.#agentContent?.push({
          _tag: "AgentTextSent",
          eventId: report.eventId ?? this.#nextWordId(),
          content: report.content
        })
        return HeardText.report(this.#heard, report, report.at && this.turnOf(report.at.respondingTo))
      case "AgentDtmfSent": {
        const event: Event.AgentDtmfSent = { _tag: "AgentDtmfSent", eventId: eventId(), button: report.button }
        this.#agentContent?.push(event)
        return this.#add(event)
      }
      case "UserTextSent":
        return this.#addContent({ _tag: "UserTextSent", eventId: eventId(), content: report.content.toWellFormed() })
      case "UserDtmfSent":
        return this.#addContent({ _tag: "UserDtmfSent", eventId: eventId(), button: report.button })
      case "UserTurnStarted":
        CallerTurn.begin(this.#caller)
        return this.#addUser({ _tag: "UserTurnStarted", eventId: eventId() })
      case "AgentTurnStarted":
        this.#agentContent = []
        this.#wordId = undefined
        return this.#add({ _tag: "AgentTurnStarted", eventId: eventId() })
      case "UserTurnEnded":
        return this.#endUserTurn(report)
      case "UserTurnRevised": {
        this.#withdraw()
        const said = this.#userText(report.content)
        this.#addUser({ _tag: "UserTurnStarted", eventId: this.#nextId() })
        this.#addUser(said)
        this.#caller.content = [said]
        return this.#addUser({ _tag: "UserTurnEnded", eventId: eventId(), content: [said] })
      }
      case "UserTurnWithdrawn":
        this.#withdraw()
        return undefined
      case "UserTurnCommitted":
      case "UserTurnResumed":
        return undefined
      case "UserTurnAbandoned":
        return this.#addUser({ _tag: "UserTurnAbandoned", eventId: eventId() })
      case "UserSilent":
        return this.#add({ _tag: "UserSilent", eventId: eventId(), seconds: report.seconds })
      case "AgentTurnEnded": {
        const content = this.#agentContent?.slice() ?? []
        const event: Event.AgentTurnEnded = { _tag: "AgentTurnEnded", eventId: eventId(), content }
        this.#add(event)
        Spoken.quiet(this.#heard.spoken)
        return event
      }
      case "UserCustomSent":
        return this.#add({ _tag: "UserCustomSent", eventId: eventId(), metadata: report.metadata })
      default:
        report satisfies never
        return undefined
    }
  }

  /** Words come in long series, and to count on is cheaper than to draw an id. */
  #nextWordId(): string {
    return (this.#wordId = this.#wordId === undefined ? this.#nextId() : successor(this.#wordId))
  }

  /** Ends the caller's turn. If the end is tentative, nothing is recorded yet. */
  #endUserTurn(report: Event.UserTurnEndedReport): Event.UserTurnEnded {
    const said = report.content === undefined || report.content.trim() === "" ? [] : [this.#userText(report.content)]
    const content = [...(this.#caller.content ?? []), ...said]
    const event: Event.UserTurnEnded = { _tag: "UserTurnEnded", eventId: report.eventId ?? this.#nextId(), content }
    if (report.tentative === true) return event
    for (const text of said) {
      this.#caller.content?.push(text)
      this.#addUser(text)
    }
    return this.#addUser(event)
  }

  #userText(content: string): Event.UserTextSent {
    return { _tag: "UserTextSent", eventId: this.#nextId(), content: content.toWellFormed() }
  }
}
