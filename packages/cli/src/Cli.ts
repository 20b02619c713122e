/**
 * The commands of `antiphon`, for its bin and for applications that bring defaults of their own.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Replay from "./internal/command/replay.ts"
import * as Simulate from "./internal/command/simulate.ts"
import * as Screen from "./internal/screen.ts"

/** What the commands use for a flag that is not given. */
export interface Defaults {
  /** Module of the agent of `replay`, as a path or a `file:` URL. */
  readonly replay?: string | undefined
  /** Module of the subjects of `simulate`. */
  readonly simulate?: string | undefined
  /** The command that `simulate` prints for playing a call again, without the seed. */
  readonly again?: string | undefined
}

/** The command with its subcommands. */
export const command = (defaults: Defaults = {}) =>
  Command.make("antiphon").pipe(
    Command.withDescription("Calls of voice agents on virtual time"),
    Command.withSubcommands([Replay.make(defaults.replay), Simulate.make(defaults.simulate, defaults.again)])
  )

/** Runs the command with the arguments of the process, and ends the process. */
export const main = (defaults: Defaults = {}): void =>
  command(defaults).pipe(
    Command.run({ version: "0.1.0" }),
    Effect.tapError((error) =>
      error._tag === "CliError"
        ? Console.error(`\n  ${Screen.styles(process.stderr).red("✗")} ${error.message}\n`)
        : Effect.void
    ),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain
  )
