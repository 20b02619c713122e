/**
 * Keeps used tickets, so that each opens one call. Processes that share a port share one register, which their
 * supervisor keeps.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Keeps the used tickets. */
export interface Register {
  /** Marks a ticket as used. Returns false if it already was. `now` and `until` are wall times in milliseconds. */
  readonly take: (ticket: Used, now: number) => Effect.Effect<boolean>
}

/** A used ticket in a register. */
export interface Used {
  readonly id: string
  /** When it expires anyway. */
  readonly until: number
}

/** Makes the register of one process. */
export const memory = (): Register => {
  // In order of use, which is nearly the order of expiry.
  const used = new Map<string, number>()
  return {
    take: ({ id, until }, now) =>
      Effect.sync(() => {
        for (const [id, until] of used) {
          if (until > now) break
          used.delete(id)
        }
        if (used.has(id)) return false
        used.set(id, until)
        return true
      })
  }
}

/** The current register: the process's own, unless a supervisor keeps one. */
export const Current: Context.Reference<Register> = Context.Reference<Register>("@antiphon/server/usedTickets", {
  defaultValue: memory
})
