/**
 * The search that a provider does by itself, described once for all of them: a plan may change the provider in mid-call.
 *
 * @since 0.1.0
 */
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"

/** How to search. What a provider has no word for is left out. */
export const Options = Schema.Struct({
  contextSize: Schema.optional(Schema.Literals(["low", "medium", "high"])),
  allowedDomains: Schema.optional(Schema.Array(Schema.String)),
  blockedDomains: Schema.optional(Schema.Array(Schema.String)),
  maxUses: Schema.optional(Schema.Int),
  /** Two letters. */
  country: Schema.optional(Schema.String),
  city: Schema.optional(Schema.String)
})
export type Options = typeof Options.Type

/**
 * Makes the tool. A model that can not search by itself is not told of it; `Models.searchesNatively` says which can.
 */
export const make = Tool.providerDefined({
  id: "antiphon.web_search",
  customName: "web_search",
  providerName: "web_search",
  args: Options,
  parameters: Schema.Unknown,
  success: Schema.Unknown,
  failure: Schema.Unknown
})

/** The options of the tool, if this is it. */
export const optionsOf = (tool: Tool.Any): Options | undefined =>
  Tool.isProviderDefined(tool) && tool.id === "antiphon.web_search" ? ((tool.args ?? {}) as Options) : undefined
