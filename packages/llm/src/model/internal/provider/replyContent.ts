/**
 * Gathers a streamed reply into whole parts, so that both ways of asking a model share one reading of the wire.
 *
 * @since 0.1.0
 */
import type * as AiError from "effect/ai/AiError"
import type * as Response from "effect/ai/Response"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Part } from "./replyStream.ts"

/** Runs the stream and returns its content: text and reasoning in one piece each, tool calls, sources, the finish. */
export const gather = (
  stream: Stream.Stream<Part, AiError.AiError>
): Effect.Effect<Array<Response.PartEncoded>, AiError.AiError> =>
  Effect.suspend(() => {
    const content: Array<Response.PartEncoded | undefined> = []
    const open = new Map<string, { readonly at: number; text: string }>()
    const take = (part: Part) => {
      switch (part.type) {
        case "text-start":
        case "reasoning-start":
          // Held open here, so that parts stay in the order in which they began.
          open.set(part.id, { at: content.push(undefined) - 1, text: "" })
          return
        case "text-delta":
        case "reasoning-delta": {
          const piece = open.get(part.id)
          if (piece !== undefined) piece.text += part.delta
          return
        }
        case "text-end":
        case "reasoning-end": {
          const piece = open.get(part.id)
          if (piece === undefined) return
          const type = part.type === "text-end" ? "text" : "reasoning"
          content[piece.at] = { type, text: piece.text, metadata: part.metadata }
          return
        }
        case "tool-params-start":
        case "tool-params-delta":
        case "tool-params-end":
        case "error":
          return
        default:
          content.push(part)
      }
    }
    return Effect.map(
      Stream.runForEachArray(stream, (parts) => Effect.sync(() => parts.forEach(take))),
      () => content.filter((part) => part !== undefined)
    )
  })
