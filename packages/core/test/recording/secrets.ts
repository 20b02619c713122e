/** Recordings with a secret in every field that can hold one, derived from the schemas rather than listed. */
import type { Schema } from "effect"
import { SchemaAST } from "effect"
import * as CallRequest from "../../src/CallRequest.ts"
import * as Recording from "../../src/recording/Recording.ts"
import * as ModelFields from "../../src/recording/internal/modelFields.ts"

/** Written for fields that are declared public. */
export const open = "open"

const visible: ReadonlySet<unknown> = new Set(["public", "id"])

/** Values for a field of any type, full of secrets. */
export const anything = (secret: string): unknown => ({
  text: secret,
  list: [secret, { deep: secret }],
  [secret]: secret,
  number: Number(/\d+/.exec(secret)![0]),
  json: JSON.stringify({ card: secret })
})

/** Values of a schema, one for each member of each of its unions, with the secret wherever it fits. */
export const filled = (schema: Schema.Constraint, secret: string): ReadonlyArray<unknown> =>
  fill(SchemaAST.toType(schema.ast), secret)

const fill = (ast: SchemaAST.AST, secret: string): ReadonlyArray<unknown> => {
  const privacy = SchemaAST.resolveAt<string>("privacy")(ast)
  if (privacy === "prompt") return messages(secret)
  if (privacy === "reply") return parts(secret)
  if (privacy === "failure") return failures(secret)
  // Numbers are not secret in these.
  if (privacy === "measure") return [{ text: secret, list: [secret], [secret]: 1 }, secret]
  if (privacy === "settings")
    return [{ temperature: 0.5, stop: [secret], reasoningEffort: secret, extra: anything(secret) }]
  switch (ast._tag) {
    case "Objects":
      if (ast.indexSignatures.length > 0) return [anything(secret)]
      return structs(ast, secret)
    case "Arrays":
      return [fill(ast.rest[0]!, secret)]
    case "Union":
      return ast.types.flatMap((type) => (type._tag === "Undefined" ? [] : fill(type, secret)))
    case "Literal":
      return [ast.literal]
    case "Boolean":
      return [true]
    case "Null":
    case "Declaration":
      return [null]
    case "Number":
      return [visible.has(privacy) ? 1 : 4711]
    case "String":
      return [visible.has(privacy) ? open : secret]
    case "Unknown":
      return [anything(secret)]
    default:
      throw new Error(`no values for ${ast._tag}`)
  }
}

/** As many structs as the field with the most values has, so that each value occurs in one of them. */
const structs = (ast: SchemaAST.Objects, secret: string): ReadonlyArray<unknown> => {
  const fields = ast.propertySignatures.map(({ name, type }) => [String(name), fill(type, secret)] as const)
  const most = Math.max(...fields.map(([, values]) => values.length))
  return Array.from({ length: most }, (_, i) => ({
    ...Object.fromEntries(fields.map(([name, values]) => [name, values[i % values.length]])),
    // No schema contains it.
    addedLater: anything(secret)
  }))
}

const withFields = (fields: ModelFields.Fields, secret: string) =>
  Object.entries(fields).flatMap(([field, kind]): ReadonlyArray<readonly [string, unknown]> =>
    visible.has(kind) ? [[field, open]] : [[field, kind === "measure" ? { text: secret } : anything(secret)]]
  )

/** A part of each type, once with text in its fields and once with anything, and some of unknown types. */
const parts = (secret: string): ReadonlyArray<{ readonly [field: string]: unknown }> => [
  ...Object.entries<ModelFields.Fields>(ModelFields.parts).flatMap(([type, fields]) => [
    { type, ...Object.fromEntries(withFields(fields, secret)), addedLater: secret },
    {
      type,
      ...Object.fromEntries(withFields(fields, secret).map(([field, value]) => [field, value === open ? open : secret]))
    }
  ]),
  { type: "hologram", shows: anything(secret) }
]

const messages = (secret: string): ReadonlyArray<{ readonly [field: string]: unknown }> =>
  ["system", "user", "assistant", "tool", "narrator"].flatMap((role) => [
    { role, content: secret, options: anything(secret), addedLater: secret },
    { role, content: [...parts(secret), secret] }
  ])

const failures = (secret: string): ReadonlyArray<unknown> => [
  ...Object.entries<ModelFields.Fields>(ModelFields.reasons).map(([_tag, fields]) => ({
    _tag: "AiError",
    module: open,
    method: open,
    reason: { _tag, ...Object.fromEntries(withFields(fields, secret)), addedLater: secret },
    addedLater: anything(secret)
  })),
  { _tag: "AiError", reason: secret },
  anything(secret)
]

/** Every kind of line. */
export const notes = (secret: string): ReadonlyArray<Recording.Note> =>
  filled(Recording.Line, secret).map((line) => {
    const { at: _, ...note } = line as Recording.Line
    return note as Recording.Note
  })

/** The request of a call. */
export const request = (secret: string): CallRequest.CallRequest => {
  const { addedLater: _, ...request } = filled(CallRequest.CallRequest, secret)[0] as CallRequest.CallRequest & {
    readonly addedLater: unknown
  }
  return request
}

/** The text fields of a schema that are declared public: their names, below the members of its unions. */
export const openFields = (schema: Schema.Constraint): ReadonlyArray<string> => {
  const found = new Set<string>()
  const look = (ast: SchemaAST.AST, path: string) => {
    const privacy = SchemaAST.resolveAt<string>("privacy")(ast)
    if (privacy !== undefined) return void (visible.has(privacy) && ast._tag === "String" && found.add(path))
    if (ast._tag === "Union") for (const type of ast.types) look(type, path)
    if (ast._tag === "Arrays") for (const type of ast.rest) look(type, path)
    if (ast._tag !== "Objects") return
    for (const { name, type } of ast.propertySignatures)
      look(type, path === "" ? String(name) : `${path}.${String(name)}`)
  }
  look(SchemaAST.toType(schema.ast), "")
  return [...found].toSorted()
}
