/** `antiphon chat`: talks to an agent in the terminal. */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as ErrorText from "@antiphon/core/ErrorText"
import * as Printable from "@antiphon/core/Printable"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Terminal from "effect/Terminal"
import { CliError } from "../../CliError.ts"
import * as LocalServer from "../../LocalServer.ts"
import * as Conversation from "../chat/conversation.ts"
import * as Talk from "../chat/talk.ts"
import * as Screen from "../screen.ts"
import * as ServedAgent from "../servedAgent.ts"

const flags = {
  ...ServedAgent.params,
  pace: Flag.Int("pace").pipe(
    Flag.filter(
      (value) => value >= 0,
      () => "a number that is not negative"
    ),
    Flag.withDescription("The agent's pace in words per minute, 0 for as fast as possible; 300 on a terminal"),
    Flag.optional
  ),
  from: Flag.String("from").pipe(Flag.withDescription("The caller's number"), Flag.optional),
  to: Flag.String("to").pipe(Flag.withDescription("The number that was called"), Flag.optional)
}

const oneLine = (error: unknown): string => Printable.line(ErrorText.of(error))

/** The command. */
export const make = () =>
  Command.make("chat", flags, (input) =>
    Effect.gen(function* () {
      const { agent, layer, model } = yield* ServedAgent.load(input)
      const keys = process.stdin.isTTY === true && process.stdout.isTTY === true
      const screen = process.stdout
      const { dim } = Screen.styles(screen)
      const or = <A>(option: Option.Option<A>, otherwise: A) => Option.getOrElse(option, () => otherwise)
      yield* Console.log(
        dim(
          `\n  ${model === "demo" ? "The embedded demo model answers" : `Model ${model}`}. ` +
            (keys ? `Type to talk, also over the agent. ${Conversation.help}.\n` : "Each line is a turn.\n")
        )
      )
      const terminal = keys
        ? yield* NodeTerminal.make(({ key }) => key.ctrl && (key.name === "c" || key.name === "d"))
        : yield* Terminal.Terminal
      yield* Talk.talk(agent, terminal, {
        request: CallRequest.make({ callId: "chat", from: or(input.from, "unknown"), to: or(input.to, "unknown") }),
        pace: or(input.pace, keys ? 300 : 0),
        keys,
        screen
      }).pipe(Effect.provide(layer))
    }).pipe(
      Effect.scoped,
      Effect.provideService(References.MinimumLogLevel, "Error"),
      Effect.catchDefect((defect) => Effect.fail(new CliError({ message: `The call failed: ${oneLine(defect)}` }))),
      Effect.mapError((error: unknown) => new CliError({ message: LocalServer.complaint(error, String) }))
    )
  ).pipe(
    Command.withDescription("Talks to an agent in the terminal, or sends it piped lines"),
    Command.withExamples([
      { command: "antiphon chat src/agent.ts", description: "Talk to it; typing interrupts it" },
      { command: 'echo "Are you open?" | antiphon chat src/agent.ts', description: "Say one thing, for a script" }
    ])
  )
