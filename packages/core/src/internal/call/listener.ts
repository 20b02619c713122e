/** The interface through which a recorder, on a floor above, listens to a call. */
import * as Context from "effect/Context"
import type { CallError } from "../../CallError.ts"
import type * as Event from "../../Event.ts"

/** Events that a call makes itself: those that are never reported, and the end of a turn for late words. */
export type Made = Exclude<Event.Input["_tag"], Event.Report["_tag"] | "AgentHandedOff"> | "UserTurnEnded"

/** What a call tells, in the order of happening. */
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

/** A listener that passes on what it is told to two. */
export const both = (first: Listener, second: Listener | undefined): Listener =>
  second === undefined
    ? first
    : {
        note: (note) => {
          first.note(note)
          second.note(note)
        }
      }
