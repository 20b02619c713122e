/** What can be known of a turn: whether it runs, was stopped, fails, is over. */
import type * as Event from "../../../Event.ts"

/** A turn that has started. */
export interface TurnState {
  readonly id: number
  readonly trigger: Event.Input
  /** Its caller had only probably finished when it started: what it sends goes out once that is sure, also after its end. */
  readonly isTentative: boolean
  /** Uninterruptible regions that it is in. */
  readonly regions: number
  /** When something has stopped it; a region may keep it going. */
  readonly stoppedAt: number | undefined
  /** When nothing of it counts any more: it was stopped, and no region keeps it. */
  readonly closedAt: number | undefined
  /** Its regions have held up what was to stop it for too long. */
  readonly overran: boolean
  /** One of its regions has failed after it was stopped: its failure is still said. */
  readonly regionFailed: boolean
  readonly failing: boolean
  /** What the caller should hear of its failure. */
  readonly apology: string
  /** What its scope held is released. */
  readonly left: boolean
  readonly overAt: number | undefined
  /** It answers a turn of the caller that was taken back, so nobody waits for what it has said. */
  readonly withdrawn: boolean
  /** Another turn has started beside it, once its grace had passed. */
  readonly late: boolean
}

/** A turn that starts. */
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

/** Something stops the turn. It is closed as soon as no region keeps it. */
export const stop = (turn: TurnState, at: number): TurnState =>
  turn.overAt !== undefined ? turn : close({ ...turn, stoppedAt: turn.stoppedAt ?? at }, at)

/** The turn leaves one of its regions. */
export const leaveRegion = (turn: TurnState, failed: boolean, at: number): TurnState => {
  const left = { ...turn, regions: turn.regions - 1 }
  if (left.stoppedAt === undefined) return left
  return close({ ...left, regionFailed: left.regionFailed || (failed && left.closedAt === undefined) }, at)
}

/** Regions keep a turn no longer than the limit after it was stopped. */
export const overrun = (turn: TurnState, limit: number, at: number): TurnState => {
  const { closedAt, overAt, regions, stoppedAt } = turn
  if (stoppedAt === undefined || regions === 0 || closedAt !== undefined || overAt !== undefined) return turn
  return at < stoppedAt + limit ? turn : { ...turn, closedAt: stoppedAt + limit, overran: true }
}

/** When another turn can take its place. Infinite: not yet known. */
export const freeAt = ({ closedAt, overAt }: TurnState, grace: number): number =>
  Math.min(overAt ?? Infinity, (closedAt ?? Infinity) + grace)

/** Whether it certainly no longer has its place: at the very end of its grace, it may or may not. */
export const hasLeft = ({ closedAt, overAt }: TurnState, grace: number, at: number): boolean =>
  overAt !== undefined || (closedAt !== undefined && at > closedAt + grace)

/** Whether what it does still counts. At the very moment at which its regions have taken too long, some of it may. */
export const isOpen = ({ closedAt, overran }: TurnState, at: number): boolean =>
  closedAt === undefined || (overran && at === closedAt)
