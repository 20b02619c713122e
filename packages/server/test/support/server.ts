/** A real server on a free loopback port, with the agents of the tests and the log it writes. */
import * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import { NodeHttpServer } from "@effect/platform-node"
import { vi } from "@effect/vitest"
import { Cause, ConfigProvider, Context, Duration, Effect, Layer, Logger, References, Stream } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import * as Calls from "../../src/Calls.ts"
import { pingingWebSocket } from "../../src/node/internal/pingingWebSocket.ts"
import type * as Settings from "../../src/Settings.ts"
import * as VoiceAgentApp from "../../src/node/VoiceAgentApp.ts"
import * as Client from "./client.ts"

// Longer than anything takes that works: how long a slow machine needs to tell that something hangs.
vi.setConfig({ testTimeout: 20_000, hookTimeout: 20_000 })

/** A line of the log. */
export interface Line {
  readonly level: string
  readonly message: string
  readonly cause: string
  readonly annotations: { readonly [key: string]: unknown }
}

export interface Server {
  readonly port: number
  /** Address of the agent's socket. */
  readonly ws: string
  readonly http: string
  readonly calls: Calls.Calls["Service"]
  readonly log: ReadonlyArray<Line>
}

/** Logger that keeps every line, of every level. */
export const layerLog = (log: Array<Line>) =>
  Layer.merge(
    Logger.layer([
      Logger.make(({ cause, fiber, logLevel, message }) => {
        const parts = Array.isArray(message) ? message : [message]
        log.push({
          level: logLevel,
          message: parts.map(String).join(" "),
          cause: [cause, ...parts.filter(Cause.isCause)].map(Cause.pretty).join(""),
          annotations: fiber.getRef(References.CurrentLogAnnotations)
        })
      })
    ]),
    Layer.succeed(References.MinimumLogLevel, "All")
  )

/** Answers "You said: <text>" to every turn of the user. */
export const echo = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Welcome.")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)

/** The agent of a call is named by its metadata; without a name it is the echo. */
export const byName =
  (agents: { readonly [name: string]: Agent.Factory<unknown> }): Agent.Factory<unknown> =>
  (request: CallRequest) => {
    const { agent } = request.metadata
    const factory = typeof agent === "string" ? agents[agent] : undefined
    return factory === undefined ? Effect.succeed(echo) : factory(request)
  }

/** The environment of the test run does not affect the servers of the tests. */
export const noEnvironment = Layer.succeed(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: {} }))

/** Builds a Layer that contains a server, and returns its address. */
export const start = <E>(layer: Layer.Layer<HttpServer.HttpServer | Calls.Calls, E>) =>
  Effect.gen(function* () {
    const log: Array<Line> = []
    const context = yield* Layer.build(Layer.provide(layer, Layer.merge(layerLog(log), noEnvironment)))
    const { address } = Context.get(context, HttpServer.HttpServer)
    const port = "port" in address ? address.port : 0
    const server: Server = {
      port,
      ws: `ws://127.0.0.1:${port}/ws`,
      http: `http://127.0.0.1:${port}`,
      calls: Context.get(context, Calls.Calls),
      log
    }
    return server
  })

/** Serves an agent until the scope closes. */
export const serve = <PE = never>(
  factory: Agent.Factory<unknown>,
  settings: Settings.Overrides = {},
  options: Omit<VoiceAgentApp.ServerOptions<PE>, "settings"> = {}
) =>
  start(
    // The test runner already guards its process.
    VoiceAgentApp.layerServer(factory, {
      guard: false,
      ...options,
      settings: { port: 0, host: "127.0.0.1", ...settings }
    })
  )

/** Waits until no call is open. */
export const allOver = (server: Server) =>
  Client.until("the end of all calls", () => Effect.runSync(server.calls.count) === 0)

/**
 * Runs a call beside what is done to the server, and fails unless the call got exactly its own answers, before and
 * afterwards. No call is left when it returns.
 */
export const undisturbed = <A, E, R>(server: Server, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const bystander = yield* Client.call(server.ws, { call_id: "bystander" })
    bystander.say("before")
    yield* bystander.hear("You said: before")
    const result = yield* effect
    bystander.say("after")
    yield* bystander.hear("You said: after")
    const heard = bystander.messages.map(({ content }) => content)
    if (heard.join("|") !== "Welcome.|You said: before|You said: after") {
      return yield* Effect.die(new Error(`Another call was disturbed: ${heard.join("|")}`))
    }
    return result
  }).pipe(Effect.scoped)

/** An agent that notes the events it runs on, and says what it is given for them. */
export const noting = (
  seen: Array<string>,
  routes: Parameters<typeof Agent.route<unknown, never>>[0] = {},
  options?: Agent.Options
): Agent.AgentSpec<unknown> => {
  const agent = Agent.route<unknown, never>(routes)
  return Agent.make((event, turn) => {
    seen.push(event._tag)
    return agent(event, turn)
  }, options)
}

/** The error message of a client, checked against the log: a line with the call's id has the id of the error. */
export const errorOf = (server: Server, client: Client.Client, callId: string): string => {
  const { content = "", type } = client.messages.at(-1) ?? {}
  const [, text = "", id = ""] = /^(.*) \(error id ([0-9a-f-]{36})\)$/s.exec(content) ?? []
  const line = server.log.find((line) => line.annotations["errorId"] === id)
  if (type !== "error" || line === undefined) throw new Error(`No logged error: ${type} ${content}`)
  if (line.annotations["callId"] !== callId) throw new Error(`Logged without its call: ${JSON.stringify(line)}`)
  return text
}

export const millis = Duration.millis

/**
 * Mounts an agent as an application does: its routes on a router with others, on the application's own server, whose
 * sockets have none of our limits.
 */
export const mount = (
  factory: Agent.Factory<unknown>,
  options: {
    readonly settings?: Settings.Overrides
    readonly pingMs?: number
    readonly prefix?: `/${string}`
    readonly drained?: boolean
  } = {}
) => {
  const agent = VoiceAgentApp.layer(factory, { settings: options.settings })
  const mounted =
    options.prefix === undefined
      ? agent
      : Layer.provide(
          agent,
          Layer.effect(
            HttpRouter.HttpRouter,
            Effect.map(HttpRouter.HttpRouter, (router) => router.prefixed(options.prefix!))
          )
        )
  const routes = Layer.provideMerge(HttpRouter.add("GET", "/hello", HttpServerResponse.text("hello")), mounted)
  return start(
    Layer.provideMerge(
      options.drained === false ? Layer.empty : VoiceAgentApp.drain,
      HttpRouter.serve(routes, { disableLogger: true })
    ).pipe(
      Layer.provideMerge(
        NodeHttpServer.layer(() => createServer(), {
          port: 0,
          host: "127.0.0.1",
          gracefulShutdownTimeout: "200 millis",
          ...(options.pingMs === undefined ? {} : { websocket: { WebSocket: pingingWebSocket(options.pingMs) } })
        })
      )
    )
  )
}
