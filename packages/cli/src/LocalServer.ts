/**
 * A server for trying an agent: Line's wire, the console, the page for voice calls, and a Twilio number if its keys are
 * set. It prints its addresses, explains in one line why it cannot start, and stops gracefully.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as ErrorText from "@antiphon/core/ErrorText"
import * as Printable from "@antiphon/core/Printable"
import * as ConsoleApp from "@antiphon/console/ConsoleApp"
import * as Studio from "@antiphon/console/Studio"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as ProcessMetrics from "@antiphon/operate/node/ProcessMetrics"
import * as Prometheus from "@antiphon/operate/Prometheus"
import * as ServerMetrics from "@antiphon/operate/ServerMetrics"
import * as Telemetry from "@antiphon/operate/Telemetry"
import * as Calls from "@antiphon/server/Calls"
import * as LineApp from "@antiphon/server/line/LineApp"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as Settings from "@antiphon/server/Settings"
import * as StartFailure from "@antiphon/server/StartFailure"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Config from "effect/Config"
import * as Stdio from "effect/Console"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { CliError } from "./CliError.ts"
import * as Voice from "./internal/voice.ts"
import * as Screen from "./internal/screen.ts"

/** Options for serving an agent. */
export interface Options {
  /** Name of the model, shown in the greeting. */
  readonly model: string
  /** The layer of the model. `DefaultModel.layer` of the name by default. */
  readonly layer?: Layer.Layer<LanguageModel.LanguageModel, unknown> | undefined
  /** The command that starts the server on another port. */
  readonly again: (port: number) => string
  /** Whether the greeting is one line. */
  readonly brief?: boolean | undefined
  /** Settings that take precedence over the environment. */
  readonly settings?: Settings.Overrides | undefined
}

/** Services that a served agent may require and the server provides. */
type Needs<R> = Exclude<R, LanguageModel.LanguageModel | Scope.Scope>

/** Layer of the server. Calls get one second to end (`ANTIPHON_DRAIN_TIMEOUT`), so that a restart is quick. */
export const layer = <R>(
  agent: Agent.Factory<unknown, never, R>,
  options: Pick<Options, "model" | "layer" | "settings">
): Layer.Layer<HttpServer.HttpServer | Calls.Calls, unknown, Needs<R>> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const drainTimeout = yield* Config.withDefault(Config.Duration("ANTIPHON_DRAIN_TIMEOUT"), Duration.seconds(1))
      const settings = { drainTimeout, ...options.settings }
      const { nextToken, recordDir: folder, token } = yield* Settings.load(settings)
      const scraped = Prometheus.layerFromConfig({ token: [token, nextToken].filter((token) => token !== undefined) })
      const model = options.layer ?? DefaultModel.layer(options.model)
      const studio = yield* Studio.make({ agent, model, folder })
      const pages = Layer.orDie(ConsoleApp.layerStudio(studio, settings))
      const server = VoiceAgentApp.layerServer(studio.agent, {
        protocols: [LineApp.make(), ...(yield* Voice.mounts(studio))],
        routes: Layer.mergeAll(pages, Voice.client, scraped),
        record: studio.record,
        settings
      }).pipe(Layer.provide(Layer.merge(studio.model, studio.tools)))
      // Traces and metrics go where OTEL_EXPORTER_OTLP_ENDPOINT says, if it does.
      return Layer.provideMerge(metrics, server).pipe(Layer.provide(Telemetry.layerFromConfig()))
    })
  ).pipe(Layer.provide(Layer.merge(NodeFileSystem.layer, NodePath.layer))) as Layer.Layer<
    HttpServer.HttpServer | Calls.Calls,
    unknown,
    Needs<R>
  >

const metrics = Layer.merge(
  ServerMetrics.layer(Effect.map(Calls.Calls, ({ health }) => health)),
  ProcessMetrics.layer()
)

/** Serves an agent until interrupted. Fails with a sentence that explains what to change. */
export const serve = <R>(
  agent: Agent.Factory<unknown, never, R>,
  options: Options
): Effect.Effect<never, CliError, Needs<R>> =>
  Layer.launch(Layer.provide(Layer.effectDiscard(announce(options)), layer(agent, options))).pipe(
    Effect.catchDefect((defect) => Effect.fail(defect)),
    Effect.mapError((error) => new CliError({ message: complaint(error, options.again) }))
  )

/** Why a server could not start, in one line. `again` is the command that starts it on another port. */
export const complaint = (error: unknown, again: Options["again"]): string => {
  if (!isTagged(error)) return `The server could not start: ${Printable.line(ErrorText.of(error))}`
  switch (error._tag) {
    case "ServeError": {
      const port = StartFailure.portInUse(error as ServeError)
      return port === undefined
        ? StartFailure.message(error as ServeError)
        : `Port ${port} is in use already. Try another one: ${Screen.styles(process.stderr).bold(again(port + 1))}`
    }
    case "ModelError":
      return `The model cannot be used: ${sentence(ErrorText.of(error))}`
    case "ConfigError":
      return StartFailure.message(error as Config.ConfigError)
    case "VoiceError":
      return `Calls by voice cannot be taken. ${sentence(ErrorText.of(error))}`
    case "CarrierError":
      return `The request to the carrier failed: ${sentence(ErrorText.of(error))}`
    case "CliError":
      return (error as CliError).message
    default:
      return `The server could not start: ${Printable.line(ErrorText.of(error))}`
  }
}

const sentence = (text: string): string => `${Printable.line(text).replace(/[.]$/, "")}.`

const isTagged = (error: unknown): error is { readonly _tag: string } =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string"

const aboutDemo = `\
  The demo model is a handful of rules and needs no key. To use a real one, set ANTHROPIC_API_KEY or OPENAI_API_KEY, or
  OPENAI_BASE_URL for a server of your own. ANTIPHON_MODEL picks any other, such as groq/llama-3.3-70b-versatile.`

const aboutModel = `\
  If the model fails, in mid-sentence or before, the embedded demo model goes on. ANTIPHON_MODEL picks another one.`

const announce = ({ brief, model }: Options) =>
  Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer
    const at = "port" in address ? hostOf(address) : "localhost:8000"
    const telephone = yield* Effect.orElseSucceed(Voice.hasTelephone, () => false)
    yield* Stdio.log(brief === true ? `  http://${at}` : welcome(at, model, telephone))
  })

/** The host under which a browser of this machine reaches the server. */
const hostOf = (address: HttpServer.HttpServer["Service"]["address"]): string => {
  const { host } = new URL(HttpServer.formatAddress(address))
  return host.replace(/^(?:127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?=:|$)/, "localhost")
}

const welcome = (at: string, model: string, telephone: boolean): string => {
  const { bold, dim } = Screen.styles(process.stdout)
  const isDemo = model === DefaultModel.demo
  return `
  ${bold("Antiphon")}  an agent with ${isDemo ? "the embedded demo model" : `the model ${bold(model)}`} is on the line

  ${bold(`http://${at}`)}  open it, start a call, and talk over the agent
  ${dim(`http://${at}/voice.html  talks to it by voice`)}
  ${dim(`ws://${at}/ws     for any harness that uses Line's wire`)}${telephone ? `\n  ${dim(`http://${at}/twilio  for a Twilio number, through a tunnel`)}` : ""}

${isDemo ? aboutDemo : aboutModel}

  ${dim("Ctrl-C ends it.")}
`
}
