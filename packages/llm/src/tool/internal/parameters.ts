/**
 * Reads the arguments that a model gives: null for an optional parameter means absent, a number, a boolean, a list or an object
 * written as text is what the text says, a number can be a text, and an unknown argument is an error that the model reads.
 */
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as ToolFailure from "./toolFailure.ts"
import * as WrittenValue from "./writtenValue.ts"

/** Reads arguments; a failure is the message that the model reads. */
export type Decode = (args: unknown) => Result.Result<unknown, string>

/** How arguments are read. */
interface Options {
  /** Gives them back undecoded, for a handler that reads them itself. */
  readonly asGiven?: boolean
  /** Leaves out what the schema does not have, instead of rejecting it. */
  readonly ignoreExcess?: boolean
}

/** Reads arguments by a schema. */
export const decoder = (parameters: Schema.Top, { asGiven = false, ignoreExcess = false }: Options = {}): Decode => {
  const encoded = SchemaAST.toEncoded(parameters.ast)
  const names = SchemaAST.isObjects(encoded) ? encoded.propertySignatures.map(({ name }) => String(name)) : undefined
  // What JSON does not have, such as a date or a map, is shown to the model in its JSON form, and read from that.
  const isPlain = isJson(encoded)
  const read = isPlain ? parameters : Schema.toCodecJson(parameters)
  const decode = Schema.decodeUnknownExit(read as Schema.Codec<unknown>, {
    errors: "all",
    onExcessProperty: ignoreExcess ? "ignore" : "error"
  })
  const encode = Schema.encodeUnknownSync(parameters as Schema.Codec<unknown>)
  const isEmpty = names?.length === 0 && SchemaAST.isObjects(encoded) && encoded.indexSignatures.length === 0
  return (args) => {
    // The schema of a struct without fields allows every value but null.
    if (isEmpty) return none(meant(encoded, args ?? {}))
    // What fits is left as it is.
    let given: unknown = args ?? {}
    let read = decode(given)
    if (Exit.isFailure(read)) read = decode((given = meant(encoded, given)))
    if (Exit.isFailure(read)) return Result.fail(complaint(ToolFailure.fromCause(read.cause), names))
    return Result.succeed(!asGiven ? read.value : isPlain ? given : encode(read.value))
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

/** Whether JSON can express every value of an encoded schema. Undefined is no value of an optional field. */
const isJson = (ast: SchemaAST.AST, isOptional = false, above: ReadonlySet<SchemaAST.AST> = new Set()): boolean => {
  if (above.has(ast)) return true
  const inside = new Set(above).add(ast)
  const isJsonToo = (inner: SchemaAST.AST) => isJson(inner, SchemaAST.isOptional(inner), inside)
  if (SchemaAST.isSuspend(ast)) return isJson(ast.thunk(), isOptional, inside)
  if (SchemaAST.isUnion(ast)) return ast.types.every((type) => isJson(type, isOptional, inside))
  if (SchemaAST.isArrays(ast)) return [...ast.elements, ...ast.rest].every(isJsonToo)
  if (SchemaAST.isObjects(ast)) {
    return [...ast.propertySignatures, ...ast.indexSignatures].every(({ type }) => isJsonToo(type))
  }
  return ast._tag === "Undefined" ? isOptional : !beyondJson.has(ast._tag)
}

const beyondJson: ReadonlySet<SchemaAST.AST["_tag"]> = new Set([
  "Declaration",
  "Void",
  "BigInt",
  "Symbol",
  "UniqueSymbol"
])

/**
 * Arguments as they were meant, at every depth: without nulls of optional fields, and with numbers, booleans, lists and objects
 * instead of the texts that some models write, and the other way round.
 */
const meant = (ast: SchemaAST.AST, value: unknown): unknown => {
  if (SchemaAST.isSuspend(ast)) return meant(ast.thunk(), value)
  if (SchemaAST.isUnion(ast)) {
    const member = ast.types.find((type) => fits(type, value))
    if (member !== undefined) return meant(member, value)
    if (typeof value !== "string" && typeof value !== "number") return value
    return ast.types.map((type) => meant(type, value)).find((read) => read !== value) ?? value
  }
  if (typeof value === "string") return read(ast, value)
  if (typeof value === "number") return isText(ast) ? WrittenValue.ofNumber(value) : value
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
      const isOptional = SchemaAST.isOptional(type)
      const given = isOptional && WrittenValue.isNothing(member) && !takes(type, member) ? null : member
      if (given === null && isOptional && !takes(type, null)) return []
      return [[name, meant(type, given)]]
    })
  )
}

/** A text as the requested number, boolean, list or object, if it is one. */
const read = (ast: SchemaAST.AST, text: string): unknown => {
  if (SchemaAST.isArrays(ast) || SchemaAST.isObjects(ast)) {
    const value = WrittenValue.ofText(SchemaAST.isArrays(ast) ? "array" : "object", text)
    return value === text ? text : meant(ast, value)
  }
  if (SchemaAST.isNumber(ast)) return WrittenValue.ofText("number", text)
  if (SchemaAST.isBoolean(ast)) return WrittenValue.ofText("boolean", text)
  return SchemaAST.isLiteral(ast) && String(ast.literal) === text ? ast.literal : text
}

const isText = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isString(ast) || (SchemaAST.isLiteral(ast) && typeof ast.literal === "string")

/** Whether a value matches a schema by its kind, its field names and its literals. */
const fits = (ast: SchemaAST.AST, value: unknown): boolean => {
  if (SchemaAST.isSuspend(ast)) return fits(ast.thunk(), value)
  if (SchemaAST.isUnion(ast)) return ast.types.some((type) => fits(type, value))
  if (SchemaAST.isLiteral(ast)) return ast.literal === value
  if (SchemaAST.isNumber(ast)) return typeof value === "number"
  if (SchemaAST.isBoolean(ast)) return typeof value === "boolean"
  if (SchemaAST.isArrays(ast)) return Array.isArray(value)
  if (!SchemaAST.isObjects(ast)) return takes(ast, value)
  if (!Predicate.isReadonlyObject(value) || Array.isArray(value)) return false
  const types = new Map(ast.propertySignatures.map(({ name, type }) => [name as string, type]))
  return Object.entries(value).every(([name, member]) => {
    const type = types.get(name)
    if (type === undefined) return ast.indexSignatures.length > 0
    return !SchemaAST.isLiteral(type) || type.literal === member
  })
}

/** Whether a schema takes null, or a text, as it is. What JSON does not have is mostly written as a text. */
const takes = (ast: SchemaAST.AST, value: unknown): boolean => {
  switch (ast._tag) {
    case "Null":
      return value === null
    case "String":
    case "TemplateLiteral":
    case "Declaration":
    case "BigInt":
      return typeof value === "string"
    case "Literal":
      return ast.literal === value
    case "Union":
      return ast.types.some((type) => takes(type, value))
    case "Suspend":
      return takes(ast.thunk(), value)
    default:
      return ast._tag === "Unknown" || ast._tag === "Any"
  }
}
