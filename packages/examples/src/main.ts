/**
 * `npm start`: serves the demo agent with the web console, says where, and stops well.
 *
 * @since 0.1.0
 */
import * as VoiceAgentApp from "@antiphon/server/VoiceAgentApp"
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
import * as Console from "./Console.ts"
import * as DemoAgent from "./DemoAgent.ts"

/** The server cannot start, and why has been said. Fatal for the process. */
class NotStarted extends Data.TaggedError("NotStarted") {
  override readonly [errorReported] = false
}

const colours = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined
const style = (code: number) => (text: string) => (colours ? `\u001B[${code}m${text}\u001B[0m` : text)
const bold = style(1)
const dim = style(2)

const welcome = (port: number) => `
  ${bold("Antiphon")}  a demo agent is on the line

  ${bold(`http://localhost:${port}`)}  open it, start a call, and talk over the agent
  ${dim(`ws://localhost:${port}/ws     for any harness that speaks the wire of Line`)}

  The demo has fixed answers and needs no key. To use a real model, put its client into an agent: a function
  from what happens on the call to a stream of things to say. README.md has one to begin with. Agents for OpenAI
  and Anthropic, ready to use, come with @antiphon/llm in a later release.

  ${dim("Ctrl-C ends it.")}
`

const announce = Effect.flatMap(HttpServer.HttpServer, ({ address }) =>
  Stdio.log(welcome("port" in address ? address.port : 8000))
)

const server = Layer.unwrap(
  Effect.map(
    // Nobody who stops a demo wants to wait for its calls.
    Config.withDefault(Config.Duration("ANTIPHON_DRAIN_TIMEOUT"), Duration.seconds(1)),
    (drainTimeout) => VoiceAgentApp.layerServer(DemoAgent.make, { routes: Console.layer, settings: { drainTimeout } })
  )
)

/** The port that somebody else has, if that is why the server could not start. */
const portInUse = ({ cause }: ServeError): number | undefined =>
  cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE" && "port" in cause
    ? Number(cause.port)
    : undefined
const refuse = (why: string) => Effect.andThen(Stdio.error(`\n  ${why}\n`), Effect.fail(new NotStarted()))

Layer.launch(Layer.provide(Layer.effectDiscard(announce), server)).pipe(
  Effect.catchTags({
    ServeError: (error) => {
      const port = portInUse(error)
      return refuse(
        port === undefined
          ? `The server could not start: ${String(error.cause)}`
          : `Port ${port} is in use already. Try another one: ${bold(`PORT=${port + 1} npm start`)}`
      )
    },
    ConfigError: ({ cause }) => refuse(`A setting cannot be read. ${cause.message}`)
  }),
  Effect.provideService(References.MinimumLogLevel, "Warn"),
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
