/**
 * The span of a tool call: its name, its kind and its outcome, and never its arguments or its result.
 */
import * as Trace from "@antiphon/core/Trace"
import type * as Turn from "@antiphon/core/Turn"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type * as ToolCall from "./toolCall.ts"

/** A tool by its name and its kind. */
interface Named {
  readonly name: string
  readonly kind: "foreground" | "background" | "handoff"
}

/**
 * The outcome of a tool call. `refused`: it did not run, because there is no such tool or its arguments are invalid.
 */
export type Outcome = "returned" | "failed" | "cancelled" | "timed_out" | "refused"

const duration = Metric.histogram("gen_ai.execute_tool.duration", {
  description: "Length of tool calls, by tool and outcome",
  attributes: { unit: "s", "gen_ai.operation.name": "execute_tool" },
  boundaries: Metric.boundariesFromIterable([
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
  ])
})
const calls = Metric.counter("antiphon_tool_calls", {
  description: "Tool calls that are over, by tool and outcome",
  incremental: true
})
const handoffs = Metric.counter("antiphon_handoffs", {
  description: "Handoffs to other agents, by tool and outcome",
  incremental: true
})

// A metric with labels costs more to make than to count with. Names of tools are the application's own.
const made = new Map<string, ReturnType<typeof makeMetrics>>()
const makeMetrics = (kind: string, name: string, outcome: Outcome) => {
  const labels = { "gen_ai.tool.name": name, outcome }
  return {
    duration: Metric.withAttributes(duration, labels),
    calls: Metric.withAttributes(kind === "handoff" ? handoffs : calls, labels)
  }
}
const metricsOf = (kind: string, name: string, outcome: Outcome) => {
  const key = `${kind} ${outcome} ${name}`
  let metrics = made.get(key)
  if (metrics === undefined) {
    if (made.size >= mostMade) made.clear()
    metrics = makeMetrics(kind, name, outcome)
    made.set(key, metrics)
  }
  return metrics
}
const mostMade = 1000

/** Counts a call that does not run. Names that the model made up are counted without a name. */
export const refused = <A, E, R>(tool: Named | undefined, told: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
  Stream.unwrap(
    Effect.contextWith((context: Context.Context<never>) => {
      metricsOf(tool?.kind ?? "foreground", tool?.name ?? "", "refused").calls.updateUnsafe(1, context)
      return Effect.succeed(told)
    })
  )

/** The data of a call when it begins to run. */
export interface Begun {
  readonly tool: Named
  readonly turn: Turn.Turn
  readonly outcome: { readonly call: ToolCall.Call }
}

/** Runs a tool in its span. `failed` says how it failed, if its stream ends well all the same. */
export const traced = <A, E, R>(
  { outcome: { call }, tool, turn }: Begun,
  failed: () => "failed" | "timed_out" | undefined,
  run: Stream.Stream<A, E, R>
): Stream.Stream<A, E, R> => {
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": tool.name,
    "gen_ai.tool.type": "function",
    "gen_ai.tool.call.id": call.id,
    "gen_ai.conversation.id": Trace.callId(turn.request),
    "antiphon.turn.id": turn.id,
    "antiphon.tool.kind": tool.kind
  }
  const name = `${tool.kind === "handoff" ? "handoff" : "execute_tool"} ${tool.name}`
  return Stream.unwrap(
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.succeed(
        Trace.streamWithin(
          name,
          { attributes },
          () => run,
          (span) => watching(span, context, tool, failed)
        )
      )
    )
  )
}

/** Notes the outcome of a tool on its span, and counts it. */
const watching = (
  span: Tracer.Span,
  context: Context.Context<never>,
  { kind, name }: Named,
  failed: () => "failed" | "timed_out" | undefined
): Trace.Onlooker<unknown> => {
  const clock = Context.get(context, Clock.Clock)
  const startedAt = clock.monotonicTimeNanosUnsafe()
  return {
    ended: (exit) => {
      const outcome = outcomeOf(exit, failed())
      span.attribute("antiphon.tool.outcome", outcome)
      const metrics = metricsOf(kind, name, outcome)
      metrics.calls.updateUnsafe(1, context)
      metrics.duration.updateUnsafe(Number(clock.monotonicTimeNanosUnsafe() - startedAt) / 1e9, context)
      if (outcome !== "failed" && outcome !== "timed_out") return
      const type = outcome === "timed_out" ? "timeout" : "ToolFailure"
      span.end(clock.currentTimeNanosUnsafe(), Trace.failedWith(span, type))
    }
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>, failed: "failed" | "timed_out" | undefined): Outcome => {
  if (failed !== undefined) return failed
  if (Exit.isSuccess(exit)) return "returned"
  return Cause.hasInterruptsOnly(exit.cause) ? "cancelled" : "failed"
}

/**
 * The current span, without the attributes that `Toolkit` of `effect/ai` adds before a handler runs: the tool's name and its
 * raw arguments. Attributes that the handler adds are kept.
 */
export const withoutArguments = <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
  Stream.unwrap(
    Effect.map(Effect.option(Effect.currentSpan), (span) =>
      Option.match(span, {
        onNone: () => self,
        onSome: (span) => Stream.provideService(self, Tracer.ParentSpan, quiet(span))
      })
    )
  ) as Stream.Stream<A, E, R>

const quiet = (span: Tracer.Span): Tracer.Span => {
  const names = new Set(["tool", "parameters"])
  return new Proxy(span, {
    get: (target, key) => {
      if (key === "attribute") {
        return (name: string, value: unknown) => {
          // Each is written once by the toolkit, before the handler.
          if (!names.delete(name)) target.attribute(name, value)
        }
      }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === "function" ? value.bind(target) : value
    }
  })
}
