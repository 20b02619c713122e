/**
 * Tools that run beside the conversation: from their start, or from the moment their turn was interrupted.
 *
 * Once a run continues without its turn, it is background work of the call. Its first result is the outcome of that
 * work; later ones are reported as work that ends at once. Interim outputs (`Still looking.`) are reported the same
 * way: the caller hears them once nobody is speaking, and no model is asked about them. In Line's style they wait for
 * the next turn.
 */
import * as Event from "@antiphon/core/Event"
import * as JsonText from "@antiphon/core/JsonText"
import type * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { VoiceTool } from "../VoiceTool.ts"
import * as Backlog from "./backlog.ts"
import * as GivenOutput from "./givenOutput.ts"
import * as Job from "./job.ts"
import * as Outcomes from "./outcomes.ts"
import type { ToolFailure } from "./toolFailure.ts"

/** The background of one agent. */
export interface Background {
  readonly backlog: Backlog.Backlog
  /** Scope of runs that continue without their turn: the call's. */
  readonly scope: Scope.Scope
  readonly style: Outcomes.Style
  /** Number of runs with the same arguments. */
  readonly running: Map<string, number>
  /** Opens when a run has a result, or has ended. */
  readonly changed: Latch.Latch
}

export const make = (given: Pick<Background, "backlog" | "scope" | "style">): Background => ({
  ...given,
  running: new Map(),
  changed: Latch.makeUnsafe(false)
})

const keyOf = (tool: string, args: unknown): string => `${tool} ${JsonText.stringify(args)}`

/** Whether a call with the same arguments is still running. */
export const isRunning = ({ running }: Background, tool: string, args: unknown): boolean =>
  running.has(keyOf(tool, args))

/** The state: a result has arrived, only outputs for the caller, or nothing, with no work left. */
export type News = "result" | "outputs" | "none"

export const awaitNews = (self: Background): Effect.Effect<News> =>
  Effect.suspend((): Effect.Effect<News> => {
    if (Backlog.hasResult(self.backlog)) return Effect.succeed("result")
    if (self.backlog.waiting.length > 0) return Effect.succeed("outputs")
    if (self.running.size === 0) return Effect.succeed("none")
    self.changed.closeUnsafe()
    return Effect.andThen(self.changed.await, awaitNews(self))
  })

/** The outcome of a run's background work: its first result. */
type First = Deferred.Deferred<unknown, ToolFailure>

/** Hands the values of a run to the next turn, and reports a result. */
const arrived = <R>(
  self: Background,
  job: Job.Job<R>,
  { batch, first, style }: { readonly first: First; readonly batch: Job.Batch; readonly style: Outcomes.Style }
) =>
  Effect.suspend((): Effect.Effect<void> => {
    const { outcome, tool, turn } = job
    if (batch.outputs.length === 0) return Effect.void
    const respondTo = (output: Event.Output): Event.Output => ({
      ...output,
      respondingTo: output.respondingTo ?? turn.trigger.eventId
    })
    Backlog.add(self.backlog, { owner: outcome.own, outputs: batch.outputs.map(respondTo), turn })
    const told = batch.outputs.findLast((output) => output._tag === "AgentToolReturned")
    // An output for the caller is not a result. What the caller notices starts a turn that only sends it, once nobody
    // is speaking; the rest is sent in the next turn.
    const isTold =
      told === undefined
        ? style === "line" || !batch.outputs.some(GivenOutput.isNoticed)
        : Deferred.doneUnsafe(first, outcomeOf(batch))
    const result = told === undefined ? Effect.succeed(null) : outcomeOf(batch)
    const tell = isTold ? Effect.void : turn.background(tool.name, result, workOf(style, tool))
    return Effect.andThen(tell, self.changed.open)
  })

const outcomeOf = ({ failure, outputs }: Job.Batch): Effect.Effect<unknown, ToolFailure> =>
  failure === undefined
    ? Effect.succeed(outputs.findLast((output) => output._tag === "AgentToolReturned")?.result)
    : Effect.fail(failure)

/** Runs a job to its end without its turn. */
const run = <R>(
  self: Background,
  job: Job.Job<R>,
  first: First,
  batches: Stream.Stream<Job.Batch, never, R>,
  take: (batch: Job.Batch) => Effect.Effect<void>
): Effect.Effect<void, never, R> => {
  const done = Latch.makeUnsafe(false)
  if (job.tool.afterHangUp === "finish") self.backlog.finishing.add(done)
  const settle = (outcome: Effect.Effect<unknown>) => Deferred.doneUnsafe(first, outcome)
  return Stream.runForEach(batches, take).pipe(
    Effect.onInterrupt(() => {
      settle(Effect.interrupt)
      return job.turn.record(Outcomes.cancelled(job.outcome))
    }),
    Effect.ensuring(
      Effect.suspend(() => {
        // A run whose results were all reported before its turn ended has none left.
        settle(Effect.succeed(null))
        self.backlog.finishing.delete(done)
        return done.open
      })
    )
  )
}

/** Runs a tool beside the conversation. */
export const start = <R>(self: Background, job: Job.Job<R>): Job.Running<R> => {
  const { outcome, tool, turn } = job
  const { backlog, running, scope, style } = self
  const key = keyOf(tool.name, outcome.call.args)
  let begun = false
  // Counted from now rather than from its start, so that a second identical call in the same reply is recognised.
  running.set(key, (running.get(key) ?? 0) + 1)
  const release = () => {
    const left = running.get(key)! - 1
    if (left === 0) running.delete(key)
    else running.set(key, left)
  }
  const released = Effect.suspend(() => {
    release()
    return self.changed.open
  })
  const work = Effect.suspend(() => {
    begun = true
    backlog.names.add(tool.name)
    const first: First = Deferred.makeUnsafe()
    const running = run(
      self,
      job,
      first,
      Job.batches(job, () => {}),
      (batch) => arrived(self, job, { batch, first, style })
    )
    const forked = Effect.forkIn(Effect.ensuring(running, released), scope, { startImmediately: true })
    return turn.background(tool.name, outcomeOfRun(first, forked), workOf(style, tool))
  })
  const left = () => {
    if (begun) return []
    release()
    return Outcomes.cancelled(outcome)
  }
  return { stream: Stream.fromEffectDrain(work), left }
}

/** How the result comes back. In Line's style it starts no turn: the calling turn stays open for it. */
const workOf = <R>(style: Outcomes.Style, { afterHangUp }: VoiceTool<R>) => ({
  atEnd: afterHangUp === "finish" ? ("finish" as const) : ("interrupt" as const),
  ...(style === "line" ? { delivery: "nextTurn" as const } : undefined)
})

/** The background work of a run. When the call ends, the run ends with it. */
const outcomeOfRun = <R>(first: First, running: Effect.Effect<Fiber.Fiber<void>, never, R>) =>
  Effect.flatMap(running, (fiber) => Effect.onInterrupt(Deferred.await(first), () => Fiber.interrupt(fiber)))

/** Runs a tool in its turn, and lets it continue in the background after the turn. */
export const startInTurn = <R>(self: Background, job: Job.Job<R>): Job.Running<R> => {
  const { outcome, round, tool, turn } = job
  const first: First = Deferred.makeUnsafe()
  const taken: Array<Event.Output> = []
  let begun = false
  let attached = true
  const stream = Stream.unwrap(
    Effect.gen(function* () {
      begun = true
      const queue = yield* Queue.unbounded<Event.Output, Cause.Done>()
      const batches = Job.batches(job, () => {
        if (attached) round.asked = true
      })
      const running = run(self, job, first, batches, (batch) => {
        if (!attached) return arrived(self, job, { batch, first, style: "antiphon" })
        taken.push(...batch.outputs)
        return Effect.asVoid(Queue.offerAll(queue, batch.outputs))
      })
      const fiber = yield* Effect.forkIn(Effect.ensuring(running, Queue.end(queue)), self.scope, {
        startImmediately: true
      })
      const detach = Effect.suspend(() => {
        attached = false
        if (fiber.pollUnsafe() !== undefined) return Effect.void
        self.backlog.names.add(tool.name)
        return turn.background(tool.name, outcomeOfRun(first, Effect.succeed(fiber)), workOf("antiphon", tool))
      })
      return Stream.fromQueue(queue).pipe(Stream.onExit((exit) => (Exit.isFailure(exit) ? detach : Effect.void)))
    })
  )
  return { stream, left: () => (begun ? taken : Outcomes.cancelled(outcome)) }
}
