/** Messages on a carrier's media stream, in a form that is the same for all carriers. */
import type * as AudioFormat from "@antiphon/speech/AudioFormat"
import type { Json } from "@antiphon/core/JsonText"

/** The start of a call's stream. */
export interface Started {
  /** The carrier's id of the call. */
  readonly callId: string
  /** The carrier's id of the stream, which messages to it repeat. */
  readonly streamId: string
  /** Undefined if the format cannot be used. `formatName` is the carrier's name for it. */
  readonly format: AudioFormat.AudioFormat | undefined
  readonly formatName: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly metadata: Json
  /** The agent that the client asks for. */
  readonly agent?:
    | { readonly systemPrompt?: string | null | undefined; readonly introduction?: string | null | undefined }
    | undefined
}

/** A message. */
export type Message =
  | { readonly _tag: "Started"; readonly started: Started }
  /** Audio of the caller. `chunk` is its number, if the carrier counts its messages. */
  | { readonly _tag: "Media"; readonly bytes: Uint8Array; readonly chunk?: number | undefined }
  | { readonly _tag: "Mark"; readonly name: string }
  | { readonly _tag: "Dtmf"; readonly digit: string }
  | { readonly _tag: "Custom"; readonly metadata: Json }
  | { readonly _tag: "Stopped" }
  /** A message that the call does not need, for example a greeting, our own audio or an unknown event. */
  | { readonly _tag: "Nothing" }
  /** An unreadable message. `why` never quotes it. */
  | { readonly _tag: "Wrong"; readonly why: string }

export const nothing: Message = { _tag: "Nothing" }

export const wrong = (why: string): Message => ({ _tag: "Wrong", why })
