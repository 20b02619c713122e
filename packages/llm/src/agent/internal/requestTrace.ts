/**
 * The span of a request to the model, from the turn's point of view: retries and failovers are inside it. It records
 * which model answered, how long the first part took, why the reply ended and how many tokens were used, but never what
 * was said.
 */
import * as Trace from "@antiphon/core/Trace"
import type * as Turn from "@antiphon/core/Turn"
import * as Model from "effect/ai/Model"
import type * as Response from "effect/ai/Response"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import type * as Tracer from "effect/Tracer"
import * as Usage from "../../model/Usage.ts"

/** Bounds of the GenAI conventions, in seconds. */
const boundaries = Metric.boundariesFromIterable([
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
])
const chat = { unit: "s", "gen_ai.operation.name": "chat" }

// A metric remembers the key of its series for the attributes it was last updated with, and making the key costs several
// times as much as an update. So each set of attributes has a metric of its own.
const duration = () =>
  Metric.histogram("gen_ai.client.operation.duration", {
    description: "Length of requests to models, retries included",
    attributes: chat,
    boundaries
  })
const firstChunk = () =>
  Metric.histogram("gen_ai.client.operation.time_to_first_chunk", {
    description: "Time from a request to the first part of its reply, retries included",
    attributes: chat,
    boundaries
  })
const tokens = () =>
  Metric.histogram("gen_ai.client.token.usage", {
    description: "Tokens of requests to models, by type",
    attributes: { unit: "{token}", "gen_ai.operation.name": "chat" },
    // The bounds of the conventions, extended to what models support today.
    boundaries: Metric.boundariesFromIterable([1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304])
  })
/** The provider and model asked, as far as known. */
interface Asked {
  readonly provider: string | undefined
  readonly model: string | undefined
}

const labelsOf = ({ model, provider }: Asked) => ({
  ...(model !== undefined && { "gen_ai.request.model": model }),
  ...(provider !== undefined && { "gen_ai.provider.name": provider })
})

const makeMetrics = (asked: Asked) => {
  const labels = labelsOf(asked)
  const durations = new Map<string | undefined, Metric.Metric<number, unknown>>()
  return {
    firstChunk: Metric.withAttributes(firstChunk(), labels),
    input: Metric.withAttributes(tokens(), { ...labels, "gen_ai.token.type": "input" }),
    output: Metric.withAttributes(tokens(), { ...labels, "gen_ai.token.type": "output" }),
    duration: (errorType: string | undefined) => {
      const known = durations.get(errorType)
      if (known !== undefined) return known
      const made = Metric.withAttributes(duration(), {
        ...labels,
        ...(errorType !== undefined && { "error.type": errorType })
      })
      durations.set(errorType, made)
      return made
    }
  }
}
type Metrics = ReturnType<typeof makeMetrics>

// Creating a metric with labels costs more than updating it. Model names come from outside, so their number is limited.
const made = new Map<string, Metrics>()
const mostMade = 1000

const metricsOf = (asked: Asked): Metrics => {
  const key = `${asked.provider}/${asked.model}`
  let metrics = made.get(key)
  if (metrics === undefined) {
    if (made.size >= mostMade) made.clear()
    metrics = makeMetrics(asked)
    made.set(key, metrics)
  }
  return metrics
}

/** The span of a request, and what watches the reply for it. */
export interface RequestTrace {
  readonly span: Tracer.Span
  readonly seen: (parts: ReadonlyArray<{ readonly type: string }>) => void
  readonly end: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<void>
}

/** Starts the span of a request of a turn. */
export const start = (
  { id, request }: Pick<Turn.Turn, "id" | "request">,
  context: Context.Context<never>
): Effect.Effect<RequestTrace> => {
  const names = context as Context.Context<Model.ModelName | Model.ProviderName>
  const model = Context.getOrUndefined(names, Model.ModelName)
  const provider = Context.getOrUndefined(names, Model.ProviderName)
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.conversation.id": Trace.callId(request),
    "gen_ai.request.stream": true,
    "antiphon.turn.id": id,
    ...labelsOf({ model, provider })
  }
  const name = model === undefined ? "chat" : `chat ${model}`
  return Effect.map(Trace.start(name, { kind: "client", attributes }), (span) =>
    watching(span, context, metricsOf({ model, provider }))
  )
}

/** Adds what the parts of the reply reveal to the span. */
const watching = (span: Tracer.Span, context: Context.Context<never>, metrics: Metrics): RequestTrace => {
  const clock = Context.get(context, Clock.Clock)
  const startedAt = clock.monotonicTimeNanosUnsafe()
  const seconds = () => Number(clock.monotonicTimeNanosUnsafe() - startedAt) / 1e9
  let first = true
  return {
    span,
    seen: (parts) => {
      if (first) {
        first = false
        const waited = seconds()
        span.attribute("gen_ai.response.time_to_first_chunk", waited)
        metrics.firstChunk.updateUnsafe(waited, context)
      }
      for (const part of parts) {
        if (part.type === "finish") finished(part as unknown as Response.FinishPart, span, context, metrics)
        else if (part.type === "response-metadata") answered(part as unknown as Response.ResponseMetadataPart, span)
      }
    },
    end: (exit) => {
      metrics.duration(failureOf(exit)).updateUnsafe(seconds(), context)
      return Trace.end(span, exit)
    }
  }
}

const answered = ({ id, modelId }: Response.ResponseMetadataPart, span: Tracer.Span): void => {
  if (modelId !== undefined) span.attribute("gen_ai.response.model", modelId)
  if (id !== undefined) span.attribute("gen_ai.response.id", id)
}

const finished = (
  part: Response.FinishPart,
  span: Tracer.Span,
  context: Context.Context<never>,
  metrics: Metrics
): void => {
  span.attribute("gen_ai.response.finish_reasons", [part.reason])
  // Some providers report no usage, which differs from zero usage.
  const { inputTokens: told, outputTokens } = part.usage
  if (told.total === undefined && told.uncached === undefined && outputTokens.total === undefined) return
  const { cacheRead, cacheWrite, input, output, reasoning } = Usage.ofFinish(part.usage)
  const all = input + cacheRead + cacheWrite
  span.attribute("gen_ai.usage.input_tokens", all)
  span.attribute("gen_ai.usage.output_tokens", output)
  if (cacheRead > 0) span.attribute("gen_ai.usage.cache_read.input_tokens", cacheRead)
  if (cacheWrite > 0) span.attribute("gen_ai.usage.cache_write.input_tokens", cacheWrite)
  if (reasoning > 0) span.attribute("gen_ai.usage.reasoning.output_tokens", reasoning)
  metrics.input.updateUnsafe(all, context)
  metrics.output.updateUnsafe(output, context)
}

/** The kind of a failure. Undefined for an interruption. */
const failureOf = (exit: Exit.Exit<unknown, unknown>): string | undefined =>
  Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? Trace.errorType(exit.cause) : undefined
