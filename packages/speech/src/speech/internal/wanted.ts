/** The effects of the pipeline, in order. Each is started at once, and none is awaited. */
import type * as Event from "@antiphon/core/Event"
import type * as Arr from "effect/Array"
import type * as Playback from "../../Playback.ts"
import type * as TextToSpeech from "../../TextToSpeech.ts"
import type * as Transport from "../../Transport.ts"
import type { TurnTiming } from "./timing.ts"
import type { FloorStep } from "./watcher.ts"

/** Why a call ended. */
export type Ending = "CallerLeft" | "AgentEnded" | "AgentFailed" | "Silence" | "Deaf" | "Mute"

export type Wanted =
  | { readonly _tag: "Send"; readonly outputs: Arr.NonEmptyReadonlyArray<Playback.Output> }
  | { readonly _tag: "Clear"; readonly generation: number; readonly stream: number }
  | { readonly _tag: "Show"; readonly event: Transport.Shown }
  | { readonly _tag: "Dtmf"; readonly button: string }
  | { readonly _tag: "Transfer"; readonly targetPhoneNumber: string }
  | { readonly _tag: "Custom"; readonly metadata: { readonly [key: string]: unknown } }
  | { readonly _tag: "Log"; readonly output: Event.LogMessage | Event.LogMetric }
  /** `asks`: the decision of the agent's filters comes back as an input. */
  | { readonly _tag: "Report"; readonly report: Event.Report; readonly asks: boolean }
  | { readonly _tag: "Judge"; readonly transcript: string; readonly silenceMs: number }
  | { readonly _tag: "Learn"; readonly pauseMs: number }
  /** A pause was heard: asks the recogniser for its words so far. */
  | { readonly _tag: "FlushWords" }
  /** The recogniser has reported final words: audio before this moment is not sent again. */
  | { readonly _tag: "WordsFinal" }
  /** The caller's language has changed. */
  | { readonly _tag: "Listen"; readonly language: string }
  | {
      readonly _tag: "OpenVoice"
      readonly utterance: string
      readonly attempt: number
      readonly voice: TextToSpeech.Voice
    }
  | { readonly _tag: "Say"; readonly utterance: string; readonly text: string }
  | { readonly _tag: "EndVoice"; readonly utterance: string }
  | { readonly _tag: "CancelVoice"; readonly utterance: string }
  /** Requests the next part of an utterance's audio. */
  | { readonly _tag: "PullVoice"; readonly utterance: string }
  | { readonly _tag: "Measured"; readonly timing: TurnTiming }
  /** The floor has taken a step. Reported only if a watcher or a recorder asks for it. */
  | { readonly _tag: "Stepped"; readonly step: FloorStep }
  /** The call is over. `hangUp`: the line is still connected. */
  | { readonly _tag: "Finish"; readonly ending: Ending; readonly hangUp: string | undefined }
