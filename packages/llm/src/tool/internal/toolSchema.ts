/**
 * What a model is told about the arguments of a tool.
 *
 * @since 0.1.0
 */
import * as Tool from "effect/ai/Tool"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/** The JSON Schema of a tool's parameters. It is closed: a model is not invited to invent parameters. */
export const ofTool = (tool: Tool.Any): { readonly [keyword: string]: unknown } => {
  if (Tool.isDynamic(tool) && tool.jsonSchema !== undefined) return tool.jsonSchema
  const { definitions, schema } = Schema.toJsonSchemaDocument(tool.parametersSchema, { onExcessProperty: "error" })
  const defined = Object.keys(definitions).length === 0 ? undefined : { $defs: definitions }
  return withoutSafeBounds({ type: "object", properties: {}, ...schema, ...defined }) as ReturnType<typeof ofTool>
}

/**
 * Drops the bounds that an integer has because numbers are doubles: they tell a model nothing, and a schema that has bounds
 * is none that a provider can hold a model to.
 */
const withoutSafeBounds = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutSafeBounds)
  if (!Predicate.isReadonlyObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([keyword, bound]) =>
          !(keyword === "minimum" && bound === Number.MIN_SAFE_INTEGER) &&
          !(keyword === "maximum" && bound === Number.MAX_SAFE_INTEGER)
      )
      .map(([keyword, member]) => [keyword, withoutSafeBounds(member)])
  )
}
