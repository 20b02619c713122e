/**
 * Keeps the tickets that were used, so that each opens one call. Processes that share a port have one register in common,
 * which their supervisor keeps.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Keeps the used tickets. */
export interface Register {
  /** Notes a ticket as used. False if it was already. `now` and `until` are wall times in milliseconds. */
  readonly take: (ticket: Used, now: number) => Effect.Effect<boolean>
}

/** What a register keeps of a ticket. */
export interface Used {
  readonly id: string
  /** The time from which it is too old anyway. */
  readonly until: number
}

/** Makes the register of one process. */
export const memory = (): Register => {
  // In order of use, and nearly in that of expiry.
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

/** The register in force: this process's own unless a supervisor keeps one. */
export const Current: Context.Reference<Register> = Context.Reference<Register>("@antiphon/server/usedTickets", {
  defaultValue: memory
})
