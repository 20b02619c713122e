/**
 * Answers a telephone call: usually `Speech.run` with an agent.
 *
 * @since 0.1.0
 */
import type * as CallHost from "@antiphon/server/CallHost"
import type * as Settings from "@antiphon/server/Settings"
import type { Transport } from "@antiphon/speech/Transport"
import type * as Effect from "effect/Effect"

/** Runs a call on its line until it is over. If it succeeds without hanging up, the line is hung up. */
export interface Answer<out E = never, out R = never> {
  (line: Transport): Effect.Effect<unknown, E, R>
}

/** Options that a server would provide, for routes added to a router without one. */
export interface Surroundings {
  /** Settings that override the environment. */
  readonly settings?: Settings.Overrides | undefined
  /** Makes the recorder of each call, such as `RecordingFile.recorder({ directory, audio: true })`. None by default. */
  readonly record?: CallHost.Record | undefined
}
