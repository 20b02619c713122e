/** A law of turn taking, which watches the steps of one conversation. */
import type { FloorAction } from "../../FloorAction.ts"
import type { FloorEvent } from "../../FloorEvent.ts"
import type { FloorPolicy } from "../../FloorPolicy.ts"
import type * as Floor from "../../Floor.ts"

/** One step. `due`: the next time the floor asks for. */
export interface Step {
  readonly before: Floor.Floor
  readonly event: FloorEvent
  readonly actions: ReadonlyArray<FloorAction>
  readonly after: Floor.Floor
  readonly due: number | undefined
}

/** Watches one conversation. Returns a description of a breach. */
export interface Watch {
  readonly see: (step: Step) => string | undefined
  /** Called after a long silence on both sides. */
  readonly end?: ((after: Floor.Floor) => string | undefined) | undefined
}

/** The floor under test. */
export interface Subject {
  readonly step: typeof Floor.step
  readonly due: typeof Floor.due
}

/** A law. */
export interface Law {
  readonly name: string
  readonly watch: (policy: FloorPolicy, subject: Subject) => Watch
}

/** A broken law. */
export interface Breach {
  readonly law: string
  readonly message: string
}
