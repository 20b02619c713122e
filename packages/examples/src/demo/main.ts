/**
 * `npm start`: serves the assistant, with the model that there is a key for or else the embedded one, and the web console,
 * says where, and stops well.
 *
 * @since 0.1.0
 */
import * as LineApp from "@antiphon/server/line/LineApp"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Stdio from "effect/Console"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { errorReported } from "effect/Runtime"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "./Assistant.ts"
import * as Voice from "./Voice.ts"
import * as Console from "@antiphon/console/ConsoleApp"

/** The server cannot start, and why has been said. Fatal for the process. */
class NotStarted extends Data.TaggedError("NotStarted") {
  override readonly [errorReported] = false
}

const colours = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined
const style = (code: number) => (text: string) => (colours ? `\u001B[${code}m${text}\u001B[0m` : text)
const bold = style(1)
const dim = style(2)

const aboutDemo = `\
  The demo model is a handful of rules and needs no key. To use a real one, set ANTHROPIC_API_KEY or OPENAI_API_KEY, or
  OPENAI_BASE_URL for a server of your own. ANTIPHON_MODEL picks any other, such as groq/llama-3.3-70b-versatile.`

const aboutModel = `\
  Should the model fail, in mid-sentence or before, the embedded demo model goes on. ANTIPHON_MODEL picks another one.`

const welcome = (port: number, model: string) => `
  ${bold("Antiphon")}  an agent with ${model === DefaultModel.demo ? "the embedded demo model" : `the model ${bold(model)}`} is on the line

  ${bold(`http://localhost:${port}`)}  open it, start a call, and talk over the agent
  ${dim(`ws://localhost:${port}/ws     for any harness that speaks the wire of Line`)}
  ${dim(`http://localhost:${port}/voice.html  talks to it by voice`)}

${model === DefaultModel.demo ? aboutDemo : aboutModel}

  ${dim("Ctrl-C ends it.")}
`

const announce = (model: string) =>
  Effect.flatMap(HttpServer.HttpServer, ({ address }) =>
    Stdio.log(welcome("port" in address ? address.port : 8000, model))
  )

const server = (model: string) =>
  Layer.unwrap(
    Effect.gen(function* () {
      // Nobody who stops a demo wants to wait for its calls.
      const drainTimeout = yield* Config.withDefault(Config.Duration("ANTIPHON_DRAIN_TIMEOUT"), Duration.seconds(1))
      return VoiceAgentApp.layerServer(Assistant.make(model), {
        protocols: [LineApp.make(), yield* Voice.mount(model)],
        routes: Layer.merge(Console.layer, Voice.client),
        settings: { drainTimeout }
      })
    })
  ).pipe(Layer.provide(DefaultModel.layer(model)))

/** The port that somebody else has, if that is why the server could not start. */
const portInUse = ({ cause }: ServeError): number | undefined =>
  cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE" && "port" in cause
    ? Number(cause.port)
    : undefined
const refuse = (why: string) => Effect.andThen(Stdio.error(`\n  ${why}\n`), Effect.fail(new NotStarted()))

Effect.flatMap(DefaultModel.chosen, (model) =>
  Layer.launch(Layer.provide(Layer.effectDiscard(announce(model)), server(model)))
).pipe(
  Effect.catchTags({
    ServeError: (error) => {
      const port = portInUse(error)
      return refuse(
        port === undefined
          ? `The server could not start: ${String(error.cause)}`
          : `Port ${port} is in use already. Try another one: ${bold(`PORT=${port + 1} npm start`)}`
      )
    },
    ModelError: ({ message }) => refuse(`The model cannot be used: ${message}.`),
    ConfigError: ({ cause }) => refuse(`A setting cannot be read. ${cause.message}`)
  }),
  Effect.provideService(References.MinimumLogLevel, "Warn"),
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
