/**
 * Tools that outlive the turn in which they were called. Each result waits to be read, and is announced as an event, which
 * starts a turn.
 */
import type * as Event from "@antiphon/core/Event"
import * as JsonText from "@antiphon/core/JsonText"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Backlog from "./backlog.ts"
import * as ToolValues from "./toolValues.ts"
import type * as Outcomes from "./outcomes.ts"

export interface BackgroundTools<in out R> {
  /** Whether a call with the same arguments still runs. */
  readonly isRunning: (tool: string, args: unknown) => boolean
  /** Runs a tool beside the conversation. */
  readonly start: (invocation: ToolValues.Invocation<R>) => ToolValues.Running<R>
  /** Runs a tool in the turn for as long as the turn lives, and on in the background after that. */
  readonly startInTurn: (invocation: ToolValues.Invocation<R>) => ToolValues.Running<R>
  /** Waits until a result is there; false where no work is left that could bring one. */
  readonly awaitResult: Effect.Effect<boolean>
}

const keyOf = (tool: string, args: unknown): string => `${tool} ${JsonText.stringify(args)}`

/** What is started lives in the scope, which is the call's. */
export const make = <R>(
  record: Outcomes.OwnCalls,
  backlog: Backlog.Backlog,
  scope: Scope.Scope
): Effect.Effect<BackgroundTools<R>> =>
  Effect.gen(function* () {
    const running = new Map<string, number>()
    const changed = yield* Latch.make(false)

    const arrived = (
      { tool, turn }: ToolValues.Invocation<R>,
      outputs: Outcomes.Outputs,
      isAnnounced = true
    ): Effect.Effect<void> => {
      if (outputs.length === 0) return Effect.void
      const respondTo = (output: Event.Output): Event.Output => ({
        ...output,
        respondingTo: output.respondingTo ?? turn.trigger.eventId
      })
      backlog.add({ owner: record, outputs: outputs.map(respondTo), turn })
      const announce = isAnnounced ? turn.background(tool.name, Effect.succeed(resultOf(outputs))) : Effect.void
      return Effect.andThen(announce, changed.open)
    }

    const start: BackgroundTools<R>["start"] = (invocation) => {
      const { call, tool, turn } = invocation
      const { outcome, values } = ToolValues.make(record, invocation, () => {})
      const key = keyOf(tool.name, call.args)
      let begun = false
      // From now on and not from when it begins, so that a second call of the same reply is known for what it is.
      running.set(key, (running.get(key) ?? 0) + 1)
      const release = () => {
        const left = running.get(key)! - 1
        if (left === 0) running.delete(key)
        else running.set(key, left)
      }
      const work = Effect.suspend(() => {
        begun = true
        return Stream.runForEach(values, (outputs) => arrived(invocation, outputs, record.style === "antiphon")).pipe(
          Effect.onInterrupt(() => turn.record(outcome.cancelled())),
          Effect.ensuring(
            Effect.suspend(() => {
              release()
              return changed.open
            })
          ),
          Effect.forkIn(scope, { startImmediately: true })
        )
      })
      const left = () => {
        if (begun) return []
        release()
        return outcome.cancelled()
      }
      return { stream: Stream.fromEffectDrain(work), left }
    }

    const startInTurn: BackgroundTools<R>["startInTurn"] = (invocation) => {
      const { loop, turn } = invocation
      const taken: Array<Event.Output> = []
      let begun = false
      let attached = true
      const { outcome, values } = ToolValues.make(record, invocation, () => {
        if (attached) loop.asked = true
      })
      const stream = Stream.unwrap(
        Effect.gen(function* () {
          begun = true
          const queue = yield* Queue.unbounded<Event.Output, Cause.Done>()
          yield* Stream.runForEach(values, (outputs): Effect.Effect<void> => {
            if (!attached) return arrived(invocation, outputs)
            taken.push(...outputs)
            return Effect.asVoid(Queue.offerAll(queue, outputs))
          }).pipe(
            Effect.onInterrupt(() => turn.record(outcome.cancelled())),
            Effect.ensuring(Queue.end(queue)),
            Effect.forkIn(scope, { startImmediately: true })
          )
          return Stream.fromQueue(queue).pipe(
            Stream.onExit((exit) =>
              Exit.isFailure(exit)
                ? Effect.sync(() => {
                    attached = false
                  })
                : Effect.void
            )
          )
        })
      )
      return { stream, left: () => (begun ? taken : outcome.cancelled()) }
    }

    return {
      isRunning: (tool, args) => running.has(keyOf(tool, args)),
      start,
      startInTurn,
      awaitResult: Effect.suspend(function wait(): Effect.Effect<boolean> {
        if (!backlog.isEmpty()) return Effect.succeed(true)
        if (running.size === 0) return Effect.succeed(false)
        changed.closeUnsafe()
        return Effect.andThen(changed.await, Effect.suspend(wait))
      })
    }
  })

const resultOf = (outputs: Outcomes.Outputs): unknown =>
  outputs.findLast((output) => output._tag === "AgentToolReturned")?.result ?? null
