/** Warns of a set-up in which the requests of one call reach different processes. */
import * as Effect from "effect/Effect"
import cluster from "node:cluster"

/** Logs a warning if this process shares its port with others, and has no address of its own. */
export const warn = (carrier: string, processUrl: string | undefined): Effect.Effect<void> =>
  cluster.isWorker && processUrl === undefined
    ? Effect.logWarning(
        `${carrier}: several processes share this port, but all requests of a call must reach the same one. ` +
          "Run one process, or give each its own address with `processUrl`."
      )
    : Effect.void
