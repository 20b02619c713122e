/**
 * What answers a call of the telephone: usually `Speech.run` with an agent.
 *
 * @since 0.1.0
 */
import type { Transport } from "@antiphon/speech/Transport"
import type * as Effect from "effect/Effect"

/** Holds a call on its line until it is over. If it succeeds without having hung up, the line is hung up. */
export interface Answer<out E = never, out R = never> {
  (line: Transport): Effect.Effect<unknown, E, R>
}
