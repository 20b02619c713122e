/**
 * The events of a call, each defined once: what happened on it (`Input`) and what an agent wants done (`Output`).
 *
 * Names are those of Cartesia's Line SDK, so its documentation reads on. The wire form of an event is made and read
 * by the transport that carries it, never here.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const id = { eventId: Schema.String }
const Metadata = Schema.Record(Schema.String, Schema.Unknown)

/** A part of a finished user turn: words, or a key press. */
export const UserContent = Schema.TaggedUnion({
  UserTextSent: { ...id, content: Schema.String },
  UserDtmfSent: { ...id, button: Schema.String }
})
export type UserContent = typeof UserContent.Type

/** A part of a finished agent turn: words as the harness reported them, or a key press. */
export const AgentContent = Schema.TaggedUnion({
  AgentTextSent: { ...id, content: Schema.String },
  AgentDtmfSent: { ...id, button: Schema.String }
})
export type AgentContent = typeof AgentContent.Type

/**
 * What happened on a call, as an agent and its filters see it.
 *
 * `UserTurnEnded.content` and `AgentTurnEnded.content` hold what came since that side began its turn, in order, and are
 * empty where its beginning was never reported. `AgentTextSent` is what the caller has heard, with the spacing the agent
 * wrote: successive reports grow one event until something else happens on the call.
 */
export const Input = Schema.TaggedUnion({
  /** The call has begun. Always the first event of a call. */
  CallStarted: { ...id },
  /** The caller has gone, or the harness has ended the call. Always the last event; absent where garbage came in. */
  CallEnded: { ...id },
  UserTurnStarted: { ...id },
  UserTextSent: UserContent.cases.UserTextSent.fields,
  UserDtmfSent: UserContent.cases.UserDtmfSent.fields,
  UserTurnEnded: { ...id, content: Schema.Array(UserContent) },
  UserCustomSent: { ...id, metadata: Metadata },
  AgentTurnStarted: { ...id },
  AgentTextSent: AgentContent.cases.AgentTextSent.fields,
  AgentDtmfSent: AgentContent.cases.AgentDtmfSent.fields,
  AgentTurnEnded: { ...id, content: Schema.Array(AgentContent) },
  /** The call was handed to another agent. */
  AgentHandedOff: { ...id },
  /** Background work of an earlier turn has come to its one outcome. */
  BackgroundReturned: {
    ...id,
    /** Name that the work was started under. */
    name: Schema.String,
    /** Id of the event whose turn started the work. */
    respondingTo: Schema.String,
    outcome: Schema.Literals(["Returned", "Failed", "Cancelled"]),
    /** What the work returned, or the message of its failure, or null where it was cancelled. */
    result: Schema.Unknown
  },
  /** A turn broke off with an error, and the call went on. */
  TurnFailed: {
    ...id,
    /** Id of the event that had started the turn. */
    respondingTo: Schema.String,
    message: Schema.String
  }
})
export type Input = typeof Input.Type

/** One kind of input event by its tag. */
export type InputOf<Tag extends Input["_tag"]> = Extract<Input, { readonly _tag: Tag }>

const named = { eventId: Schema.optional(Schema.String) }

/**
 * What a harness reports. The call fills in what is missing: an id, and the content of a finished turn. Start and end of
 * the call are no reports: the call makes these events itself.
 */
export const Report = Schema.TaggedUnion({
  UserTurnStarted: named,
  UserTextSent: { ...Input.cases.UserTextSent.fields, ...named },
  UserDtmfSent: { ...Input.cases.UserDtmfSent.fields, ...named },
  UserTurnEnded: named,
  UserCustomSent: { ...Input.cases.UserCustomSent.fields, ...named },
  AgentTurnStarted: named,
  AgentTextSent: { ...Input.cases.AgentTextSent.fields, ...named },
  AgentDtmfSent: { ...Input.cases.AgentDtmfSent.fields, ...named },
  AgentTurnEnded: named
})
export type Report = typeof Report.Type

const responding = { respondingTo: Schema.optional(Schema.String) }
const speech = { ...responding, interruptible: Schema.optional(Schema.Boolean) }
const tool = {
  ...responding,
  toolCallId: Schema.String,
  toolName: Schema.String,
  toolArgs: Schema.Record(Schema.String, Schema.Unknown)
}

/**
 * What an agent wants done.
 *
 * `respondingTo` names the event that is answered; where it is missing the runtime fills in the event of the turn.
 * `interruptible` is true where it is missing; `false` tells the harness to keep on even when the caller speaks.
 */
export const Output = Schema.TaggedUnion({
  AgentSendText: { ...speech, text: Schema.String },
  AgentSendDtmf: { ...responding, button: Schema.String },
  /** Asks the harness to hang up. `reason` is free text, `agent_ended` where missing. */
  AgentEndCall: { ...speech, reason: Schema.optional(Schema.String) },
  AgentTransferCall: { ...speech, targetPhoneNumber: Schema.String },
  AgentToolCalled: tool,
  AgentToolReturned: { ...tool, result: Schema.Unknown },
  /** Changes the voice of the call; what is missing stays as it is. `multilingual` is a language too. */
  AgentUpdateCall: {
    ...responding,
    voiceId: Schema.optional(Schema.String),
    pronunciationDictId: Schema.optional(Schema.String),
    language: Schema.optional(Schema.String)
  },
  AgentSendCustom: { ...responding, metadata: Metadata },
  LogMetric: { ...responding, name: Schema.String, value: Schema.Unknown },
  LogMessage: {
    ...responding,
    name: Schema.String,
    level: Schema.Literals(["info", "error"]),
    message: Schema.String,
    metadata: Schema.optional(Metadata)
  }
})
export type Output = typeof Output.Type

/** One kind of output event by its tag. */
export type OutputOf<Tag extends Output["_tag"]> = Extract<Output, { readonly _tag: Tag }>

/** A line that an application adds to the history. Nothing on the call produces it. */
export const CustomHistoryEntry = Schema.TaggedStruct("CustomHistoryEntry", {
  ...id,
  role: Schema.Literals(["user", "system"]),
  content: Schema.String
})
export type CustomHistoryEntry = typeof CustomHistoryEntry.Type

interface SpeechOptions {
  readonly interruptible?: boolean | undefined
  readonly respondingTo?: string | undefined
}

/** Says a piece of text. Pieces are spoken in the order they are sent, with nothing put between them. */
export const sendText = (text: string, options?: SpeechOptions): OutputOf<"AgentSendText"> => ({
  _tag: "AgentSendText",
  text,
  ...options
})

/** Presses a key: `0` to `9`, `*` or `#`. */
export const sendDtmf = (button: string): OutputOf<"AgentSendDtmf"> => ({ _tag: "AgentSendDtmf", button })

/** Asks the harness to hang up once what was said before has been spoken. */
export const endCall = (
  options?: SpeechOptions & { readonly reason?: string | undefined }
): OutputOf<"AgentEndCall"> => ({
  _tag: "AgentEndCall",
  ...options
})

/** Asks the harness to transfer the call. The number is passed on as it is. */
export const transferCall = (targetPhoneNumber: string, options?: SpeechOptions): OutputOf<"AgentTransferCall"> => ({
  _tag: "AgentTransferCall",
  targetPhoneNumber,
  ...options
})

/** Changes voice, pronunciation dictionary or language of the call. */
export const updateCall = (changes: Omit<OutputOf<"AgentUpdateCall">, "_tag">): OutputOf<"AgentUpdateCall"> => ({
  _tag: "AgentUpdateCall",
  ...changes
})

/** Sends the harness a message of the application's own making. */
export const sendCustom = (metadata: { readonly [key: string]: unknown }): OutputOf<"AgentSendCustom"> => ({
  _tag: "AgentSendCustom",
  metadata
})

/** Reports a measurement to the harness. */
export const logMetric = (name: string, value: unknown): OutputOf<"LogMetric"> => ({ _tag: "LogMetric", name, value })

/** Reports a line for the log of the harness. */
export const logMessage = (
  name: string,
  message: string,
  options?: { readonly level?: "info" | "error"; readonly metadata?: { readonly [key: string]: unknown } }
): OutputOf<"LogMessage"> => ({ _tag: "LogMessage", level: "info", name, message, ...options })

/**
 * Text of an event: its words, or those of a finished turn joined by a space, a key press as `[5]`. Empty for events that
 * carry none.
 */
export const text = (event: Input | CustomHistoryEntry): string => {
  switch (event._tag) {
    case "UserTextSent":
    case "AgentTextSent":
    case "CustomHistoryEntry":
      return event.content
    case "UserDtmfSent":
    case "AgentDtmfSent":
      return `[${event.button}]`
    case "UserTurnEnded":
    case "AgentTurnEnded":
      return (event.content as ReadonlyArray<UserContent | AgentContent>).map(text).join(" ")
    default:
      return ""
  }
}
