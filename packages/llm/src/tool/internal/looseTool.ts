/** Frees a tool of its strict schema. */
import * as Tool from "effect/ai/Tool"
import type { VoiceTool } from "../VoiceTool.ts"

/** Returns the same tool, except that no provider is told to hold the model to its schema. */
export const make = <R>(tool: VoiceTool<R>): VoiceTool<R> =>
  Tool.getStrictMode(tool.definition) === true
    ? { ...tool, definition: tool.definition.annotate(Tool.Strict, false) }
    : tool
