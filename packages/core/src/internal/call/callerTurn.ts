/** The caller's turn, as it is reported. A mutable value that only the call's own fibers touch. */
import type * as Event from "../../Event.ts"
import type * as History from "../../History.ts"

export interface CallerTurn {
  /** What was said since the turn began. Undefined until a beginning is reported. */
  content: Array<Event.UserContent> | undefined
  /** The events of the current turn, or of the last one. */
  events: Set<History.Item>
  /** Whether the harness reports beginnings. If it does, late words belong to the turn that is over. */
  hasBeginnings: boolean
  isOver: boolean
}

export const make = (): CallerTurn => ({
  content: undefined,
  events: new Set(),
  hasBeginnings: false,
  isOver: false
})

/** Begins a new turn. */
export const begin = (self: CallerTurn): void => {
  self.content = []
  self.events = new Set()
  self.hasBeginnings = true
}

/** Adds an event to the turn. Without reported beginnings, the first event after an end begins the next turn. */
export const join = (self: CallerTurn, event: Event.Input): void => {
  if (self.isOver) self.events = new Set()
  self.isOver = event._tag === "UserTurnEnded" && !self.hasBeginnings
  self.events.add(event)
}

/** Forgets the turn, because the caller took it back. */
export const withdraw = (self: CallerTurn): void => {
  self.events = new Set()
  self.content = undefined
}
