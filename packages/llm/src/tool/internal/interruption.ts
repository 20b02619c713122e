/**
 * What happens to a running tool when its turn is cut off and when the caller hangs up: one row for each way to run.
 */
import type { VoiceTool } from "../VoiceTool.ts"

/** How a tool is run. */
export interface Policy {
  /** Whether its results are sent in its turn, which waits for it. Otherwise they come back as events. */
  readonly inTurn: boolean
  /**
   * What an interruption of the turn does to it: `interrupt` ends it, `detach` continues it in the background, `hold`
   * keeps the turn until it is done, and `nothing` means that it is in the background anyway.
   */
  readonly onInterruption: "interrupt" | "detach" | "hold" | "nothing"
}

const rows = {
  cancel: { inTurn: true, onInterruption: "interrupt" },
  finish: { inTurn: true, onInterruption: "detach" },
  uninterruptible: { inTurn: true, onInterruption: "hold" },
  background: { inTurn: false, onInterruption: "nothing" }
} as const satisfies { readonly [way in VoiceTool["interruption"] | "background"]: Policy }

/** The policy of a tool. */
export const of = ({ interruption, kind }: Pick<VoiceTool<unknown>, "interruption" | "kind">): Policy =>
  kind === "background" ? rows.background : rows[interruption]
