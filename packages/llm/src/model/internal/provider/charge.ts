/**
 * What a provider says that a reply has cost, in the metadata of its `finish` part.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"

/** The metadata for a cost in US dollars. Undefined if it is none. */
export const metadata = (cost: unknown): Response.ProviderMetadata | undefined =>
  typeof cost === "number" && cost >= 0 && Number.isFinite(cost) ? { antiphon: { cost } } : undefined

/** The cost of a reply in US dollars, if its provider has told it. */
export const of = ({ metadata }: Pick<Response.FinishPartEncoded, "metadata">): number | undefined => {
  const cost = (metadata?.antiphon as { readonly cost?: unknown } | null | undefined)?.cost
  return typeof cost === "number" ? cost : undefined
}
