/** What the log says of requests that were refused, within bounds. */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Health } from "../Health.ts"
import * as LogAllowance from "./logAllowance.ts"

/** Makes what notes that a request was refused. */
export const make = (clock: Clock, health: Health): ((status: number, detail: string) => Effect.Effect<void>) => {
  const lines = LogAllowance.make(clock)
  return (status, detail) =>
    Effect.suspend(() => {
      health.refused(detail)
      const leftOut = lines.take()
      return leftOut === undefined
        ? Effect.void
        : Effect.logWarning(`A call was refused: ${status} ${detail}.${LogAllowance.andMore(leftOut)}`)
    })
}
