/** Estimates how many tokens a prompt has. A provider's count corrects the estimate of the next prompt. */
import * as Tool from "effect/ai/Tool"
import * as ResultText from "../../internal/resultText.ts"
import * as ToolSchema from "../../internal/toolSchema.ts"
import type * as Transcript from "../../internal/transcript.ts"
import { ofText } from "../../model/internal/tokens.ts"

export { ofText }

/** Additional tokens per message. */
const frame = 4

const lines = new WeakMap<Transcript.Line, number>()

/** Tokens of a line. Cached for lines that stay. */
export const ofLine = (line: Transcript.Line): number => {
  let size = lines.get(line)
  if (size === undefined) {
    size =
      line.role === "tool"
        ? 3 * frame + ofText(line.call.name) + ofText(ResultText.of(line.call.args)) + ofText(line.call.result)
        : frame + ofText(line.text)
    lines.set(line, size)
  }
  return size
}

/** Tokens of several lines. */
export const ofLines = (all: ReadonlyArray<Transcript.Line>): number => all.reduce((sum, line) => sum + ofLine(line), 0)

const tools = new WeakMap<Tool.Any, number>()

/** Tokens of the tools shown to a model. */
export const ofTools = (all: ReadonlyArray<Tool.Any>): number =>
  all.reduce((sum, tool) => {
    let size = tools.get(tool)
    if (size === undefined) {
      const shown = Tool.isProviderDefined(tool) ? "" : JSON.stringify(ToolSchema.ofTool(tool))
      size = 2 * frame + ofText(tool.name) + ofText(Tool.getDescription(tool) ?? "") + ofText(shown)
      tools.set(tool, size)
    }
    return sum + size
  }, 0)
