/**
 * A recorded call as text: JSON lines, first a header, then everything that happened, in order and with times.
 *
 * A line holds an event as the event's schema encodes it. Successive words share one line, which readers split again. A
 * reader skips kinds of lines that it does not know, so a minor version may add some; an unknown major version is an
 * error. `Recorder` writes recordings.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Event from "../Event.ts"
import * as LineText from "./internal/lineText.ts"
import { Header, type Json, Line, type LineOf, made, type Note, type Tool, version } from "./internal/recordedLine.ts"
import * as WordsLine from "./internal/wordsLine.ts"

export { Header, Line, Tool, version } from "./internal/recordedLine.ts"
export type {
  CallClosed,
  CallFailed,
  Floor,
  Happened,
  Kept,
  LineOf,
  Lost,
  ModelEnded,
  ModelReplied,
  ModelRequested,
  Note,
  NoteOf,
  Reported,
  Sent,
  TurnEnded,
  TurnStarted
} from "./internal/recordedLine.ts"

/** A recording that was read. */
export interface Recording {
  readonly header: Header
  readonly lines: ReadonlyArray<Line>
  /** Whether the end of the last line is missing, as after a crash. Only whole words of that line are in `lines`. */
  readonly truncated: boolean
  /** How many lines were skipped, because this version does not know their kind. */
  readonly skipped: number
}

/** What a reader returns for a line of text. */
export type Read =
  | Header
  | Line
  | { readonly _tag: "Skipped"; readonly line: number; readonly kind: string }
  | { readonly _tag: "Truncated"; readonly line: number }

/**
 * A text is not a recording, or cannot be read.
 *
 * `NoHeader`: the first line is not a header. `Version`: a newer major version wrote it. `Corrupt`: a line before the
 * last one cannot be read. `Dangling`: a request to a model refers to another one that is missing.
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

/** Writes the header as a line of text, with its line break. */
export const encodeHeader = (header: Header): string => `${LineText.json(encodeAsJson(header))}\n`

/** Writes a line as text, with its line break. Values that are not JSON become strings, or null. */
export const encodeLine = ({ at, ...note }: Line): string => LineText.line(at, note as Note)

/** Writes a recording as text. */
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

/** A request to a model, with everything a recording says about it. */
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
  /** Undefined if the recording ends before the reply does. */
  readonly end: LineOf<"ModelEnded"> | undefined
}

/** Collects the requests to models, in order. Skips replies without a request. */
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
      case "Floor":
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

  /** A last line without a line break may be incomplete. */
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
  if (tagOf(value) !== "Recording") return fail("NoHeader", "this is not a recording of a call")
  const found = (value as { readonly version?: unknown }).version
  if (typeof found === "number" && found > version) {
    return fail("Version", `the recording has version ${found}, and only versions up to ${version} can be read`)
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
      ? Result.fail({ message: "this is not JSON" })
      : Result.flatMap(WordsLine.expand(value), (values) => Result.all(values.map((value) => decodeLine(value))))
  return Result.mapError(lines, ({ message }) => new RecordingError({ reason: "Corrupt", line, detail: message }))
}

const tagOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && "_tag" in value && typeof value._tag === "string"
    ? value._tag
    : undefined

/** Returns the kind of a line, or of its event, if this version does not know it. */
const unknownKind = (value: unknown): string | undefined => {
  const kind = tagOf(value)
  if (kind === undefined) return undefined
  // Words lines are checked when they are split.
  if (kind === "Words") return undefined
  if (!Object.hasOwn(Line.cases, kind)) return kind
  const { event, output, report } = value as { readonly [field: string]: unknown }
  const of = (tag: string | undefined, known: object) =>
    tag === undefined || Object.hasOwn(known, tag) ? undefined : tag
  return of(tagOf(report), Event.Report.cases) ?? of(tagOf(output), Event.Output.cases) ?? of(tagOf(event), made)
}
