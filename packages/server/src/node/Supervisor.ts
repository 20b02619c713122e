/**
 * Runs a server in several processes on one machine, which share its port, to use more than one core, and to limit a
 * crash to the calls of one process. The first process runs no calls.
 *
 * It distributes connections to the others in turn, restarts processes that have ended, replaces them one by one on
 * request, and adds up their health and metrics on a separate port.
 *
 * ```ts
 * NodeRuntime.runMain(Supervisor.run(VoiceAgentApp.serve(agent)), { teardown: VoiceAgentApp.teardown })
 * ```
 *
 * @since 0.1.0
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import { ServeError } from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import cluster, { type Worker } from "node:cluster"
import { randomBytes } from "node:crypto"
import { createServer } from "node:http"
import type { Snapshot } from "../Health.ts"
import * as Answers from "../internal/answers.ts"
import * as UsedTickets from "../internal/usedTickets.ts"
import * as StartLog from "../internal/startLog.ts"
import * as Pages from "./internal/pages.ts"
import * as Supervised from "./internal/supervised.ts"

/** Options of a supervisor, which override the environment. */
export interface Options {
  /** `ANTIPHON_PROCESSES`, 1: with one, the server runs in this process and nothing is supervised. */
  readonly processes?: number | undefined
  /** `ANTIPHON_ADMIN_PORT`, 9464: the port with the health and metrics of all processes, on this machine only. */
  readonly adminPort?: number | undefined
}

const count = (name: string, defaultValue: number, maximum: number, minimum = 1) =>
  Config.withDefault(Config.schema(Schema.Int.check(Schema.isBetween({ minimum, maximum })), name), defaultValue)
const config = Config.all({
  processes: count("ANTIPHON_PROCESSES", 1, 1024),
  adminPort: count("ANTIPHON_ADMIN_PORT", 9464, 65535, 0)
})

/** Minimum and maximum wait before a restart. Doubled each time a process ends soon. */
const backoffMs = { first: 500, longest: 30_000 }
/** A process that lived for less than this has ended soon. */
const livedMs = 60_000
/** A process that reports nothing for this long is lost, because its own watchdog has not ended it either. */
const silentMs = 90_000
/** Additional time for a process after its drain. */
const lastMs = 60_000

/**
 * Runs a server in the configured number of processes. In each of those processes, this runs the server itself.
 * Interruption stops all of them, and waits until their calls have ended. `SIGUSR2` and `POST /restart` replace them
 * one by one. A process that ends is started again, unless none has ever served: then the start has failed, for example because of
 * a setting, and so does this.
 */
export const run = <E, R>(
  server: Effect.Effect<never, E, R>,
  options: Options = {}
): Effect.Effect<never, E | Config.ConfigError | ServeError, R> =>
  Effect.gen(function* () {
    const settings = yield* Effect.tapError(config, (error) => StartLog.write(error))
    const processes = options.processes ?? settings.processes
    if (cluster.isWorker || processes <= 1) return yield* server
    return yield* Effect.scoped(supervise(processes, options.adminPort ?? settings.adminPort))
  })

const supervise = (processes: number, adminPort: number) =>
  Effect.gen(function* () {
    // Tickets issued by one process are presented to another.
    process.env["ANTIPHON_TICKET_SECRET"] ??= randomBytes(32).toString("base64url")
    const fleet = new Fleet(yield* Clock.Clock, Effect.runForkWith(yield* Effect.context<never>()))
    yield* listen(fleet)
    const built = Effect.tapError(Layer.build(admin(fleet, adminPort)), (error) =>
      StartLog.write(error, "ANTIPHON_ADMIN_PORT")
    )
    const { address } = Context.get(yield* built, HttpServer.HttpServer)
    const where = `${HttpServer.formatAddress(address)}/health`
    yield* Effect.logInfo(`${processes} processes are started. Their health is at ${where}.`)
    yield* Effect.forkScoped(Effect.forever(Effect.delay(fleet.look, "5 seconds")))
    // Released first: signals are handled and health is served until the last process has ended.
    yield* Effect.addFinalizer(() => fleet.stop)
    for (let i = 0; i < processes; i++) fleet.start(backoffMs.first)
    return yield* fleet.failure
  })

/** The supervisor's state of a process. */
interface Member {
  readonly worker: Worker
  readonly startedAt: number
  /** Wait before its successor starts, if it ends soon. */
  readonly wait: number
  reportedAt: number
  health: Snapshot | undefined
  /** Whether it should end. */
  leaving: boolean
}

class Fleet {
  readonly #members = new Set<Member>()
  readonly #clock: Clock.Clock
  readonly #fork: (effect: Effect.Effect<void>) => unknown
  /** Pending requests for pages, by number. */
  readonly #asked = new Map<number, (page: string) => void>()
  #lastQuestion = 0
  /** Tickets used in any of the processes. */
  readonly #used = UsedTickets.memory()
  readonly #failure = Deferred.makeUnsafe<never, ServeError>()
  /** Whether a process has ever reported that it serves. */
  #hasServed = false
  #stopping = false
  #restarting = false

  constructor(clock: Clock.Clock, fork: (effect: Effect.Effect<void>) => unknown) {
    this.#clock = clock
    this.#fork = fork
  }

  #now(): number {
    return Monotonic.millis(this.#clock)
  }

  start(wait: number): Member {
    const worker = cluster.fork({ [Supervised.mark]: "1" })
    const now = this.#now()
    const member: Member = { worker, startedAt: now, wait, reportedAt: now, health: undefined, leaving: false }
    this.#members.add(member)
    worker.on("message", (report: Supervised.Report) => this.#hear(member, report))
    worker.on("error", () => {})
    worker.once("exit", (code, signal) => {
      this.#members.delete(member)
      this.#fork(this.#replace(member, signal ?? code))
    })
    return member
  }

  #hear(member: Member, report: Supervised.Report): void {
    if (report?.antiphon === "health") {
      this.#hasServed = true
      member.health = report.health
      member.reportedAt = this.#now()
    } else if (report?.antiphon === "metrics") {
      this.#asked.get(report.id)?.(report.page)
      this.#asked.delete(report.id)
    } else if (report?.antiphon === "ticket") {
      const { id, ticket } = report
      const answer = (good: boolean) => Effect.sync(() => this.#tell(member, { antiphon: "ticket", id, good }))
      this.#fork(Effect.flatMap(this.#used.take(ticket, this.#clock.currentTimeMillisUnsafe()), answer))
    }
  }

  #replace(member: Member, how: string | number): Effect.Effect<void> {
    const { pid } = member.worker.process
    if (member.leaving || this.#stopping) return Effect.logInfo(`Process ${pid} has ended with ${how}.`)
    const lived = this.#now() - member.startedAt
    if (!this.#hasServed && lived < livedMs) return this.#fail(how)
    const wait = lived >= livedMs ? backoffMs.first : member.wait
    const calls = member.health?.openCalls ?? 0
    return Effect.logError(
      `Process ${pid} has ended with ${how}, and ${calls} calls with it. It is started again in ${wait / 1000} seconds.`
    ).pipe(
      Effect.andThen(Effect.sleep(Duration.millis(wait))),
      Effect.andThen(
        Effect.sync(() => {
          if (!this.#stopping) this.start(Math.min(wait * 2, backoffMs.longest))
        })
      )
    )
  }

  /** Fails once: the processes say themselves what keeps them from starting. */
  #fail(how: string | number): Effect.Effect<void> {
    const error = new ServeError({
      cause: new Error(`No process could start: the first one has ended with ${how}. It has said why.`)
    })
    return Effect.asVoid(Deferred.fail(this.#failure, error))
  }

  /** Fails if no process could start. */
  get failure(): Effect.Effect<never, ServeError> {
    return Effect.tapError(Deferred.await(this.#failure), (error) => StartLog.write(error))
  }

  #tell(member: Member, order: Supervised.Order): void {
    if (member.worker.isConnected()) member.worker.send(order)
  }

  /** Stops a process gracefully, and waits for it. */
  #leave(member: Member): Effect.Effect<void> {
    return Effect.suspend(() => {
      member.leaving = true
      if (member.worker.isDead()) return Effect.void
      const ended = Effect.callback<void>((resume) => {
        member.worker.once("exit", () => resume(Effect.void))
      })
      this.#tell(member, { antiphon: "stop" })
      return ended
    })
  }

  /** Stops all processes gracefully. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    this.#stopping = true
    return Effect.forEach([...this.#members], (member) => this.#leave(member), {
      concurrency: "unbounded",
      discard: true
    })
  })

  /** Ends all calls of all processes now. */
  hurry(): void {
    for (const member of this.#members) this.#tell(member, { antiphon: "hurry" })
  }

  /** Starts a replacement for each process, and ends the old one when the new one is ready. */
  readonly restart: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#restarting || this.#stopping) return Effect.void
    this.#restarting = true
    const one = (old: Member) =>
      Effect.gen({ self: this }, function* () {
        const successor = this.start(backoffMs.first)
        while (successor.health?.readiness.ready !== true) {
          if (successor.worker.isDead()) return yield* Effect.fail("NotReady" as const)
          yield* Effect.sleep("200 millis")
        }
        yield* Effect.logInfo(`Process ${old.worker.process.pid} is replaced by ${successor.worker.process.pid}.`)
        yield* this.#leave(old)
      })
    return Effect.forEach([...this.#members], one, { discard: true }).pipe(
      Effect.catch(() => Effect.logError("A new process has ended before it was ready: the others stay.")),
      Effect.ensuring(Effect.sync(() => (this.#restarting = false)))
    )
  })

  /** Ends processes that no longer report. */
  readonly look: Effect.Effect<void> = Effect.suspend(() => {
    const lost = [...this.#members].filter(
      ({ leaving, reportedAt }) => this.#now() - reportedAt > silentMs + (leaving ? lastMs : 0)
    )
    return Effect.forEach(
      lost,
      ({ worker }) =>
        Effect.andThen(
          Effect.logError(`Process ${worker.process.pid} reports nothing any more, and is killed.`),
          Effect.sync(() => worker.process.kill("SIGKILL"))
        ),
      { discard: true }
    )
  })

  readonly health: Effect.Effect<{ readonly processes: ReadonlyArray<object>; readonly total: Snapshot }> = Effect.sync(
    () => {
      const members = [...this.#members]
      return {
        total: Pages.total(members.flatMap(({ health, leaving }) => (health === undefined || leaving ? [] : [health]))),
        processes: members.map(({ health, leaving, startedAt, worker }) => ({
          pid: worker.process.pid,
          seconds: Math.round((this.#now() - startedAt) / 1000),
          leaving,
          health
        }))
      }
    }
  )

  /** The metrics of all processes that answer within a second. */
  readonly metrics: Effect.Effect<string> = Effect.suspend(() =>
    Effect.map(
      Effect.forEach([...this.#members], (member) => this.#page(member), { concurrency: "unbounded" }),
      Pages.sum
    )
  )

  #page(member: Member): Effect.Effect<string> {
    const id = ++this.#lastQuestion
    return Effect.callback<string>((resume) => {
      this.#asked.set(id, (page) => resume(Effect.succeed(page)))
      this.#tell(member, { antiphon: "metrics", id })
    }).pipe(
      Effect.timeoutOrElse({ duration: "1 second", orElse: () => Effect.succeed("") }),
      Effect.ensuring(Effect.sync(() => this.#asked.delete(id)))
    )
  }
}

/** Signals besides the first stop: a second one ends the calls at once, and another replaces the processes. */
const listen = (fleet: Fleet): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    let stops = 0
    const onStop = () => {
      if (++stops > 1) fleet.hurry()
    }
    const onHangUp = () => process.kill(process.pid, "SIGTERM")
    const onRestart = () => void fork(fleet.restart)
    const listeners = [
      ["SIGTERM", onStop],
      ["SIGINT", onStop],
      ["SIGHUP", onHangUp],
      ["SIGUSR2", onRestart]
    ] as const
    yield* Effect.acquireRelease(
      Effect.sync(() => listeners.forEach(([signal, listener]) => process.on(signal, listener))),
      () => Effect.sync(() => listeners.forEach(([signal, listener]) => process.off(signal, listener)))
    )
  })

const admin = (fleet: Fleet, port: number) => {
  const routes = Layer.effectDiscard(
    Effect.gen(function* () {
      const router = yield* HttpRouter.HttpRouter
      const fork = Effect.runForkWith(yield* Effect.context<never>())
      const status = Answers.respond(200, { status: "ok" })
      yield* router.add("GET", "/status", () => Effect.succeed(status))
      yield* router.add("GET", "/ready", () =>
        Effect.map(fleet.health, ({ total: { readiness } }) => Answers.respond(readiness.ready ? 200 : 503, readiness))
      )
      yield* router.add("GET", "/health", () => Effect.map(fleet.health, (health) => Answers.respond(200, health)))
      yield* router.add("GET", "/metrics", () =>
        Effect.map(fleet.metrics, (page) =>
          HttpServerResponse.text(page, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
        )
      )
      yield* router.add("POST", "/restart", (request) =>
        Effect.sync(() => {
          // A page in a browser on this machine could send this request, and nothing else here authenticates it.
          if (request.headers["origin"] !== undefined) return Answers.respond(403, { detail: "Not for web pages" })
          fork(fleet.restart)
          return Answers.respond(202, { status: "restarting" })
        })
      )
    })
  )
  return HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(
      NodeHttpServer.layer(() => createServer(), { port, host: "127.0.0.1", gracefulShutdownTimeout: 0 })
    )
  )
}
