/** `antiphon call`: makes an agent call a telephone number, through Twilio. */
import * as Twilio from "@antiphon/telephony/Twilio"
import * as TwilioAccount from "@antiphon/telephony/TwilioAccount"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Schedule from "effect/Schedule"
import { CliError, NotPassed } from "../../CliError.ts"
import * as LocalServer from "../../LocalServer.ts"
import * as ServedAgent from "../servedAgent.ts"
import * as Start from "./start.ts"

const flags = {
  to: Argument.String("number").pipe(Argument.withDescription("The number to call, such as +4930123456")),
  ...ServedAgent.params,
  ...Start.params,
  from: Flag.String("from").pipe(Flag.withDescription("One of your numbers; TWILIO_NUMBER by default"), Flag.optional),
  publicUrl: Flag.String("public-url").pipe(
    Flag.withDescription("Public address of this machine, such as a tunnel's; ANTIPHON_PUBLIC_URL by default"),
    Flag.optional
  )
}

const isNumber = (text: string): boolean => /^\+[1-9]\d{4,14}$/.test(text)

/** Whether a carrier can build the addresses of this server from a text. */
const isAddress = (text: string): boolean => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === ""
}

/** The command. Exits with 1 if nobody answers. */
export const make = () =>
  Command.make("call", flags, (input) =>
    Effect.gen(function* () {
      const from = yield* given(input.from, "TWILIO_NUMBER", "--from, one of your numbers")
      const publicUrl = yield* given(
        input.publicUrl,
        "ANTIPHON_PUBLIC_URL",
        "--public-url, the address at which Twilio reaches this machine"
      )
      for (const number of [input.to, from]) {
        if (!isNumber(number)) {
          return yield* new CliError({ message: `"${number}" is not a telephone number: write it as +4930123456.` })
        }
      }
      if (!isAddress(publicUrl)) {
        return yield* new CliError({
          message: `"${publicUrl}" is not a public address: write it as https://….ngrok.app, without a path.`
        })
      }
      yield* given(Option.none(), "ANTIPHON_STT", "a recogniser, such as deepgram/nova-3")
      const account = yield* TwilioAccount.load()
      const { agent, layer, model } = yield* ServedAgent.load(input)
      yield* Layer.build(
        LocalServer.layer(agent, {
          model,
          layer,
          settings: {
            ...(Option.isSome(input.port) ? { port: input.port.value } : {}),
            ...(Option.isSome(input.host) ? { host: input.host.value } : {})
          }
        })
      )
      yield* Console.log(`\n  Calling ${input.to} …`)
      const { callSid } = yield* Twilio.call({ to: input.to, from, publicUrl, detectMachine: true })
      const outcome = yield* Effect.onInterrupt(
        Effect.tap(Twilio.outcome(callSid), (outcome) =>
          outcome === "Answered"
            ? Effect.andThen(Console.log("  Somebody answers. Ctrl-C hangs up."), over(account, callSid))
            : Effect.void
        ),
        () => Effect.ignore(TwilioAccount.hangUp(account, callSid))
      )
      yield* Console.log(`  ${outcomes[outcome]}\n`)
      if (outcome !== "Answered") return yield* new NotPassed()
    }).pipe(
      Effect.scoped,
      Effect.provideService(References.MinimumLogLevel, "Warn"),
      Effect.catch((error: unknown) =>
        Effect.fail(
          error instanceof NotPassed
            ? error
            : new CliError({
                message: LocalServer.complaint(
                  error,
                  (port) => `antiphon call ${input.to} ${input.agent} --port ${port}`
                )
              })
        )
      )
    )
  ).pipe(
    Command.withDescription("Makes an agent call a telephone number, through Twilio"),
    Command.withExamples([
      {
        command: "antiphon call +4930123456 src/agent.ts --from +15550002222 --public-url https://….ngrok.app",
        description: "With TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and ANTIPHON_STT set"
      }
    ])
  )

const outcomes = {
  Answered: "The call is over.",
  Busy: "The line is busy.",
  NoAnswer: "Nobody answers.",
  Failed: "The call failed."
}

/** Waits until an answered call is over. */
const over = (account: TwilioAccount.TwilioAccount, callSid: string) =>
  TwilioAccount.call(account, callSid).pipe(
    Effect.repeat({ schedule: Schedule.spaced("1 second"), until: ({ status }) => status !== "in-progress" })
  )

/** The given value, or that of a variable. */
const given = (flag: Option.Option<string>, variable: string, what: string) =>
  Option.isSome(flag)
    ? Effect.succeed(flag.value)
    : Effect.flatMap(Config.withDefault(Config.String(variable), ""), (value) =>
        value.trim() === ""
          ? Effect.fail(new CliError({ message: `Missing ${what} (or ${variable}).` }))
          : Effect.succeed(value.trim())
      )
