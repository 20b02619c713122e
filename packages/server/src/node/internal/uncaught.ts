/**
 * The process boundary: failures of application code outside every fiber, such as a promise nobody awaits, a timer that
 * throws, or an emitter without an error listener. They are reported, and do not end other calls silently.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { writeSync } from "node:fs"
import type { Calls } from "../../Calls.ts"
import * as LogAllowance from "../../internal/logAllowance.ts"
import * as Running from "../../internal/running.ts"
import type { Settings } from "../../Settings.ts"

/** Time for a process to exit by itself once its calls have ended. */
const last = Duration.seconds(20)

const what = {
  unhandledRejection: "a promise was rejected and nobody awaited it",
  uncaughtException: "something was thrown outside every fiber"
} as const

const then = {
  drain: " No more calls are taken, and the process ends when the open ones have.",
  stop: " The open calls are ended, and then the process.",
  continue: ""
} as const

/** A server, from the point of view of failures of its process. */
interface Watcher {
  readonly calls: Calls["Service"]
  readonly policy: Settings["onUncaught"]
  readonly tell: (what: string, error: unknown, callId: string | undefined) => Effect.Effect<void>
  readonly fork: (effect: Effect.Effect<void>) => unknown
}

// One listener per process, however many servers it runs.
const watchers = new Set<Watcher>()
let ending = false

/** The strictest server decides, because the process ends for all of them. */
const policyInForce = (): Settings["onUncaught"] => {
  const policies = Array.from(watchers, ({ policy }) => policy)
  return policies.includes("stop") ? "stop" : policies.includes("drain") ? "drain" : "continue"
}

/** Ends the process like its operator would, with exit code 1. */
const end = (policy: Settings["onUncaught"]) =>
  Effect.gen(function* () {
    const one = ({ calls }: Watcher) => (policy === "stop" ? Effect.andThen(calls.hurry, calls.drain) : calls.drain)
    yield* Effect.forEach([...watchers], one, { concurrency: "unbounded", discard: true })
    process.exitCode = 1
    process.kill(process.pid, "SIGTERM")
    yield* Effect.sleep(last)
    process.exit(1)
  })

const caught = (kind: keyof typeof what) => (error: unknown) => {
  const [watcher] = watchers
  if (watcher === undefined) return
  for (const { calls } of watchers) calls.health.count("uncaught")
  const policy = policyInForce()
  const callId = Running.callId()
  const where = callId === undefined ? "" : ` It was left behind by the call ${callId}.`
  const told = watcher.tell(`${what[kind]}.${where}${ending ? "" : then[policy]}`, error, callId)
  const first = !ending && policy !== "continue"
  if (first) ending = true
  watcher.fork(first ? Effect.andThen(told, end(policy)) : told)
}

/** Application code ends the process: nothing can prevent that any more, but it can be reported. */
const onExit = (code: number) => {
  const open = Array.from(watchers, ({ calls }) => Effect.runSync(calls.count)).reduce((sum, count) => sum + count, 0)
  if (open === 0) return
  const callId = Running.callId()
  const by = callId === undefined ? "" : ` by the call ${callId}`
  writeSync(2, `The process is ended with ${code}${by} while ${open} calls are open.\n`)
}

const onRejection = caught("unhandledRejection")
const onException = caught("uncaughtException")

const add = (watcher: Watcher) => {
  if (watchers.size === 0) {
    ending = false
    process.on("unhandledRejection", onRejection)
    process.on("uncaughtException", onException)
    process.on("exit", onExit)
  }
  watchers.add(watcher)
}

const remove = (watcher: Watcher) => {
  watchers.delete(watcher)
  if (watchers.size > 0) return
  process.off("unhandledRejection", onRejection)
  process.off("uncaughtException", onException)
  process.off("exit", onExit)
}

/** Watches until the scope closes, and follows the policy. */
export const watch = (
  calls: Calls["Service"],
  { onUncaught: policy }: Pick<Settings, "onUncaught">
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const lines = LogAllowance.make(yield* Clock.Clock)
    const tell: Watcher["tell"] = (what, error, callId) => {
      const leftOut = lines.take()
      if (leftOut === undefined) return Effect.void
      const text = `Uncaught: ${what}${LogAllowance.andMore(leftOut)}`
      return Effect.annotateLogs(Effect.logError(text, Cause.die(error)), callId === undefined ? {} : { callId })
    }
    const watcher: Watcher = { calls, policy, tell, fork }
    yield* Effect.acquireRelease(
      Effect.sync(() => add(watcher)),
      () => Effect.sync(() => remove(watcher))
    )
  })
