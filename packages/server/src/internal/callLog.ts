/**
 * Logs a call: one line when it starts, one with its counts when it ends, and a limited number of lines about dropped
 * messages. Every line carries the call's id, which comes from outside and is therefore cut and escaped.
 */
import * as Printable from "@antiphon/core/Printable"
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ending from "../Ending.ts"
import type { Health } from "../Health.ts"
import * as Running from "./running.ts"
import * as LogAllowance from "./logAllowance.ts"
import * as Monotonic from "@antiphon/core/Monotonic"

/** Maximum length of a call id in a log, in UTF-16 units. */
const longestId = 128

/** Makes a call id safe for a log: short, and without characters that a terminal or a line parser would act on. */
export const shownId = (callId: string): string =>
  callId.length <= longestId ? Printable.escaped(callId) : `${Printable.escaped(callId.slice(0, longestId))}...`

export interface CallLog {
  /** The call's id, safe for a log; `unknown` until the call has started. */
  readonly callId: () => string
  readonly received: (count: number) => void
  readonly sent: (count: number) => void
  readonly turn: () => void
  readonly started: (callId: string) => Effect.Effect<void>
  /** A message was dropped. */
  readonly dropped: (reason: string) => Effect.Effect<void>
  readonly ended: (ending: Ending.Ending, errorId: string) => Effect.Effect<void>
}

/** Opens the log of a new call. */
export const make = (protocol: string, clock: Clock, health: Health): CallLog => {
  const openedAt = Monotonic.millis(clock)
  const drops = LogAllowance.make(clock)
  const counts = { received: 0, sent: 0, turns: 0, dropped: 0 }
  let callId: string | undefined
  const ofCall = (line: Effect.Effect<void>) => Effect.annotateLogs(line, { callId: callId ?? "unknown" })

  return {
    callId: () => callId ?? "unknown",
    received: (count) => {
      if (callId !== undefined) Running.serve(callId)
      counts.received += count
      health.count("received", count)
    },
    sent: (count) => {
      counts.sent += count
      health.count("sent", count)
    },
    turn: () => {
      if (callId !== undefined) Running.serve(callId)
      counts.turns++
      health.count("turns")
    },
    started: (id) =>
      Effect.suspend(() => {
        callId = shownId(id)
        Running.serve(callId)
        health.count("started")
        return ofCall(Effect.annotateLogs(Effect.logInfo("The call started."), { protocol }))
      }),
    dropped: (reason) =>
      Effect.suspend(() => {
        counts.dropped++
        health.count("dropped")
        const leftOut = drops.take()
        return leftOut === undefined
          ? Effect.void
          : ofCall(Effect.logWarning(`A message was dropped: ${reason}.${LogAllowance.andMore(leftOut)}`))
      }),
    ended: (ending, errorId) =>
      Effect.suspend(() => {
        health.ended(ending)
        const { cause, level } = Ending.meaning(ending)
        const leftOut = callId === undefined ? linesOf(health, clock).take() : 0
        if (leftOut === undefined) return Effect.void
        // A call that started is always logged; a socket on which no call started only if something was wrong.
        const shown = level === "Debug" && callId !== undefined ? "Info" : level
        const line = Effect.logWithLevel(shown)(
          `The call ended: ${ending._tag}.${LogAllowance.andMore(leftOut)}`,
          ...(cause === undefined ? [] : [cause])
        )
        const seconds = Math.round(Monotonic.millis(clock) - openedAt) / 1000
        return ofCall(Effect.annotateLogs(line, { protocol, errorId, ...facts(ending), seconds, ...counts }))
      })
  }
}

/** Limits a server's lines about sockets on which no call started: strangers can open as many as they like. */
const linesOf = (health: Health, clock: Clock): LogAllowance.LogAllowance => {
  const known = lines.get(health)
  if (known !== undefined) return known
  const made = LogAllowance.make(clock, { burst: 100, intervalMs: 1000 })
  lines.set(health, made)
  return made
}
const lines = new WeakMap<Health, LogAllowance.LogAllowance>()

/** Details of an ending that are safe to log. */
const facts = (ending: Ending.Ending): { readonly [key: string]: unknown } =>
  "message" in ending ? { why: ending.message } : "limit" in ending ? { limit: ending.limit } : {}
