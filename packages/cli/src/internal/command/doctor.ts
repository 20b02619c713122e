/** `antiphon doctor`: says what is missing on this machine. */
import * as Printable from "@antiphon/core/Printable"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { NotPassed } from "../../CliError.ts"
import * as AgentModule from "../agentModule.ts"
import * as Checks from "../doctor/checks.ts"
import { bad, type Finding, good } from "../doctor/finding.ts"
import * as Screen from "../screen.ts"

const flags = {
  agent: Argument.String("agent").pipe(
    Argument.withDescription("Module of an agent, to load as well"),
    Argument.optional
  ),
  json: Flag.Boolean("json").pipe(Flag.withDescription("Print the findings for programs"), Flag.withDefault(false))
}

/** The command. Exits with 1 if a finding is bad. */
export const make = () =>
  Command.make("doctor", flags, ({ agent, json }) =>
    Effect.gen(function* () {
      const loaded = Option.isSome(agent) ? yield* loads(agent.value) : undefined
      const findings = (yield* Effect.all(
        [
          Effect.map(Checks.node, (finding) => [finding]),
          Checks.packages,
          Effect.succeed(loaded === undefined ? [] : [loaded.finding]),
          Checks.server,
          Checks.watching,
          Checks.models,
          Checks.model(loaded?.module),
          Checks.speech,
          Checks.telephone
        ],
        { concurrency: "unbounded" }
      )).flat()
      yield* Console.log(json ? JSON.stringify(findings, undefined, 2) : picture(findings))
      if (findings.some(({ verdict }) => verdict === "Bad")) return yield* new NotPassed()
    })
  ).pipe(
    Command.withDescription(
      "Checks Node, packages, settings, port, keys, the telephone, the clock and the connection to each provider"
    ),
    Command.withExamples([
      { command: "antiphon doctor src/agent.ts", description: "Does this machine have what it needs?" }
    ])
  )

/** Loads an agent: the module if that succeeds, and the finding. */
const loads = (
  path: string
): Effect.Effect<{ readonly finding: Finding; readonly module?: AgentModule.AgentModule | undefined }> =>
  AgentModule.load(path).pipe(
    Effect.map((module) => ({ finding: good("agent", `${path} loads`), module })),
    Effect.catch(({ message }) => Effect.succeed({ finding: bad("agent", message) }))
  )

const picture = (findings: ReadonlyArray<Finding>): string => {
  const { bold, dim, green, red, yellow } = Screen.styles(process.stdout)
  const marks = { Good: green("✓"), Note: yellow("!"), Bad: red("✗") }
  const width = Math.max(...findings.map(({ what }) => what.length))
  const lines = findings.map(
    ({ says, verdict, what }) => `  ${marks[verdict]} ${what.padEnd(width)}  ${Printable.line(says)}`
  )
  const count = findings.filter(({ verdict }) => verdict === "Bad").length
  const end =
    count === 0
      ? dim("Nothing is missing.")
      : bold(count === 1 ? "One thing is in the way." : `${count} things are in the way.`)
  return ["", ...lines, "", `  ${end}`, ""].join("\n")
}
