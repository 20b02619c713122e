/**
 * What is known about a call before its first turn: who calls whom, which agent is wanted, and metadata that the
 * harness passes along.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type {} from "./Privacy.ts"

const Id = Schema.String.annotate({ privacy: "id" })
const PhoneNumber = Schema.String.annotate({ privacy: "phoneNumber" })
const Instructions = Schema.NullOr(Schema.String.annotate({ privacy: "instructions" }))

/** Schema for the agent that the harness asks for. */
export const AgentRequest = Schema.Struct({
  id: Schema.NullOr(Id),
  systemPrompt: Instructions,
  introduction: Instructions
})
/** The agent that the harness asks for. */
export interface AgentRequest extends Schema.Schema.Type<typeof AgentRequest> {
  // TypeScript shows an interface that adds nothing to its base as the base.
  readonly id: string | null
}

/** Schema for what is known about a call before its first turn. */
export const CallRequest = Schema.Struct({
  callId: Id,
  from: PhoneNumber,
  to: PhoneNumber,
  agentCallId: Id,
  agent: AgentRequest,
  metadata: Schema.Record(Schema.String, Schema.Unknown).annotate({ privacy: "metadata" }),
  agentToken: Schema.NullOr(Schema.Redacted(Schema.String)),
  apiBaseUrl: Schema.NullOr(Schema.String)
})
/** What is known about a call before its first turn. `agentToken` gives access to the platform's own services. */
export interface CallRequest extends Schema.Schema.Type<typeof CallRequest> {
  readonly agent: AgentRequest
}

/** Makes a request. Missing fields become `"unknown"`, empty or null, as on the wire. */
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
