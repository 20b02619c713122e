/** The way back to the previous agent: a tool that the new agent gets when it is made. */
import * as Context from "effect/Context"
import type { VoiceTool } from "../VoiceTool.ts"

export const Given = Context.Reference<VoiceTool | undefined>("@antiphon/llm/tool/internal/handBack", {
  defaultValue: () => undefined
})
