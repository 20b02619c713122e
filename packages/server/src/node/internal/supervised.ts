/** A process under a supervisor: reports its health, provides its metrics, and stops on request. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import cluster from "node:cluster"
import type { Calls } from "../../Calls.ts"
import type { Snapshot } from "../../Health.ts"

/** Messages from a process to its supervisor. */
export type Report =
  | { readonly antiphon: "health"; readonly health: Snapshot }
  | { readonly antiphon: "metrics"; readonly id: number; readonly page: string }

/** Messages from a supervisor to a process. */
export type Order =
  | { readonly antiphon: "stop" }
  | { readonly antiphon: "hurry" }
  | { readonly antiphon: "metrics"; readonly id: number }

/** How often a process reports. */
export const reportEvery = "1 second"

const tell = (report: Report) =>
  Effect.sync(() => {
    if (process.connected) process.send?.(report)
  })

/** Reports until the scope closes. Does nothing in a process without a supervisor. */
export const report = (
  calls: Calls["Service"],
  metrics: Effect.Effect<string>
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (!cluster.isWorker) return
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const onOrder = (order: Order) => {
      switch (order?.antiphon) {
        // As its operator would: what listens to the signal is sure to stop well.
        case "stop":
          return void process.kill(process.pid, "SIGTERM")
        case "hurry":
          return void fork(calls.hurry)
        case "metrics":
          return void fork(Effect.flatMap(metrics, (page) => tell({ antiphon: "metrics", id: order.id, page })))
      }
    }
    /** Nobody would ever stop it, or start it again. */
    const onOrphaned = () => process.kill(process.pid, "SIGTERM")
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        process.on("message", onOrder)
        process.on("disconnect", onOrphaned)
      }),
      () =>
        Effect.sync(() => {
          process.off("message", onOrder)
          process.off("disconnect", onOrphaned)
        })
    )
    const once = Effect.flatMap(calls.health.snapshot, (health) => tell({ antiphon: "health", health }))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(once, Effect.sleep(reportEvery))))
  })

/** Takes no more connections once a drain begins: under a supervisor, others take them. */
export const yieldConnections = (
  calls: Calls["Service"],
  server: { readonly listening: boolean; readonly close: () => unknown }
): Effect.Effect<void, never, Scope.Scope> =>
  cluster.isWorker
    ? Effect.asVoid(
        Effect.forkScoped(
          Effect.andThen(
            calls.draining,
            Effect.sync(() => (server.listening ? server.close() : undefined))
          )
        )
      )
    : Effect.void
