/** `antiphon dev`: serves an agent, and restarts it whenever one of its files is saved. */
import * as Printable from "@antiphon/core/Printable"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ChildProcess from "effect/process/ChildProcess"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { existsSync } from "node:fs"
import { CliError } from "../../CliError.ts"
import * as ServedAgent from "../servedAgent.ts"
import * as Screen from "../screen.ts"
import * as SavedFiles from "../savedFiles.ts"
import { openPage } from "../openPage.ts"
import * as Start from "./start.ts"

const flags = {
  ...ServedAgent.params,
  ...Start.params,
  open: Flag.Boolean("open").pipe(
    Flag.withDescription("Open the console in the browser; on by default in a terminal"),
    Flag.withDefault(process.stdout.isTTY === true && process.env["CI"] === undefined)
  )
}

/** The command. */
export const make = () =>
  Command.make("dev", flags, ({ agent, host, model, open, port }) =>
    Effect.gen(function* () {
      if (!existsSync(agent)) return yield* new CliError({ message: `There is no file ${agent}.` })
      const { dim } = Screen.styles(process.stderr)
      const args = [
        "start",
        agent,
        ...named("--port", Option.map(port, String)),
        ...named("--host", hostOf(host)),
        ...named("--model", model)
      ]
      const saved = yield* Queue.unbounded<ReadonlyArray<string>>()
      yield* Effect.forkScoped(
        Stream.runForEach(SavedFiles.changes(process.cwd()), (paths) => Queue.offer(saved, paths))
      )
      const at = Option.getOrElse(port, () => Number(process.env["PORT"] || 8000))
      if (open && at > 0) yield* Effect.forkScoped(openOnceUp(`http://localhost:${at}`))
      for (let again = false; ; again = true) {
        const server = run(again ? [...args, "--brief"] : args).pipe(
          // A server that could not start has printed why. The next save may fix it.
          Effect.andThen(Console.error(dim("  Stopped. Save a file to start again."))),
          Effect.andThen(Effect.never)
        )
        const paths = yield* Effect.raceFirst(server, Queue.take(saved))
        yield* Console.error(dim(`\n  ${Printable.line(paths.slice(0, 3).join(", "))} saved: restarting`))
      }
    }).pipe(Effect.scoped)
  ).pipe(
    Command.withDescription("Serves an agent while you write it: each save restarts it, without waiting for its calls"),
    Command.withExamples([{ command: "antiphon dev src/agent.ts", description: "Opens the console" }])
  )

/** A server under development is reachable only from this machine, unless asked otherwise. */
const hostOf = (host: Option.Option<string>) =>
  Option.orElse(host, () => (process.env["HOST"] === undefined ? Option.some("127.0.0.1") : Option.none()))

const named = (flag: string, value: Option.Option<string>): ReadonlyArray<string> =>
  Option.isSome(value) ? [flag, value.value] : []

/** Runs the program of this process with other arguments until it ends. Interruption ends the program. */
const run = (args: ReadonlyArray<string>) =>
  Effect.scoped(
    Effect.flatMap(
      ChildProcess.make(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
        // Does not wait for calls of the previous version.
        env: { ANTIPHON_DRAIN_TIMEOUT: "0 seconds", [Start.underDev]: "1" },
        extendEnv: true,
        stdin: "inherit",
        stdout: "inherit",
        stderr: "inherit",
        forceKillAfter: "5 seconds"
      }),
      (server) => server.exitCode
    )
  ).pipe(Effect.ignore)

/**
 * Opens a page as soon as it is served, within half a minute. Failing to open it is not an error, because its address
 * is on the screen.
 */
const openOnceUp = (url: string) =>
  Effect.tryPromise(() => fetch(url, { method: "HEAD" })).pipe(
    Effect.retry({ schedule: Schedule.spaced("250 millis"), times: 120 }),
    Effect.andThen(openPage(url)),
    Effect.ignore
  )
