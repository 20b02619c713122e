/**
 * Which models are resilient by themselves, and the model beneath one.
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

const patient = new WeakSet<LanguageModel.LanguageModel>()

/** Makes known that a model has deadlines of its own. */
export const setPatient = (model: LanguageModel.LanguageModel): void => void patient.add(model)

/** Whether a model has deadlines of its own. */
export const isPatient = (model: LanguageModel.LanguageModel): boolean => patient.has(model)
