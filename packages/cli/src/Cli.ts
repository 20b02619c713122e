/**
 * The commands of `antiphon`, for its executable and for applications with defaults of their own.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { CliError } from "./CliError.ts"
import * as Call from "./internal/command/call.ts"
import * as Chat from "./internal/command/chat.ts"
import * as Env from "./internal/command/env.ts"
import * as Doctor from "./internal/command/doctor.ts"
import * as Dev from "./internal/command/dev.ts"
import * as Runtime from "effect/Runtime"
import * as Replay from "./internal/command/replay.ts"
import * as Simulate from "./internal/command/simulate.ts"
import * as Start from "./internal/command/start.ts"
import * as EnvFile from "./internal/envFile.ts"
import * as LoadFailure from "./internal/loadFailure.ts"
import * as Screen from "./internal/screen.ts"

/** Values for flags that are not given. */
export interface Defaults {
  /** Module of the agent of `replay`, as a path or a `file:` URL. */
  readonly replay?: string | undefined
  /** Module of the subjects of `simulate`. */
  readonly simulate?: string | undefined
  /** The command that `simulate` suggests for reproducing a call, without the seed. */
  readonly again?: string | undefined
}

/** The command with its subcommands. */
export const command = (defaults: Defaults = {}) =>
  Command.make("antiphon").pipe(
    Command.withDescription("Voice agents: write, try, serve, simulate and replay them"),
    Command.withSubcommands([
      Dev.make(),
      Chat.make(),
      Start.make(),
      Call.make(),
      Doctor.make(),
      Env.make(),
      Simulate.make(defaults.simulate, defaults.again),
      Replay.make(defaults.replay)
    ])
  )

/**
 * Runs the command with the process's arguments, and ends the process. Also reads variables from a file `.env` in the
 * current folder; the environment takes precedence. Any failure is reported in one line, and the process exits with 1.
 */
export const main = (defaults: Defaults = {}): void => {
  const complaint = (message: string) => `\n  ${Screen.styles(process.stderr).red("✗")} ${message}\n`
  // A server has a guard of its own, which also cares for its calls. Without a server there is nothing to save.
  process.on("uncaughtException", (error) => {
    if (process.listenerCount("uncaughtException") > 1) return
    process.stderr.write(`${complaint(`Uncaught: ${LoadFailure.message(error)}`)}\n`)
    process.exit(1)
  })
  EnvFile.load(".env").pipe(
    Effect.andThen(Command.run(command(defaults), { version: "0.1.0" })),
    Effect.catchDefect((defect) => Effect.fail(new CliError({ message: LoadFailure.message(defect) }))),
    Effect.tapError((error) => (error instanceof CliError ? Console.error(complaint(error.message)) : Effect.void)),
    Effect.provide(NodeServices.layer),
    // A server that stopped because it was told to has succeeded.
    NodeRuntime.runMain({ teardown: process.argv[2] === "start" ? VoiceAgentApp.teardown : Runtime.defaultTeardown })
  )
}
