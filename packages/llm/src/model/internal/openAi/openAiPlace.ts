/**
 * The address that a preset's requests go to, and the key that they carry.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as ModelError from "../provider/modelError.ts"
import type * as ProviderModel from "../provider/providerModel.ts"
import type { Preset } from "./openAiPresets.ts"

/** An address, without a trailing slash, and its key. */
export interface Place {
  readonly baseUrl: string
  /** Undefined if none is needed. */
  readonly apiKey: string | undefined
}

/** Reads both from the options, or else from the environment variables of the preset. */
export const of = (
  preset: Preset,
  options: Pick<ProviderModel.Options, "apiKey" | "baseUrl">
): Effect.Effect<Place, ModelError.ModelError> =>
  Effect.gen(function* () {
    const elsewhere = options.baseUrl ?? (yield* ModelError.firstSet(preset.baseUrlVariables))
    const baseUrl = yield* addressOf(preset, elsewhere)
    const apiKey = yield* ModelError.keyOf({
      provider: preset.name,
      given: options.apiKey,
      variables: preset.keyVariables,
      optional: preset.keyless === true || (elsewhere !== undefined && preset.baseUrl !== undefined)
    })
    return { baseUrl, apiKey }
  })

const addressOf = (preset: Preset, elsewhere: string | undefined): Effect.Effect<string, ModelError.ModelError> => {
  const url = elsewhere ?? preset.baseUrl
  if (url === undefined) {
    return Effect.fail(
      new ModelError.ModelError({
        reason: "MissingAddress",
        provider: preset.name,
        description: `${preset.name} needs an address: set ${preset.baseUrlVariables.join(" or ")}, or give the layer a baseUrl`
      })
    )
  }
  return Effect.map(ModelError.checkAddress(preset.name, url), (checked) =>
    // Azure gives out the address of the resource; its API is below it.
    preset.name === "azure" && new URL(checked).pathname === "/" ? `${checked}/openai/v1` : checked
  )
}
