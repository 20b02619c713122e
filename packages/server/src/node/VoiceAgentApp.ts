/**
 * Serves a voice agent on the wire of a voice platform: `POST /chats`, `GET /status`, `WS /ws`.
 *
 * `layer` adds the routes to an application's own `HttpRouter`, `layerServer` is a whole server on Node, and `serve` runs
 * one until it is interrupted.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import type * as Redaction from "@antiphon/core/recording/Redaction"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as ByteSize from "effect/ByteSize"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { MaxBodySize } from "effect/http/HttpIncomingMessage"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServer from "effect/http/HttpServer"
import type { HttpServerError, ServeError } from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { SocketError } from "effect/socket/Socket"
import { createServer } from "node:http"
import * as Calls from "../Calls.ts"
import * as CallSocket from "../CallSocket.ts"
import * as Admission from "../internal/admission.ts"
import { pingingWebSocket } from "./internal/pingingWebSocket.ts"
import * as PreCall from "../PreCall.ts"
import * as RecordingFile from "./RecordingFile.ts"
import * as Settings from "../Settings.ts"
import * as Wire from "../line/Wire.ts"

/** What can be said about an app beside its agent. */
export interface Options<E = never, R = never> {
  /** Asked before each call. Without it every call is taken. */
  readonly preCall?: PreCall.Handler<E, R> | undefined
  /** What of a call is blanked in its recording, where calls are recorded. */
  readonly redact?: Redaction.Redaction | undefined
  /** Settings that win over the environment. */
  readonly settings?: Settings.Overrides | undefined
}

/** Version of the wire that is spoken, as Line 0.2.17 names it. */
export const wireVersion = "2026-04-03"

/** Longest body of `POST /chats`. */
const maxBodySize = ByteSize.mebibytes(1)

/** Time for a peer to answer a close, after which its connection is dropped: a server that stops waits for it. */
const closeTimeoutMs = 3000

const respond = (status: number, body: object, headers: Record<string, string> = {}) =>
  HttpServerResponse.text(JSON.stringify(body), { status, headers, contentType: "application/json" })
const agentCode = { "x-cartesia-error-source": "agent-code" }
const notAllowed = (allow: string) => respond(405, { detail: "Method Not Allowed" }, { allow })
const badUpgrade = respond(400, { detail: "The connection could not be upgraded" })
const notFound = respond(404, { detail: "Not Found" })
const unavailable = { Draining: "Server is shutting down", Full: "Too many calls" } as const

/** Layer that adds the routes of an agent to a router, and brings the `Calls` that are open on them. */
export const layer = <E, R = never, R2 = never, PE = never, PR = never>(
  factory: Agent.Factory<E, R, R2>,
  options: Options<PE, PR> = {}
): Layer.Layer<Calls.Calls, Config.ConfigError, HttpRouter.HttpRouter | Exclude<R | R2 | PR, Scope.Scope>> =>
  Layer.effect(
    Calls.Calls,
    Effect.gen(function* () {
      const settings = yield* Settings.load(options.settings)
      const calls = yield* Calls.make(settings)
      const { recordDir: directory } = settings
      const record = directory === undefined ? undefined : RecordingFile.recorder({ directory, redact: options.redact })
      const router = yield* HttpRouter.HttpRouter
      const services = yield* Effect.context<Exclude<R | R2 | PR, Scope.Scope>>()

      /** The answer to a request that may not open a call now, or undefined. */
      const refused = (request: HttpServerRequest.HttpServerRequest) =>
        Effect.map(calls.refusal, (reason) => {
          const refusal = Admission.refusal(request, settings)
          if (refusal !== undefined) return respond(refusal.status, { detail: refusal.detail })
          return reason === undefined
            ? undefined
            : respond(503, { detail: unavailable[reason] }, { "retry-after": "5" })
        })

      yield* router.add("*", "/status", (request) =>
        request.method === "GET" || request.method === "HEAD" ? status : Effect.succeed(notAllowed("GET"))
      )
      yield* router.add("*", "/chats", (request) =>
        request.method === "POST"
          ? Effect.flatMap(refused(request), (refusal) =>
              refusal === undefined
                ? Effect.provideContext(Effect.scoped(chat(request, options.preCall)), services as Context.Context<PR>)
                : Effect.succeed(refusal)
            )
          : Effect.succeed(notAllowed("POST"))
      )
      yield* router.add("*", "/ws", (request) =>
        Effect.gen(function* () {
          if (!isUpgrade(request)) return notFound
          const refusal = yield* refused(request)
          if (refusal !== undefined) return refusal
          const socket = yield* request.upgrade
          yield* Effect.provideContext(
            CallSocket.open(socket, { request, factory, calls, settings, record }),
            services as Context.Context<Exclude<R | R2, Scope.Scope>>
          ) as Effect.Effect<void, SocketError>
          return HttpServerResponse.empty()
        }).pipe(Effect.catchTag(["HttpServerError", "SocketError"], () => Effect.succeed(badUpgrade)))
      )
      return calls
    })
  )

const isUpgrade = (request: HttpServerRequest.HttpServerRequest): boolean =>
  request.headers.upgrade?.toLowerCase() === "websocket"

const status = Effect.map(DateTime.now, (now) => {
  // As Python writes it: an offset instead of Z, microseconds, and no fraction where there is none.
  const timestamp = DateTime.formatIso(now).replace(/\.(\d{3})Z$/, (_, ms) => (ms === "000" ? "" : `.${ms}000`))
  return respond(200, { status: "ok", timestamp: `${timestamp.replace(/Z$/, "")}+00:00`, service: "cartesia-line" })
})

const unreadable = ({ reason }: HttpServerError) =>
  reason._tag === "RequestParseError" && reason.reason === "BodyTooLarge"
    ? respond(413, { detail: "The body is too long" })
    : respond(400, { detail: "The body could not be read" })

const chat = <E, R>(request: HttpServerRequest.HttpServerRequest, preCall: PreCall.Handler<E, R> | undefined) =>
  Effect.gen(function* () {
    const body = yield* Effect.result(Effect.provideService(request.text, MaxBodySize, maxBodySize))
    if (Result.isFailure(body)) return unreadable(body.failure)
    const decoded = Wire.decodeChat(body.success)
    if (Result.isFailure(decoded)) return respond(400, { detail: `Bad request: ${decoded.failure.message}` })
    const call = decoded.success
    const decision = preCall === undefined ? PreCall.accept() : yield* Effect.suspend(() => preCall(call))
    if (decision._tag === "Rejected") return respond(403, { detail: "Call rejected" }, agentCode)
    return respond(200, {
      websocket_url: "/ws",
      cartesia_version: wireVersion,
      metadata: { ...call.metadata, ...decision.metadata },
      ...(Object.keys(decision.config).length > 0 ? { config: decision.config } : {})
    })
  }).pipe(
    Effect.catchIf(
      (error): error is PreCall.HttpError => error instanceof PreCall.HttpError,
      ({ detail, headers, status }) => Effect.succeed(respond(status, { detail }, { ...headers, ...agentCode }))
    ),
    Effect.catchCause((cause) =>
      Effect.as(
        Effect.logError("The pre-call handler failed.", cause),
        respond(500, { detail: "Server error in call processing" }, agentCode)
      )
    )
  )

/**
 * Layer that ends calls well when the application stops: new ones are refused, open ones get `drainTimeout` to end, the
 * rest is closed with 1001. Put it over the server, so that it is released first:
 * `VoiceAgentApp.drain.pipe(Layer.provide(HttpRouter.serve(routes)))`.
 */
export const drain: Layer.Layer<never, never, Calls.Calls> = Layer.effectDiscard(
  Effect.flatMap(Calls.Calls, (calls) => Effect.addFinalizer(() => calls.drain))
)

/** Options of a whole server. */
export interface ServerOptions<E = never, R = never> extends Options<E, R> {
  /** More routes for the same server. */
  readonly routes?: Layer.Layer<never, never, HttpRouter.HttpRouter> | undefined
}

/** Layer that serves an agent on Node, and drains its calls when it is released. */
export const layerServer = <E, R = never, R2 = never, PE = never, PR = never>(
  factory: Agent.Factory<E, R, R2>,
  options: ServerOptions<PE, PR> = {}
): Layer.Layer<
  HttpServer.HttpServer | Calls.Calls,
  Config.ConfigError | ServeError,
  Exclude<R | R2 | PR, Scope.Scope>
> =>
  Layer.unwrap(
    Effect.map(Settings.load(options.settings), (settings) => {
      // The router keeps the first route that is added for a path, so what answers every path comes last.
      const routes = fallback.pipe(
        Layer.provideMerge(options.routes ?? Layer.empty),
        Layer.provideMerge(layer(factory, { ...options, settings }))
      )
      const websocket = {
        maxPayload: settings.maxFrameBytes,
        closeTimeout: closeTimeoutMs,
        WebSocket: pingingWebSocket()
      }
      return Layer.provideMerge(drain, HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })).pipe(
        Layer.provideMerge(
          NodeHttpServer.layer(() => createServer(), {
            port: settings.port,
            ...(settings.host === "" ? {} : { host: settings.host }),
            gracefulShutdownTimeout: "1 second",
            websocket
          })
        )
      )
    })
  ) as Layer.Layer<
    HttpServer.HttpServer | Calls.Calls,
    Config.ConfigError | ServeError,
    Exclude<R | R2 | PR, Scope.Scope>
  >

// What Line's framework answers to a path that it does not know.
const fallback = HttpRouter.add("*", "/*", (request) =>
  Effect.succeed(isUpgrade(request) ? respond(403, { detail: "Forbidden" }) : notFound)
)

/** Serves an agent on Node until it is interrupted, then drains its calls. */
export const serve = <E, R = never, R2 = never, PE = never, PR = never>(
  factory: Agent.Factory<E, R, R2>,
  options: ServerOptions<PE, PR> = {}
): Effect.Effect<never, Config.ConfigError | ServeError, Exclude<R | R2 | PR, Scope.Scope>> =>
  Layer.launch(layerServer(factory, options))

/** Exit codes for `NodeRuntime.runMain`: a server that was told to stop, and did, has done well. */
export const teardown = <E, A>(exit: Exit.Exit<E, A>, onExit: (code: number) => void): void =>
  onExit(Exit.isSuccess(exit) || Exit.hasInterrupts(exit) ? 0 : 1)
