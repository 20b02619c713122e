/** Checks an agent's tools, before a provider refuses every request because of them. */
import * as ToolSchema from "../../internal/toolSchema.ts"
import type { VoiceTool } from "../VoiceTool.ts"

/** Tools that a request can carry: OpenAI's limit, the lowest of the large providers. */
export const mostTools = 128

/** Whether every provider accepts a name. */
export const isName = (name: string): boolean => /^[A-Za-z0-9_-]{1,64}$/.test(name)

/** The problems, one sentence each. */
export const problems = (tools: ReadonlyArray<VoiceTool<unknown>>): ReadonlyArray<string> => {
  const names = tools.map(({ name }) => name)
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
  return [
    ...(twice.length === 0 ? [] : [`two tools of the same name: ${twice.join(", ")}`]),
    ...names.filter((name) => !isName(name)).map(misnamed),
    ...(tools.length <= mostTools ? [] : [`${tools.length} tools exceed the maximum of ${mostTools} per request`]),
    ...tools.flatMap(({ definition, name }) => {
      const { properties, type } = ToolSchema.ofTool(definition)
      return type === "object" && typeof properties === "object" && properties !== null && !Array.isArray(properties)
        ? []
        : [`the parameters of "${name}" are not an object`]
    })
  ]
}

/** What is wrong with a name. */
export const misnamed = (name: string): string =>
  `"${name}" is not a valid tool name: providers accept 1 to 64 letters, digits, underscores and dashes`

/** The same tools. Throws an error that names all of their problems. */
export const checked = <R>(tools: ReadonlyArray<VoiceTool<R>>): ReadonlyArray<VoiceTool<R>> => {
  const found = problems(tools as ReadonlyArray<VoiceTool<unknown>>)
  if (found.length > 0) throw new Error(found.join("; "))
  return tools
}
