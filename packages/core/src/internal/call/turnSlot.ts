/**
 * The slot for the single turn of a call. A turn that is replaced is closed at once, so that nothing more of it is
 * sent; the next one starts when its finalizers have run, or after a grace period. Meanwhile events continue to be
 * read.
 *
 * The slot calls back only through `changed`, when a turn has ended and the slot may be free.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** The interface of a running turn. */
export interface Running {
  /** Whether the turn is closed, so that nothing it does counts any more. */
  readonly closed: boolean
  /** Runs a function once, when the turn is closed. */
  readonly whenClosed: (run: () => void) => void
  /** Whether the call has stopped the turn, or will once its uninterruptible regions are over. */
  readonly stopping: boolean
  /** The turn has ended by itself, so it can no longer be cancelled. */
  readonly over: () => void
  /** Keeps the turn running until `exit`, whatever happens on the call. Regions nest. */
  readonly enter: Effect.Effect<void>
  readonly exit: Effect.Effect<void>
  /** Ends a failed region. The turn is closed only after its failure has been handled. */
  readonly exitFailed: Effect.Effect<void>
}

/** A turn about to run. */
export interface Turn {
  readonly run: (running: Running) => Effect.Effect<void>
  /** Called once if the turn is closed before its own end, or dropped before it started. */
  readonly cancelled: (began: boolean) => void
}

export interface TurnSlot {
  /** Replaces the current turn. If several wait for the same turn to end, the last one starts. */
  readonly replace: (turn: Turn) => void
  /** Stops the current turn and drops the waiting one. */
  readonly cancel: () => void
  readonly isFree: () => boolean
  /** Whether a fiber belongs to the current turn, and so must not wait for it. */
  readonly isTurn: (fiber: Fiber.Fiber<unknown, unknown>) => boolean
  /** Waits until no turn is running or waiting. */
  readonly awaitFree: Effect.Effect<void>
  /** Stops the current turn, even in uninterruptible regions, and everything left over from earlier turns. */
  readonly close: Effect.Effect<void>
}

interface Occupant {
  readonly turn: Turn
  closed: boolean
  readonly closing: Array<() => void>
  /** The turn ran to its own end. */
  over: boolean
  regions: number
  regionFailed: boolean
  interrupted: boolean
  stopping: boolean
  fiber: Fiber.Fiber<void> | undefined
  timer: Fiber.Fiber<void> | undefined
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Maximum time to wait for the finalizers of a stopped turn. */
  readonly grace: Duration.Duration
  /** Maximum time that uninterruptible regions may delay the end of their turn. */
  readonly regionLimit: Duration.Duration
  /** Called whenever a turn has ended and none is waiting. */
  readonly changed: () => void
  /** Runs if a turn exceeds the grace period, or its regions the limit. */
  readonly onLate: (what: "Cleanup" | "Region") => Effect.Effect<void>
}): TurnSlot => {
  let current: Occupant | undefined
  let waiting: Turn | undefined
  let closed = false
  let late: Set<Fiber.Fiber<void>> | undefined
  let waiters: Array<() => void> = []

  const isFree = () => current === undefined && waiting === undefined

  const advance = () => {
    if (current !== undefined) return
    if (waiting !== undefined) return start(waiting)
    const resumed = waiters
    waiters = []
    for (const resume of resumed) resume()
    if (!closed) options.changed()
  }

  const close = (occupant: Occupant) => {
    if (occupant.closed) return
    occupant.closed = true
    for (const run of occupant.closing) run()
    if (!occupant.over) occupant.turn.cancelled(true)
  }

  const start = (turn: Turn) => {
    waiting = undefined
    const occupant: Occupant = {
      turn,
      closed: false,
      closing: [],
      over: false,
      regions: 0,
      regionFailed: false,
      interrupted: false,
      stopping: false,
      fiber: undefined,
      timer: undefined
    }
    current = occupant
    const exit = (failed: boolean) =>
      Effect.sync(() => {
        occupant.regions--
        occupant.regionFailed ||= failed && occupant.stopping
        if (occupant.stopping && occupant.regions === 0) stop(occupant)
      })
    const running: Running = {
      get closed() {
        return occupant.closed
      },
      whenClosed: (run) => {
        occupant.closing.push(run)
      },
      get stopping() {
        return occupant.stopping
      },
      over: () => {
        occupant.over = true
      },
      enter: Effect.sync(() => {
        occupant.regions++
      }),
      exit: exit(false),
      exitFailed: exit(true)
    }
    const fiber = options.fork(
      Effect.withFiber((fiber) => {
        occupant.fiber = fiber as Fiber.Fiber<void>
        return turn.run(running)
      })
    )
    fiber.addObserver(() => {
      close(occupant)
      late?.delete(fiber)
      occupant.timer?.interruptUnsafe()
      if (current !== occupant) return
      current = undefined
      advance()
    })
  }

  /** Frees the slot for the next turn, although this one has not ended. */
  const abandon = (occupant: Occupant) =>
    Effect.suspend(() => {
      if (current !== occupant) return Effect.void
      close(occupant)
      late = (late ?? new Set()).add(occupant.fiber!)
      occupant.timer = undefined
      current = undefined
      advance()
      return options.onLate("Cleanup")
    })

  const overrun = (occupant: Occupant) =>
    Effect.suspend(() => {
      if (current !== occupant || occupant.regions === 0) return Effect.void
      occupant.timer = undefined
      occupant.regions = 0
      stop(occupant)
      return options.onLate("Region")
    })

  const stop = (occupant: Occupant) => {
    occupant.stopping = true
    // The grace period starts only once, even if the turn is asked to stop repeatedly.
    if (occupant.closed || occupant.interrupted) return
    if (occupant.regions > 0) {
      occupant.timer ??= options.fork(Effect.delay(overrun(occupant), options.regionLimit))
      return
    }
    occupant.timer?.interruptUnsafe()
    occupant.timer = undefined
    if (!occupant.regionFailed) close(occupant)
    occupant.interrupted = true
    occupant.fiber!.interruptUnsafe()
    if (current !== occupant || closed) return
    occupant.timer = options.fork(Effect.delay(abandon(occupant), options.grace))
  }

  const drop = () => {
    const dropped = waiting
    waiting = undefined
    dropped?.cancelled(false)
  }

  return {
    isFree,
    isTurn: (fiber) => current?.fiber === fiber,
    replace: (turn) => {
      if (closed) return turn.cancelled(false)
      drop()
      waiting = turn
      if (current === undefined) start(turn)
      else stop(current)
    },
    cancel: () => {
      drop()
      if (current !== undefined) stop(current)
    },
    awaitFree: Effect.callback((resume) => {
      if (isFree()) resume(Effect.void)
      else waiters.push(() => resume(Effect.void))
    }),
    close: Effect.suspend(() => {
      closed = true
      drop()
      const left = [...(late ?? [])]
      if (current !== undefined) {
        const last = current
        last.regions = 0
        stop(last)
        // Including a turn whose region has failed: its failure is no longer reported.
        close(last)
        last.timer?.interruptUnsafe()
        if (current !== undefined && last.fiber !== undefined) left.push(last.fiber)
      }
      return awaitAll(left)
    })
  }
}

/** Waits until fibers have ended, successfully or not. */
export const awaitAll = (fibers: ReadonlyArray<Fiber.Fiber<unknown>>): Effect.Effect<void> =>
  Effect.callback((resume) => {
    let left = fibers.length
    if (left === 0) return resume(Effect.void)
    for (const fiber of fibers) {
      fiber.addObserver(() => {
        if (--left === 0) resume(Effect.void)
      })
    }
  })
