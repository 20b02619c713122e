/** Runs a command in this process, and returns what it prints and how it ends. */
import { NodeServices } from "@effect/platform-node"
import { Console, Effect, Exit } from "effect"
import { Command } from "effect/cli"
import { fileURLToPath } from "node:url"
import * as Cli from "../src/Cli.ts"
import type { CliError, NotPassed } from "../src/CliError.ts"

export const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

export const run = (args: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const out: Array<string> = []
    const print = (...texts: ReadonlyArray<unknown>) => void out.push(texts.join(" "))
    const silent = { ...globalThis.console, log: print, error: () => {} }
    const exit = yield* Command.runWith(Cli.command(), { version: "0" })(args).pipe(
      Effect.provideService(Console.Console, silent),
      Effect.exit
    )
    const error = Exit.isSuccess(exit)
      ? undefined
      : (Exit.findErrorOption(exit) as { readonly value?: CliError | NotPassed })
    return { out: out.join("\n"), error: error?.value }
  }).pipe(Effect.provide(NodeServices.layer))
