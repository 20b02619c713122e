/**
 * The messages between a page and a server on a voice call. Samples go both ways as binary frames, 16 bits
 * little-endian, mono, at the rate that `start` names; everything else is a text frame of JSON with a `type`.
 *
 * The page begins with `start`, and is answered with `ready` or `error`. The server's samples belong to the stream
 * named by its last `stream` message; the page answers each `clear` with `played` and `cleared`.
 *
 * @since 0.1.0
 */
import type * as Transport from "@antiphon/speech/Transport"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const Metadata = Schema.Record(Schema.String, Schema.Unknown)
const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))

/** Schema for the message that begins a call. */
export const Start = Schema.Struct({
  type: Schema.tag("start"),
  /** Name of the format of both directions, such as `pcm_16000`. */
  format: Schema.String,
  call_id: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(256))),
  agent_id: Schema.optionalKey(Schema.String),
  metadata: Schema.optionalKey(Metadata),
  /** Whether the microphone does not pick up the agent's voice. */
  echo_free: Schema.optionalKey(Schema.Boolean)
})
export type Start = typeof Start.Type

/** Schema for what a page sends. */
export const FromPage = Schema.Union([
  Start,
  /** The number of samples of a stream that were played. Exact if it answers a clear. */
  Schema.Struct({
    type: Schema.tag("played"),
    generation: Count,
    stream: Count,
    samples: Count,
    cleared: Schema.Boolean
  }),
  /** Audio was dropped because the line was behind. */
  Schema.Struct({ type: Schema.tag("gap"), ms: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 600_000 })) }),
  Schema.Struct({ type: Schema.tag("text"), text: Schema.String }),
  Schema.Struct({ type: Schema.tag("talk"), pressed: Schema.Boolean }),
  Schema.Struct({ type: Schema.tag("dtmf"), button: Schema.String.check(Schema.isPattern(/^[0-9*#A-D]$/)) }),
  Schema.Struct({ type: Schema.tag("custom"), metadata: Metadata }),
  Schema.Struct({ type: Schema.tag("ping") }),
  Schema.Struct({ type: Schema.tag("stop") })
])
export type FromPage = typeof FromPage.Type

/** What a server sends. */
export type ToPage =
  | { readonly type: "ready"; readonly call_id: string; readonly format: string; readonly about: object }
  | { readonly type: "stream" | "clear"; readonly generation: number; readonly stream: number }
  | { readonly type: "pong" }
  /** A problem. After a `warning` the call continues; after an `error` it is over or was never started. */
  | { readonly type: "warning" | "error"; readonly code: string; readonly detail: string }
  | { readonly type: "bye"; readonly reason: string }
  | { readonly type: "dtmf"; readonly buttons: string }
  | { readonly type: "transfer"; readonly target_phone_number: string }
  | { readonly type: "custom"; readonly metadata: { readonly [key: string]: unknown } }
  | Display

/** What a server sends for the page to show. */
export type Display =
  | { readonly type: "transcript"; readonly text: string; readonly final: boolean }
  | { readonly type: "user_turn"; readonly state: string }
  | { readonly type: "agent_text" | "agent_heard"; readonly turn: number; readonly text: string }
  | { readonly type: "agent_turn"; readonly turn: number; readonly state: string }
  | { readonly type: "tool"; readonly turn: number; readonly name: string; readonly running: boolean }
  | {
      readonly type: "latency"
      readonly turn: number
      readonly end_of_turn_ms?: number | undefined
      readonly first_text_ms?: number | undefined
      readonly first_audio_ms?: number | undefined
      readonly first_heard_ms?: number | undefined
    }

const decodeMessage = Schema.decodeUnknownResult(FromPage)

/** Reads a text frame. Fails with a message that does not quote the frame. */
export const decode = (text: string): Result.Result<FromPage, string> => {
  const json = Result.try(() => JSON.parse(text) as unknown)
  if (Result.isFailure(json)) return Result.fail("A text frame was not JSON.")
  const decoded = decodeMessage(json.success)
  if (Result.isSuccess(decoded)) return Result.succeed(decoded.success)
  const type = typeof json.success === "object" && json.success !== null ? Reflect.get(json.success, "type") : undefined
  const isKnown = FromPage.members.some((member) => member.fields.type.schema.literal === type)
  return Result.fail(
    isKnown ? `A message of type ${String(type)} had invalid fields.` : "A message had an unknown type."
  )
}

/** Writes a text frame. */
export const encode = (message: ToPage): string => JSON.stringify(message)

/** Makes the message for something that the page shows. */
export const display = (shown: Transport.Shown): Display => {
  switch (shown._tag) {
    case "Transcript":
      return { type: "transcript", text: shown.text, final: shown.isFinal }
    case "UserTurn":
      return { type: "user_turn", state: shown.state.toLowerCase() }
    case "AgentText":
      return { type: "agent_text", turn: shown.turn, text: shown.text }
    case "AgentHeard":
      return { type: "agent_heard", turn: shown.turn, text: shown.text }
    case "AgentTurn":
      return { type: "agent_turn", turn: shown.turn, state: shown.state.toLowerCase() }
    case "Tool":
      return { type: "tool", turn: shown.turn, name: shown.name, running: shown.isRunning }
    case "Latency":
      return {
        type: "latency",
        turn: shown.turn,
        end_of_turn_ms: shown.endOfTurnMs,
        first_text_ms: shown.firstTextMs,
        first_audio_ms: shown.firstAudioMs,
        first_heard_ms: shown.firstHeardMs
      }
  }
}
