/**
 * Lets the model report that an answering machine has picked up: the agent leaves its message, if it has one, and ends
 * the call.
 *
 * @since 0.1.0
 */
import * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as VoiceTool from "./VoiceTool.ts"

/** The default description for the model. It depends on whether there is a message. */
export const defaultDescription = (message: string | undefined): string =>
  `End the call because you've reached a voicemail or answering machine.

Use when the greeting is a machine, e.g.:
- "please leave a message", "at the tone", "you've reached the voicemail of…"
- a beep, or a one-sided recorded greeting with no back-and-forth

Do NOT use this if a real person is talking with you.

${
  message === undefined || message === ""
    ? "You may leave a brief message first; this tool ends the call."
    : "This tool speaks a fixed message and ends the call. Do not say anything yourself — no preamble, acknowledgement, or narration; just call this tool."
}`

export interface Options extends Pick<VoiceTool.Options, "description" | "activeTurns"> {
  /** The message to leave. Without one, the model may speak before it calls the tool. */
  readonly message?: string | undefined
  /**
   * Whether speech at the other end stops the message. False by default, because a recorded greeting goes on for a
   * while.
   */
  readonly interruptible?: boolean | undefined
}

/** Makes the tool `voicemail`. `activeTurns` limits it to the first turns, in which a machine is noticed. */
export const make = ({ interruptible = false, message, ...options }: Options = {}): VoiceTool.VoiceTool =>
  VoiceTool.passthrough(
    "voicemail",
    { description: options.description ?? defaultDescription(message), activeTurns: options.activeTurns },
    () =>
      Effect.succeed([
        ...(message === undefined || message === "" ? [] : [Event.sendText(message, { interruptible })]),
        Event.endCall({ reason: "voicemail_detected", interruptible })
      ])
  )
