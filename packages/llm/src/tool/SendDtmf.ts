/**
 * Lets the model press keys, for example in a menu at the other end.
 *
 * @since 0.1.0
 */
import * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as VoiceTool from "./VoiceTool.ts"

/** The default description for the model. */
export const defaultDescription = "Send a DTMF tone. Use when the voice system asks you to press a button."

export interface Options extends Pick<VoiceTool.Options, "description" | "activeTurns"> {}

const parameters = {
  type: "object",
  properties: {
    button: {
      type: "string",
      enum: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"],
      description: "The DTMF button to send (0-9, *, or #)"
    }
  },
  required: ["button"],
  additionalProperties: false
}

/**
 * Makes the tool `send_dtmf`.
 *
 * The model is offered the twelve keys, but other keys are passed on as well: the harness decides which keys exist.
 */
export const make = (options: Options = {}): VoiceTool.VoiceTool =>
  VoiceTool.dynamic(
    "send_dtmf",
    { description: options.description ?? defaultDescription, activeTurns: options.activeTurns, parameters },
    (args) =>
      Predicate.hasProperty(args, "button") && Predicate.isString(args.button)
        ? Effect.succeed(Event.sendDtmf(args.button))
        : Effect.fail(new Error("invalid arguments: button must be a string"))
  )
