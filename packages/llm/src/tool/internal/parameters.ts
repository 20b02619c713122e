/**
 * Reads the arguments that a model gives: null for an optional parameter means absent, a number, a boolean, a list or an object
 * written as text is what the text says, and an unknown argument is an error that the model reads.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as WireJson from "../../model/internal/provider/wireJson.ts"

/** Reads arguments; a failure is the message that the model reads. */
export type Decode = (args: unknown) => Result.Result<unknown, string>

/** Reads arguments by a schema. `asGiven` gives them back undecoded, for a handler that reads them itself. */
export const decoder = (parameters: Schema.Top, { asGiven = false } = {}): Decode => {
  const encoded = SchemaAST.toEncoded(parameters.ast)
  const names = SchemaAST.isObjects(encoded) ? encoded.propertySignatures.map(({ name }) => String(name)) : undefined
  const decode = Schema.decodeUnknownResult(parameters as Schema.Codec<unknown>, {
    errors: "all",
    onExcessProperty: "error"
  })
  return (args) => {
    const given = meant(encoded, args ?? {})
    // The schema of a struct without fields allows every value but null.
    if (names?.length === 0 && SchemaAST.isObjects(encoded) && encoded.indexSignatures.length === 0) return none(given)
    const read = Result.mapError(decode(given), (error) => complaint(error, names))
    return asGiven ? Result.map(read, () => given) : read
  }
}

const none: Decode = (args) => {
  const given = Predicate.isReadonlyObject(args) ? Object.keys(args) : []
  return given.length === 0
    ? Result.succeed({})
    : Result.fail(`invalid arguments: the tool takes none, and was given ${given.join(", ")}`)
}

/** The message about wrong arguments. Names each field, and never repeats its value. */
const complaint = ({ message }: { readonly message: string }, names: ReadonlyArray<string> | undefined): string => {
  const line = `invalid arguments: ${message.replace(/\s+/g, (space) => (space.includes("\n") ? " " : space))}`
  return message.includes("excess property") && names !== undefined
    ? `${line}; the tool takes: ${names.join(", ")}`
    : line
}

/**
 * Arguments as they were meant, at every depth: without nulls of optional fields, and with numbers, booleans, lists and objects
 * instead of the texts that some models write.
 */
const meant = (ast: SchemaAST.AST, value: unknown): unknown => {
  if (SchemaAST.isSuspend(ast)) return meant(ast.thunk(), value)
  if (SchemaAST.isUnion(ast)) {
    const member = ast.types.find((type) => fits(type, value))
    if (member !== undefined) return meant(member, value)
    return typeof value === "string" ? (ast.types.map((type) => read(type, value)).find(isNoText) ?? value) : value
  }
  if (typeof value === "string") return read(ast, value)
  if (Array.isArray(value)) {
    if (!SchemaAST.isArrays(ast)) return value
    return value.map((item, at) => {
      const of = ast.elements[at] ?? ast.rest[0]
      return of === undefined ? item : meant(of, item)
    })
  }
  return SchemaAST.isObjects(ast) && Predicate.isReadonlyObject(value) ? members(ast, value) : value
}

const members = (ast: SchemaAST.Objects, value: { readonly [name: string]: unknown }): unknown => {
  const types = new Map(ast.propertySignatures.map(({ name, type }) => [name, type]))
  const [index] = ast.indexSignatures
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): ReadonlyArray<readonly [string, unknown]> => {
      const type = types.get(name) ?? index?.type
      if (type === undefined) return [[name, member]]
      if (member === null && SchemaAST.isOptional(type) && !takesNull(type)) return []
      return [[name, meant(type, member)]]
    })
  )
}

/** A text as the requested number, boolean, list or object, if it is one. */
const read = (ast: SchemaAST.AST, text: string): unknown => {
  if (SchemaAST.isArrays(ast) || SchemaAST.isObjects(ast)) {
    const value = WireJson.parse(text)
    return value !== undefined && SchemaAST.isArrays(ast) === Array.isArray(value) ? meant(ast, value) : text
  }
  if (SchemaAST.isNumber(ast)) return /^\s*-?\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : text
  if (SchemaAST.isBoolean(ast)) return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : text
  return SchemaAST.isLiteral(ast) && String(ast.literal) === text ? ast.literal : text
}

const isNoText = (value: unknown): boolean => typeof value !== "string"

/** Whether a value matches a schema by its field names and literals. */
const fits = (ast: SchemaAST.AST, value: unknown): boolean => {
  if (SchemaAST.isSuspend(ast)) return fits(ast.thunk(), value)
  if (SchemaAST.isUnion(ast)) return ast.types.some((type) => fits(type, value))
  if (SchemaAST.isLiteral(ast)) return ast.literal === value
  if (ast._tag === "Unknown" || ast._tag === "Any") return true
  if (SchemaAST.isString(ast)) return typeof value === "string"
  if (SchemaAST.isArrays(ast)) return Array.isArray(value)
  if (!SchemaAST.isObjects(ast) || !Predicate.isReadonlyObject(value) || Array.isArray(value)) return false
  const types = new Map(ast.propertySignatures.map(({ name, type }) => [name as string, type]))
  return Object.entries(value).every(([name, member]) => {
    const type = types.get(name)
    if (type === undefined) return ast.indexSignatures.length > 0
    return !SchemaAST.isLiteral(type) || type.literal === member
  })
}

const takesNull = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Null" ||
  ast._tag === "Unknown" ||
  ast._tag === "Any" ||
  (SchemaAST.isUnion(ast) && ast.types.some(takesNull))
