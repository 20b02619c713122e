/** `antiphon start`: serves an agent. */
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CliError } from "../../CliError.ts"
import * as LocalServer from "../../LocalServer.ts"
import * as ServedAgent from "../servedAgent.ts"

/** Where a server listens. */
export const params = {
  port: Flag.Int("port").pipe(
    Flag.filter(
      (port) => port >= 0 && port <= 65535,
      () => "a number from 0 to 65535"
    ),
    Flag.withDescription("Port, instead of PORT or 8000; 0 for a free one"),
    Flag.optional
  ),
  host: Flag.String("host").pipe(
    Flag.withDescription("Address, instead of HOST or all addresses of this machine"),
    Flag.optional
  )
}

/** Variable by which `antiphon dev` tells the server that it starts it. */
export const underDev = "ANTIPHON_UNDER_DEV"

const brief = Flag.Boolean("brief").pipe(
  Flag.withDescription("Print the server's address in one line"),
  Flag.withDefault(false)
)

/** The command. */
export const make = () =>
  Command.make("start", { ...ServedAgent.params, ...params, brief }, (input) =>
    Effect.gen(function* () {
      const { agent, layer, model } = yield* ServedAgent.load(input)
      return yield* LocalServer.serve(agent, {
        model,
        layer,
        brief: input.brief,
        again: (port) =>
          `antiphon ${process.env[underDev] === undefined ? "start" : "dev"} ${input.agent} --port ${port}`,
        settings: {
          ...(Option.isSome(input.port) ? { port: input.port.value } : {}),
          ...(Option.isSome(input.host) ? { host: input.host.value } : {})
        }
      })
    }).pipe(
      Effect.catchTag("ConfigError", (error) =>
        Effect.fail(new CliError({ message: LocalServer.complaint(error, String) }))
      )
    )
  ).pipe(
    Command.withDescription("Serves an agent, with the console and a page to talk to it"),
    Command.withExamples([{ command: "antiphon start src/agent.ts", description: "Open http://localhost:8000" }])
  )
