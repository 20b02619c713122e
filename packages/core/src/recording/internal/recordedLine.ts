/**
 * The lines of a recording: its header, and one schema for everything that may follow.
 */
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Struct from "effect/Struct"
import { CallError } from "../../CallError.ts"
import { CallRequest } from "../../CallRequest.ts"
import * as Event from "../../Event.ts"
import type * as Listener from "../../internal/call/listener.ts"

/** The major version that is written, and the newest one that can be read. */
export const version = 2

// The token would give every reader access to the platform's services.
const Request = Schema.Struct(Struct.omit(CallRequest.fields, ["agentToken"])).pipe(
  Schema.decodeTo(
    Schema.toType(CallRequest),
    SchemaTransformation.transform({
      decode: (request): CallRequest => ({ ...request, agentToken: null }),
      encode: ({ agentToken: _, ...request }) => request
    })
  )
)

/** Schema for the first line of a recording. `seed` seeds the `Random` of the call, from which its ids are drawn. */
export const Header = Schema.TaggedStruct("Recording", {
  version: Schema.Int,
  startedAt: Schema.DateTimeUtcFromString,
  request: Request,
  seed: Schema.Int,
  /** Whether something may have been blanked. A replay of the recording then cannot be the same to the byte. */
  redacted: Schema.Boolean
})
/** The first line of a recording. */
export interface Header extends Schema.Schema.Type<typeof Header> {
  readonly _tag: "Recording"
}

/** Schema for an object of JSON. */
export const Json = Schema.Record(Schema.String, Schema.Unknown)
const Count = Schema.Int.annotate({ privacy: "public" })
const Id = Schema.String.annotate({ privacy: "id" })
const Name = Schema.String.annotate({ privacy: "public" })
/** Milliseconds since the start of the call. */
const at = { at: Schema.Finite.annotate({ privacy: "public" }) }
const inTurn = { ...at, turn: Count }

/** Schema for a tool as a model was shown it. */
export const Tool = Schema.Struct({
  name: Name,
  description: Schema.optional(Schema.String.annotate({ privacy: "instructions" })),
  parameters: Schema.Unknown.annotate({ privacy: "parameters" })
})
/** A tool as a model was shown it. */
export interface Tool extends Schema.Schema.Type<typeof Tool> {
  readonly name: string
}

const Flag = Schema.Boolean.annotate({ privacy: "public" })
const Measure = Schema.Finite.annotate({ privacy: "public" })

/** Schema for something that the turn taking of a call by voice was told. Times are audio times, in milliseconds. */
export const FloorEvent = Schema.Struct({
  kind: Name,
  at: Measure,
  from: Schema.optional(Measure),
  to: Schema.optional(Measure),
  text: Schema.optional(Schema.String.annotate({ privacy: "userText" })),
  said: Schema.optional(Schema.String.annotate({ privacy: "agentText" })),
  digit: Schema.optional(Schema.String.annotate({ privacy: "dtmf" })),
  final: Schema.optional(Flag),
  interruptible: Schema.optional(Flag),
  generation: Schema.optional(Count),
  endOfTurn: Schema.optional(Measure),
  waitMs: Schema.optional(Measure),
  backchannel: Schema.optional(Measure)
})

/** Schemas for the events that a call makes itself. */
export const made = {
  CallStarted: Event.Input.cases.CallStarted,
  CallEnded: Event.Input.cases.CallEnded,
  BackgroundReturned: Event.Input.cases.BackgroundReturned,
  TurnFailed: Event.Input.cases.TurnFailed,
  AnswerOverdue: Event.Input.cases.AnswerOverdue,
  UserTurnEnded: Event.Input.cases.UserTurnEnded
} satisfies { readonly [Tag in Listener.Made]: Schema.Schema<Event.InputOf<Tag>> }

/** Schema for one thing that happened on a call. `at` is in milliseconds since its start; lines are in the order of happening. */
export const Line = Schema.TaggedUnion({
  /** A report of the harness. `eventId` is the id that the agent saw, unless the harness reported it itself. */
  Reported: { ...at, report: Event.Report, eventId: Schema.optional(Id) },
  /** An event that the call made. */
  Happened: {
    ...at,
    event: Schema.Union(Object.values(made))
  },
  TurnStarted: { ...inTurn, trigger: Id },
  TurnEnded: { ...inTurn, outcome: Schema.Literals(["Finished", "Failed", "Interrupted"]) },
  /** An output that was handed to the harness. */
  Sent: { ...inTurn, output: Event.Output },
  /** An output that was recorded but not handed to the harness. */
  Kept: { ...inTurn, output: Event.Output },
  /** The call told the harness that its agent failed. */
  CallFailed: { ...at, reason: CallError.fields.reason, message: Schema.String.annotate({ privacy: "message" }) },
  /**
   * A model was asked. Its prompt, as `effect/ai` encodes messages, is the first `like.messages` messages of the request
   * `like.request`, followed by `messages`. Absent tools and settings are those of that request.
   */
  ModelRequested: {
    ...inTurn,
    /** Counts the requests of a call from 1. */
    request: Count,
    method: Schema.Literals(["streamText", "generateText"]),
    like: Schema.optional(Schema.Struct({ request: Count, messages: Count })),
    messages: Schema.Array(Json.annotate({ privacy: "prompt" })),
    tools: Schema.optional(Schema.Array(Tool)),
    settings: Schema.optional(Json.annotate({ privacy: "settings" }))
  },
  /** Parts of a reply that arrived together, as `effect/ai` encodes them. */
  ModelReplied: { ...at, request: Count, parts: Schema.Array(Json.annotate({ privacy: "reply" })) },
  ModelEnded: {
    ...at,
    request: Count,
    outcome: Schema.Literals(["Finished", "Failed", "Interrupted"]),
    /** The failure, as `effect/ai` encodes its `AiError`, without the exchange with the provider. */
    error: Schema.optional(Json.annotate({ privacy: "failure" }))
  },
  /** Nothing of the call is left. `CutOff` means that its scope closed before it had ended. */
  CallClosed: { ...at, how: Schema.Literals(["Ended", "CutOff"]) },
  /**
   * What the turn taking of a call by voice was told, such as who speaks and the words so far, and what it decided. Ticks in
   * which nothing was decided are left out.
   */
  Floor: {
    ...at,
    event: FloorEvent,
    actions: Schema.optional(Schema.Array(Schema.Struct({ kind: Name, turn: Schema.optional(Count) })))
  },
  /** A line of this kind could not be written, because blanking it failed. */
  Lost: { ...at, kind: Name }
})
/** One thing that happened on a call. */
export type Line = LineOf<keyof typeof Line.cases>

/** One kind of line by its tag. */
export type LineOf<Tag extends keyof typeof Line.cases> = Lines[Tag]

/** A line about what the harness reported. */
export interface Reported extends Schema.Schema.Type<typeof Line.cases.Reported> {
  readonly _tag: "Reported"
}

/** A line about an event that the call made itself. */
export interface Happened extends Schema.Schema.Type<typeof Line.cases.Happened> {
  readonly _tag: "Happened"
}

/** A line about the start of a turn. */
export interface TurnStarted extends Schema.Schema.Type<typeof Line.cases.TurnStarted> {
  readonly _tag: "TurnStarted"
}

/** A line about the end of a turn. */
export interface TurnEnded extends Schema.Schema.Type<typeof Line.cases.TurnEnded> {
  readonly _tag: "TurnEnded"
}

/** A line about an output that was handed to the harness. */
export interface Sent extends Schema.Schema.Type<typeof Line.cases.Sent> {
  readonly _tag: "Sent"
}

/** A line about an output that was recorded but not handed to the harness. */
export interface Kept extends Schema.Schema.Type<typeof Line.cases.Kept> {
  readonly _tag: "Kept"
}

/** A line about the failure of a call. */
export interface CallFailed extends Schema.Schema.Type<typeof Line.cases.CallFailed> {
  readonly _tag: "CallFailed"
}

/** A line about a request to a model. */
export interface ModelRequested extends Schema.Schema.Type<typeof Line.cases.ModelRequested> {
  readonly _tag: "ModelRequested"
}

/** A line about parts of a reply that came together. */
export interface ModelReplied extends Schema.Schema.Type<typeof Line.cases.ModelReplied> {
  readonly _tag: "ModelReplied"
}

/** A line about the end of a reply. */
export interface ModelEnded extends Schema.Schema.Type<typeof Line.cases.ModelEnded> {
  readonly _tag: "ModelEnded"
}

/** A line about the turn taking of a call by voice. */
export interface Floor extends Schema.Schema.Type<typeof Line.cases.Floor> {
  readonly _tag: "Floor"
}

/** The last line of a call. */
export interface CallClosed extends Schema.Schema.Type<typeof Line.cases.CallClosed> {
  readonly _tag: "CallClosed"
}

/** A line in place of one that could not be written. */
export interface Lost extends Schema.Schema.Type<typeof Line.cases.Lost> {
  readonly _tag: "Lost"
}

type Cases = { readonly [Tag in keyof typeof Line.cases]: (typeof Line.cases)[Tag]["Type"] }

/** The name of each kind of line. */
interface Lines extends Cases {
  readonly Reported: Reported
  readonly Happened: Happened
  readonly TurnStarted: TurnStarted
  readonly TurnEnded: TurnEnded
  readonly Sent: Sent
  readonly Kept: Kept
  readonly CallFailed: CallFailed
  readonly ModelRequested: ModelRequested
  readonly ModelReplied: ModelReplied
  readonly ModelEnded: ModelEnded
  readonly CallClosed: CallClosed
  readonly Floor: Floor
  readonly Lost: Lost
}

/** A line before it has a time. */
export type Note = NoteOf<Line["_tag"]>

/** One kind of line before it has a time, by its tag. */
export type NoteOf<Tag extends Line["_tag"]> = { readonly [T in Tag]: Omit<LineOf<T>, "at"> }[Tag]
