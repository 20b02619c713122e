/**
 * How the files of conformance cases write events: Line's type tags and field names for the events of the core.
 *
 * @since 0.1.0
 */
import type * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { randomUUID } from "node:crypto"

type Json = { readonly [key: string]: unknown }

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/^_/, "")
const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The type tag of an event. Line omits `agent` in two of them. */
export const typeOf = ({ _tag }: { readonly _tag: History.Item["_tag"] }): string =>
  _tag === "AgentEndCall" ? "end_call" : _tag === "AgentUpdateCall" ? "update_call" : snake(_tag)

const byType = <Tag extends History.Item["_tag"]>(cases: { readonly [_ in Tag]: unknown }): ReadonlyMap<string, Tag> =>
  new Map((Object.keys(cases) as Array<Tag>).map((_tag) => [typeOf({ _tag }), _tag]))
const inputTags = byType(Event.Input.cases)
const outputTags = byType(Event.Output.cases)

/** The input events with these type tags. Ignores unknown tags. */
export const inputs = (types: ReadonlyArray<string>): ReadonlyArray<Event.Input["_tag"]> =>
  types.flatMap((type) => inputTags.get(type) ?? [])

const reportedFields = ["content", "button", "metadata", "role", "toolName", "toolArgs", "result"]

/** An event as an agent reports it: its type, those of its fields that are reported, and its id if requested. */
export const describe = (event: History.HistoryEvent, options: { readonly ids: boolean }): Json => {
  const fields = event as unknown as Json
  const reported: Record<string, unknown> = { type: typeOf(event) }
  for (const field of reportedFields) {
    if (fields[field] === undefined) continue
    const value = fields[field]
    reported[snake(field)] = Array.isArray(value) ? value.map((part) => describe(part as Event.Input, options)) : value
  }
  return options.ids ? { ...reported, event_id: event.eventId } : reported
}

/** The history at the time of an event, as an agent reports it. */
export const describeHistory = (history: History.History): ReadonlyArray<Json> =>
  history.events.map((event) => describe(event, { ids: false }))

/** The properties of a call, as a factory notes them. */
export const describeRequest = (request: CallRequest.CallRequest): Json => ({
  call_id: request.callId,
  from: request.from,
  to: request.to,
  agent_call_id: request.agentCallId,
  agent: {
    id: request.agent.id,
    system_prompt: request.agent.systemPrompt,
    introduction: request.agent.introduction
  },
  metadata: request.metadata,
  agent_token: tokenOf(request),
  api_base_url: request.apiBaseUrl
})

/** The environment of a call, as a factory notes it. */
export const describeEnvironment = (request: CallRequest.CallRequest): Json => ({
  agent_id: request.agent.id,
  agent_token: tokenOf(request),
  base_url: request.apiBaseUrl
})

const tokenOf = ({ agentToken }: CallRequest.CallRequest) => (agentToken === null ? null : Redacted.value(agentToken))

// Fields whose null is a value. For any other field, null means the same as absence.
const nullable: ReadonlySet<string> = new Set(["result", "value"])
const defaults: { readonly [type: string]: Json } = {
  agent_tool_called: { tool_args: {} },
  agent_tool_returned: { tool_args: {}, result: null },
  log_message: { level: "info" }
}

const isOutput = Schema.makeFilter<Json>(
  ({ type }) => (typeof type === "string" && outputTags.has(type)) || `unknown output event ${JSON.stringify(type)}`
)

/** Schema for an output event, from its written form. */
export const Output = Schema.Record(Schema.String, Schema.Unknown)
  .check(isOutput)
  .pipe(
    Schema.decodeTo(
      Schema.toType(Event.Output),
      SchemaTransformation.transform<Event.Output, Json>({
        decode: ({ type, ...fields }) => {
          const given = Object.entries(fields).filter(([name, value]) => value !== null || nullable.has(name))
          const all = { ...defaults[String(type)], ...Object.fromEntries(given) }
          return {
            _tag: outputTags.get(String(type)),
            ...Object.fromEntries(Object.entries(all).map(([name, value]) => [camel(name), value]))
          } as Event.Output
        },
        encode: ({ _tag, ...fields }) => ({
          type: typeOf({ _tag }),
          ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [snake(name), value]))
        })
      })
    )
  )

const isHistoryEvent = Schema.makeFilter<Json>(
  ({ type }) =>
    (typeof type === "string" && (inputTags.has(type) || type === customEntry)) ||
    `unknown event ${JSON.stringify(type)}`
)
const customEntry = "custom_history_entry"

/** Schema for an event of a history in its written form, without an id. */
export const HistoryEvent = Schema.Record(Schema.String, Schema.Unknown).check(isHistoryEvent)

/** The event with this written form, with a new id. */
export const historyEvent = ({ type, ...fields }: Json): History.HistoryEvent =>
  ({
    _tag: type === customEntry ? "CustomHistoryEntry" : inputTags.get(String(type)),
    eventId: randomUUID(),
    ...camelKeys(
      Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [
          name,
          Array.isArray(value) ? value.map((part) => historyEvent(part as Json)) : value
        ])
      )
    )
  }) as unknown as History.HistoryEvent

/** An object with its field names in camel case. Values are unchanged. */
export const camelKeys = (fields: Json = {}): { readonly [name: string]: never } =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [camel(name), value as never]))

/** Replaces names in braces by their values. Leaves unknown names unchanged. */
export const fill = (text: string, find: (name: string) => unknown): string =>
  text.replace(/\{([^{}]+)\}/g, (all, name: string) => {
    const value = find(name)
    return value === undefined ? all : typeof value === "string" ? value : JSON.stringify(value)
  })

/** Looks up `arg:x` among arguments. */
export const argument =
  (args: Json) =>
  (name: string): unknown =>
    name.startsWith("arg:") ? args[name.slice(4)] : undefined

/** A copy of a value with every text changed, except for event tags. */
export const mapTexts = <A>(value: A, f: (text: string) => string): A => {
  if (typeof value === "string") return f(value) as A
  if (Array.isArray(value)) return value.map((member) => mapTexts(member, f)) as A
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, key === "_tag" ? member : mapTexts(member, f)])
  ) as A
}
