/**
 * Spans around the work of a call, for whatever tracer is in force.
 *
 * A call, its turns, its model requests and its tools make their spans with this, where the work happens, so that any tracer
 * sees them. Nothing private is put on one: neither words nor numbers nor arguments, and a span that failed carries the kind
 * of the failure without its message, which may quote anything. An interruption is no error.
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

/** The root span of the call in whose context it is asked for. Undefined outside a call. */
export const Call: Context.Reference<Tracer.AnySpan | undefined> = Context.Reference<Tracer.AnySpan | undefined>(
  "@antiphon/core/Trace/Call",
  { defaultValue: () => undefined }
)

/** The id of a call as it stands on spans: at most 128 characters, because it comes from outside. */
export const callId = (request: CallRequest): string => request.callId.slice(0, 128)

/** What can be said about a span beside its name. */
export interface Options {
  readonly kind?: Tracer.SpanKind | undefined
  readonly attributes?: Readonly<Record<string, unknown>> | undefined
  /**
   * The stream puts the span in force by itself, together with other services: each step that does so costs at every pull.
   * Only for `streamWithin`.
   */
  readonly provides?: boolean | undefined
  /** The work may outlast the span in force: its span hangs below the call, and is linked to the one in force. */
  readonly beside?: boolean | undefined
}

/** Runs an effect in a span of its own. */
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

/** What looks on while a stream runs in its span. */
export interface Onlooker<in A> {
  /** Told of what passes. */
  readonly seen?: ((values: ReadonlyArray<A>) => void) | undefined
  /** Told how the stream has ended, before its span ends. */
  readonly ended?: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined
}

/**
 * Runs a stream in a span of its own, from when the stream starts to when it is over. What the stream holds is let go with it.
 */
export const streamWithin = <A, E, R>(
  name: string,
  options: Options,
  use: (span: Tracer.Span) => Stream.Stream<A, E, R>,
  onlooker?: (span: Tracer.Span) => Onlooker<A>
): Stream.Stream<A, E, R> =>
  Stream.fromChannel(
    Channel.fromTransform((_: unknown, outer: Scope.Scope) =>
      Effect.gen(function* () {
        // A scope of its own: that of the stream around this one may go on for long.
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
        // One step for all there is to do: each costs at every pull, and words come one by one.
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

/** Starts a span that ends with the scope. */
export const scoped = (name: string, options: Options = {}): Effect.Effect<Tracer.Span, never, Scope.Scope> =>
  Effect.acquireRelease(start(name, options), end)

/** Something that is over, as a span below another one. */
export interface Past {
  readonly parent: Tracer.AnySpan
  /** How long it took, in seconds, up to now. */
  readonly seconds: number
  readonly attributes: Readonly<Record<string, unknown>>
}

/** Makes a span of something that ends now and was not known for what it is before. */
export const past = (name: string, given: Past): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) => Effect.sync(() => pastUnsafe(context, name, given)))

/** Makes such a span at once, with the tracer and the clock of a context. */
export const pastUnsafe = (
  context: Context.Context<never>,
  name: string,
  { attributes, parent, seconds }: Past
): void => {
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
}

/**
 * The kind of a failure, as the conventions of OpenTelemetry want it in `error.type`: the tag of a tagged error (of its
 * reason, if it is a tagged one), the name of any other, `_OTHER` if it has none.
 */
export const errorType = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  const reason = Predicate.hasProperty(error, "reason") ? error.reason : undefined
  for (const one of [reason, error]) {
    if (Predicate.hasProperty(one, "_tag") && typeof one._tag === "string") return one._tag
  }
  return error instanceof Error ? error.name : "_OTHER"
}

const start = (name: string, { attributes, beside, kind }: Options): Effect.Effect<Tracer.Span> => {
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

const end = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Effect.map(Clock.Clock, (clock) => {
    if (span.status._tag === "Ended") return
    span.end(clock.currentTimeNanosUnsafe(), withoutWords(span, exit))
  })

const withoutWords = (span: Tracer.Span, exit: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit)) return Exit.void
  if (Cause.hasInterruptsOnly(exit.cause)) return exit
  return failedWith(span, errorType(exit.cause))
}

/** How a span ends whose work has failed in a way of this kind. */
export const failedWith = (span: Tracer.Span, type: string): Exit.Exit<never, Error> => {
  span.attribute("error.type", type)
  const error = new Error(type)
  error.name = type
  return Exit.fail(error)
}
