/** The interface for listening to a call, implemented by recorders and traces. */
import * as Context from "effect/Context"
import type { CallError } from "../../CallError.ts"
import type * as Event from "../../Event.ts"

/** Events that only the call makes: those that are never reported, and the end of a turn for late words. */
export type Made = Exclude<Event.Input["_tag"], Event.Report["_tag"] | "AgentHandedOff"> | "UserTurnEnded"

/** What a call notes, in order. */
export type Note =
  | { readonly _tag: "Reported"; readonly report: Event.Report; readonly eventId?: string }
  | { readonly _tag: "Happened"; readonly event: Event.InputOf<Made> }
  | { readonly _tag: "TurnStarted"; readonly turn: number; readonly trigger: string }
  | { readonly _tag: "TurnEnded"; readonly turn: number; readonly outcome: "Finished" | "Failed" | "Interrupted" }
  | { readonly _tag: "Sent" | "Kept"; readonly turn: number; readonly output: Event.Output }
  | { readonly _tag: "CallFailed"; readonly reason: CallError["reason"]; readonly message: string }
  | { readonly _tag: "CallClosed"; readonly how: "Ended" | "CutOff" }

/** Called with everything that happens on a call. Must not fail. */
export interface Listener {
  readonly note: (note: Note) => void
}

/** The listener of the current call. None by default. */
export const Current: Context.Reference<Listener | undefined> = Context.Reference<Listener | undefined>(
  "@antiphon/core/recording/Recorder",
  { defaultValue: () => undefined }
)

/** A listener that passes notes on to two others. */
export const both = (first: Listener, second: Listener | undefined): Listener =>
  second === undefined
    ? first
    : {
        note: (note) => {
          first.note(note)
          second.note(note)
        }
      }
