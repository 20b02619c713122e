/** What the settings of a server say about the length of a call. */
import type * as CallLimits from "@antiphon/core/CallLimits"
import type { Settings } from "../Settings.ts"

/** Time in which a goodbye is said and the platform hangs up. After it, the server does. */
export const farewellMs = 30_000

/** The limits of the agents of a server's calls. */
export const of = (
  { goodbye, maxCallDuration, maxTurns }: Pick<Settings, "goodbye" | "maxCallDuration" | "maxTurns">,
  onFarewell: () => void
): CallLimits.CallLimits => ({ goodbye, maxCallDuration, maxTurns, onFarewell })
