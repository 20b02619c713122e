/**
 * The place of the one turn of a call. A turn that is replaced is closed at once, so nothing of it gets out any more; the
 * next one starts when its finalizers have run, or after a grace. Nobody waits meanwhile: the events go on being read.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** What a running turn can be asked. */
export interface Running {
  /** Nothing that the turn does counts any more. */
  readonly closed: boolean
  /** Lets the turn run on until `exit`, whatever happens on the call. Regions nest. */
  readonly enter: Effect.Effect<void>
  readonly exit: Effect.Effect<void>
}

export interface TurnSlot {
  /** Puts a turn in place of the one that runs. Of several that wait for the same turn to end, the last one starts. */
  readonly replace: (turn: (running: Running) => Effect.Effect<void>) => void
  /** Stops the turn that runs and drops the one that waits. */
  readonly cancel: () => void
  readonly isFree: () => boolean
  /** Waits until no turn runs and none waits. */
  readonly awaitFree: Effect.Effect<void>
  /** Stops the turn that runs, uninterruptible regions or not, and all that is left of earlier ones. */
  readonly close: Effect.Effect<void>
}

interface Occupant {
  closed: boolean
  regions: number
  stopping: boolean
  fiber: Fiber.Fiber<void> | undefined
  timer: Fiber.Fiber<void> | undefined
}

export const make = (options: {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly grace: Duration.Duration
  /** Told whenever a turn has ended and none waits. */
  readonly onFree: () => void
  readonly onLate: Effect.Effect<void>
}): TurnSlot => {
  let current: Occupant | undefined
  let waiting: ((running: Running) => Effect.Effect<void>) | undefined
  let closed = false
  let late: Set<Fiber.Fiber<void>> | undefined
  let waiters: Array<() => void> = []

  const isFree = () => current === undefined && waiting === undefined

  const advance = () => {
    if (current !== undefined) return
    if (waiting !== undefined) return start()
    const waiters_ = waiters
    waiters = []
    for (const resume of waiters_) resume()
    if (!closed) options.onFree()
  }

  const start = () => {
    const occupant: Occupant = { closed: false, regions: 0, stopping: false, fiber: undefined, timer: undefined }
    const turn = waiting!
    waiting = undefined
    current = occupant
    const running: Running = {
      get closed() {
        return occupant.closed
      },
      enter: Effect.sync(() => {
        occupant.regions++
      }),
      exit: Effect.sync(() => {
        occupant.regions--
        if (occupant.stopping && occupant.regions === 0) stop(occupant)
      })
    }
    const fiber = options.fork(
      Effect.withFiber((fiber) => {
        occupant.fiber = fiber as Fiber.Fiber<void>
        return turn(running)
      })
    )
    fiber.addObserver(() => {
      occupant.closed = true
      late?.delete(fiber)
      occupant.timer?.interruptUnsafe()
      if (current !== occupant) return
      current = undefined
      advance()
    })
  }

  const stop = (occupant: Occupant) => {
    occupant.stopping = true
    if (occupant.regions > 0 || occupant.closed) return
    occupant.closed = true
    occupant.fiber!.interruptUnsafe()
    if (current !== occupant || closed) return
    occupant.timer = options.fork(
      Effect.delay(
        Effect.suspend(() => {
          if (current !== occupant) return Effect.void
          late = (late ?? new Set()).add(occupant.fiber!)
          occupant.timer = undefined
          current = undefined
          advance()
          return options.onLate
        }),
        options.grace
      )
    )
  }

  return {
    isFree,
    replace: (turn) => {
      if (closed) return
      waiting = turn
      if (current === undefined) start()
      else stop(current)
    },
    cancel: () => {
      waiting = undefined
      if (current !== undefined) stop(current)
    },
    awaitFree: Effect.callback((resume) => {
      if (isFree()) resume(Effect.void)
      else waiters.push(() => resume(Effect.void))
    }),
    close: Effect.suspend(() => {
      closed = true
      waiting = undefined
      const left = [...(late ?? [])]
      if (current !== undefined) {
        current.regions = 0
        stop(current)
        current?.timer?.interruptUnsafe()
        if (current?.fiber !== undefined) left.push(current.fiber)
      }
      return awaitAll(left)
    })
  }
}

/** Waits until fibers have ended, however they do. */
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
