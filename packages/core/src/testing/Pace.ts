/**
 * The pace of a recorded call while it is replayed, for those who take part in it besides the agent, such as a model: what a line
 * says waits until the line's time, and for what came before it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Recording from "../recording/Recording.ts"
import * as Pace from "./internal/replay/pace.ts"

/** Waits for the moment of a line, if a recorded call is being replayed. */
export const until = (line: Recording.Line): Effect.Effect<void> =>
  Effect.flatMap(Pace.Current, (pace) => pace?.until(line) ?? Effect.void)
