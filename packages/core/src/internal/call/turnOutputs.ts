/**
 * The outputs of the latest turns that were not handed over yet, and how much each turn has said. A mutable
 * value that only the call's own fibers touch.
 */
import type * as Event from "../../Event.ts"
import type * as History from "../../History.ts"

/** The line of an output. */
export interface Line extends History.Entry {
  readonly item: Event.Output
}

export interface TurnOutputs {
  /** Lines not handed over yet, in order. */
  queued: Array<Line>
  /** Queued lines recorded when their turn was stopped: something may still try to release them. */
  readonly recorded: WeakSet<History.Entry>
  /** Length of all text said by each turn. */
  readonly said: Map<number, number>
  /** The turn that responds to an event. */
  readonly turnOf: Map<string, number>
  stopped: Set<number>
}

/** Number of turns in which heard text can be placed. */
const placeable = 64

export const make = (): TurnOutputs => ({
  queued: [],
  recorded: new WeakSet(),
  said: new Map(),
  turnOf: new Map(),
  stopped: new Set()
})

/** Notes which turn responds to an event. */
export const began = ({ turnOf }: TurnOutputs, turn: number, trigger: Event.Input): void => {
  turnOf.set(trigger.eventId, turn)
  forgetFirst(turnOf)
}

/** The turns that respond to some of these events. */
export const answering = ({ turnOf }: TurnOutputs, events: Iterable<History.Item>): Set<number> => {
  const turns = new Set<number>()
  for (const event of events) {
    const turn = "eventId" in event ? turnOf.get(event.eventId) : undefined
    if (turn !== undefined) turns.add(turn)
  }
  return turns
}

/** Counts a text, and returns where it begins in everything that its turn says. */
export const say = ({ said }: TurnOutputs, turn: number, text: string): number => {
  const from = said.get(turn)
  said.set(turn, (from ?? 0) + text.length)
  if (from === undefined) forgetFirst(said)
  return from ?? 0
}

/** Takes a line out of the queue. Returns false if it was recorded before, when its turn was stopped. */
export const release = (self: TurnOutputs, line: History.Entry): boolean => {
  if (self.recorded.delete(line)) return false
  if (self.queued[0] === line) self.queued.shift()
  else self.queued = self.queued.filter((other) => other !== line)
  return true
}

/** Drops the queue of a cancelled turn. Returns its lines of tools, which are recorded if the turn `counts`. */
export const stop = (self: TurnOutputs, turn: number, counts: boolean): ReadonlyArray<Line> => {
  self.stopped = new Set([...self.stopped, turn].slice(-placeable))
  const kept = queuedBy(self, turn).filter(({ item }) => counts && isOfTool(item))
  for (const line of kept) self.recorded.add(line)
  self.queued = self.queued.filter((line) => line.turn !== turn)
  return kept
}

/** The queued lines of a turn. */
export const queuedBy = ({ queued }: TurnOutputs, turn: number): ReadonlyArray<Line> =>
  queued.filter((line) => line.turn === turn)

const forgetFirst = <K>(latest: Map<K, number>): void => {
  if (latest.size > placeable) latest.delete(latest.keys().next().value!)
}

const isOfTool = ({ _tag }: History.Item): boolean => _tag === "AgentToolCalled" || _tag === "AgentToolReturned"
