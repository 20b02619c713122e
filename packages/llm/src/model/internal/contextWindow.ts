/**
 * The context window of a model, if known: from the model itself, which knows where it is served and with which
 * settings, or else from its name.
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type { ModelSettings } from "../ModelSettings.ts"
import * as ModelRules from "./rules/modelRules.ts"

const windows = new WeakMap<LanguageModel.LanguageModel, () => number | undefined>()

/** Registers the window of a model. It is read before each request. */
export const set = (model: LanguageModel.LanguageModel, window: () => number | undefined): void =>
  void windows.set(model, window)

/** The registered window of a model. */
export const of = (model: LanguageModel.LanguageModel): number | undefined => windows.get(model)?.()

/** The window of a model by its name, or by the settings that it is made with. */
export const named = (
  { model, provider }: { readonly provider: string; readonly model: string },
  settings: ModelSettings = {}
): number | undefined =>
  settings.contextWindow ?? ModelRules.acceptanceOf({ provider, model, api: "chat", tools: false }).contextWindow
