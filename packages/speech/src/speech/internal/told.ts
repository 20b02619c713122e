/** The inputs of the pipeline. Inputs from all sources arrive in a single order. */
import type * as Event from "@antiphon/core/Event"
import type * as EventFilter from "@antiphon/core/EventFilter"
import type * as Harness from "@antiphon/core/Harness"
import type * as SpeechToText from "../../SpeechToText.ts"
import type { SpokenAudio } from "../../SpokenAudio.ts"
import type * as Transport from "../../Transport.ts"
import type * as TurnDetector from "../../TurnDetector.ts"
import type * as VadEdges from "../../VadEdges.ts"

export type Told =
  /** A frame of the caller has arrived: audio time has advanced to its end. */
  | { readonly _tag: "Frame"; readonly edges: ReadonlyArray<VadEdges.Edge> }
  /** Time has passed while the line sent nothing. */
  | { readonly _tag: "Tick" }
  | { readonly _tag: "Line"; readonly incoming: Exclude<Transport.Incoming, { readonly _tag: "Audio" | "Gap" }> }
  | { readonly _tag: "LineEnded" }
  | { readonly _tag: "Recognised"; readonly event: SpeechToText.Event }
  /** The recogniser has failed for good. */
  | { readonly _tag: "Deaf" }
  | { readonly _tag: "Judged"; readonly transcript: string; readonly judgement: TurnDetector.Judgement }
  | { readonly _tag: "Turn"; readonly change: Harness.TurnChange }
  | { readonly _tag: "Sent"; readonly outputs: ReadonlyArray<Event.Output> }
  /** The decision of the agent's filters about a report. */
  | { readonly _tag: "Decided"; readonly eventId: string; readonly decision: EventFilter.Decision }
  /** Background work has begun or ended. */
  | { readonly _tag: "Work"; readonly isRunning: boolean }
  | { readonly _tag: "AgentFailed" }
  | { readonly _tag: "Voiced"; readonly utterance: string; readonly attempt: number; readonly part: SpokenAudio }
  | { readonly _tag: "VoiceEnded"; readonly utterance: string; readonly attempt: number }
  | { readonly _tag: "VoiceFailed"; readonly utterance: string; readonly attempt: number }
