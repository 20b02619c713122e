/**
 * The spans of a test, in memory.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

/** What a tracer has seen. */
export interface Spans {
  /** Sees the spans of an effect. */
  readonly collect: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** In the order in which they were started. */
  readonly all: () => ReadonlyArray<Tracer.NativeSpan>
  /** Spans of a name. */
  readonly named: (name: string) => ReadonlyArray<Tracer.NativeSpan>
  /**
   * One line for each span, indented below its parent: its name, and in brackets `interrupted`, the error it failed with, or
   * `running`.
   */
  readonly tree: () => string
}

/** Makes a collection of spans. */
export const make = (): Spans => {
  const all: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      all.push(span)
      return span
    }
  })
  const below = (parent: Tracer.AnySpan | undefined, indent: string): string =>
    all
      .filter((span) => Option.getOrUndefined(span.parent) === parent)
      .map((span) => `${indent}${span.name}${state(span)}\n${below(span, `${indent}  `)}`)
      .join("")
  return {
    collect: Effect.provideService(Tracer.Tracer, tracer),
    all: () => all,
    named: (name) => all.filter((span) => span.name === name),
    tree: () => below(undefined, "")
  }
}

const state = ({ status }: Tracer.NativeSpan): string => {
  if (status._tag === "Started") return " (running)"
  if (Exit.isSuccess(status.exit)) return ""
  if (Cause.hasInterruptsOnly(status.exit.cause)) return " (interrupted)"
  const error = Cause.squash(status.exit.cause)
  return ` (${error instanceof Error ? error.message : String(error)})`
}
