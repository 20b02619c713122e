/**
 * Native web search, described once for all providers, because a plan may change the provider in mid-call.
 *
 * @since 0.1.0
 */
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"

/** Search options. A provider ignores those it does not support. */
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

/** Makes the tool. It is not offered to models that cannot search natively; see `searchesNatively`. */
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
