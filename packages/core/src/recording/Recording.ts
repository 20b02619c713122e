/**
 * A recorded call as text: JSON lines, a header first, then what happened, in order and with times.
 *
 * A line holds an event as the schema of the event encodes it. Only words that follow each other share one line, which a
 * reader takes apart. A reader skips kinds of lines that it does not know, so a minor version may add some; a major version
 * that it does not know is an error. `Recorder` writes recordings.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as Stream from "effect/Stream"
import * as Struct from "effect/Struct"
import { CallError } from "../CallError.ts"
import { CallRequest } from "../CallRequest.ts"
import * as Event from "../Event.ts"
import type * as Listener from "../internal/call/listener.ts"
import * as LineText from "./internal/lineText.ts"
import * as WordsLine from "./internal/wordsLine.ts"

/** The major version that this module writes, and the newest one that it reads. */
export const version = 2

// The token opens the platform's services to anybody who reads it.
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

const Json = Schema.Record(Schema.String, Schema.Unknown)
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

const made = {
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
  /** An output that is on the record of the call, and was not handed to the harness. */
  Kept: { ...inTurn, output: Event.Output },
  /** The call told the harness that its agent broke off. */
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
  /** Nothing of the call is left. It was cut off if its scope closed before it had ended. */
  CallClosed: { ...at, how: Schema.Literals(["Ended", "CutOff"]) },
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

/** A line about an output that went on the record of the call and not to the harness. */
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
  readonly Lost: Lost
}

/** A line before it has a time. */
export type Note = NoteOf<Line["_tag"]>

/** One kind of line before it has a time, by its tag. */
export type NoteOf<Tag extends Line["_tag"]> = { readonly [T in Tag]: Omit<LineOf<T>, "at"> }[Tag]

/** A recording that was read. */
export interface Recording {
  readonly header: Header
  readonly lines: ReadonlyArray<Line>
  /** Whether the end of the last line is missing, as after a crash. Only whole words of such a line are among `lines`. */
  readonly truncated: boolean
  /** How many lines were skipped, because this version does not know their kind. */
  readonly skipped: number
}

/** What a reader makes of a line of text. */
export type Read =
  | Header
  | Line
  | { readonly _tag: "Skipped"; readonly line: number; readonly kind: string }
  | { readonly _tag: "Truncated"; readonly line: number }

/**
 * A text is no recording, or not one that can be read.
 *
 * `NoHeader`: the first line is no header. `Version`: a newer major version wrote it. `Corrupt`: a line before the last one
 * cannot be read. `Dangling`: a request to a model refers to another one that is missing.
 */
export class RecordingError extends Schema.TaggedError<RecordingError>()("RecordingError", {
  reason: Schema.Literals(["NoHeader", "Version", "Corrupt", "Dangling"]),
  /** Number of the line, from 1. For `Dangling` it counts each word as a line of its own. */
  line: Schema.Int,
  detail: Schema.String
}) {
  override get message() {
    return `line ${this.line}: ${this.detail}`
  }
}

/** The header as its line of text, with the line break. */
export const encodeHeader = (header: Header): string => `${LineText.json(encodeAsJson(header))}\n`

/** A line as text, with the line break. A value that is no JSON becomes its string form, or null. */
export const encodeLine = ({ at, ...note }: Line): string => LineText.line(at, note as Note)

/** A recording as text. */
export const encode = ({ header, lines }: Pick<Recording, "header" | "lines">): string => {
  const text = LineText.make()
  return encodeHeader(header) + lines.map(({ at, ...note }) => text.add(at, note as Note)).join("") + text.end()
}

/** Reads a whole recording. */
export const decode = (text: string): Result.Result<Recording, RecordingError> =>
  Result.gen(function* () {
    const reader = makeReader()
    const reads = [...(yield* reader.push(text)), ...(yield* reader.end())]
    const [header, ...rest] = reads as [Header, ...Array<Exclude<Read, Header>>]
    const isLine = (read: Read): read is Line => read._tag !== "Skipped" && read._tag !== "Truncated"
    const skipped = rest.filter(({ _tag }) => _tag === "Skipped").length
    return { header, lines: rest.filter(isLine), truncated: rest.at(-1)?._tag === "Truncated", skipped }
  })

/** Reads a recording line by line from pieces of its text. The header comes first. */
export const decodeStream = <E, R>(text: Stream.Stream<string, E, R>): Stream.Stream<Read, E | RecordingError, R> =>
  Stream.suspend(() => {
    const reader = makeReader()
    return text.pipe(
      Stream.mapEffect((piece) => Effect.fromResult(reader.push(piece))),
      Stream.concat(Stream.fromEffect(Effect.suspend(() => Effect.fromResult(reader.end())))),
      Stream.flattenIterable
    )
  })

/** A request to a model, with everything that the lines of a recording say about it. */
export interface ModelRequest {
  readonly request: number
  readonly turn: number
  readonly at: number
  readonly method: LineOf<"ModelRequested">["method"]
  /** Encoded messages of `effect/ai`. */
  readonly prompt: LineOf<"ModelRequested">["messages"]
  readonly tools: ReadonlyArray<Tool>
  readonly settings: typeof Json.Type
  readonly replies: ReadonlyArray<LineOf<"ModelReplied">>
  /** Undefined if the recording broke off before the end of the reply. */
  readonly end: LineOf<"ModelEnded"> | undefined
}

/** The requests to models, in the order in which they were made. Replies without a request are skipped. */
export const modelRequests = ({
  lines
}: Pick<Recording, "lines">): Result.Result<ReadonlyArray<ModelRequest>, RecordingError> => {
  type Building = { -readonly [K in keyof ModelRequest]: ModelRequest[K] } & { replies: Array<LineOf<"ModelReplied">> }
  const requests = new Map<number, Building>()
  for (const [index, line] of lines.entries()) {
    switch (line._tag) {
      case "ModelRequested": {
        const { at, like, messages, method, request, turn } = line
        const before = like === undefined ? undefined : requests.get(like.request)
        if (like !== undefined && before === undefined) {
          const detail = `there is no request ${like.request} before request ${request}`
          // The header is the first line.
          return Result.fail(new RecordingError({ reason: "Dangling", line: index + 2, detail }))
        }
        const prompt = [...(before?.prompt.slice(0, like!.messages) ?? []), ...messages]
        const tools = line.tools ?? before?.tools ?? []
        const settings = line.settings ?? before?.settings ?? {}
        requests.set(request, { request, turn, at, method, prompt, tools, settings, replies: [], end: undefined })
        break
      }
      case "ModelReplied":
      case "ModelEnded": {
        const request = requests.get(line.request)
        if (line._tag === "ModelReplied") request?.replies.push(line)
        else if (request !== undefined) request.end = line
        break
      }
      case "Reported":
      case "Happened":
      case "TurnStarted":
      case "TurnEnded":
      case "Sent":
      case "Kept":
      case "CallFailed":
      case "CallClosed":
      case "Lost":
        break
      default:
        line satisfies never
    }
  }
  return Result.succeed([...requests.values()])
}

interface Reader {
  readonly push: (text: string) => Result.Result<ReadonlyArray<Read>, RecordingError>
  readonly end: () => Result.Result<ReadonlyArray<Read>, RecordingError>
}

const makeReader = (): Reader => {
  let rest = ""
  let line = 0
  let begun = false

  const read = (text: string): Result.Result<ReadonlyArray<Read>, RecordingError> => {
    line++
    if (begun) return readLine(text, line)
    begun = true
    return Result.map(readHeader(text, line), (header) => [header])
  }

  /** A last line without a line break may be a piece of a line. */
  const readLast = (text: string): Result.Result<ReadonlyArray<Read>, RecordingError> => {
    const isFirst = !begun
    return Result.orElse(read(text), (error) => {
      if (isFirst) return Result.fail(error)
      const truncated: Read = { _tag: "Truncated", line }
      const mended = WordsLine.mend(text.trimEnd())
      if (mended === undefined) return Result.succeed([truncated])
      return Result.map(readLine(mended.text, line), (reads) => (mended.isCut ? [...reads, truncated] : reads))
    })
  }

  return {
    push: (text) =>
      Result.gen(function* () {
        const lines = (rest + text).split("\n")
        rest = lines.pop()!
        const reads: Array<Read> = []
        for (const text of lines) {
          if (text.trim() === "") line++
          else for (const one of yield* read(text)) reads.push(one)
        }
        return reads
      }),
    end: () => (rest.trim() === "" && begun ? Result.succeed([]) : readLast(rest))
  }
}

const encodeAsJson = Schema.encodeSync(Header)
const decodeHeader = Schema.decodeUnknownResult(Header)
const decodeLine = Schema.decodeUnknownResult(Line)

const parse = (text: string): unknown => Result.getOrUndefined(Result.try(() => JSON.parse(text)))

const readHeader = (text: string, line: number): Result.Result<Header, RecordingError> => {
  const fail = (reason: RecordingError["reason"], detail: string) =>
    Result.fail(new RecordingError({ reason, line, detail }))
  const value = parse(text)
  if (tagOf(value) !== "Recording") return fail("NoHeader", "this is no recording of a call")
  const found = (value as { readonly version?: unknown }).version
  if (typeof found === "number" && found > version) {
    return fail("Version", `the recording is of version ${found}, and this can read ${version} at most`)
  }
  return Result.mapError(
    decodeHeader(value),
    ({ message }) => new RecordingError({ reason: "NoHeader", line, detail: message })
  )
}

const readLine = (text: string, line: number): Result.Result<ReadonlyArray<Read>, RecordingError> => {
  const value = parse(text)
  const kind = unknownKind(value)
  if (kind !== undefined) return Result.succeed([{ _tag: "Skipped", line, kind }])
  const lines =
    value === undefined
      ? Result.fail({ message: "this is no JSON" })
      : Result.flatMap(WordsLine.expand(value), (values) => Result.all(values.map((value) => decodeLine(value))))
  return Result.mapError(lines, ({ message }) => new RecordingError({ reason: "Corrupt", line, detail: message }))
}

const tagOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && "_tag" in value && typeof value._tag === "string"
    ? value._tag
    : undefined

/** The kind of a line, or of its event, if only a later version knows it. */
const unknownKind = (value: unknown): string | undefined => {
  const kind = tagOf(value)
  if (kind === undefined) return undefined
  // These are held to a schema as they are taken apart.
  if (kind === "Words") return undefined
  if (!Object.hasOwn(Line.cases, kind)) return kind
  const { event, output, report } = value as { readonly [field: string]: unknown }
  const of = (tag: string | undefined, known: object) =>
    tag === undefined || Object.hasOwn(known, tag) ? undefined : tag
  return of(tagOf(report), Event.Report.cases) ?? of(tagOf(output), Event.Output.cases) ?? of(tagOf(event), made)
}
