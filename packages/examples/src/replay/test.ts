import type { Recording } from "@antiphon/core"
import { Comparison, Replay } from "@antiphon/core/testing"
import { RecordedModel } from "@antiphon/llm/testing"
import { Effect, Result } from "effect"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "../demo/Assistant.ts"

/** Whether the assistant still does what it did on a call; if not, what is different first. */
export const stillTheSame = Effect.fn("stillTheSame")(function* (recording: Recording.Recording) {
  const model = Result.getOrThrow(RecordedModel.make(recording))
  const { comparison, played } = yield* Replay.run(recording, Assistant.make(DefaultModel.demo)).pipe(
    Effect.provide(model.layer)
  )
  return comparison._tag === "Different"
    ? Comparison.renderDifference(comparison.difference, played.entries)
    : comparison._tag
})
