/** Logs refused requests, with a limit on the number of lines. */
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Health } from "../Health.ts"
import * as Admission from "./admission.ts"
import * as LogAllowance from "./logAllowance.ts"

/** Makes the function that logs a refused request. */
export const make = (clock: Clock, health: Health): ((status: number, detail: string) => Effect.Effect<void>) => {
  const lines = LogAllowance.make(clock)
  return (status, detail) =>
    Effect.suspend(() => {
      health.refused(detail)
      const leftOut = lines.take()
      return leftOut === undefined
        ? Effect.void
        : Effect.logWarning(`A call was refused: ${status} ${detail}.${hint(detail)}${LogAllowance.andMore(leftOut)}`)
    })
}

/** Advice for the operator, which the refused client does not see. */
const hint = (detail: string): string =>
  detail === Admission.hostNotAllowed ? " Without ANTIPHON_TOKEN, ANTIPHON_HOSTS lists the names that are." : ""
