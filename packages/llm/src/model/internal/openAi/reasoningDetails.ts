/**
 * Reasoning as OpenRouter streams it: pieces that have to go back as they came.
 *
 * @since 0.1.0
 */
import type { ReasoningDetail } from "./chunk.ts"

/** Adds pieces. Those of one text are joined; whatever else there is stays as it came. */
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
