/**
 * Carries tool arguments that are not JSON as the parameters of the call, so that the model can be told.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

/** The only key of parameters that carry arguments as the model wrote them. */
const key = "~antiphon/llm/badArguments"

/** Carries arguments that are not JSON. */
export const make = (raw: string): { readonly [key]: string } => ({ [key]: raw })

/** The arguments as the model wrote them, if the parameters carry some that are not JSON. */
export const rawOf = (params: unknown): string | undefined => {
  if (!Predicate.hasProperty(params, key)) return undefined
  return typeof params[key] === "string" ? params[key] : undefined
}
