/** The way back to the agent that handed the call over: a tool that the agent which takes over is given when it is made. */
import * as Context from "effect/Context"
import type { VoiceTool } from "../VoiceTool.ts"

export const Given = Context.Reference<VoiceTool | undefined>("@antiphon/llm/tool/internal/handBack", {
  defaultValue: () => undefined
})
