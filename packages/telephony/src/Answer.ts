/**
 * The function that handles a telephone call: usually `Speech.run` with an agent.
 *
 * @since 0.1.0
 */
import type * as CallHost from "@antiphon/server/CallHost"
import type * as Settings from "@antiphon/server/Settings"
import type { Transport } from "@antiphon/speech/Transport"
import type * as Effect from "effect/Effect"

/** Handles one call. The call is hung up when it succeeds, unless it has hung up itself. */
export interface Answer<out E = never, out R = never> {
  (line: Transport): Effect.Effect<unknown, E, R>
}

/** Options for routes that are added to a router directly, without a server that has them. */
export interface Surroundings {
  /** Settings that override the environment. */
  readonly settings?: Settings.Overrides | undefined
  /** Makes the recorder of each call, such as `RecordingFile.recorder({ directory, audio: true })`. None by default. */
  readonly record?: CallHost.Record | undefined
}
