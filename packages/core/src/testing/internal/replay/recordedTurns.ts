/** The turns of a recorded call: the event that started each, its outputs, and its end. */
import type * as Recording from "../../../recording/Recording.ts"

export interface RecordedTurn {
  readonly turn: number
  /** Id of the event. */
  readonly trigger: string
  /** The position of its first line. */
  readonly place: number
  /** The outputs of its stream, in order. */
  readonly sent: ReadonlyArray<Recording.LineOf<"Sent"> | Recording.LineOf<"Kept">>
  /** The same, including outputs recorded outside its stream. */
  readonly outputs: ReadonlyArray<Recording.LineOf<"Sent"> | Recording.LineOf<"Kept">>
  /** Outputs recorded after its end, for example by its background work. */
  readonly late: ReadonlyArray<Recording.LineOf<"Kept">>
  /** What the call said because of its failure, after its end. */
  readonly apology: string
  readonly end: Recording.LineOf<"TurnEnded"> | undefined
  /** The time of the last event before its end, which may have interrupted it. */
  readonly eventAt: number
}

export const of = (lines: ReadonlyArray<Recording.Line>): ReadonlyMap<number, RecordedTurn> => {
  type Building = { -readonly [K in keyof RecordedTurn]: RecordedTurn[K] } & Record<
    "sent" | "outputs",
    Array<RecordedTurn["sent"][number]>
  > & { late: Array<Recording.LineOf<"Kept">> }
  const turns = new Map<number, Building>()
  // At the end of a call there is no listener, so outputs of the last turn are only recorded.
  let isOver = false
  let eventAt = 0
  for (const [place, line] of lines.entries()) {
    switch (line._tag) {
      case "Reported":
        eventAt = line.at
        break
      case "Happened":
        eventAt = line.at
        isOver ||= line.event._tag === "CallEnded"
        break
      case "TurnStarted": {
        const { trigger, turn } = line
        turns.set(turn, { turn, trigger, place, sent: [], outputs: [], late: [], apology: "", end: undefined, eventAt })
        break
      }
      case "TurnEnded": {
        const turn = turns.get(line.turn)
        if (turn !== undefined) Object.assign(turn, { end: line, eventAt })
        break
      }
      case "Sent":
      case "Kept": {
        const turn = turns.get(line.turn)
        if (turn === undefined) break
        if (turn.end !== undefined) {
          if (line._tag === "Kept") turn.late.push(line)
          else if (line.output._tag === "AgentSendText") turn.apology += line.output.text
          break
        }
        turn.outputs.push(line)
        if (line._tag === "Sent" || isOver) turn.sent.push(line)
        break
      }
      case "CallFailed":
      case "ModelRequested":
      case "ModelReplied":
      case "ModelEnded":
      case "CallClosed":
      case "Floor":
      case "Lost":
        break
      default:
        line satisfies never
    }
  }
  return turns
}

/** The lines of finished background work, by the event whose turn started it, in order. */
export const returned = (
  lines: ReadonlyArray<Recording.Line>
): ReadonlyMap<string, ReadonlyArray<{ readonly line: Recording.Line; readonly event: Returned }>> => {
  const found = new Map<string, Array<{ readonly line: Recording.Line; readonly event: Returned }>>()
  for (const line of lines) {
    if (line._tag !== "Happened" || line.event._tag !== "BackgroundReturned") continue
    const { event } = line
    const before = found.get(event.respondingTo)
    if (before === undefined) found.set(event.respondingTo, [{ line, event }])
    else before.push({ line, event })
  }
  return found
}

type Returned = Extract<Recording.LineOf<"Happened">["event"], { readonly _tag: "BackgroundReturned" }>
