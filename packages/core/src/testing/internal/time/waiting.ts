/** Those who wait until something is so. */
import * as Effect from "effect/Effect"
import type { Cancel, World } from "./world.ts"

export interface Waiting {
  /** Something may have changed: looks whether what they wait for is so. */
  readonly look: () => void
  /** Waits until something is so, and nothing can happen at this moment that changes it. */
  readonly until: (holds: () => boolean) => Effect.Effect<void>
}

/** It is looked at when something has changed, and again at the end of the moment. */
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
