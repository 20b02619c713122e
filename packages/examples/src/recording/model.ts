import type { Recording } from "@antiphon/core"
import { RecordedModel } from "@antiphon/llm/testing"
import type { Layer } from "effect"
import { Result } from "effect"
import type { LanguageModel } from "effect/ai"

/** The model of a recorded call: the same replies at the same times, whoever asks. */
export const asRecorded = (recording: Recording.Recording) => Result.getOrThrow(RecordedModel.make(recording))

/** The same up to a request, and another model from there on. */
export const otherwiseFrom = (
  recording: Recording.Recording,
  from: number,
  model: Layer.Layer<LanguageModel.LanguageModel>
) => Result.getOrThrow(RecordedModel.make(recording, { fork: { from, model } }))
