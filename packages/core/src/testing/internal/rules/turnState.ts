/** The observable state of a turn: running, stopped, failing, or over. */
import type * as Event from "../../../Event.ts"

/** A turn that has started. */
export interface TurnState {
  readonly id: number
  readonly trigger: Event.Input
  /**
   * Whether it began before the caller had certainly finished: its outputs are held until that is certain, even after
   * its end.
   */
  readonly isTentative: boolean
  /** The number of uninterruptible regions it is in. */
  readonly regions: number
  /** When it was stopped. A region may keep it running. */
  readonly stoppedAt: number | undefined
  /** When it was closed: it was stopped, and no region keeps it running. */
  readonly closedAt: number | undefined
  /** Whether its regions have delayed the stop for too long. */
  readonly overran: boolean
  /** Whether a region failed after the stop: its failure is still said. */
  readonly regionFailed: boolean
  readonly failing: boolean
  /** The words for the caller about its failure. */
  readonly apology: string
  /** Whether its scope was closed. */
  readonly left: boolean
  readonly overAt: number | undefined
  /** It answers a retracted turn, so its speech is not expected to be heard. */
  readonly withdrawn: boolean
  /** Another turn has started after its grace period passed. */
  readonly late: boolean
}

/** The state of a turn at its start. */
export const make = (id: number, trigger: Event.Input, isTentative: boolean): TurnState => ({
  id,
  trigger,
  isTentative,
  regions: 0,
  stoppedAt: undefined,
  closedAt: undefined,
  overran: false,
  regionFailed: false,
  failing: false,
  apology: "",
  left: false,
  overAt: undefined,
  withdrawn: false,
  late: false
})

const close = (turn: TurnState, at: number): TurnState =>
  turn.overAt === undefined && turn.closedAt === undefined && turn.regions === 0 ? { ...turn, closedAt: at } : turn

/** Stops the turn. It is closed as soon as no region keeps it running. */
export const stop = (turn: TurnState, at: number): TurnState =>
  turn.overAt !== undefined ? turn : close({ ...turn, stoppedAt: turn.stoppedAt ?? at }, at)

/** The turn leaves one of its regions. */
export const leaveRegion = (turn: TurnState, failed: boolean, at: number): TurnState => {
  const left = { ...turn, regions: turn.regions - 1 }
  if (left.stoppedAt === undefined) return left
  return close({ ...left, regionFailed: left.regionFailed || (failed && left.closedAt === undefined) }, at)
}

/** Regions keep a stopped turn running no longer than the limit. */
export const overrun = (turn: TurnState, limit: number, at: number): TurnState => {
  const { closedAt, overAt, regions, stoppedAt } = turn
  if (stoppedAt === undefined || regions === 0 || closedAt !== undefined || overAt !== undefined) return turn
  return at < stoppedAt + limit ? turn : { ...turn, closedAt: stoppedAt + limit, overran: true }
}

/** When the next turn can start. Infinite: not yet known. */
export const freeAt = ({ closedAt, overAt }: TurnState, grace: number): number =>
  Math.min(overAt ?? Infinity, (closedAt ?? Infinity) + grace)

/** Whether the next turn can certainly start. At the very end of the grace period this is undecided. */
export const hasLeft = ({ closedAt, overAt }: TurnState, grace: number, at: number): boolean =>
  overAt !== undefined || (closedAt !== undefined && at > closedAt + grace)

/** Whether its outputs still count. At the very moment its regions exceed the limit, some may. */
export const isOpen = ({ closedAt, overran }: TurnState, at: number): boolean =>
  closedAt === undefined || (overran && at === closedAt)
