/**
 * Lets the model hang up.
 *
 * @since 0.1.0
 */
import * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as VoiceTool from "./VoiceTool.ts"

/** The default description for the model. */
export const defaultDescription = `Ends the conversation and hangs up.

Use when:
- User says goodbye or signals they're finished
- ONLY after you have naturally said goodbye to the user

Don't use when:
- User requests to hold or pause
- User wants to transfer to someone else
- User's intent isn't clear

Note: This action is irreversible. Once invoked, the call terminates and no further communication
is possible.`

export interface Options extends Pick<VoiceTool.Options, "description" | "activeTurns"> {
  /** Whether the caller can interrupt the goodbye before it. True by default. */
  readonly interruptible?: boolean | undefined
}

/** Makes the tool `end_call`. Its `reason` only makes the model think twice; it is not passed on. */
export const make = (options: Options = {}): VoiceTool.VoiceTool =>
  VoiceTool.passthrough(
    "end_call",
    {
      description: options.description ?? defaultDescription,
      activeTurns: options.activeTurns,
      parameters: { reason: Schema.String.annotate({ description: "The reason for ending the call" }) }
    },
    () => Effect.succeed(Event.endCall({ reason: "agent_ended", interruptible: options.interruptible ?? true }))
  )
