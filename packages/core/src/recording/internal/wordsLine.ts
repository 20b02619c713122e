/**
 * Words of a call in a row, as one line of its recording.
 *
 * Most of a call is words: those that a model writes, those that are sent, and those that are reported as heard. Each word is
 * added to the line, with the microseconds since the word before:
 * `{"at":64.5,"_tag":"Words","turn":2,"respondingTo":"e3","request":1,"id":"0","words":[[0,["Good"]],[137,"Good"]]}`.
 * Brackets hold text deltas of the model that arrived together, a 1 marks words that were heard, and the other words were
 * sent. Nothing is held back: the line stays open until another line follows, and an open line can be read.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { successor } from "../../internal/successor.ts"

const Words = Schema.TaggedStruct("Words", {
  at: Schema.Finite,
  // About words that were sent.
  turn: Schema.optional(Schema.Int),
  respondingTo: Schema.optional(Schema.String),
  // About words of a model.
  request: Schema.optional(Schema.Int),
  id: Schema.optional(Schema.String),
  /** Id of the first words that were heard, as the agent saw it. The ids of later words follow it. */
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

/** What ends the line. */
export const end = "]}"

/** The JSON of the lines that a line stands for. None of them was checked against its schema. */
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

/** Ends a line that was left open, and drops a word at its end that was cut off. Undefined if it is no line of words. */
export const mend = (text: string): { readonly text: string; readonly isCut: boolean } | undefined => {
  if (!begins.test(text)) return undefined
  for (let to = text.lastIndexOf("]"); to > 0; to = text.lastIndexOf("]", to - 1)) {
    const whole = `${text.slice(0, to + 1)}${end}`
    if (Result.isSuccess(Result.try(() => JSON.parse(whole)))) return { text: whole, isCut: to < text.length - 1 }
  }
  return undefined
}

const begins = /^\{"at":[^,]+,"_tag":"Words",/
