/** What a carrier says on the way of a call's audio, whichever carrier it is. */
import type * as AudioFormat from "@antiphon/speech/AudioFormat"
import type { Json } from "@antiphon/core/JsonText"

/** The stream of a call has started. */
export interface Started {
  /** The carrier's name for the call. */
  readonly callId: string
  /** The carrier's name for the stream, which every message to it carries. */
  readonly streamId: string
  /** Undefined if it is none that can be used; `formatName` says what the carrier calls it. */
  readonly format: AudioFormat.AudioFormat | undefined
  readonly formatName: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly metadata: Json
  /** The agent that the caller's side asks for. */
  readonly agent?:
    | { readonly systemPrompt?: string | null | undefined; readonly introduction?: string | null | undefined }
    | undefined
}

/** A message. */
export type Message =
  | { readonly _tag: "Started"; readonly started: Started }
  /** Audio of the caller. `chunk` counts the messages of the stream, if the carrier counts them. */
  | { readonly _tag: "Media"; readonly bytes: Uint8Array; readonly chunk?: number | undefined }
  | { readonly _tag: "Mark"; readonly name: string }
  | { readonly _tag: "Dtmf"; readonly digit: string }
  | { readonly _tag: "Custom"; readonly metadata: Json }
  | { readonly _tag: "Stopped" }
  /** Nothing that a call needs: a greeting, our own audio, an event that is not known. */
  | { readonly _tag: "Nothing" }
  /** It cannot be read. `why` never quotes it. */
  | { readonly _tag: "Wrong"; readonly why: string }

export const nothing: Message = { _tag: "Nothing" }

export const wrong = (why: string): Message => ({ _tag: "Wrong", why })
