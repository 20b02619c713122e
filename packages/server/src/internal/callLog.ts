/**
 * Logs a call: one line when it starts, one with its counts when it ends, and a limited number of lines about dropped
 * messages. Every line carries the call's id, which comes from outside and is therefore cut and escaped.
 */
import * as Printable from "@antiphon/core/Printable"
import type { Clock } from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ending from "../Ending.ts"
import type { Health } from "../Health.ts"
import * as Meaning from "./meaning.ts"
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
export const make = (protocol: string, clock: Clock, health: Health): CallLog => new Log(protocol, clock, health)

class Log implements CallLog {
  readonly #protocol: string
  readonly #clock: Clock
  readonly #health: Health
  readonly #openedAt: number
  /** Made with the first message that is dropped. */
  #drops: LogAllowance.LogAllowance | undefined
  #callId: string | undefined
  #received = 0
  #sent = 0
  #turns = 0
  #dropped = 0

  constructor(protocol: string, clock: Clock, health: Health) {
    this.#protocol = protocol
    this.#clock = clock
    this.#health = health
    this.#openedAt = Monotonic.millis(clock)
  }

  callId(): string {
    return this.#callId ?? "unknown"
  }

  received(count: number): void {
    this.#serve()
    this.#received += count
    this.#health.count("received", count)
  }

  sent(count: number): void {
    this.#sent += count
    this.#health.count("sent", count)
  }

  turn(): void {
    this.#serve()
    this.#turns++
    this.#health.count("turns")
  }

  started(id: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#callId = shownId(id)
      this.#serve()
      this.#health.count("started")
      return this.#ofCall(Effect.annotateLogs(Effect.logInfo("The call started."), { protocol: this.#protocol }))
    })
  }

  dropped(reason: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#dropped++
      this.#health.count("dropped")
      this.#drops ??= LogAllowance.make(this.#clock)
      const leftOut = this.#drops.take()
      return leftOut === undefined
        ? Effect.void
        : this.#ofCall(Effect.logWarning(`A message was dropped: ${reason}.${LogAllowance.andMore(leftOut)}`))
    })
  }

  ended(ending: Ending.Ending, errorId: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#health.ended(ending)
      const { level } = Meaning.of(ending)
      const cause = Ending.cause(ending)
      const hasStarted = this.#callId !== undefined
      const leftOut = hasStarted ? 0 : linesOf(this.#health, this.#clock).take()
      if (leftOut === undefined) return Effect.void
      // A call that started is always logged; a socket on which no call started only if something was wrong.
      const shown = level === "Debug" && hasStarted ? "Info" : level
      const line = Effect.logWithLevel(shown)(
        `The call ended: ${ending._tag}.${LogAllowance.andMore(leftOut)}`,
        ...(cause === undefined ? [] : [cause])
      )
      return this.#ofCall(
        Effect.annotateLogs(line, { protocol: this.#protocol, errorId, ...facts(ending), ...this.#counts() })
      )
    })
  }

  /** Notes that the call is being served, once it has started. */
  #serve(): void {
    if (this.#callId !== undefined) Running.serve(this.#callId)
  }

  #counts() {
    return {
      seconds: Math.round(Monotonic.millis(this.#clock) - this.#openedAt) / 1000,
      received: this.#received,
      sent: this.#sent,
      turns: this.#turns,
      dropped: this.#dropped
    }
  }

  #ofCall(line: Effect.Effect<void>): Effect.Effect<void> {
    return Effect.annotateLogs(line, { callId: this.callId() })
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
