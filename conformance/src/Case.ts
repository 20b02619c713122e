/**
 * The file of one conformance case, validated when it is read: an unknown field, step or action is an error that names
 * its place, and is never ignored.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Notation from "./Notation.ts"

const optional = Schema.optionalKey
const Json = Schema.Record(Schema.String, Schema.Unknown)
export const Milliseconds = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const Names = Schema.Union([Schema.String, Schema.Array(Schema.String)])
export const Texts = Schema.Record(Schema.String, Schema.String)
const flag = optional(Schema.Boolean)

/** Accepts an object with exactly one of these fields. */
export const exactlyOne = (fields: object, what: string) =>
  Schema.makeFilter<object>((value) => {
    const found = Object.keys(fields).filter((field) => field in value)
    if (found.length === 1) return true
    return found.length === 0
      ? `${what} has one of ${Object.keys(fields).join(", ")}`
      : `${what} cannot be ${found.join(" and ")} at once`
  })

const actions = {
  emit: optional(Notation.Output),
  waitMs: optional(Milliseconds),
  throw: optional(Schema.String),
  note: optional(Schema.String),
  noteHistory: optional(Schema.Literal(true)),
  reportHistory: optional(Schema.Literal(true)),
  reportEvent: optional(Schema.Literal(true)),
  stream: optional(Schema.Struct({ count: Count, everyMs: Milliseconds, text: Schema.String }))
}

/** One thing that an agent of rules does. */
export const Action = Schema.Struct(actions).check(exactlyOne(actions, "an action"))
export type Action = typeof Action.Type

/** A rule: the events it applies to, and what the agent does then. */
export const Rule = Schema.Struct({ on: Names, do: Schema.Array(Action), noteCancel: flag })
export type Rule = typeof Rule.Type

/** Conditions on an event. All must hold, and at least one of those under `any`. */
export interface EventPredicate {
  readonly type?: string | ReadonlyArray<string>
  readonly contentIncludes?: string
  readonly button?: string
  readonly metadataHas?: string | { readonly [key: string]: unknown }
  readonly any?: ReadonlyArray<EventPredicate>
}
export const EventPredicate = Schema.Struct({
  type: optional(Names),
  contentIncludes: optional(Schema.String),
  button: optional(Schema.String),
  metadataHas: optional(Schema.Union([Schema.String, Json])),
  any: optional(Schema.Array(Schema.suspend((): Schema.Codec<EventPredicate> => EventPredicate)))
})

/** A filter: the types of events it accepts, or a predicate. */
export const Filter = Schema.Union([Schema.Array(Schema.String), EventPredicate])
export type Filter = typeof Filter.Type

/** The options that every kind of agent has. */
export const agentFields = {
  kind: Schema.String,
  words: optional(Schema.String),
  runFilter: optional(Filter),
  cancelFilter: optional(Filter),
  wordBuffer: optional(Schema.String),
  getAgentThrows: optional(Schema.String),
  noteCall: flag
}
export interface Agent extends Schema.Struct.Type<typeof agentFields> {}

const Request = Schema.Struct({
  method: Schema.String,
  path: Schema.String,
  body: optional(Schema.Unknown),
  rawBody: optional(Schema.String),
  headers: optional(Texts)
})
const Response = Schema.Struct({
  status: Schema.Int,
  body: optional(Schema.Unknown),
  headers: optional(Texts)
})

const steps = {
  send: optional(Schema.Unknown),
  sendRaw: optional(Schema.String),
  sendBinary: optional(Schema.String),
  waitMs: optional(Milliseconds),
  expect: optional(Schema.Array(Schema.Unknown)),
  expectClose: optional(Schema.Struct({ code: Schema.Int })),
  expectRejected: optional(Schema.Struct({ status: Schema.Int })),
  close: optional(Schema.Literal(true)),
  http: optional(Request),
  expectHttp: optional(Response)
}

/** One step: something to send, or something that must come back. */
export const Step = Schema.Struct({ ...steps, quietMs: optional(Milliseconds) }).check(
  exactlyOne(steps, "a step"),
  Schema.makeFilter((step) => !("quietMs" in step) || "expect" in step || "quietMs belongs to expect")
)
export type Step = typeof Step.Type

/** The behaviour of the pre-call handler. */
export const PreCall = Schema.Struct({
  noteCall: flag,
  result: optional(Schema.Struct({ metadata: optional(Json), config: optional(Json) })),
  reject: flag,
  throw: optional(Schema.String),
  httpError: optional(Schema.Struct({ status: Schema.Int, detail: optional(Schema.Unknown), headers: optional(Texts) }))
})
export type PreCall = typeof PreCall.Type

/** The routes of a case's HTTP server. */
export const Route = Schema.Struct({
  method: Schema.String,
  path: Schema.String,
  status: optional(Schema.Int),
  body: optional(Schema.Unknown),
  contentType: optional(Schema.String),
  delayMs: optional(Milliseconds)
})
export type Route = typeof Route.Type

const deltas = {
  text: optional(Schema.String),
  tool_call: optional(Schema.Struct({ id: Schema.String, name: Schema.String, arguments: Schema.Unknown })),
  tool_call_delta: optional(
    Schema.Struct({
      index: optional(Schema.Int),
      id: optional(Schema.String),
      name: optional(Schema.String),
      arguments: optional(Schema.String)
    })
  ),
  error: optional(Schema.String),
  failRequest: optional(Schema.String),
  finish: optional(Schema.String)
}

/** A piece of a model's reply. */
export const Delta = Schema.Struct({ ...deltas, delayMs: optional(Milliseconds) }).check(exactlyOne(deltas, "a delta"))
export type Delta = typeof Delta.Type

const Reply = Schema.Array(Delta).check(
  Schema.makeFilter(
    (reply) => reply.every(({ failRequest }, i) => i === 0 || failRequest === undefined) || "failRequest comes first"
  )
)

const fields = {
  name: optional(Schema.String),
  about: optional(Schema.String),
  tags: optional(Schema.Array(Schema.String)),
  quirk: optional(Schema.String),
  server: optional(Schema.Struct({ preCall: optional(Schema.NullOr(PreCall)) })),
  httpServer: optional(Schema.Struct({ routes: Schema.Array(Route) })),
  env: optional(Texts),
  wsPath: optional(Schema.String),
  connect: flag,
  call: optional(Schema.Unknown),
  llm: optional(Schema.Array(Reply)),
  steps: Schema.Array(Step),
  llmRequests: optional(Schema.Array(Json)),
  httpRequests: optional(Schema.Array(Json)),
  notes: optional(Schema.Array(Schema.Unknown))
}

/** Schema for a case whose agent is of one kind. */
export const of = <A extends Agent>(agent: Schema.Codec<A, unknown>) => Schema.Struct({ ...fields, agent })

/** One case. */
export type Case<A extends Agent = Agent> = Schema.Struct.Type<typeof fields> & { readonly agent: A }

/** A file is not a case, or this runner cannot interpret it. */
export class CaseError extends Schema.TaggedError<CaseError>()("CaseError", { message: Schema.String }) {}

const placeOf = (path: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }>): string =>
  path
    .map((part) => (typeof part === "object" ? part.key : part))
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "")

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const toCaseError = ({ issue }: Schema.SchemaError): CaseError => {
  const [first] = formatIssue(issue).issues
  const message = first?.message === "Expected no excess property" ? "unknown field" : String(first?.message)
  return new CaseError({ message: `${placeOf(first?.path ?? [])}: ${message}` })
}

const Kind = Schema.Struct({ agent: Schema.Struct({ kind: Schema.String }) })
const decodeKind = Schema.decodeUnknownResult(Kind)

/** The kind of agent that a case is for. */
export const kindOf = (json: unknown): Result.Result<string, CaseError> =>
  Result.mapBoth(decodeKind(json), { onFailure: toCaseError, onSuccess: ({ agent }) => agent.kind })

/** Reads a case whose kind of agent is known. */
export const decode = <A extends Agent>(
  json: unknown,
  agent: Schema.Codec<A, unknown>
): Result.Result<Case<A>, CaseError> =>
  Result.mapError(
    Schema.decodeUnknownResult(of(agent), { onExcessProperty: "error" })(json),
    toCaseError
  ) as Result.Result<Case<A>, CaseError>

/** Writes out `<repeat:C:N>` in every text of a file. */
export const expandRepeats = (json: unknown): unknown =>
  Notation.mapTexts(json, (text) =>
    text.replace(/<repeat:(.+?):(\d+)>/gsu, (_, repeated: string, count: string) => repeated.repeat(Number(count)))
  )
