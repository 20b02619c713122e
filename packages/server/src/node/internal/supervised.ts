/**
 * A process under a supervisor: reports its health, provides its metrics, stops on request, and lets the supervisor
 * keep the used tickets.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import cluster from "node:cluster"
import type { Calls } from "../../Calls.ts"
import type { Snapshot } from "../../Health.ts"
import * as UsedTickets from "../../internal/usedTickets.ts"

/** Messages from a process to its supervisor. */
export type Report =
  | { readonly antiphon: "health"; readonly health: Snapshot }
  | { readonly antiphon: "metrics"; readonly id: number; readonly page: string }
  | { readonly antiphon: "ticket"; readonly id: number; readonly ticket: UsedTickets.Used }

/** Messages from a supervisor to a process. */
export type Order =
  | { readonly antiphon: "stop" }
  | { readonly antiphon: "hurry" }
  | { readonly antiphon: "metrics"; readonly id: number }
  | { readonly antiphon: "ticket"; readonly id: number; readonly good: boolean }

/** Variable that tells a process that its parent is a supervisor, and not another cluster's. */
export const mark = "ANTIPHON_SUPERVISED"

/** Interval between reports. */
const reportEvery = "1 second"

/** How long a process that should stop still opens calls on the connections that it has accepted. */
const settling = "1 second"

const tell = (report: Report) =>
  Effect.sync(() => {
    if (process.connected) process.send?.(report)
  })

/** Listens to the supervisor until the scope closes. */
const hear = (event: "message" | "disconnect", listener: (order: Order) => void) =>
  Effect.acquireRelease(
    Effect.sync(() => void process.on(event, listener)),
    () => Effect.sync(() => void process.off(event, listener))
  )

/** Number of the last ticket the supervisor was asked about. */
let asked = 0

/** The supervisor's register. A ticket is refused if the supervisor does not answer within two seconds. */
const ofSupervisor: UsedTickets.Register = {
  take: (ticket) => {
    const id = ++asked
    return Effect.callback<boolean>((resume) => {
      const onOrder = (order: Order) => {
        if (order?.antiphon === "ticket" && order.id === id) resume(Effect.succeed(order.good))
      }
      process.on("message", onOrder)
      if (process.connected) process.send?.({ antiphon: "ticket", id, ticket: { id: ticket.id, until: ticket.until } })
      return Effect.sync(() => void process.off("message", onOrder))
    }).pipe(Effect.timeoutOrElse({ duration: "2 seconds", orElse: () => Effect.succeed(false) }))
  }
}

/** The register of used tickets for this process. */
export const usedTickets: Effect.Effect<UsedTickets.Register> = Effect.suspend(() =>
  cluster.isWorker && process.env[mark] !== undefined ? Effect.succeed(ofSupervisor) : UsedTickets.Current
)

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
        // Sends itself the signal an operator would send, because applications are sure to listen for it.
        case "stop":
          return void fork(
            Effect.delay(
              Effect.sync(() => process.kill(process.pid, "SIGTERM")),
              settling
            )
          )
        case "hurry":
          return void fork(calls.hurry)
        case "ticket":
          return
        case "metrics":
          return void fork(Effect.flatMap(metrics, (page) => tell({ antiphon: "metrics", id: order.id, page })))
      }
    }
    /** Nobody would ever stop or restart it. */
    const onOrphaned = () => process.kill(process.pid, "SIGTERM")
    yield* hear("message", onOrder)
    yield* hear("disconnect", onOrphaned)
    const once = Effect.flatMap(calls.health.snapshot, (health) => tell({ antiphon: "health", health }))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(once, Effect.sleep(reportEvery))))
  })

/**
 * Accepts no connection any more once the process should stop: under a supervisor, other processes accept them. A connection that is
 * on its way goes back, and to one of the others. Only then does the drain start, which refuses calls.
 */
export const yieldConnections = (
  calls: Calls["Service"],
  server: { readonly listening: boolean; readonly close: () => unknown }
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (!cluster.isWorker) return
    const close = () => void (server.listening && server.close())
    const onOrder = (order: Order) => {
      if (order?.antiphon === "stop") close()
    }
    yield* hear("message", onOrder)
    yield* Effect.forkScoped(Effect.andThen(calls.draining, Effect.sync(close)))
  })
