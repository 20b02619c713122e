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
  /** Whether the call has interrupted the turn. It does so only once the turn's uninterruptible regions are over. */
  readonly interrupted: boolean
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
  /** Waits until no turn is running or waiting. */
  readonly awaitFree: Effect.Effect<void>
  /** Stops the current turn, even in uninterruptible regions, and everything left over from earlier turns. */
  readonly close: Effect.Effect<void>
}

/** Turns that may start within one step of the event loop. */
const startsAtOnce = 32

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

/** What a slot is made with. */
export interface Options {
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Maximum time to wait for the finalizers of a stopped turn. */
  readonly grace: Duration.Duration
  /** Maximum time that uninterruptible regions may delay the end of their turn. */
  readonly regionLimit: Duration.Duration
  /** Called whenever a turn has ended and none is waiting. */
  readonly changed: () => void
  /** Runs if a turn exceeds the grace period, or its regions the limit. */
  readonly onLate: (what: "Cleanup" | "Region") => Effect.Effect<void>
}

export const make = (options: Options): TurnSlot => new Slot(options)

class Slot implements TurnSlot {
  readonly #options: Options
  #current: Occupant | undefined
  #waiting: Turn | undefined
  #closed = false
  #advancing = false
  #late: Set<Fiber.Fiber<void>> | undefined
  #waiters: Array<() => void> | undefined

  constructor(options: Options) {
    this.#options = options
  }

  isFree(): boolean {
    return this.#current === undefined && this.#waiting === undefined
  }

  replace(turn: Turn): void {
    if (this.#closed) return turn.cancelled(false)
    this.#drop()
    this.#waiting = turn
    if (this.#current === undefined) this.#advance()
    else this.#stop(this.#current)
  }

  cancel(): void {
    this.#drop()
    if (this.#current !== undefined) this.#stop(this.#current)
  }

  get awaitFree(): Effect.Effect<void> {
    return Effect.callback((resume) => {
      if (this.isFree()) resume(Effect.void)
      else (this.#waiters ??= []).push(() => resume(Effect.void))
    })
  }

  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#closed = true
      this.#drop()
      const left = [...(this.#late ?? [])]
      const last = this.#current
      if (last !== undefined) {
        last.regions = 0
        this.#stop(last)
        // Closes even a turn whose region has failed. Its failure is no longer reported.
        close(last)
        last.timer?.interruptUnsafe()
        if (this.#current !== undefined && last.fiber !== undefined) left.push(last.fiber)
      }
      return awaitAll(left)
    })
  }

  /**
   * Starts the waiting turn. Turns that end at once, and by then have been replaced, are started in a loop, because they
   * would overflow the stack. After some of them, the next one waits until other fibers have run.
   */
  #advance(): void {
    if (this.#current !== undefined || this.#advancing) return
    this.#advancing = true
    let left = startsAtOnce
    while (this.#current === undefined && this.#waiting !== undefined && left-- > 0) this.#start(this.#waiting)
    this.#advancing = false
    if (this.#current !== undefined) return
    if (this.#waiting !== undefined) {
      this.#options.fork(
        Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => this.#advance())
        )
      )
      return
    }
    const resumed = this.#waiters
    this.#waiters = undefined
    for (const resume of resumed ?? []) resume()
    if (!this.#closed) this.#options.changed()
  }

  #start(turn: Turn): void {
    this.#waiting = undefined
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
    this.#current = occupant
    const running = this.#runningOf(occupant)
    const fiber = this.#options.fork(
      Effect.withFiber((fiber) => {
        occupant.fiber = fiber as Fiber.Fiber<void>
        return turn.run(running)
      })
    )
    fiber.addObserver(() => {
      close(occupant)
      this.#late?.delete(fiber)
      occupant.timer?.interruptUnsafe()
      if (this.#current !== occupant) return
      this.#current = undefined
      this.#advance()
    })
  }

  /** The interface of the slot for its current turn. */
  #runningOf(occupant: Occupant): Running {
    const exit = (failed: boolean) =>
      Effect.sync(() => {
        occupant.regions--
        occupant.regionFailed ||= failed && occupant.stopping
        if (occupant.stopping && occupant.regions === 0) this.#stop(occupant)
      })
    return {
      get closed() {
        return occupant.closed
      },
      whenClosed: (run) => {
        occupant.closing.push(run)
      },
      get interrupted() {
        return occupant.interrupted
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
  }

  /** Frees the slot for the next turn, although this one has not ended. */
  #abandon(occupant: Occupant): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#current !== occupant) return Effect.void
      close(occupant)
      this.#late = (this.#late ?? new Set()).add(occupant.fiber!)
      occupant.timer = undefined
      this.#current = undefined
      this.#advance()
      return this.#options.onLate("Cleanup")
    })
  }

  #overrun(occupant: Occupant): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#current !== occupant || occupant.regions === 0) return Effect.void
      occupant.timer = undefined
      occupant.regions = 0
      this.#stop(occupant)
      return this.#options.onLate("Region")
    })
  }

  #stop(occupant: Occupant): void {
    const { fork, grace, regionLimit } = this.#options
    occupant.stopping = true
    // The grace period starts only once, even if the turn is asked to stop repeatedly.
    if (occupant.closed || occupant.interrupted) return
    if (occupant.regions > 0) {
      occupant.timer ??= fork(Effect.delay(this.#overrun(occupant), regionLimit))
      return
    }
    occupant.timer?.interruptUnsafe()
    occupant.timer = undefined
    if (!occupant.regionFailed) close(occupant)
    occupant.interrupted = true
    occupant.fiber!.interruptUnsafe()
    if (this.#current !== occupant || this.#closed) return
    occupant.timer = fork(Effect.delay(this.#abandon(occupant), grace))
  }

  #drop(): void {
    const dropped = this.#waiting
    this.#waiting = undefined
    dropped?.cancelled(false)
  }
}

const close = (occupant: Occupant): void => {
  if (occupant.closed) return
  occupant.closed = true
  for (const run of occupant.closing) run()
  if (!occupant.over) occupant.turn.cancelled(true)
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
