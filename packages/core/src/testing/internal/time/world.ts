/**
 * The clock and the scheduler of a program on virtual time: runnable tasks, sleepers, and tasks that wait for quiet. It
 * only keeps their order; the runner of the program advances it.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"

/** Cancels a scheduled task. Does nothing once the task has run. */
export type Cancel = () => void

interface Wake {
  readonly run: () => void
  cancelled: boolean
}

interface Sleeper extends Wake {
  readonly at: number
  /** A deadline: time does not advance for its sake alone. */
  readonly isDeadline: boolean
}

/** After this many rounds the event loop gets a turn, so that promises can settle and a test runner can time out. */
const roundsPerTurn = 1000
/** More rounds than any terminating program takes at one moment. */
const roundsPerMoment = 100_000

export class World {
  now = 0
  /** Number of tasks that wait for the outside world, during which time stands still. */
  waiting = 0
  /** Called when the program is stuck, before it is interrupted. */
  readonly whenStuck = new Set<(reason: "NothingLeft" | "Limit" | "Spinning") => void>()
  readonly live: Clock.Clock
  /** The wall-clock time at the beginning, in milliseconds since 1970. */
  private readonly startsAt: number
  readonly scheduler: Scheduler.Scheduler
  readonly clock: Clock.Clock & {
    readonly adjust: (duration: Duration.Input) => Effect.Effect<void>
    readonly setTime: (timestamp: number) => Effect.Effect<void>
    readonly withLive: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
  private ready: Array<Wake> = []
  // Latest first, so that the next sleeper is taken from the end. At the same moment, the first to arrive wakes first.
  private readonly sleepers: Array<Sleeper> = []
  /** Number of sleepers that are not deadlines. */
  private expected = 0
  private settling: Array<Wake> = []
  private lasting: Array<Wake> = []
  private rounds = 0

  constructor(live: Clock.Clock, startsAt: number) {
    this.live = live
    this.startsAt = startsAt
    this.scheduler = new Scheduler.MixedScheduler("async", (run) => this.soon(run))
    // A number cannot hold the nanoseconds since 1970 exactly.
    const before = BigInt(Math.round(startsAt)) * 1_000_000n
    const millis = () => this.startsAt + this.now
    const monotonic = () => BigInt(Math.round(this.now * 1e6))
    const nanos = () => before + monotonic()
    const sleep = (duration: Duration.Duration) => this.sleepUntil(() => this.now + Duration.toMillis(duration))
    this.clock = {
      currentTimeMillisUnsafe: millis,
      currentTimeNanosUnsafe: nanos,
      monotonicTimeNanosUnsafe: monotonic,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanos: Effect.sync(monotonic),
      sleep,
      adjust: (duration) => sleep(Duration.fromInputUnsafe(duration)),
      setTime: (timestamp) => this.sleepUntil(() => timestamp - this.startsAt),
      withLive: (effect) => Effect.provideService(effect, Clock.Clock, this.live)
    }
  }

  /** Runs a task at this moment, after the current one. */
  soon(run: () => void): Cancel {
    const wake: Wake = { run, cancelled: false }
    this.ready.push(wake)
    return () => {
      wake.cancelled = true
    }
  }

  /** Runs a task in this many milliseconds. */
  after(ms: number, run: () => void): Cancel {
    return this.at(this.now + ms, run, false)
  }

  /** Schedules a task at a deadline. If nothing else would happen until then, time does not advance to it. */
  deadline(ms: number, run: () => void): Cancel {
    return this.at(this.now + ms, run, true)
  }

  /** Runs a task once nothing else can happen at this moment. */
  whenSettled(run: () => void): Cancel {
    const wake: Wake = { run, cancelled: false }
    this.settling.push(wake)
    return () => {
      wake.cancelled = true
    }
  }

  /** Runs a task once nothing else can happen at this moment, including tasks scheduled for it that have not begun. */
  whenOver(run: () => void): Cancel {
    const wake: Wake = { run, cancelled: false }
    this.lasting.push(wake)
    return () => {
      wake.cancelled = true
    }
  }

  private at(at: number, run: () => void, isDeadline: boolean): Cancel {
    const sleeper: Sleeper = { at, run, isDeadline, cancelled: false }
    if (!isDeadline) this.expected++
    let low = 0
    let high = this.sleepers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.sleepers[middle]!.at > at) low = middle + 1
      else high = middle
    }
    this.sleepers.splice(low, 0, sleeper)
    return () => {
      if (sleeper.cancelled) return
      sleeper.cancelled = true
      if (!isDeadline) this.expected--
      const index = this.sleepers.lastIndexOf(sleeper)
      if (index >= 0) this.sleepers.splice(index, 1)
    }
  }

  private sleepUntil(time: () => number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const at = time()
      if (!(at > this.now)) return resume(Effect.void)
      // Never wakes, but a fiber that waits for it can still be interrupted.
      if (at === Infinity) return
      return Effect.sync(this.at(at, () => resume(Effect.void), false))
    })
  }

  readonly settled: Effect.Effect<void> = Effect.callback<void>((resume) =>
    Effect.sync(this.whenSettled(() => resume(Effect.void)))
  )

  readonly momentOver: Effect.Effect<void> = Effect.callback<void>((resume) =>
    Effect.sync(this.whenOver(() => resume(Effect.void)))
  )

  /** Runs all runnable tasks, and returns whether there were any. Stops early if there is no end to them. */
  flush(): boolean {
    if (this.ready.length === 0) return false
    for (let round = 0; round < roundsPerTurn && this.ready.length > 0; round++) {
      this.rounds++
      const batch = this.ready
      this.ready = []
      for (const wake of batch) if (!wake.cancelled) wake.run()
    }
    return true
  }

  /** Whether so much has happened at this moment that it will never end. Resets the count. */
  isSpinning(): boolean {
    if (this.rounds <= roundsPerMoment) return false
    this.rounds = 0
    return true
  }

  /**
   * Runs the next task: one that waits for quiet, else one that wakes at this moment, else one that waits for its end,
   * else the next sleeper, unless it wakes too late.
   */
  advance(limit: number): "Moved" | "Late" | "Still" {
    const sleeper = this.sleepers.at(-1)
    if (runFirst(this.settling)) return "Moved"
    if (sleeper?.at !== this.now && runFirst(this.lasting)) return "Moved"
    if (sleeper === undefined || this.expected === 0) return "Still"
    if (sleeper.at > limit) return "Late"
    this.sleepers.pop()
    if (!sleeper.isDeadline) this.expected--
    this.rounds = 0
    this.now = sleeper.at
    sleeper.cancelled = true
    sleeper.run()
    return "Moved"
  }
}

/** Runs the first task that was not cancelled, and returns whether there was one. */
const runFirst = (waiting: Array<Wake>): boolean => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (next.cancelled) continue
    next.run()
    return true
  }
  return false
}

const worlds = new WeakMap<Clock.Clock, World>()

/** Makes a world that can be found by its clock. */
export const make = (live: Clock.Clock, startsAt = 0): World => {
  const world = new World(live, startsAt)
  worlds.set(world.clock, world)
  return world
}

/** The world that a clock belongs to. */
export const of = (clock: Clock.Clock): World | undefined => worlds.get(clock)

/**
 * Waits until everything at this moment has happened, including what wakes at it, except for other fibers that wait
 * here. Does not wait in a program on another clock.
 */
export const momentOver: Effect.Effect<void> = Effect.clockWith((clock) => of(clock)?.momentOver ?? Effect.void)
