/**
 * Exports from a span only what is known not to contain anybody's words, numbers or arguments.
 *
 * Antiphon puts nothing private on its own spans. Libraries and applications may: a model's client might add its
 * prompt, an HTTP client an address with a number in it, a failure a message that quotes the caller. What is exported
 * is therefore a list of attributes, and a failure is exported by its kind. Names of spans are exported unchanged.
 *
 * @since 0.1.0
 */
import * as Trace from "@antiphon/core/Trace"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

/** Additional attributes to export, by name or by a function of the name. */
export type Also = ReadonlyArray<string> | ((attribute: string) => boolean)

/**
 * Exported attributes, besides all that begin with `antiphon.`: those of the GenAI conventions without content, and
 * those of HTTP without the address of a person or page.
 */
export const attributes: ReadonlySet<string> = new Set([
  "error.type",
  "effect.ai.concurrency",
  "effect.ai.tool_choice",
  "gen_ai.agent.invocation.end_reason",
  "gen_ai.agent.name",
  "gen_ai.conversation.id",
  "gen_ai.operation.name",
  "gen_ai.output.type",
  "gen_ai.provider.name",
  "gen_ai.request.choice.count",
  "gen_ai.request.frequency_penalty",
  "gen_ai.request.max_tokens",
  "gen_ai.request.model",
  "gen_ai.request.presence_penalty",
  "gen_ai.request.reasoning.level",
  "gen_ai.request.seed",
  "gen_ai.request.stream",
  "gen_ai.request.temperature",
  "gen_ai.request.top_k",
  "gen_ai.request.top_p",
  "gen_ai.response.finish_reasons",
  "gen_ai.response.id",
  "gen_ai.response.model",
  "gen_ai.response.time_to_first_chunk",
  "gen_ai.tool.call.id",
  "gen_ai.tool.name",
  "gen_ai.tool.type",
  "gen_ai.usage.cache_read.input_tokens",
  "gen_ai.usage.cache_write.input_tokens",
  "gen_ai.usage.input_tokens",
  "gen_ai.usage.output_tokens",
  "gen_ai.usage.reasoning.output_tokens",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "network.protocol.name",
  "network.protocol.version",
  "server.address",
  "server.port"
])

/** Wraps a tracer. Its spans export only harmless attributes, and those that `also` allows. */
export const tracer = (inner: Tracer.Tracer, also: Also = []): Tracer.Tracer => {
  const allows = typeof also === "function" ? also : (name: string) => also.includes(name)
  const passes = (name: string) => name.startsWith("antiphon.") || attributes.has(name) || allows(name)
  return Tracer.make({
    span: (options) =>
      new PrivateSpan(inner.span({ ...options, links: options.links.map((link) => shown(link, passes)) }), passes),
    ...(inner.context && { context: inner.context })
  })
}

/** Layer that wraps the current tracer this way. */
export const layer = (also?: Also): Layer.Layer<never> =>
  Layer.effect(
    Tracer.Tracer,
    Effect.map(Tracer.Tracer, (inner) => tracer(inner, also))
  )

type Passes = (attribute: string) => boolean

const only = (given: Readonly<Record<string, unknown>>, passes: Passes): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([name]) => passes(name)))

const shown = ({ attributes, span }: Tracer.SpanLink, passes: Passes): Tracer.SpanLink => ({
  span,
  attributes: only(attributes, passes)
})

class PrivateSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly #inner: Tracer.Span
  readonly #passes: Passes

  constructor(inner: Tracer.Span, passes: Passes) {
    this.#inner = inner
    this.#passes = passes
  }

  get name(): string {
    return this.#inner.name
  }
  get spanId(): string {
    return this.#inner.spanId
  }
  get traceId(): string {
    return this.#inner.traceId
  }
  get parent(): Option.Option<Tracer.AnySpan> {
    return this.#inner.parent
  }
  get annotations(): Context.Context<never> {
    return this.#inner.annotations
  }
  get status(): Tracer.SpanStatus {
    return this.#inner.status
  }
  get attributes(): ReadonlyMap<string, unknown> {
    return this.#inner.attributes
  }
  get links(): ReadonlyArray<Tracer.SpanLink> {
    return this.#inner.links
  }
  get sampled(): boolean {
    return this.#inner.sampled
  }
  get kind(): Tracer.SpanKind {
    return this.#inner.kind
  }

  attribute(key: string, value: unknown): void {
    if (this.#passes(key)) this.#inner.attribute(key, value)
  }

  event(name: string, startTime: bigint, attributes?: Record<string, unknown>): void {
    this.#inner.event(name, startTime, only(attributes ?? {}, this.#passes))
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    this.#inner.addLinks(links.map((link) => shown(link, this.#passes)))
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    const isFailure = Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)
    this.#inner.end(endTime, isFailure ? Trace.failedWith(this.#inner, Trace.errorType(exit.cause)) : exit)
  }
}
