/**
 * What a model is told about the arguments of a tool.
 *
 * @since 0.1.0
 */
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"
import * as AcceptableSchema from "./acceptableSchema.ts"

type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * The JSON Schema of a tool's parameters, in words that every provider accepts. That of a schema is closed: a model is not
 * invited to invent parameters.
 */
export const ofTool = (tool: Tool.Any): JsonSchema => {
  const known = schemas.get(tool)
  if (known !== undefined) return known
  const made = AcceptableSchema.make(given(tool))
  schemas.set(tool, made)
  return made
}

// A schema takes a thousand times as long to make as to write, and every request has it.
const schemas = new WeakMap<Tool.Any, JsonSchema>()

const given = (tool: Tool.Any): JsonSchema => {
  if (Tool.isDynamic(tool) && tool.jsonSchema !== undefined) return tool.jsonSchema
  const { definitions, schema } = Schema.toJsonSchemaDocument(tool.parametersSchema, { onExcessProperty: "error" })
  const defined = Object.keys(definitions).length === 0 ? undefined : { $defs: definitions }
  return { type: "object", properties: {}, ...schema, ...defined }
}
