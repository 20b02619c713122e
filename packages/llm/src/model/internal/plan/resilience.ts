/**
 * The model beneath one that retries by itself.
 *
 * A plan that has such a model as a step asks the model beneath: the plan's own patience counts, and not both.
 */
import type * as LanguageModel from "effect/ai/LanguageModel"

const beneath = new WeakMap<LanguageModel.LanguageModel, LanguageModel.LanguageModel>()

/** Makes known what a model retries. */
export const set = (model: LanguageModel.LanguageModel, inner: LanguageModel.LanguageModel): void =>
  void beneath.set(model, inner)

/** The model beneath, if there is one; else the model itself. */
export const innermost = (model: LanguageModel.LanguageModel): LanguageModel.LanguageModel =>
  beneath.get(model) ?? model
