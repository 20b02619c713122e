/** Waits for conditions. */
import * as Effect from "effect/Effect"
import type { Cancel, World } from "./world.ts"

export interface Waiting {
  /** Checks all conditions, because something may have changed. */
  readonly look: () => void
  /** Waits until a condition holds, and nothing else at this moment can change it. */
  readonly until: (holds: () => boolean) => Effect.Effect<void>
}

/** Checked when something has changed, and again at the end of the moment. */
export const make = (world: World): Waiting => {
  const waiters = new Set<() => void>()
  return {
    look: () => {
      for (const look of waiters) look()
    },
    until: (holds: () => boolean) =>
      Effect.callback<void>((resume) => {
        let cancel: Cancel | undefined
        const look = () => {
          if (cancel !== undefined || !holds()) return
          cancel = world.whenOver(() => {
            cancel = undefined
            if (!holds()) return
            waiters.delete(look)
            resume(Effect.void)
          })
        }
        waiters.add(look)
        look()
        return Effect.sync(() => {
          waiters.delete(look)
          cancel?.()
        })
      })
  }
}
