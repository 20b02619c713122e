/** What the pipeline wants done, in order. Each is begun at once; none is waited for. */
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
  /** `asks`: what the filters say of it is told. */
  | { readonly _tag: "Report"; readonly report: Event.Report; readonly asks: boolean }
  | { readonly _tag: "Judge"; readonly transcript: string; readonly silenceMs: number }
  | { readonly _tag: "Learn"; readonly pauseMs: number }
  /** The recogniser should tell what it has: a pause was heard. */
  | { readonly _tag: "FlushWords" }
  /** The recogniser has told final words: audio before this moment is not sent again. */
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
  /** The next part of an utterance's audio is wanted. */
  | { readonly _tag: "PullVoice"; readonly utterance: string }
  | { readonly _tag: "Measured"; readonly timing: TurnTiming }
  /** The floor has made a step. Told only if somebody wants to know. */
  | { readonly _tag: "Stepped"; readonly step: FloorStep }
  /** The call is over. `hangUp`: the line is still there. */
  | { readonly _tag: "Finish"; readonly ending: Ending; readonly hangUp: string | undefined }
