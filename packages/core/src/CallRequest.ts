/**
 * What is known about a call before its first turn: who calls whom, which agent is meant, and what the harness was told
 * to pass along.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** The agent that the harness asks for. */
export const AgentRequest = Schema.Struct({
  id: Schema.NullOr(Schema.String),
  systemPrompt: Schema.NullOr(Schema.String),
  introduction: Schema.NullOr(Schema.String)
})
export type AgentRequest = typeof AgentRequest.Type

/** What is known about a call before its first turn. `agentToken` admits to the platform's own services. */
export const CallRequest = Schema.Struct({
  callId: Schema.String,
  from: Schema.String,
  to: Schema.String,
  agentCallId: Schema.String,
  agent: AgentRequest,
  metadata: Schema.Record(Schema.String, Schema.Unknown),
  agentToken: Schema.NullOr(Schema.Redacted(Schema.String)),
  apiBaseUrl: Schema.NullOr(Schema.String)
})
export type CallRequest = typeof CallRequest.Type

/** Makes a request; what is not given is `"unknown"`, empty or null, as on the wire. */
export const make = (
  fields: Partial<Omit<CallRequest, "agent" | "agentToken">> & {
    readonly agent?: Partial<AgentRequest>
    readonly agentToken?: string | null
  } = {}
): CallRequest => ({
  callId: "unknown",
  from: "unknown",
  to: "unknown",
  agentCallId: "unknown",
  metadata: {},
  apiBaseUrl: null,
  ...fields,
  agent: { id: null, systemPrompt: null, introduction: null, ...fields.agent },
  agentToken: fields.agentToken == null ? null : Redacted.make(fields.agentToken, { label: "agentToken" })
})
