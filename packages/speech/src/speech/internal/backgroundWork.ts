/** Tells the pipeline of background work: while it runs, a silent caller is not asked. */
import type * as Agent from "@antiphon/core/Agent"
import type * as Turn from "@antiphon/core/Turn"
import * as Effect from "effect/Effect"

/** Wraps an agent, so that `work` hears when background work of its turns begins and ends. */
export const watch = <R>(
  spec: Agent.AgentSpec<unknown, R>,
  work: (isRunning: boolean) => void
): Agent.AgentSpec<unknown, R> => ({
  ...spec,
  agent: (event, turn) => {
    const background: Turn.Turn["background"] = (name, effect, options) => {
      const noted = Effect.acquireUseRelease(
        Effect.sync(() => work(true)),
        () => effect,
        () => Effect.sync(() => work(false))
      )
      return turn.background(name, noted, options)
    }
    return spec.agent(event, { ...turn, background })
  }
})
