/**
 * Spans around the work of a call, for the current tracer.
 *
 * A call, its turns, its model requests and its tools make their spans with this module, so that any tracer sees them.
 * Spans carry nothing private: no words, telephone numbers or arguments, and a failed span has the kind of the failure
 * without its message, which may quote anything. An interruption is not an error.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Channel from "effect/Channel"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type { CallRequest } from "./CallRequest.ts"

/** The root span of the current call. Undefined outside a call. */
export const Call: Context.Reference<Tracer.AnySpan | undefined> = Context.Reference<Tracer.AnySpan | undefined>(
  "@antiphon/core/Trace/Call",
  { defaultValue: () => undefined }
)

/** The id of a call on spans: cut to 128 characters, because it comes from outside. */
export const callId = (request: CallRequest): string => request.callId.slice(0, 128)

/** Options of a span besides its name. */
export interface Options {
  readonly kind?: Tracer.SpanKind | undefined
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
  /**
   * The stream provides the span itself, together with other services, because each such step costs at every pull. Only
   * for `streamWithin`.
   */
  readonly provides?: boolean | undefined
  /** The work may outlive the current span: its own span is a child of the call, and linked to the current one. */
  readonly beside?: boolean | undefined
}

/** Runs an effect in its own span. */
export const within = <A, E, R>(
  name: string,
  options: Options,
  use: (span: Tracer.Span) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    start(name, options),
    (span) => Effect.provideService(use(span), Tracer.ParentSpan, span),
    end
  ) as Effect.Effect<A, E, R>

/** Observes a stream in its span. */
export interface Onlooker<in A> {
  /** Called for each element. */
  readonly seen?: ((values: ReadonlyArray<A>) => void) | undefined
  /** Called with the exit of the stream, before its span ends. */
  readonly ended?: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined
}

/** Runs a stream in its own span, from its start to its end. Releases the stream's resources at the end. */
export const streamWithin = <A, E, R>(
  name: string,
  options: Options,
  use: (span: Tracer.Span) => Stream.Stream<A, E, R>,
  onlooker?: (span: Tracer.Span) => Onlooker<A>
): Stream.Stream<A, E, R> =>
  Stream.fromChannel(
    Channel.fromTransform((_: unknown, outer: Scope.Scope) =>
      Effect.gen(function* () {
        // A separate scope, because the scope of the surrounding stream may stay open for long.
        const scope = yield* Scope.fork(outer)
        const span = yield* start(name, options)
        const { ended, seen } = onlooker?.(span) ?? {}
        yield* Scope.addFinalizerExit(scope, (exit) => {
          ended?.(exit)
          return end(span, exit)
        })
        const inSpan = <B, E2, R2>(effect: Effect.Effect<B, E2, R2>): Effect.Effect<B, E2, R2> =>
          options.provides === true
            ? effect
            : (Effect.provideService(effect, Tracer.ParentSpan, span) as Effect.Effect<B, E2, R2>)
        const pull = yield* inSpan(Channel.toPullScoped(use(span).channel, scope))
        // A single step, because each step costs at every pull, and words arrive one by one.
        return Effect.matchCauseEffect(inSpan(pull), {
          onSuccess: (values) => {
            seen?.(values)
            return Effect.succeed(values)
          },
          onFailure: (cause) =>
            Effect.andThen(Scope.close(scope, Pull.doneExitFromCause(cause)), Effect.failCause(cause))
        })
      })
    )
  ) as Stream.Stream<A, E, R>

/** Adds a finished span below another one. */
export interface Past {
  readonly parent: Tracer.AnySpan
  /** Its duration until now, in seconds. */
  readonly seconds: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Makes a span that ends now, for work identified only at its end. */
export const past = (name: string, { attributes, parent, seconds }: Past): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.sync(() => {
      const endTime = Context.get(context, Clock.Clock).currentTimeNanosUnsafe()
      const span = Context.get(context, Tracer.Tracer).span({
        name,
        parent: Option.some(parent),
        annotations: Context.empty(),
        links: [],
        startTime: endTime - BigInt(Math.round(seconds * 1e9)),
        kind: "internal",
        root: false,
        sampled: parent.sampled
      })
      for (const [key, value] of Object.entries(attributes)) span.attribute(key, value)
      span.end(endTime, Exit.void)
    })
  )

/**
 * The kind of a failure, for OpenTelemetry's `error.type`: the tag of a tagged error (or of its tagged reason),
 * otherwise the name of the error, or `_OTHER`.
 */
export const errorType = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const reason = Predicate.hasProperty(error, "reason") ? error.reason : undefined
  for (const one of [reason, error]) {
    if (Predicate.hasProperty(one, "_tag") && typeof one._tag === "string") return one._tag
  }
  return error instanceof Error ? error.name : "_OTHER"
}

/** Makes a span, for work that opens and ends it by hand. */
export const start = (name: string, { attributes, beside, kind }: Options): Effect.Effect<Tracer.Span> => {
  const own = { ...(attributes && { attributes }), ...(kind && { kind }) }
  if (beside !== true) return Effect.makeSpan(name, own)
  return Effect.contextWith((context: Context.Context<never>) => {
    const call = Context.get(context, Call)
    const now = Context.getOrUndefined(context as Context.Context<Tracer.ParentSpan>, Tracer.ParentSpan)
    if (now === undefined) return Effect.makeSpan(name, own)
    const links = [{ span: now, attributes: {} }]
    return Effect.makeSpan(name, { ...own, links, ...(call === undefined ? { root: true } : { parent: call }) })
  })
}

/** Ends a span with the exit of its work, without the words of a failure. Does nothing if it has ended. */
export const end = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.map(Clock.Clock, (clock) => {
    if (span.status._tag === "Ended") return
    span.end(clock.currentTimeNanosUnsafe(), withoutWords(span, exit))
  })

const withoutWords = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit)) return Exit.void
  if (Cause.hasInterruptsOnly(exit.cause)) return exit
  return failedWith(span, errorType(exit.cause))
}

/** The exit of a span whose work has failed this way. */
export const failedWith = (span: Tracer.Span, type: string): Exit.Exit<never, Error> => {
  span.attribute("error.type", type)
  const error = new Error(type)
  error.name = type
  return Exit.fail(error)
}
