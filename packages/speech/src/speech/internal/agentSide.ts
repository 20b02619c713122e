/** The agent's side of a call by voice: makes the agent, opens its call, and brings it the reports of the pipeline. */
import * as Agent from "@antiphon/core/Agent"
import * as Interim from "@antiphon/core/agent/Interim"
import * as Call from "@antiphon/core/Call"
import type * as Harness from "@antiphon/core/Harness"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import type { Transport, TransportError } from "../../Transport.ts"
import * as BackgroundWork from "./backgroundWork.ts"
import type { Asked } from "./effects.ts"
import type { Told } from "./told.ts"
import type { Ending } from "./wanted.ts"
import type * as Watcher from "./watcher.ts"

/** Makes the agent, unless the call ends first. Hangs up the line if the agent cannot be made. */
export const make = (
  factory: Agent.Factory<unknown, never, never>,
  transport: Transport,
  { interim, over }: { readonly interim: Interim.Interim; readonly over: Deferred.Deferred<Ending, TransportError> }
) =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Scope.Scope)
    const making = factory(transport.request).pipe(
      Scope.provide(scope),
      Effect.provideService(Interim.Current, interim),
      Effect.onError(() => transport.hangUp("agent_failed"))
    )
    return yield* Effect.raceFirst(
      Effect.map(making, (spec) => ({ spec })),
      Effect.map(Deferred.await(over), (ending) => ({ ending }))
    )
  })

/** Opens the call of an agent, and tells the pipeline what happens on it. */
export const open = (
  spec: Agent.AgentSpec<unknown>,
  { request }: Transport,
  { tell, watcher }: { readonly tell: (told: Told) => void; readonly watcher: Watcher.Watcher | undefined }
) => {
  const harness: Harness.Harness = {
    send: (outputs) => Effect.sync(() => tell({ _tag: "Sent", outputs })),
    turn: (change) => tell({ _tag: "Turn", change }),
    fail: () => Effect.sync(() => tell({ _tag: "AgentFailed" }))
  }
  return Call.make(
    BackgroundWork.watch(spec, (isRunning) => tell({ _tag: "Work", isRunning })),
    { request, harness: watcher?.harness(harness) ?? harness }
  )
}

/** Passes reports to the call until the line is over, and then those that are left, so that the call has all of them when it ends. */
export const report = <A, E>(
  { receive }: Call.Call,
  reports: Queue.Dequeue<Asked>,
  { over, tell }: { readonly over: Effect.Effect<A, E>; readonly tell: (told: Told) => void }
) =>
  Effect.gen(function* () {
    const take = Effect.flatMap(Queue.take(reports), ({ asks, report }) =>
      Effect.flatMap(receive(report), ({ decision }) => {
        if (!asks) return Effect.void
        const eventId = report.eventId ?? ""
        return Effect.forkScoped(
          Effect.map(decision, (decision) => tell({ _tag: "Decided", eventId, decision })),
          { startImmediately: true }
        )
      })
    )
    const reporting = yield* Effect.forkScoped(Effect.forever(take, { disableYield: true }))
    const exit = yield* Effect.exit(over)
    reporting.interruptUnsafe()
    for (let left = Queue.takeUnsafe(reports); left?._tag === "Success"; left = Queue.takeUnsafe(reports)) {
      yield* receive(left.value.report)
    }
    return exit
  })
