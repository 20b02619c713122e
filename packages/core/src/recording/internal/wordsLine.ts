/**
 * Encodes consecutive words of a call as one line of its recording.
 *
 * Most of a call consists of words: written by a model, sent, and reported as heard. Each word is appended to the line,
 * with the microseconds since the previous word:
 * `{"at":64.5,"_tag":"Words","turn":2,"respondingTo":"e3","request":1,"id":"0","words":[[0,["Good"]],[137,"Good"]]}`.
 * Brackets hold text deltas of the model that arrived together, a 1 marks words that were heard, and the other words
 * were sent. Nothing is held back: the line stays open until another line follows, and an open line can be read.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { successor } from "../../internal/successor.ts"

const Words = Schema.TaggedStruct("Words", {
  at: Schema.Finite,
  // Fields of sent words.
  turn: Schema.optional(Schema.Int),
  respondingTo: Schema.optional(Schema.String),
  // Fields of a model's words.
  request: Schema.optional(Schema.Int),
  id: Schema.optional(Schema.String),
  /** Id of the first heard words, as the agent saw it. Later ids follow in sequence. */
  spoken: Schema.optional(Schema.String),
  words: Schema.Array(
    Schema.Union([
      Schema.Tuple([Schema.Int, Schema.Union([Schema.String, Schema.Array(Schema.String)])]),
      Schema.Tuple([Schema.Int, Schema.String, Schema.Literal(1)])
    ])
  )
})
type Words = typeof Words.Type

/** The part of a line between its time and its first word. */
export const opening = (of: Omit<Words, "_tag" | "at" | "words">): string =>
  `"_tag":"Words",${JSON.stringify(of).slice(1, -1)},"words":[`

/** The end of the line. */
export const end = "]}"

/** Expands a line to the JSON of the lines it represents, not checked against their schemas. */
export const expand = (value: unknown): Result.Result<ReadonlyArray<unknown>, { readonly message: string }> => {
  if (typeof value !== "object" || value === null || !("_tag" in value)) return Result.succeed([value])
  if (value._tag === "Words") return Result.map(decode(value), lines)
  if (value._tag !== "ModelReplied" || !("parts" in value) || !Array.isArray(value.parts)) {
    return Result.succeed([value])
  }
  const parts = value.parts.flatMap((part) => (Array.isArray(part) ? deltasOf(part[0], part.slice(1)) : [part]))
  return Result.succeed([{ ...value, parts }])
}

const decode = Schema.decodeUnknownResult(Words)

const lines = ({ at, id, request, respondingTo, spoken, turn, words }: Words): ReadonlyArray<unknown> => {
  let micros = Math.round(at * 1000)
  let eventId: string | undefined
  return words.map(([since, said, isSpoken]) => {
    micros += since
    const time = micros / 1000
    if (isSpoken === 1) {
      eventId = eventId === undefined ? spoken : successor(eventId)
      // A line that was written by `opening` has an id.
      return { at: time, _tag: "Reported", report: { _tag: "AgentTextSent", content: said }, eventId: eventId ?? null }
    }
    if (typeof said !== "string") return { at: time, _tag: "ModelReplied", request, parts: deltasOf(id, said) }
    return { at: time, _tag: "Sent", turn, output: { _tag: "AgentSendText", text: said, respondingTo } }
  })
}

const deltasOf = (id: unknown, deltas: ReadonlyArray<unknown>) =>
  deltas.map((delta) => ({ type: "text-delta", id, delta }))

/** Closes a line that was left open, dropping an incomplete word at its end. Returns undefined for other lines. */
export const mend = (text: string): { readonly text: string; readonly isCut: boolean } | undefined => {
  if (!begins.test(text)) return undefined
  for (let to = text.lastIndexOf("]"); to > 0; to = text.lastIndexOf("]", to - 1)) {
    const whole = `${text.slice(0, to + 1)}${end}`
    if (Result.isSuccess(Result.try(() => JSON.parse(whole)))) return { text: whole, isCut: to < text.length - 1 }
  }
  return undefined
}

const begins = /^\{"at":[^,]+,"_tag":"Words",/
