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
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as Usage from "../../model/Usage.ts"

/** Bounds of the GenAI conventions, in seconds. */
const boundaries = Metric.boundariesFromIterable([
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
])
const chat = { unit: "s", "gen_ai.operation.name": "chat" }

const duration = Metric.histogram("gen_ai.client.operation.duration", {
  description: "Length of requests to models, retries included",
  attributes: chat,
  boundaries
})
const firstChunk = Metric.histogram("gen_ai.client.operation.time_to_first_chunk", {
  description: "Time from a request to the first part of its reply, retries included",
  attributes: chat,
  boundaries
})
const tokens = Metric.histogram("gen_ai.client.token.usage", {
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
    firstChunk: Metric.withAttributes(firstChunk, labels),
    input: Metric.withAttributes(tokens, { ...labels, "gen_ai.token.type": "input" }),
    output: Metric.withAttributes(tokens, { ...labels, "gen_ai.token.type": "output" }),
    duration: (errorType: string | undefined) => {
      const known = durations.get(errorType)
      if (known !== undefined) return known
      const made = Metric.withAttributes(duration, {
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

/** Runs the streamed reply to a request of a turn in a span, which must be made current for the reply. */
export const traced = <P extends { readonly type: string }, E, R>(
  { id, request }: Pick<Turn.Turn, "id" | "request">,
  reply: (span: Tracer.Span) => Stream.Stream<P, E, R>
): Stream.Stream<P, E, R> =>
  Stream.unwrap(
    Effect.contextWith((context: Context.Context<never>) => {
      const model = Option.getOrUndefined(
        Context.getOption(context as Context.Context<Model.ModelName>, Model.ModelName)
      )
      const provider = Option.getOrUndefined(
        Context.getOption(context as Context.Context<Model.ProviderName>, Model.ProviderName)
      )
      const attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.conversation.id": Trace.callId(request),
        "gen_ai.request.stream": true,
        "antiphon.turn.id": id,
        ...labelsOf({ model, provider })
      }
      const name = model === undefined ? "chat" : `chat ${model}`
      return Effect.succeed(
        Trace.streamWithin(name, { kind: "client", attributes, provides: true }, reply, (span) =>
          watching(span, context, metricsOf({ model, provider }))
        )
      )
    })
  )

/** Adds what the parts of the reply reveal to the span. */
const watching = (
  span: Tracer.Span,
  context: Context.Context<never>,
  metrics: Metrics
): Trace.Onlooker<{ readonly type: string }> => {
  const clock = Context.get(context, Clock.Clock)
  const startedAt = clock.monotonicTimeNanosUnsafe()
  const seconds = () => Number(clock.monotonicTimeNanosUnsafe() - startedAt) / 1e9
  let first = true
  return {
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
    ended: (exit) => metrics.duration(failureOf(exit)).updateUnsafe(seconds(), context)
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
