/**
 * The context window of a model, where it is known: by the model itself, which knows where it is served and with which
 * settings, or else by its name.
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type { ModelSettings } from "../ModelSettings.ts"
import * as ModelRules from "./rules/modelRules.ts"

const windows = new WeakMap<LanguageModel.LanguageModel, () => number | undefined>()

/** Makes the window of a model known. It is asked before each request. */
export const set = (model: LanguageModel.LanguageModel, window: () => number | undefined): void =>
  void windows.set(model, window)

/** The window that a model has made known. */
export const of = (model: LanguageModel.LanguageModel): number | undefined => windows.get(model)?.()

/** The window of a model by its name, or by the settings that it is made with. */
export const named = (
  { model, provider }: { readonly provider: string; readonly model: string },
  settings: ModelSettings = {}
): number | undefined =>
  settings.contextWindow ?? ModelRules.acceptanceOf({ provider, model, api: "chat", tools: false }).contextWindow
