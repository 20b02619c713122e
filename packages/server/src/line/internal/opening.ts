/**
 * Reads the messages that open a call on Line's wire: the start message of a socket, and the body of `POST /chats`.
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { parse, toWireError, WireError } from "./reading.ts"

const Metadata = Schema.Record(Schema.String, Schema.Unknown)
const optionalText = Schema.optionalKey(Schema.String)
const optionalOrNull = Schema.optionalKey(Schema.NullOr(Schema.String))
const agent = Schema.Struct({ id: optionalOrNull, system_prompt: optionalOrNull, introduction: optionalOrNull })

/** The first message on a socket. */
const Start = Schema.Struct({
  type: Schema.optionalKey(Schema.Literal("start")),
  call_id: optionalText,
  from: optionalText,
  from_: optionalText,
  to: optionalText,
  agent_call_id: optionalText,
  agent: Schema.optionalKey(agent),
  metadata: Schema.optionalKey(Schema.NullOr(Metadata)),
  agent_token: optionalOrNull,
  api_base_url: optionalOrNull
})

/** The body of `POST /chats`. Null counts as missing. */
const Chat = Schema.Struct({
  call_id: optionalOrNull,
  from_: optionalOrNull,
  from: optionalOrNull,
  to: optionalOrNull,
  agent_call_id: optionalOrNull,
  agent: Schema.optionalKey(Schema.NullOr(agent)),
  metadata: Schema.optionalKey(Schema.NullOr(Metadata))
})

const decodeStartMessage = Schema.decodeUnknownResult(Start)
const decodeChatBody = Schema.decodeUnknownResult(Chat)

/** Reads a start message. */
export const decodeStart = (frame: string | Uint8Array): Result.Result<CallRequest.CallRequest, WireError> => {
  if (typeof frame !== "string") return Result.fail(new WireError({ message: "expected text, got a binary message" }))
  return parse(frame).pipe(
    Result.flatMap((json) => Result.mapError(decodeStartMessage(json), toWireError)),
    Result.map((start) =>
      request(start, { agentToken: start.agent_token ?? null, apiBaseUrl: start.api_base_url ?? null })
    )
  )
}

/** Reads the body of `POST /chats`. */
export const decodeChat = (body: string): Result.Result<CallRequest.CallRequest, WireError> =>
  parse(body).pipe(
    Result.flatMap((json) => Result.mapError(decodeChatBody(json), toWireError)),
    Result.map((chat) => request({ ...chat, agent_call_id: chat.agent_call_id ?? chat.call_id }))
  )

interface Described {
  readonly call_id?: string | null | undefined
  readonly from?: string | null | undefined
  readonly from_?: string | null | undefined
  readonly to?: string | null | undefined
  readonly agent_call_id?: string | null | undefined
  readonly agent?: typeof agent.Type | null | undefined
  readonly metadata?: typeof Metadata.Type | null | undefined
}

const request = (
  body: Described,
  credentials: { readonly agentToken: string | null; readonly apiBaseUrl: string | null } = {
    agentToken: null,
    apiBaseUrl: null
  }
): CallRequest.CallRequest =>
  CallRequest.make({
    callId: body.call_id ?? "unknown",
    from: body.from ?? body.from_ ?? "unknown",
    to: body.to ?? "unknown",
    agentCallId: body.agent_call_id ?? "unknown",
    agent: {
      id: body.agent?.id ?? null,
      systemPrompt: body.agent?.system_prompt ?? null,
      introduction: body.agent?.introduction ?? null
    },
    metadata: body.metadata ?? {},
    ...credentials
  })
