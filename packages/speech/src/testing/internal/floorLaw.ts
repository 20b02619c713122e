/**
 * A law of turn taking: it watches the steps of one conversation.
 */
import type { FloorAction } from "../../FloorAction.ts"
import type { FloorEvent } from "../../FloorEvent.ts"
import type { FloorPolicy } from "../../FloorPolicy.ts"
import type * as Floor from "../../Floor.ts"

/** One step. `due`: what the floor wants after it. */
export interface Step {
  readonly before: Floor.Floor
  readonly event: FloorEvent
  readonly actions: ReadonlyArray<FloorAction>
  readonly after: Floor.Floor
  readonly due: number | undefined
}

/** Watches one conversation. What it returns is what is wrong. */
export interface Watch {
  readonly see: (step: Step) => string | undefined
  /** Asked when everybody has been silent for long. */
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

/** A law that was broken. */
export interface Breach {
  readonly law: string
  readonly message: string
}
