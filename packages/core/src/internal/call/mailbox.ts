/**
 * Outputs on their way to a consumer that takes them one by one. An output counts as sent once it is taken. Outputs of
 * a cancelled turn are removed at once, so the consumer never sees them.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Event from "../../Event.ts"

export interface Mailbox<E> {
  /** Adds outputs. Waits while the box is full, and then until they have been taken. */
  readonly put: (
    turn: number,
    outputs: ReadonlyArray<Event.Output>,
    taken: (output: Event.Output) => void
  ) => Effect.Effect<void>
  /** Waits until no output of a turn is left. */
  readonly drained: (turn: number) => Effect.Effect<void>
  /** Removes the remaining outputs of a turn. */
  readonly purge: (turn: number) => void
  /** Takes the next output. Ends, or fails, once the box is closed and empty. */
  readonly take: Effect.Effect<Event.Output, E | Cause.Done>
  /** Closes the box: nothing more is added. */
  readonly close: (exit: Exit.Exit<void, E>) => Effect.Effect<void>
}

interface Item {
  readonly turn: number
  readonly output: Event.Output
  readonly taken: (output: Event.Output) => void
}

/** Number of purged turns to remember. Older ones have long ended. */
const purgedAtMost = 64

export const make = <E>(capacity: number): Mailbox<E> => {
  let items: Array<Item> = []
  /** The turns that were purged last: their fibers may still add outputs, if they cannot be interrupted. */
  let purged: ReadonlySet<number> = new Set()
  let closed: Exit.Exit<void, E> | undefined
  let waiters: Array<() => void> = []

  const changed = () => {
    const woken = waiters
    waiters = []
    for (const wake of woken) wake()
  }
  /** Waits until something was put, taken, purged or closed. */
  const change: Effect.Effect<void> = Effect.callback((resume) => {
    const wake = () => resume(Effect.void)
    waiters.push(wake)
    return Effect.sync(() => {
      waiters = waiters.filter((waiter) => waiter !== wake)
    })
  })
  const until = (condition: () => boolean): Effect.Effect<void> =>
    Effect.suspend(() => (condition() ? Effect.void : Effect.flatMap(change, () => until(condition))))

  const put: Mailbox<E>["put"] = (turn, outputs, taken) =>
    Effect.forEach(
      outputs,
      (output) =>
        Effect.andThen(
          until(() => items.length < capacity || closed !== undefined || purged.has(turn)),
          Effect.sync(() => {
            if (closed !== undefined || purged.has(turn)) return
            items.push({ turn, output, taken })
            changed()
          })
        ),
      { discard: true }
    )

  const take: Effect.Effect<Event.Output, E | Cause.Done> = Effect.suspend(() => {
    const item = items.shift()
    if (item !== undefined) {
      item.taken(item.output)
      changed()
      return Effect.succeed(item.output)
    }
    if (closed === undefined) return Effect.flatMap(change, () => take)
    return Exit.isSuccess(closed) ? Cause.done() : Effect.failCause(closed.cause)
  })

  return {
    put,
    take,
    drained: (turn) => until(() => closed !== undefined || !items.some((item) => item.turn === turn)),
    purge: (turn) => {
      purged = new Set([...[...purged].slice(-purgedAtMost), turn])
      items = items.filter((item) => item.turn !== turn)
      changed()
    },
    close: (exit) =>
      Effect.sync(() => {
        closed ??= exit
        changed()
      })
  }
}
