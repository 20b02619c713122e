/**
 * How the arguments that a model gave are read: `null` for an optional parameter means that it is absent, and an argument
 * that the tool does not take is an error, which the model reads.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** Reads arguments; a failure is the message that the model reads. */
export type Decode = (args: unknown) => Result.Result<unknown, string>

/** Reads arguments by a schema. `asGiven` gives them back as the model wrote them, for a handler that reads them itself. */
export const decoder = (parameters: Schema.Top, { asGiven = false } = {}): Decode => {
  const encoded = SchemaAST.toEncoded(parameters.ast)
  const names = SchemaAST.isObjects(encoded) ? encoded.propertySignatures.map(({ name }) => String(name)) : undefined
  const decode = Schema.decodeUnknownResult(parameters as Schema.Codec<unknown>, {
    errors: "all",
    onExcessProperty: "error"
  })
  return (args) => {
    const given = withoutNulls(encoded, args)
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

/** The message about wrong arguments: names each field, and never repeats what it held. */
const complaint = ({ message }: { readonly message: string }, names: ReadonlyArray<string> | undefined): string => {
  const line = `invalid arguments: ${message.replace(/\s+/g, (space) => (space.includes("\n") ? " " : space))}`
  return message.includes("excess property") && names !== undefined
    ? `${line}; the tool takes: ${names.join(", ")}`
    : line
}

/** Leaves out what is null and may be absent, at every depth. */
const withoutNulls = (ast: SchemaAST.AST, value: unknown): unknown => {
  if (SchemaAST.isSuspend(ast)) return withoutNulls(ast.thunk(), value)
  if (SchemaAST.isUnion(ast)) {
    const shaped = ast.types.filter((type) => isShaped(type))
    return shaped.length === 1 ? withoutNulls(shaped[0]!, value) : value
  }
  if (Array.isArray(value)) {
    const [rest] = SchemaAST.isArrays(ast) ? ast.rest : []
    return rest === undefined ? value : value.map((item) => withoutNulls(rest, item))
  }
  if (!SchemaAST.isObjects(ast) || !Predicate.isReadonlyObject(value)) return value
  const types = new Map(ast.propertySignatures.map(({ name, type }) => [name, type]))
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): ReadonlyArray<readonly [string, unknown]> => {
      const type = types.get(name)
      if (type === undefined) return [[name, member]]
      if (member === null && SchemaAST.isOptional(type) && !takesNull(type)) return []
      return [[name, withoutNulls(type, member)]]
    })
  )
}

const isShaped = (ast: SchemaAST.AST): boolean =>
  SchemaAST.isObjects(ast) || SchemaAST.isArrays(ast) || SchemaAST.isSuspend(ast)

const takesNull = (ast: SchemaAST.AST): boolean =>
  ast._tag === "Null" ||
  ast._tag === "Unknown" ||
  ast._tag === "Any" ||
  (SchemaAST.isUnion(ast) && ast.types.some(takesNull))
