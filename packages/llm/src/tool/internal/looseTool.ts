/** Removes the strict mode of a tool. */
import * as Tool from "effect/ai/Tool"
import type { VoiceTool } from "../VoiceTool.ts"

/** Returns the same tool, except that no provider is asked to enforce its schema. */
export const make = <R>(tool: VoiceTool<R>): VoiceTool<R> =>
  Tool.getStrictMode(tool.definition) === true
    ? { ...tool, definition: tool.definition.annotate(Tool.Strict, false) }
    : tool
