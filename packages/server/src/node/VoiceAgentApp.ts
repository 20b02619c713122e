/**
 * Serves a voice agent on the wires of voice platforms, by default on Line's (`POST /chats`, `GET /status`, `WS /ws`).
 *
 * `layer` adds the routes to an application's own `HttpRouter`, `layerServer` is a whole server on Node, and `serve`
 * runs one until it is interrupted.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import type * as Redaction from "@antiphon/core/recording/Redaction"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type { ServeError } from "effect/http/HttpServerError"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import * as CallHost from "../CallHost.ts"
import * as Calls from "../Calls.ts"
import * as Health from "../Health.ts"
import * as Admission from "../internal/admission.ts"
import * as Answers from "../internal/answers.ts"
import * as Door from "../internal/door.ts"
import * as OpenCalls from "../internal/openCalls.ts"
import * as UsedTickets from "../internal/usedTickets.ts"
import * as LineApp from "../line/LineApp.ts"
import type * as Mount from "../Mount.ts"
import type * as PreCall from "../PreCall.ts"
import * as Settings from "../Settings.ts"
import * as StartLog from "../internal/startLog.ts"
import * as HttpServing from "./internal/httpServer.ts"
import { pingingWebSocket } from "./internal/pingingWebSocket.ts"
import * as SafeConsole from "./internal/safeConsole.ts"
import * as RecordingFolder from "./internal/recordingFolder.ts"
import * as Signals from "./internal/signals.ts"
import * as Supervised from "./internal/supervised.ts"
import * as Uncaught from "./internal/uncaught.ts"
import * as Watchdog from "./internal/watchdog.ts"
import * as RecordingFile from "./RecordingFile.ts"

/** Options of an app. */
export interface Options<E = never, R = never> {
  /** The wires to serve. Only Line's by default. */
  readonly protocols?: ReadonlyArray<Mount.Mount<R>> | undefined
  /**
   * Decides about each call on Line's wire before it starts. With `protocols`, pass it to Line's instead:
   * `LineApp.make({ preCall })`.
   */
  readonly preCall?: PreCall.Handler<E, R> | undefined
  /** What to redact in recordings, if calls are recorded. */
  readonly redact?: Redaction.Redaction | undefined
  /** Makes the recorder of each call if `ANTIPHON_RECORD_DIR` names no folder. */
  readonly record?: CallHost.Record | undefined
  /** Additional checks of `/ready`, for example that a model answers or a database is reachable. */
  readonly checks?: ReadonlyArray<Health.Check> | undefined
  /** Settings that take precedence over the environment. */
  readonly settings?: Settings.Overrides | undefined
}

/** How long a peer may take to answer a close before its connection is dropped. A stopping server waits for that. */
const closeTimeoutMs = 3000

/** Layer that adds the routes of an agent to a router, and provides the `Calls` that are open on them. */
export const layer: {
  <E = never, R = never, R2 = never, PE = never, PR = never>(
    source: Agent.Made<E, R, R2>,
    options?: Options<PE, PR>
  ): Layer.Layer<Calls.Calls, Config.ConfigError, HttpRouter.HttpRouter | Exclude<R | R2 | PR, Scope.Scope>>
  <R = never, PE = never, PR = never>(
    agent: Agent.Agent<unknown, R>,
    options?: Options<PE, PR>
  ): Layer.Layer<Calls.Calls, Config.ConfigError, HttpRouter.HttpRouter | Exclude<R | PR, Scope.Scope>>
} = <R = never, PE = never, PR = never>(
  source: Agent.Source<unknown, R, R>,
  options: Options<PE, PR> = {}
): Layer.Layer<Calls.Calls, Config.ConfigError, HttpRouter.HttpRouter | Exclude<R | PR, Scope.Scope>> =>
  Layer.effect(
    Calls.Calls,
    Effect.gen(function* () {
      const settings = yield* Settings.load(options.settings)
      const calls = yield* OpenCalls.make(settings)
      const { recordAudio: audio, recordDir: directory } = settings
      const { redact } = options
      const record =
        directory === undefined
          ? options.record
          : RecordingFile.recorder({ directory, redact, audio, must: settings.mustRecord })
      yield* prepareFolder(calls, settings)
      if (audio && redact !== undefined && redact.audio !== true) {
        yield* Effect.logWarning(
          "ANTIPHON_RECORD_AUDIO is set, and the redaction does not say `audio: true`: no audio is kept."
        )
      }
      const reception = yield* CallHost.reception(Agent.from(source), {
        calls,
        settings,
        record
      })
      if (options.protocols !== undefined && options.preCall !== undefined) {
        return yield* Effect.die(new Error("With `protocols`, give the handler to Line's: LineApp.make({ preCall })"))
      }
      for (const check of options.checks ?? []) yield* calls.health.require(check)
      const router = yield* HttpRouter.HttpRouter
      yield* router.add("*", "/ready", (request) =>
        request.method === "GET" || request.method === "HEAD"
          ? Effect.map(calls.health.readiness, (readiness) => Answers.respond(readiness.ready ? 200 : 503, readiness))
          : Effect.succeed(Answers.notAllowed("GET"))
      )
      const used = yield* Supervised.usedTickets
      for (const mount of options.protocols ?? [LineApp.make({ preCall: options.preCall })]) {
        yield* Effect.provideService(
          mount.routes(reception) as Effect.Effect<void, never, HttpRouter.HttpRouter | Exclude<PR, Scope.Scope>>,
          UsedTickets.Current,
          used
        )
      }
      return calls
    })
  )

/** Checks the folder for recordings once, and keeps it within its limits. */
const prepareFolder = (calls: Calls.Calls["Service"], settings: Settings.Settings) =>
  Effect.gen(function* () {
    const { mustRecord, recordDir } = settings
    if (recordDir === undefined) {
      return mustRecord ? yield* noFolder("ANTIPHON_MUST_RECORD is set, and ANTIPHON_RECORD_DIR is not") : undefined
    }
    const usable = RecordingFolder.check(recordDir)
    yield* Effect.catch(usable, ({ message }) => (mustRecord ? noFolder(message) : Effect.logError(message)))
    yield* RecordingFolder.keep(recordDir, settings)
    if (mustRecord) {
      const met = Effect.map(Effect.option(usable), ({ _tag }) => _tag === "Some")
      yield* calls.health.require({ name: "Unrecorded", met })
    }
  })

const noFolder = (message: string) => Effect.fail(new Config.ConfigError(new ConfigProvider.SourceError({ message })))

/**
 * Layer that ends calls gracefully when the application stops: new calls are refused, open ones get `drainTimeout` to
 * end, and the rest are closed with 1001. Put it on top of the server, so that it is released first:
 * `VoiceAgentApp.drain.pipe(Layer.provide(HttpRouter.serve(routes)))`.
 */
export const drain: Layer.Layer<never, never, Calls.Calls> = Layer.effectDiscard(
  Effect.gen(function* () {
    const calls = yield* Calls.Calls
    yield* Signals.listen(calls)
    yield* Effect.addFinalizer(() => calls.drain)
  })
)

/**
 * Layer that guards the process: code that fails outside every fiber is reported and does not end other calls silently
 * (`ANTIPHON_ON_UNCAUGHT`), and a blocked event loop is noticed, attributed and limited (`ANTIPHON_BLOCK_WARNING`,
 * `ANTIPHON_BLOCK_LIMIT`). `serve` and `layerServer` include it; put it beside `drain` if your application mounts the
 * routes itself.
 */
export const guard: Layer.Layer<never, Config.ConfigError, Calls.Calls> = Layer.unwrap(
  Effect.map(Settings.load(), (settings) => guardWith(settings))
)

// A server is guarded, and reports to its supervisor, once, even if an application asks for it twice.
const guarded = new WeakSet<object>()
const reporting = new WeakSet<object>()
const once = <E, R>(servers: WeakSet<object>, calls: Calls.Calls["Service"], effect: Effect.Effect<void, E, R>) =>
  Effect.suspend(() => {
    if (servers.has(calls)) return Effect.void
    servers.add(calls)
    return effect
  })

const guardWith = (settings: Settings.Settings): Layer.Layer<never, never, Calls.Calls> =>
  Layer.effectDiscard(
    Effect.flatMap(Calls.Calls, (calls) =>
      Effect.andThen(
        report(calls),
        once(
          guarded,
          calls,
          Effect.gen(function* () {
            yield* Uncaught.watch(calls, settings)
            yield* Watchdog.watch(calls, settings)
            // Stays on guard until the last call has ended, whatever is released first.
            yield* Effect.addFinalizer(() => calls.drain)
          })
        )
      )
    )
  )

const report = (calls: Calls.Calls["Service"]) =>
  once(
    reporting,
    calls,
    Effect.gen(function* () {
      yield* Supervised.report(calls, yield* Health.MetricsPage)
      // Hears its supervisor until the last call has ended, whatever is released first.
      yield* Effect.addFinalizer(() => calls.drain)
    })
  )

/**
 * Options of sockets for `NodeHttpServer`: peers are pinged, and those that silently disappeared are dropped; a message
 * that is too long is not read into memory; the wait for the answer to a close is limited.
 */
export const websocketOptions = ({ maxFrameBytes }: Pick<Settings.Settings, "maxFrameBytes">) => ({
  maxPayload: maxFrameBytes,
  closeTimeout: closeTimeoutMs,
  WebSocket: pingingWebSocket()
})

/**
 * Layer of a Node server for an application that mounts the routes itself, with the options of our own servers: sockets
 * with `websocketOptions`, and requests with time limits.
 */
export const layerHttpServer = (
  options: Omit<NodeHttpServer.Options, "websocket">
): Layer.Layer<Layer.Success<ReturnType<typeof NodeHttpServer.layer>>, Config.ConfigError | ServeError> =>
  Layer.unwrap(
    Effect.map(Settings.load(), (settings) =>
      NodeHttpServer.layer(() => HttpServing.make(), {
        gracefulShutdownTimeout: "1 second",
        ...options,
        websocket: websocketOptions(settings)
      })
    )
  )

/** Options of a complete server. */
export interface ServerOptions<E = never, R = never> extends Options<E, R> {
  /** Additional routes on the same server. */
  readonly routes?: Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter> | undefined
  /**
   * Whether to guard the process, as `guard` does; true by default. Turn it off if the process does more than serve
   * calls and handles its own uncaught errors, like a test runner.
   */
  readonly guard?: boolean | undefined
}

/** Layer that serves an agent on Node, guards the process as `guard` does, and drains its calls when it is released. */
export const layerServer: {
  <E = never, R = never, R2 = never, PE = never, PR = never>(
    source: Agent.Made<E, R, R2>,
    options?: ServerOptions<PE, PR>
  ): Layer.Layer<
    HttpServer.HttpServer | Calls.Calls,
    Config.ConfigError | ServeError,
    Exclude<R | R2 | PR, Scope.Scope>
  >
  <R = never, PE = never, PR = never>(
    agent: Agent.Agent<unknown, R>,
    options?: ServerOptions<PE, PR>
  ): Layer.Layer<HttpServer.HttpServer | Calls.Calls, Config.ConfigError | ServeError, Exclude<R | PR, Scope.Scope>>
} = <R = never, PE = never, PR = never>(
  source: Agent.Source<unknown, R, R>,
  options: ServerOptions<PE, PR> = {}
): Layer.Layer<HttpServer.HttpServer | Calls.Calls, Config.ConfigError | ServeError, Exclude<R | PR, Scope.Scope>> =>
  Layer.unwrap(
    Effect.map(Settings.load(options.settings), (settings) => {
      // The router uses the first route added for a path, so the catch-all route comes last.
      const routes = fallback.pipe(
        Layer.provideMerge(options.routes ?? Layer.empty),
        Layer.provideMerge(layer(source as Agent.Made<unknown, R, R>, { ...options, settings }))
      )
      const http = HttpServing.make()
      const yielding = Layer.effectDiscard(
        Effect.flatMap(Calls.Calls, (calls) => Effect.andThen(report(calls), Supervised.yieldConnections(calls, http)))
      )
      const guarding = options.guard === false ? Layer.empty : guardWith(settings)
      return Layer.provideMerge(
        Layer.mergeAll(drain, warn(settings), yielding, guarding),
        HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })
      ).pipe(
        Layer.provideMerge(
          NodeHttpServer.layer(() => http, {
            port: settings.port,
            ...(settings.host === "" ? {} : { host: settings.host }),
            gracefulShutdownTimeout: "1 second",
            websocket: websocketOptions(settings)
          })
        )
      )
    })
  ).pipe(Layer.provide(SafeConsole.layer)) as Layer.Layer<
    HttpServer.HttpServer | Calls.Calls,
    Config.ConfigError | ServeError,
    Exclude<R | PR, Scope.Scope>
  >

/** Logs where the server listens. */
const announce = (settings: Settings.Settings) =>
  Layer.effectDiscard(
    Effect.flatMap(HttpServer.HttpServer, ({ address }) => {
      const recorded = settings.recordDir === undefined ? "" : ` Calls are recorded into ${settings.recordDir}.`
      return Effect.logInfo(`Listening on ${HttpServer.formatAddress(address)}.${recorded}`)
    })
  )

/** Warns if anyone may open calls. */
const warn = (settings: Settings.Settings) =>
  settings.token !== undefined || Admission.isLoopback(settings.host)
    ? Layer.empty
    : Layer.effectDiscard(
        Effect.logWarning(
          "Anyone who can reach this server may open calls: ANTIPHON_TOKEN is not set, and HOST is not a loopback address."
        )
      )

// Line's framework's answer for an unknown path.
const fallback = HttpRouter.add("*", "/*", (request) =>
  Effect.succeed(Door.isUpgrade(request) ? Answers.respond(403, { detail: "Forbidden" }) : Answers.notFound)
)

/**
 * Serves an agent on Node until it is interrupted, then drains its calls, and says where it listens. If it cannot start,
 * it logs why in one line (`StartFailure`), and fails. See `layerServer`.
 */
export const serve: {
  <E = never, R = never, R2 = never, PE = never, PR = never>(
    source: Agent.Made<E, R, R2>,
    options?: ServerOptions<PE, PR>
  ): Effect.Effect<never, Config.ConfigError | ServeError, Exclude<R | R2 | PR, Scope.Scope>>
  <R = never, PE = never, PR = never>(
    agent: Agent.Agent<unknown, R>,
    options?: ServerOptions<PE, PR>
  ): Effect.Effect<never, Config.ConfigError | ServeError, Exclude<R | PR, Scope.Scope>>
} = <R = never, PE = never, PR = never>(
  source: Agent.Source<unknown, R, R>,
  options: ServerOptions<PE, PR> = {}
): Effect.Effect<never, Config.ConfigError | ServeError, Exclude<R | PR, Scope.Scope>> =>
  Effect.flatMap(Settings.load(options.settings), (settings) =>
    Layer.launch(
      Layer.provide(announce(settings), layerServer(source as Agent.Made<unknown, R, R>, { ...options, settings }))
    )
  ).pipe(Effect.tapError((error) => StartLog.write(error)))

/**
 * Exit codes for `NodeRuntime.runMain`: 0 for a server that stopped because it was told to, and 1 after a failure,
 * including one outside every fiber.
 */
export const teardown = <E, A>(exit: Exit.Exit<E, A>, onExit: (code: number) => void): void =>
  onExit(Exit.isSuccess(exit) || Exit.hasInterrupts(exit) ? Number(process.exitCode ?? 0) : 1)

/**
 * Logs in one line, without a stack, why a server does not start because of what it requires, such as a model without its key.
 * `serve` does so for its own settings and its port.
 *
 * ```ts
 * VoiceAgentApp.serve(agent).pipe(
 *   Effect.provide(Models.fromString("openai/gpt-4.1-mini")),
 *   VoiceAgentApp.explained,
 *   NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
 * )
 * ```
 */
export const explained = <A, E, R>(server: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.tapCause(server, (cause) => {
    const failed = cause.reasons.find(Cause.isFailReason)
    const error = failed === undefined ? Cause.squash(cause) : failed.error
    // The stack of a bug is worth reading. An error with a tag describes itself.
    const described = failed !== undefined || Predicate.hasProperty(error, "_tag")
    return described && !Cause.hasInterruptsOnly(cause) ? StartLog.write(error) : Effect.void
  })
