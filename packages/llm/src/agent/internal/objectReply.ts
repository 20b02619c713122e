/** Handles a reply that should be an object. */
import * as AiError from "effect/ai/AiError"
import * as Result from "effect/Result"
import type * as Transcript from "../../internal/transcript.ts"
import type * as SpokenObject from "../SpokenObject.ts"
import type { ObjectText } from "./objectText.ts"

/** Decodes what the model has written. A failure describes what is wrong with it. */
export const read = <R>(
  { decode }: SpokenObject.SpokenObject<R>,
  { value }: ObjectText,
  spoken: boolean
): Result.Result<unknown, string> =>
  value === undefined ? Result.fail("it is not a complete JSON object") : decode(value, { spoken })

/** The instruction when a model is asked again. */
export const note = (complaint: string): Transcript.Line => ({
  role: "system",
  text: `Your last reply could not be used, and was not spoken: ${complaint}. Reply with the whole object.`
})

/** The reply is not the requested object. */
export const error = (complaint: string): AiError.AiError =>
  AiError.make({
    module: "LlmAgent",
    method: "respond",
    reason: new AiError.InvalidOutputError({
      description: `The model's reply is not the object that was asked for: ${complaint}`
    })
  })

/** A model that is given a tool for the object must call it, or another tool. */
export const toolChoice = <R>(
  { definition }: SpokenObject.SpokenObject<R>,
  shown: ReadonlyArray<unknown>
): { readonly toolChoice: "required" } =>
  ({ toolChoice: shown.length > 1 ? "required" : { tool: definition.name } }) as { readonly toolChoice: "required" }
