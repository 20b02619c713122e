/**
 * Words of a call in a row, as one line of its recording.
 *
 * Most of a call is words: those that a model writes, those that are sent, and those that are reported as spoken. Each adds
 * itself to the line, with the microseconds since the one before:
 * `{"at":64.5,"_tag":"Words","turn":2,"respondingTo":"e3","request":1,"id":"0","words":[[0,["Good"]],[137,"Good"]]}`.
 * What is in brackets is text deltas of the model that came together, what has a 1 behind it was spoken, and the rest was
 * sent. Nothing is held back: the line is left open until another one follows, and what is there of it can be read.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { successor } from "../../internal/successor.ts"

const Words = Schema.TaggedStruct("Words", {
  at: Schema.Finite,
  // Of those that were sent.
  turn: Schema.optional(Schema.Int),
  respondingTo: Schema.optional(Schema.String),
  // Of the model's.
  request: Schema.optional(Schema.Int),
  id: Schema.optional(Schema.String),
  /** Id of the first that was spoken, as the agent saw it. Those after it have the ones that follow. */
  spoken: Schema.optional(Schema.String),
  words: Schema.Array(
    Schema.Union([
      Schema.Tuple([Schema.Int, Schema.Union([Schema.String, Schema.Array(Schema.String)])]),
      Schema.Tuple([Schema.Int, Schema.String, Schema.Literal(1)])
    ])
  )
})
type Words = typeof Words.Type

/** The line up to its first word, without its time. */
export const opening = (of: Omit<Words, "_tag" | "at" | "words">): string =>
  `"_tag":"Words",${JSON.stringify(of).slice(1, -1)},"words":[`

/** What ends the line. */
export const end = "]}"

/** The JSON of a line as that of the lines that it stands for, none of which has been held to its schema. */
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
      // Without an id it is no line that was written so.
      return { at: time, _tag: "Reported", report: { _tag: "AgentTextSent", content: said }, eventId: eventId ?? null }
    }
    if (typeof said !== "string") return { at: time, _tag: "ModelReplied", request, parts: deltasOf(id, said) }
    return { at: time, _tag: "Sent", turn, output: { _tag: "AgentSendText", text: said, respondingTo } }
  })
}

const deltasOf = (id: unknown, deltas: ReadonlyArray<unknown>) =>
  deltas.map((delta) => ({ type: "text-delta", id, delta }))

/** A line that was left open as a whole one, without a word that was cut off. */
export const mend = (text: string): { readonly text: string; readonly isCut: boolean } | undefined => {
  if (!begins.test(text)) return undefined
  for (let to = text.lastIndexOf("]"); to > 0; to = text.lastIndexOf("]", to - 1)) {
    const whole = `${text.slice(0, to + 1)}${end}`
    if (Result.isSuccess(Result.try(() => JSON.parse(whole)))) return { text: whole, isCut: to < text.length - 1 }
  }
  return undefined
}

const begins = /^\{"at":[^,]+,"_tag":"Words",/
