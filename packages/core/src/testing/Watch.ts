/**
 * Watches an agent from outside: what its filters decide, when its turns begin and end, and what they leave running.
 *
 * For kits that play a call on a harness of their own, such as one over audio. `TestCall` watches its agents by itself.
 *
 * @since 0.1.0
 */
import type * as Fiber from "effect/Fiber"
import type { AgentSpec } from "../Agent.ts"
import * as Observation from "./internal/time/observation.ts"
import type { Happening } from "./Timeline.ts"

/** Watches the agent of one call. */
export interface Watch {
  /** The turn whose fiber this is; 0 if it belongs to none. */
  readonly turnOf: (fiber: Fiber.Fiber<unknown, unknown>) => number
  /** The same agent, watched. */
  readonly agent: <R>(spec: AgentSpec<unknown, R>) => AgentSpec<unknown, R>
}

/** Makes the watch of a call. `note` is told what happens, at once and in order. */
export const make = (note: (happening: Happening) => void): Watch => {
  const { turnOf, watch } = Observation.make(note)
  return { turnOf, agent: watch }
}
