/**
 * Tells apart what can be given as an agent: a bare agent, a spec, a factory or a service.
 *
 * Agents and factories are both functions. A function of two arguments is an agent, and functions made by this package
 * are marked. Any other function of one argument reveals itself when it is called for an agent: a factory returns an
 * Effect, an agent a Stream.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { CallRequest } from "../CallRequest.ts"
import type * as Event from "../Event.ts"
import type { Turn } from "../Turn.ts"

/** The shapes of a source, as far as they are told apart here. */
type AnyAgent = (event: Event.Input, turn: Turn) => Stream.Stream<Event.Output, unknown, unknown>
interface AnySpec {
  readonly agent: AnyAgent
}
type AnyFactory = (request: CallRequest) => Effect.Effect<AnySpec, unknown, unknown>
type AnySource = AnyAgent | AnyFactory | AnySpec | { readonly factory: AnyFactory }

const agents = new WeakSet<object>()
const factories = new WeakSet<object>()

/** Marks a function as an agent. */
export const agent = <A extends object>(self: A): A => {
  agents.add(self)
  return self
}

/** Marks a function as a factory. */
export const factory = <F extends object>(self: F): F => {
  factories.add(self)
  return self
}

const isAgent = (source: object): boolean =>
  typeof source === "function" && !factories.has(source) && (agents.has(source) || source.length > 1)

/** The factory of a source. */
export const toFactory = (source: AnySource, make: (agent: AnyAgent) => AnySpec): AnyFactory => {
  if (typeof source === "object") return factory(() => Effect.succeed(source as AnySpec))
  if ("factory" in source) return source.factory as AnyFactory
  if (isAgent(source)) return factory(() => Effect.succeed(make(source as AnyAgent)))
  return factory((request: CallRequest) => {
    const made: unknown = (source as AnyFactory)(request)
    return Stream.isStream(made) ? Effect.succeed(make(source as AnyAgent)) : (made as ReturnType<AnyFactory>)
  })
}

/** Changes the agent of a source. The result is a source of the same kind: an agent of an agent, else a factory. */
export const map = (
  source: AnySource,
  f: (agent: AnyAgent) => AnyAgent,
  make: (agent: AnyAgent) => AnySpec
): AnySource => {
  if (isAgent(source)) return agent(f(source as AnyAgent))
  const mapped = (spec: AnySpec) => ({ ...spec, agent: f(spec.agent) })
  if (typeof source === "function" && !("factory" in source) && !factories.has(source)) {
    const changed = f(source as AnyAgent)
    // Called with a turn it is an agent, and with a request alone whatever the source turns out to be.
    return ((input: never, ...turn: ReadonlyArray<never>) => {
      if (turn.length > 0) return changed(input, turn[0]!)
      const made: unknown = (source as AnyFactory)(input)
      return Stream.isStream(made) ? made : Effect.map(made as ReturnType<AnyFactory>, mapped)
    }) as AnySource
  }
  const made = toFactory(source, make)
  return factory((request: CallRequest) => Effect.map(made(request), mapped))
}
