/**
 * The events of a call, each defined once: what happened on it (`Input`) and what an agent wants done (`Output`).
 *
 * Names are those of Cartesia's Line SDK, so its documentation reads on. The wire form of an event belongs to the
 * transport that carries it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type {} from "./Privacy.ts"

const Id = Schema.String.annotate({ privacy: "id" })
const Name = Schema.String.annotate({ privacy: "public" })
const UserText = Schema.String.annotate({ privacy: "userText" })
const AgentText = Schema.String.annotate({ privacy: "agentText" })
const Message = Schema.String.annotate({ privacy: "message" })
const PhoneNumber = Schema.String.annotate({ privacy: "phoneNumber" })
const Button = Schema.String.annotate({ privacy: "dtmf" })
const Metadata = Schema.Record(Schema.String, Schema.Unknown).annotate({ privacy: "metadata" })
const Arguments = Schema.Record(Schema.String, Schema.Unknown).annotate({ privacy: "arguments" })
const Returned = Schema.Unknown.annotate({ privacy: "result" })

const Seconds = Schema.Finite.annotate({ privacy: "public" })
const Flag = Schema.Boolean.annotate({ privacy: "public" })
const Offset = Schema.Int.annotate({ privacy: "public" })

const id = { eventId: Id }

/** Schema for a part of a finished user turn: words, or a key press. */
export const UserContent = Schema.TaggedUnion({
  UserTextSent: { ...id, content: UserText },
  UserDtmfSent: { ...id, button: Button }
})
/** A part of a finished user turn. */
export type UserContent = UserTextSent | UserDtmfSent

/** Schema for a part of a finished agent turn: words as the harness reported them, or a key press. */
export const AgentContent = Schema.TaggedUnion({
  AgentTextSent: { ...id, content: AgentText },
  AgentDtmfSent: { ...id, button: Button }
})
/** A part of a finished agent turn. */
export type AgentContent = AgentTextSent | AgentDtmfSent

/**
 * Schema for what happened on a call, as an agent and its filters see it.
 *
 * `UserTurnEnded.content` and `AgentTurnEnded.content` hold, in order, what that side said and pressed since its turn
 * began; they are empty if the beginning was never reported. `AgentTextSent` is what the caller has heard, with the
 * agent's own spacing: successive reports extend one event until something else happens on the call.
 */
export const Input = Schema.TaggedUnion({
  CallStarted: id,
  CallEnded: id,
  UserTurnStarted: id,
  UserTextSent: UserContent.cases.UserTextSent.fields,
  UserDtmfSent: UserContent.cases.UserDtmfSent.fields,
  UserTurnEnded: { ...id, content: Schema.Array(UserContent) },
  UserTurnAbandoned: id,
  UserSilent: { ...id, seconds: Seconds },
  UserCustomSent: { ...id, metadata: Metadata },
  AgentTurnStarted: id,
  AgentTextSent: AgentContent.cases.AgentTextSent.fields,
  AgentDtmfSent: AgentContent.cases.AgentDtmfSent.fields,
  AgentTurnEnded: { ...id, content: Schema.Array(AgentContent) },
  AgentHandedOff: id,
  BackgroundReturned: {
    ...id,
    /** Name that the work was started under. */
    name: Name,
    /** Id of the event whose turn started the work. */
    respondingTo: Id,
    outcome: Schema.Literals(["Returned", "Failed", "Cancelled"]),
    /** What the work returned, the message of its failure, or null if it was cancelled. */
    result: Returned
  },
  TurnFailed: {
    ...id,
    /** Id of the event that had started the turn. */
    respondingTo: Id,
    message: Message
  },
  AnswerOverdue: {
    ...id,
    /** Id of the event that ended the caller's turn. */
    respondingTo: Id,
    /** Seconds that the caller has waited for a word. */
    seconds: Seconds
  }
})
/** Something that happened on a call. */
export type Input = InputOf<keyof typeof Input.cases>

/** One kind of input event by its tag. */
export type InputOf<Tag extends Input["_tag"]> = Inputs[Tag]

/** The types of a union's members by tag. */
type Cases<Members extends { readonly [tag: string]: Schema.Constraint }> = {
  readonly [Tag in keyof Members]: Members[Tag]["Type"]
}

// TypeScript shows an interface that adds nothing to its base as the base, so each of these repeats its tag.

/** The call has begun. Always the first event of a call. */
export interface CallStarted extends Schema.Schema.Type<typeof Input.cases.CallStarted> {
  readonly _tag: "CallStarted"
}

/**
 * The caller has left, or the harness has ended the call. Always the last event; absent if the harness sent garbage.
 */
export interface CallEnded extends Schema.Schema.Type<typeof Input.cases.CallEnded> {
  readonly _tag: "CallEnded"
}

/** The caller has begun to speak. */
export interface UserTurnStarted extends Schema.Schema.Type<typeof Input.cases.UserTurnStarted> {
  readonly _tag: "UserTurnStarted"
}

/** The caller said something. */
export interface UserTextSent extends Schema.Schema.Type<typeof Input.cases.UserTextSent> {
  readonly _tag: "UserTextSent"
}

/** The caller pressed a key. */
export interface UserDtmfSent extends Schema.Schema.Type<typeof Input.cases.UserDtmfSent> {
  readonly _tag: "UserDtmfSent"
}

/** The caller has finished, and is waiting for an answer. */
export interface UserTurnEnded extends Schema.Schema.Type<typeof Input.cases.UserTurnEnded> {
  readonly _tag: "UserTurnEnded"
  readonly content: ReadonlyArray<UserContent>
}

/** The caller's turn was only a cough, or noise on the line. */
export interface UserTurnAbandoned extends Schema.Schema.Type<typeof Input.cases.UserTurnAbandoned> {
  readonly _tag: "UserTurnAbandoned"
}

/** Nobody has spoken for this many seconds, as counted by the harness. */
export interface UserSilent extends Schema.Schema.Type<typeof Input.cases.UserSilent> {
  readonly _tag: "UserSilent"
}

/** The application on the caller's side sent a custom message. */
export interface UserCustomSent extends Schema.Schema.Type<typeof Input.cases.UserCustomSent> {
  readonly _tag: "UserCustomSent"
}

/** The caller has begun to hear the agent. */
export interface AgentTurnStarted extends Schema.Schema.Type<typeof Input.cases.AgentTurnStarted> {
  readonly _tag: "AgentTurnStarted"
}

/** The caller has heard this much of the agent's words. */
export interface AgentTextSent extends Schema.Schema.Type<typeof Input.cases.AgentTextSent> {
  readonly _tag: "AgentTextSent"
}

/** A key that the agent pressed was sent. */
export interface AgentDtmfSent extends Schema.Schema.Type<typeof Input.cases.AgentDtmfSent> {
  readonly _tag: "AgentDtmfSent"
}

/** The caller no longer hears the agent: it has finished, or was interrupted. */
export interface AgentTurnEnded extends Schema.Schema.Type<typeof Input.cases.AgentTurnEnded> {
  readonly _tag: "AgentTurnEnded"
  readonly content: ReadonlyArray<AgentContent>
}

/** The call was handed to another agent. */
export interface AgentHandedOff extends Schema.Schema.Type<typeof Input.cases.AgentHandedOff> {
  readonly _tag: "AgentHandedOff"
}

/** Background work of an earlier turn has ended, with its single outcome. */
export interface BackgroundReturned extends Schema.Schema.Type<typeof Input.cases.BackgroundReturned> {
  readonly _tag: "BackgroundReturned"
}

/** A turn failed, and the call went on. */
export interface TurnFailed extends Schema.Schema.Type<typeof Input.cases.TurnFailed> {
  readonly _tag: "TurnFailed"
}

/** The caller has finished a turn, and the agent said nothing within its deadline. */
export interface AnswerOverdue extends Schema.Schema.Type<typeof Input.cases.AnswerOverdue> {
  readonly _tag: "AnswerOverdue"
}

/** The name of each input event. */
interface Inputs extends Cases<typeof Input.cases> {
  readonly CallStarted: CallStarted
  readonly CallEnded: CallEnded
  readonly UserTurnStarted: UserTurnStarted
  readonly UserTextSent: UserTextSent
  readonly UserDtmfSent: UserDtmfSent
  readonly UserTurnEnded: UserTurnEnded
  readonly UserTurnAbandoned: UserTurnAbandoned
  readonly UserSilent: UserSilent
  readonly UserCustomSent: UserCustomSent
  readonly AgentTurnStarted: AgentTurnStarted
  readonly AgentTextSent: AgentTextSent
  readonly AgentDtmfSent: AgentDtmfSent
  readonly AgentTurnEnded: AgentTurnEnded
  readonly AgentHandedOff: AgentHandedOff
  readonly BackgroundReturned: BackgroundReturned
  readonly TurnFailed: TurnFailed
  readonly AnswerOverdue: AnswerOverdue
}

const named = { eventId: Schema.optional(Id) }

/**
 * Schema for what a harness reports. The call adds what is missing: an id, and the content of a finished turn. The
 * start and the end of the call are not reports: the call makes these events itself.
 */
export const Report = Schema.TaggedUnion({
  UserTurnStarted: named,
  UserTextSent: { ...Input.cases.UserTextSent.fields, ...named },
  UserDtmfSent: { ...Input.cases.UserDtmfSent.fields, ...named },
  UserTurnEnded: {
    ...named,
    /** Everything the caller said in this turn, if the words were not reported one by one. */
    content: Schema.optional(UserText),
    /** The caller has probably finished: the turn runs, and its outputs wait for `UserTurnCommitted`. */
    tentative: Schema.optional(Flag)
  },
  UserTurnCommitted: named,
  UserTurnResumed: named,
  UserTurnAbandoned: named,
  UserTurnRevised: { ...named, content: UserText },
  UserTurnWithdrawn: named,
  UserSilent: { ...named, seconds: Seconds },
  UserCustomSent: { ...Input.cases.UserCustomSent.fields, ...named },
  AgentTurnStarted: named,
  AgentTextSent: {
    ...Input.cases.AgentTextSent.fields,
    ...named,
    /**
     * How far the caller has heard the reply: the event it responds to, and an offset in UTF-16 units into everything
     * that was sent in that turn. It is exact, so `content` is not compared with anything. `from` tells that words were
     * skipped: an interruption cut everything before it that was not reported as heard, and the uninterruptible text after
     * it went on.
     */
    at: Schema.optional(Schema.Struct({ respondingTo: Id, offset: Offset, from: Schema.optional(Offset) })),
    /** The harness cannot know what was heard, and estimates it from the time that has passed. */
    estimated: Schema.optional(Flag),
    /** `content` is in the platform's own words. It is recorded unchanged, and not matched with the text that was sent. */
    own: Schema.optional(Flag)
  },
  AgentDtmfSent: { ...Input.cases.AgentDtmfSent.fields, ...named },
  AgentTurnEnded: named
})
/** Something that a harness reports. */
export type Report = ReportOf<keyof typeof Report.cases>

/** One kind of report by its tag. */
export type ReportOf<Tag extends Report["_tag"]> = Reports[Tag]

/** Reports that the caller has begun to speak. */
export interface UserTurnStartedReport extends Schema.Schema.Type<typeof Report.cases.UserTurnStarted> {
  readonly _tag: "UserTurnStarted"
}

/** Reports words of the caller. */
export interface UserTextSentReport extends Schema.Schema.Type<typeof Report.cases.UserTextSent> {
  readonly _tag: "UserTextSent"
}

/** Reports a key that the caller pressed. */
export interface UserDtmfSentReport extends Schema.Schema.Type<typeof Report.cases.UserDtmfSent> {
  readonly _tag: "UserDtmfSent"
}

/** Reports that the caller has finished. */
export interface UserTurnEndedReport extends Schema.Schema.Type<typeof Report.cases.UserTurnEnded> {
  readonly _tag: "UserTurnEnded"
}

/** Reports that the caller had really finished: the tentative turn counts, and its outputs are sent. */
export interface UserTurnCommittedReport extends Schema.Schema.Type<typeof Report.cases.UserTurnCommitted> {
  readonly _tag: "UserTurnCommitted"
}

/** Reports that the caller has gone on speaking: the tentative turn is interrupted and leaves no trace. */
export interface UserTurnResumedReport extends Schema.Schema.Type<typeof Report.cases.UserTurnResumed> {
  readonly _tag: "UserTurnResumed"
}

/** Reports that the caller's turn was only a cough, or noise. It runs no turn. */
export interface UserTurnAbandonedReport extends Schema.Schema.Type<typeof Report.cases.UserTurnAbandoned> {
  readonly _tag: "UserTurnAbandoned"
}

/** Reports a corrected text of the caller's last turn. Only the last version is in the history and is answered. */
export interface UserTurnRevisedReport extends Schema.Schema.Type<typeof Report.cases.UserTurnRevised> {
  readonly _tag: "UserTurnRevised"
}

/** Reports that the caller's last turn did not happen. Its answer is cancelled, and neither stays in the history. */
export interface UserTurnWithdrawnReport extends Schema.Schema.Type<typeof Report.cases.UserTurnWithdrawn> {
  readonly _tag: "UserTurnWithdrawn"
}

/** Reports that nobody has spoken for this many seconds. */
export interface UserSilentReport extends Schema.Schema.Type<typeof Report.cases.UserSilent> {
  readonly _tag: "UserSilent"
}

/** Reports a custom message of the application on the caller's side. */
export interface UserCustomSentReport extends Schema.Schema.Type<typeof Report.cases.UserCustomSent> {
  readonly _tag: "UserCustomSent"
}

/** Reports that the caller has begun to hear the agent. */
export interface AgentTurnStartedReport extends Schema.Schema.Type<typeof Report.cases.AgentTurnStarted> {
  readonly _tag: "AgentTurnStarted"
}

/** Reports words of the agent that the caller has heard since the last report. */
export interface AgentTextSentReport extends Schema.Schema.Type<typeof Report.cases.AgentTextSent> {
  readonly _tag: "AgentTextSent"
}

/** Reports that a key press of the agent was sent. */
export interface AgentDtmfSentReport extends Schema.Schema.Type<typeof Report.cases.AgentDtmfSent> {
  readonly _tag: "AgentDtmfSent"
}

/** Reports that the caller no longer hears the agent. */
export interface AgentTurnEndedReport extends Schema.Schema.Type<typeof Report.cases.AgentTurnEnded> {
  readonly _tag: "AgentTurnEnded"
}

/** The name of each report. */
interface Reports extends Cases<typeof Report.cases> {
  readonly UserTurnStarted: UserTurnStartedReport
  readonly UserTextSent: UserTextSentReport
  readonly UserDtmfSent: UserDtmfSentReport
  readonly UserTurnEnded: UserTurnEndedReport
  readonly UserTurnCommitted: UserTurnCommittedReport
  readonly UserTurnResumed: UserTurnResumedReport
  readonly UserTurnAbandoned: UserTurnAbandonedReport
  readonly UserTurnRevised: UserTurnRevisedReport
  readonly UserTurnWithdrawn: UserTurnWithdrawnReport
  readonly UserSilent: UserSilentReport
  readonly UserCustomSent: UserCustomSentReport
  readonly AgentTurnStarted: AgentTurnStartedReport
  readonly AgentTextSent: AgentTextSentReport
  readonly AgentDtmfSent: AgentDtmfSentReport
  readonly AgentTurnEnded: AgentTurnEndedReport
}

const responding = { respondingTo: Schema.optional(Id) }
const speech = { ...responding, interruptible: Schema.optional(Schema.Boolean.annotate({ privacy: "public" })) }
const tool = {
  ...responding,
  toolCallId: Id,
  toolName: Name,
  toolArgs: Arguments
}

/**
 * Schema for what an agent wants done.
 *
 * `respondingTo` is the id of the event that is answered; by default the event of the turn. `interruptible` defaults to
 * true; `false` tells the harness to go on even if the caller speaks.
 */
export const Output = Schema.TaggedUnion({
  AgentSendText: { ...speech, text: AgentText },
  AgentSendDtmf: { ...responding, button: Button },
  AgentEndCall: { ...speech, reason: Schema.optional(Message) },
  AgentTransferCall: { ...speech, targetPhoneNumber: PhoneNumber },
  AgentToolCalled: tool,
  AgentToolReturned: { ...tool, result: Returned },
  AgentUpdateCall: {
    ...responding,
    voiceId: Schema.optional(Id),
    pronunciationDictId: Schema.optional(Id),
    language: Schema.optional(Name)
  },
  AgentSendCustom: { ...responding, metadata: Metadata },
  LogMetric: { ...responding, name: Name, value: Schema.Unknown.annotate({ privacy: "measure" }) },
  LogMessage: {
    ...responding,
    name: Name,
    level: Schema.Literals(["info", "error"]),
    message: Message,
    metadata: Schema.optional(Metadata)
  }
})
/** Something that an agent wants done. */
export type Output = OutputOf<keyof typeof Output.cases>

const isFullOutput = Schema.is(Output)
const isText = (value: unknown): value is string => typeof value === "string"

/** Whether a value is an output event. Text is checked by hand, because this runs for each piece of a reply. */
export const isOutput = (value: unknown): value is Output => {
  const output = value as AgentSendText | null | undefined
  if (output?._tag !== "AgentSendText") return isFullOutput(value)
  const { interruptible, respondingTo, text } = output
  return (
    isText(text) &&
    (respondingTo === undefined || isText(respondingTo)) &&
    (interruptible === undefined || typeof interruptible === "boolean")
  )
}

/** Whether an output only goes to a log, so that its order among words does not matter. */
export const isLog = (output: Output): output is LogMetric | LogMessage => {
  switch (output._tag) {
    case "LogMetric":
    case "LogMessage":
      return true
    case "AgentSendText":
    case "AgentSendDtmf":
    case "AgentEndCall":
    case "AgentTransferCall":
    case "AgentToolCalled":
    case "AgentToolReturned":
    case "AgentUpdateCall":
    case "AgentSendCustom":
      return false
    default:
      output satisfies never
      return false
  }
}

/** One kind of output event by its tag. */
export type OutputOf<Tag extends Output["_tag"]> = Outputs[Tag]

/** Says a piece of text. */
export interface AgentSendText extends Schema.Schema.Type<typeof Output.cases.AgentSendText> {
  readonly _tag: "AgentSendText"
}

/** Presses a key: `0` to `9`, `*` or `#`. */
export interface AgentSendDtmf extends Schema.Schema.Type<typeof Output.cases.AgentSendDtmf> {
  readonly _tag: "AgentSendDtmf"
}

/** Asks the harness to hang up. `reason` is free text, and defaults to `agent_ended`. */
export interface AgentEndCall extends Schema.Schema.Type<typeof Output.cases.AgentEndCall> {
  readonly _tag: "AgentEndCall"
}

/** Asks the harness to transfer the call. */
export interface AgentTransferCall extends Schema.Schema.Type<typeof Output.cases.AgentTransferCall> {
  readonly _tag: "AgentTransferCall"
}

/** Tells the harness that a tool was called. */
export interface AgentToolCalled extends Schema.Schema.Type<typeof Output.cases.AgentToolCalled> {
  readonly _tag: "AgentToolCalled"
}

/** Tells the harness the outcome of a tool call. */
export interface AgentToolReturned extends Schema.Schema.Type<typeof Output.cases.AgentToolReturned> {
  readonly _tag: "AgentToolReturned"
}

/** Changes the voice of the call. Missing fields stay as they are. `multilingual` is a language too. */
export interface AgentUpdateCall extends Schema.Schema.Type<typeof Output.cases.AgentUpdateCall> {
  readonly _tag: "AgentUpdateCall"
}

/** Sends the harness a custom message. */
export interface AgentSendCustom extends Schema.Schema.Type<typeof Output.cases.AgentSendCustom> {
  readonly _tag: "AgentSendCustom"
}

/** Sends a measurement to the harness. */
export interface LogMetric extends Schema.Schema.Type<typeof Output.cases.LogMetric> {
  readonly _tag: "LogMetric"
}

/** Sends a line to the log of the harness. */
export interface LogMessage extends Schema.Schema.Type<typeof Output.cases.LogMessage> {
  readonly _tag: "LogMessage"
}

/** The name of each output event. */
interface Outputs extends Cases<typeof Output.cases> {
  readonly AgentSendText: AgentSendText
  readonly AgentSendDtmf: AgentSendDtmf
  readonly AgentEndCall: AgentEndCall
  readonly AgentTransferCall: AgentTransferCall
  readonly AgentToolCalled: AgentToolCalled
  readonly AgentToolReturned: AgentToolReturned
  readonly AgentUpdateCall: AgentUpdateCall
  readonly AgentSendCustom: AgentSendCustom
  readonly LogMetric: LogMetric
  readonly LogMessage: LogMessage
}

/** Schema for a line that only an application can add to the history. */
export const CustomHistoryEntry = Schema.TaggedStruct("CustomHistoryEntry", {
  ...id,
  role: Schema.Literals(["user", "system"]),
  content: Message
})
/** A line that an application added to the history. */
export interface CustomHistoryEntry extends Schema.Schema.Type<typeof CustomHistoryEntry> {
  readonly _tag: "CustomHistoryEntry"
}

interface SpeechOptions {
  readonly interruptible?: boolean | undefined
  readonly respondingTo?: string | undefined
}

/** Says a piece of text. Pieces are spoken in the order they are sent, and nothing is inserted between them. */
export const sendText = (text: string, options?: SpeechOptions): AgentSendText => ({
  _tag: "AgentSendText",
  text,
  ...options
})

/** Presses a key: `0` to `9`, `*` or `#`. */
export const sendDtmf = (button: string): AgentSendDtmf => ({ _tag: "AgentSendDtmf", button })

/** Asks the harness to hang up once everything before it has been spoken. */
export const endCall = (options?: SpeechOptions & { readonly reason?: string | undefined }): AgentEndCall => ({
  _tag: "AgentEndCall",
  ...options
})

/** Asks the harness to transfer the call. The number is passed on unchanged. */
export const transferCall = (targetPhoneNumber: string, options?: SpeechOptions): AgentTransferCall => ({
  _tag: "AgentTransferCall",
  targetPhoneNumber,
  ...options
})

/** Changes voice, pronunciation dictionary or language of the call. */
export const updateCall = (changes: Omit<AgentUpdateCall, "_tag">): AgentUpdateCall => ({
  _tag: "AgentUpdateCall",
  ...changes
})

/** Sends the harness a custom message. */
export const sendCustom = (metadata: { readonly [key: string]: unknown }): AgentSendCustom => ({
  _tag: "AgentSendCustom",
  metadata
})

/** Sends a measurement to the harness. */
export const logMetric = (name: string, value: unknown): LogMetric => ({ _tag: "LogMetric", name, value })

/** Sends a line to the log of the harness. */
export const logMessage = (
  name: string,
  message: string,
  options?: { readonly level?: "info" | "error"; readonly metadata?: { readonly [key: string]: unknown } }
): LogMessage => ({ _tag: "LogMessage", level: "info", name, message, ...options })

/**
 * Returns the text of an event: its words, or those of a finished turn joined by spaces; a key press is `[5]`. Empty
 * for other events.
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
      return event.content.map(text).join(" ")
    case "CallStarted":
    case "CallEnded":
    case "UserTurnStarted":
    case "UserTurnAbandoned":
    case "UserSilent":
    case "UserCustomSent":
    case "AgentTurnStarted":
    case "AgentHandedOff":
    case "BackgroundReturned":
    case "TurnFailed":
    case "AnswerOverdue":
      return ""
    default:
      event satisfies never
      return ""
  }
}
