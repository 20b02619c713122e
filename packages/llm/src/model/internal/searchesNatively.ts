/** Which models can search the web by themselves, as far as their names tell. */
import { searchesNatively as claudeSearches } from "./anthropic/anthropicRequest.ts"
import * as OpenAiPresets from "./openAi/openAiPresets.ts"

export const searchesNatively = ({ model, provider }: { readonly provider: string; readonly model: string }): boolean =>
  provider === "anthropic"
    ? claudeSearches(model)
    : OpenAiPresets.byName(provider)?.webSearch?.(model, undefined) !== undefined
