/** Close codes after a call, for carriers that do not define their own. */
import type * as Ending from "@antiphon/server/Ending"

/** Code and reason of a close. */
export interface Parting {
  readonly code: number
  readonly reason: string
}

/** How a socket is closed after an ending. */
export const of = (ending: Ending.Ending): Parting => {
  switch (ending._tag) {
    case "PeerClosed":
    case "AgentEnded":
      return { code: 1000, reason: "" }
    case "Idle":
      return { code: 1000, reason: "idle" }
    case "Draining":
      return { code: 1001, reason: "draining" }
    case "Full":
      return { code: 1013, reason: "full" }
    case "Overlong":
      return { code: 1000, reason: "overlong" }
    case "Starved":
      return { code: 1009, reason: "starved" }
    case "Unrecorded":
      return { code: 1011, reason: "unrecorded" }
    case "Flood":
      return { code: 1008, reason: "flood" }
    case "StartFailed":
      return { code: 1008, reason: ending.message }
    case "TooLarge":
    case "Spent":
      return { code: 1009, reason: "too large" }
    case "Malformed":
    case "Binary":
      return { code: 1003, reason: "malformed" }
    case "Stalled":
    case "FactoryFailed":
    case "AgentFailed":
      return { code: 1011, reason: "failed" }
  }
}
