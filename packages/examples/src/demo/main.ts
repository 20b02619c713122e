/**
 * `npm start`: serves the assistant, with the model that there is a key for or else the embedded one, and the web console.
 *
 * @since 0.1.0
 */
import * as LocalServer from "@antiphon/cli/LocalServer"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Assistant from "./Assistant.ts"

Effect.flatMap(DefaultModel.chosen, (model) =>
  LocalServer.serve(Assistant.make(model), {
    model,
    again: (port) => `PORT=${port} npm start`,
    // Nobody else reaches a demo, unless it is asked for.
    ...(process.env["HOST"] === undefined ? { settings: { host: "127.0.0.1" } } : {})
  })
).pipe(
  Effect.tapErrorTag("CliError", ({ message }) => Console.error(`\n  ${message}\n`)),
  Effect.provideService(References.MinimumLogLevel, "Warn"),
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
