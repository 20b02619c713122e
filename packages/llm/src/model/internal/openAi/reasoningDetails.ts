/**
 * Reasoning in OpenRouter's streamed form: pieces that must go back unchanged.
 *
 * @since 0.1.0
 */
import type { ReasoningDetail } from "./chunk.ts"

/** Adds pieces. Pieces of one text are joined, and all others are kept unchanged. */
export const collect = (details: Array<ReasoningDetail>, added: ReadonlyArray<ReasoningDetail>): void => {
  for (const detail of added) {
    const last = details.at(-1)
    if (
      last !== undefined &&
      last["type"] === "reasoning.text" &&
      detail["type"] === "reasoning.text" &&
      last["index"] === detail["index"]
    ) {
      const text = `${String(last["text"] ?? "")}${String(detail["text"] ?? "")}`
      details[details.length - 1] = { ...last, ...defined(detail), text }
    } else details.push(detail)
  }
}

const defined = (detail: ReasoningDetail): ReasoningDetail =>
  Object.fromEntries(Object.entries(detail).filter(([, value]) => value !== null))
