/** What runs before each tool. `VoiceTool` exports it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** Takes the name of a tool. Its time counts as the tool's, and if it fails, so does the call of the tool. */
export type Before = (name: string) => Effect.Effect<void, unknown>

export const Current = Context.Reference<Before>("@antiphon/llm/tool/VoiceTool/Before", {
  defaultValue: () => () => Effect.void
})

/** Runs before the tool of this name. */
export const run = (name: string): Effect.Effect<void, unknown> => Effect.flatMap(Current, (before) => before(name))
