/** The consequences of an ending on the server: whether the agent still handles the end, and at which level it is logged. */
import { Ending } from "../Ending.ts"

export interface Meaning {
  /**
   * Whether the agent handles `CallEnded`. Not after garbage, because the agent would act on a call that may never have
   * existed.
   */
  readonly callEnded: boolean
  /** At which level it is logged. */
  readonly level: "Debug" | "Info" | "Warn" | "Error"
}

const quiet: Meaning = { callEnded: true, level: "Debug" }
const refused: Meaning = { callEnded: false, level: "Warn" }
const cut: Meaning = { callEnded: true, level: "Warn" }
const failed: Meaning = { callEnded: true, level: "Error" }

/** Returns the consequences of an ending. */
export const of: (ending: Ending) => Meaning = Ending.$match({
  PeerClosed: () => quiet,
  AgentEnded: () => quiet,
  StartFailed: () => refused,
  FactoryFailed: () => failed,
  Malformed: () => refused,
  Binary: () => refused,
  TooLarge: () => cut,
  Flood: () => cut,
  Spent: () => cut,
  AgentFailed: () => failed,
  Stalled: () => cut,
  Idle: () => cut,
  Full: () => cut,
  Overlong: () => cut,
  Starved: () => cut,
  Unrecorded: () => failed,
  Draining: (): Meaning => ({ callEnded: true, level: "Info" })
})
