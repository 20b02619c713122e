/**
 * What a model is told about the arguments of a tool.
 *
 * @since 0.1.0
 */
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"

/** The JSON Schema of a tool's parameters. It is closed: a model is not invited to invent parameters. */
export const ofTool = (tool: Tool.Any): { readonly [keyword: string]: unknown } => {
  if (Tool.isDynamic(tool) && tool.jsonSchema !== undefined) return tool.jsonSchema
  const { definitions, schema } = Schema.toJsonSchemaDocument(tool.parametersSchema, { onExcessProperty: "error" })
  const defined = Object.keys(definitions).length === 0 ? undefined : { $defs: definitions }
  return { type: "object", properties: {}, ...schema, ...defined }
}
