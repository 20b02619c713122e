/**
 * The schema of a tool's arguments, for a model.
 *
 * @since 0.1.0
 */
import * as Tool from "effect/ai/Tool"
import * as Schema from "effect/Schema"
import * as AcceptableSchema from "./acceptableSchema.ts"

type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * Makes the JSON Schema of a tool's parameters, in a form that every provider accepts. Objects are closed, so that
 * models do not invent parameters.
 */
export const ofTool = (tool: Tool.Any): JsonSchema => {
  const known = schemas.get(tool)
  if (known !== undefined) return known
  const made = AcceptableSchema.make(given(tool))
  schemas.set(tool, made)
  return made
}

// Making a schema takes a thousand times as long as writing it, and every request needs it.
const schemas = new WeakMap<Tool.Any, JsonSchema>()

const given = (tool: Tool.Any): JsonSchema => {
  if (Tool.isDynamic(tool) && tool.jsonSchema !== undefined) return tool.jsonSchema
  const { definitions, schema } = Schema.toJsonSchemaDocument(tool.parametersSchema, { onExcessProperty: "error" })
  const defined = Object.keys(definitions).length === 0 ? undefined : { $defs: definitions }
  return { type: "object", properties: {}, ...schema, ...defined }
}
