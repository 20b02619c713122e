/** Observes a call by voice from inside. The test kit uses it to see each step of the floor and each report. */
import type * as Call from "@antiphon/core/Call"
import type * as Harness from "@antiphon/core/Harness"
import * as Context from "effect/Context"
import type { FloorAction } from "../../FloorAction.ts"
import type { FloorEvent } from "../../FloorEvent.ts"
import type { FloorPolicy } from "../../FloorPolicy.ts"
import type * as Floor from "../../Floor.ts"

/** One step of the floor. */
export interface FloorStep {
  readonly before: Floor.Floor
  readonly event: FloorEvent
  readonly actions: ReadonlyArray<FloorAction>
  readonly after: Floor.Floor
}

export interface Watcher {
  /** Called after each step of the floor, in order. */
  readonly stepped: (step: FloorStep, policy: FloorPolicy) => void
  /** Wraps the pipeline's harness for the call. */
  readonly harness: (harness: Harness.Harness) => Harness.Harness
  /** Wraps the call for the pipeline. */
  readonly call: (call: Call.Call) => Call.Call
}

/** The watcher of the calls in this context. None by default. */
export const Current: Context.Reference<Watcher | undefined> = Context.Reference<Watcher | undefined>(
  "@antiphon/speech/Watcher",
  { defaultValue: () => undefined }
)
