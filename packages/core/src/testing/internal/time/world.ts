/**
 * The clock and the scheduler of a program on virtual time: what can go on, who sleeps until when, and who waits for quiet.
 * It only keeps the order; whoever runs the program moves it on.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Scheduler from "effect/Scheduler"

/** Takes back what was asked for. Does nothing where it has happened. */
export type Cancel = () => void

interface Wake {
  readonly run: () => void
  cancelled: boolean
}

interface Sleeper extends Wake {
  readonly at: number
  /** Time does not pass for its sake alone. */
  readonly isDeadline: boolean
}

/** So many rounds in a row, and the event loop gets its turn: promises may settle, and a test runner may give up. */
const roundsPerTurn = 1000
/** More rounds than a program that comes to an end takes at one moment. */
const roundsPerMoment = 1_000_000

export class World {
  now = 0
  /** How many wait for what comes from outside, while the time stands still. */
  waiting = 0
  /** Told when the program is found to be stuck, before it is interrupted. */
  readonly whenStuck = new Set<(reason: "NothingLeft" | "Limit" | "Spinning") => void>()
  readonly live: Clock.Clock
  /** What the clock of the wall shows at the begin, in milliseconds since 1970. */
  private readonly startsAt: number
  readonly scheduler: Scheduler.Scheduler
  readonly clock: Clock.Clock & {
    readonly adjust: (duration: Duration.Input) => Effect.Effect<void>
    readonly setTime: (timestamp: number) => Effect.Effect<void>
    readonly withLive: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
  private ready: Array<Wake> = []
  // Latest first, so that the next one is taken from the end. Of those for one moment, the first to come is woken first.
  private readonly sleepers: Array<Sleeper> = []
  /** How many of the sleepers are no deadlines. */
  private expected = 0
  private settling: Array<Wake> = []
  private lasting: Array<Wake> = []
  private rounds = 0

  constructor(live: Clock.Clock, startsAt: number) {
    this.live = live
    this.startsAt = startsAt
    this.scheduler = new Scheduler.MixedScheduler("async", (run) => this.soon(run))
    // Whole nanoseconds since 1970 are too many for a number to be exact.
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

  /** Does something at this moment, after what is going on now. */
  soon(run: () => void): Cancel {
    const wake: Wake = { run, cancelled: false }
    this.ready.push(wake)
    return () => {
      wake.cancelled = true
    }
  }

  /** Does something so many milliseconds from now. */
  after(ms: number, run: () => void): Cancel {
    return this.at(this.now + ms, run, false)
  }

  /** Does something where the time is so late. Where nothing else would happen until then, it does not become so late. */
  deadline(ms: number, run: () => void): Cancel {
    return this.at(this.now + ms, run, true)
  }

  /** Does something once nothing else can happen at this moment. */
  whenSettled(run: () => void): Cancel {
    const wake: Wake = { run, cancelled: false }
    this.settling.push(wake)
    return () => {
      wake.cancelled = true
    }
  }

  /** Does something once nothing else can happen at this moment, also of what is to be done at it and has not begun. */
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
      // Nobody wakes it, but whoever waits for it can still be interrupted.
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

  /** Runs what can go on, and says whether there was something. Some of it may be left where it goes on and on. */
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

  /** Whether so much has happened at this moment that there is no end to it. Asked again, it counts anew. */
  isSpinning(): boolean {
    if (this.rounds <= roundsPerMoment) return false
    this.rounds = 0
    return true
  }

  /**
   * Lets the next thing happen: whoever waits for quiet, else whoever wakes at this moment, else whoever waits for its end,
   * else whoever wakes next, if it is not too late for that.
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

/** Runs the first that still wants to be, and says whether there was one. */
const runFirst = (waiting: Array<Wake>): boolean => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (next.cancelled) continue
    next.run()
    return true
  }
  return false
}

const worlds = new WeakMap<Clock.Clock, World>()

/** Makes a world that is found by its clock. */
export const make = (live: Clock.Clock, startsAt = 0): World => {
  const world = new World(live, startsAt)
  worlds.set(world.clock, world)
  return world
}

/** The world that a clock belongs to. */
export const of = (clock: Clock.Clock): World | undefined => worlds.get(clock)
