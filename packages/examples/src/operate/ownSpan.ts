import { Trace } from "@antiphon/core"
import { VoiceTool } from "@antiphon/llm"
import { Effect, Schema } from "effect"

const search = (isbn: string) => Effect.succeed(isbn === "9780141439518" ? 3 : 0)

/** A span of its own around the part that may be slow. What is put on it is public: how many were found, not for whom. */
export const inStock = VoiceTool.loopback(
  "in_stock",
  { description: "Tells how many copies of a book there are.", parameters: { isbn: Schema.String } },
  ({ isbn }) =>
    Trace.within("shelf search", {}, (span) =>
      Effect.tap(search(isbn), (copies) => Effect.sync(() => span.attribute("app.copies", copies)))
    )
)
