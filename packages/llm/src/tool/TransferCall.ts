/**
 * Lets the model transfer the call to another phone number.
 *
 * @since 0.1.0
 */
import * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { parsePhoneNumberFromString } from "libphonenumber-js/max"
import * as VoiceTool from "./VoiceTool.ts"

export interface Options extends Pick<VoiceTool.Options, "description" | "activeTurns"> {
  /** The only number to transfer to. By default the model chooses. */
  readonly targetPhoneNumber?: string | undefined
  /** Said before the transfer. */
  readonly message?: string | undefined
  /** Whether the caller can interrupt the message, which stops the transfer. True by default. */
  readonly interruptible?: boolean | undefined
}

const openDescription = `Transfer the call to another phone number (E.164).
Do not speak a separate line before calling this tool.
If the tool was configured with a fixed message at construction,
that message is spoken before the transfer.
`

const pinnedDescription = `Transfer the call to the preconfigured destination.
Use this when the caller should be handed off (for example, when they ask for a human, a supervisor, or to escalate).
Do not speak a separate line before calling this tool.
If the tool was configured with a fixed message at construction,
that message is spoken before the transfer.`

/** Returns a number in E.164 form, or what is wrong with it. Numbers must have a country code. */
const parse = (number: string): Result.Result<string, "Unparseable" | "Invalid"> => {
  const parsed = parsePhoneNumberFromString(number)
  if (parsed === undefined) return Result.fail("Unparseable")
  return parsed.isValid() ? Result.succeed(parsed.number) : Result.fail("Invalid")
}

const apologies = {
  Unparseable: "I'm sorry, I couldn't understand that phone number format.",
  Invalid: "I'm sorry, that phone number appears to be invalid."
}

/** The caller already hears that nothing was transferred, so the model does not have to say it. */
const refuse = (number: string, problem: keyof typeof apologies) => [
  Event.sendText(apologies[problem]),
  VoiceTool.quiet(`error: the call was not transferred: "${number}" is not a phone number`)
]

/**
 * Makes the tool `transfer_call`. Throws if `targetPhoneNumber` is not a valid number.
 *
 * If the model gives an invalid number, the agent apologises and the outcome is an error, which the model reads when it
 * is next asked.
 */
export const make = ({ interruptible = true, message, ...options }: Options = {}): VoiceTool.VoiceTool => {
  const transfer = (number: string): ReadonlyArray<Event.Output> => [
    ...(message === undefined || message === "" ? [] : [Event.sendText(message, { interruptible })]),
    Event.transferCall(number, { interruptible })
  ]
  const { activeTurns, targetPhoneNumber } = options
  if (targetPhoneNumber !== undefined) {
    const pinned = Result.getOrThrowWith(
      parse(targetPhoneNumber),
      () => new Error(`TransferCall: "${targetPhoneNumber}" is not a valid phone number; write it in E.164 form`)
    )
    return VoiceTool.passthrough(
      "transfer_call",
      { description: options.description ?? pinnedDescription, activeTurns },
      () => Effect.succeed(transfer(pinned))
    )
  }
  return VoiceTool.loopback(
    "transfer_call",
    {
      description: options.description ?? openDescription,
      activeTurns,
      parameters: {
        target_phone_number: Schema.String.annotate({
          description: "The destination phone number in E.164 format (e.g., +14155551234)"
        })
      }
    },
    ({ target_phone_number: number }) => {
      const target = parse(number)
      return Effect.succeed(Result.isSuccess(target) ? transfer(target.success) : refuse(number, target.failure))
    }
  )
}
