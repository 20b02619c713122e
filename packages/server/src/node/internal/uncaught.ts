/**
 * The process boundary: what somebody's code does outside every fiber, such as a promise that nobody awaits, a timer that
 * throws, an emitter without a listener for its error. It is named, and does not end other calls silently.
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

/** Time that a process gets to end by itself once its calls have ended. */
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

/** Watches until the scope closes, and goes on as the policy says. */
export const watch = (
  calls: Calls["Service"],
  { onUncaught }: Pick<Settings, "onUncaught">
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const lines = LogAllowance.make(yield* Clock.Clock)
    let ending = false

    const tell = (kind: keyof typeof what, error: unknown, callId: string | undefined) => {
      const leftOut = lines.take()
      if (leftOut === undefined) return Effect.void
      const where = callId === undefined ? "" : ` It was left behind by the call ${callId}.`
      const text = `Uncaught: ${what[kind]}.${where}${ending ? "" : then[onUncaught]}${LogAllowance.andMore(leftOut)}`
      return Effect.annotateLogs(Effect.logError(text, Cause.die(error)), callId === undefined ? {} : { callId })
    }

    /** Ends the process as its operator would, and with 1. */
    const end = Effect.gen(function* () {
      if (onUncaught === "stop") yield* calls.hurry
      yield* calls.drain
      process.exitCode = 1
      process.kill(process.pid, "SIGTERM")
      yield* Effect.sleep(last)
      process.exit(1)
    })

    const caught = (kind: keyof typeof what) => (error: unknown) => {
      calls.health.count("uncaught")
      const told = tell(kind, error, Running.callId())
      const first = !ending && onUncaught !== "continue"
      if (first) ending = true
      fork(first ? Effect.andThen(told, end) : told)
    }
    const onRejection = caught("unhandledRejection")
    const onException = caught("uncaughtException")
    /** Somebody's code ends the process: nothing can hold that up any more, and it can be said. */
    const onExit = (code: number) => {
      const open = Effect.runSync(calls.count)
      if (open === 0) return
      const callId = Running.callId()
      const by = callId === undefined ? "" : ` by the call ${callId}`
      writeSync(2, `The process is ended with ${code}${by} while ${open} calls are open.\n`)
    }

    yield* Effect.acquireRelease(
      Effect.sync(() => {
        process.on("unhandledRejection", onRejection)
        process.on("uncaughtException", onException)
        process.on("exit", onExit)
      }),
      () =>
        Effect.sync(() => {
          process.off("unhandledRejection", onRejection)
          process.off("uncaughtException", onException)
          process.off("exit", onExit)
        })
    )
  })
