/** Tracks which turn can still speak, and whether one is about to start. */
import type { Happening } from "../time/happening.ts"

export interface OpenTurn {
  /** The turn that started last. */
  readonly last: () => number
  /** Id of the event that started it. */
  readonly trigger: () => string | undefined
  readonly mayRun: (turn: number) => boolean
  /** Whether no turn is running or about to start, and no filter is pending. */
  readonly isQuiet: () => boolean
  /** Takes a happening, and returns whether it changed the state. */
  readonly follow: (happening: Happening) => boolean
}

export const make = (): OpenTurn => {
  let running: number | undefined
  let regions = 0
  let wanted = false
  const deciding = new Set<string>()
  let last = 0
  let trigger: string | undefined
  return {
    last: () => last,
    trigger: () => trigger,
    mayRun: (turn: number) => running === turn,
    isQuiet: () => running === undefined && !wanted && deciding.size === 0,
    follow: (happening: Happening): boolean => {
      switch (happening._tag) {
        case "Deciding":
          deciding.add(happening.event.eventId)
          return false
        case "Decided":
          if (deciding.delete(happening.event.eventId) && happening.decision === "Keep") return true
          if (happening.decision === "Keep") return false
          wanted = happening.decision === "Run"
          // A stopped turn only cleans up, unless it is in an uninterruptible region.
          if (regions === 0) running = undefined
          return true
        case "TurnStarted":
          wanted = false
          regions = 0
          last = running = happening.turn
          trigger = happening.trigger.eventId
          return false
        case "RegionEntered":
          regions++
          return false
        case "RegionLeft":
          regions--
          return true
        case "TurnOver":
          if (running === happening.turn) running = undefined
          return true
        default:
          return false
      }
    }
  }
}
