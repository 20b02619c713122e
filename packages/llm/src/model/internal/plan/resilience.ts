/**
 * Marks models that retry or have deadlines by themselves, finds the model beneath, and limits the others.
 *
 * A plan asks the model beneath, so that only the plan's own patience applies.
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type { ModelSettings } from "../../ModelSettings.ts"
import * as PlanStep from "./planStep.ts"
import type * as Progress from "./progress.ts"

const beneath = new WeakMap<LanguageModel.LanguageModel, LanguageModel.LanguageModel>()

/** Registers the model beneath a model that retries. */
export const set = (model: LanguageModel.LanguageModel, inner: LanguageModel.LanguageModel): void =>
  void beneath.set(model, inner)

/** The model beneath, if there is one; else the model itself. */
export const innermost = (model: LanguageModel.LanguageModel): LanguageModel.LanguageModel =>
  beneath.get(model) ?? model

const patient = new WeakSet<LanguageModel.LanguageModel>()

/** Marks a model that has its own deadlines. */
export const setPatient = (model: LanguageModel.LanguageModel): void => void patient.add(model)

/** Whether a model has deadlines of its own. */
export const isPatient = (model: LanguageModel.LanguageModel): boolean => patient.has(model)

const unset: Pick<PlanStep.Step, "firstTokenDeadline" | "stallDeadline"> = {
  firstTokenDeadline: undefined,
  stallDeadline: undefined
}

/** How long to wait for the words of a model. Undefined if it has deadlines of its own. */
export const boundsOf = (model: LanguageModel.LanguageModel, settings: ModelSettings): Progress.Bounds | undefined =>
  isPatient(model)
    ? undefined
    : {
        limits: { ...PlanStep.first(unset, settings), next: PlanStep.next(unset, settings).word },
        what: "the next word of the model"
      }
