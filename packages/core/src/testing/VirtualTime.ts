/**
 * Time that jumps: a program runs on a clock that stands still while anything can go on, and then moves to the next moment
 * that somebody sleeps for. An hour takes as long as the work that is done in it, and every run is the same.
 *
 * What can go on is known exactly, because the program's fibers are scheduled here: nobody has to yield until a test is
 * quiet. Promises that settle by themselves are waited for. What comes from outside (a socket, a file, a timer of the
 * platform) takes real time, which no virtual clock can know: it is waited for only where nothing else is left to do.
 *
 * `Clock` and `Random` are the program's own. The functions of `TestClock` work in it too: to adjust the clock is to sleep.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"

/** How a program is run. */
export interface Options {
  /** What `Random` is drawn from. 1 by default: a test is to be the same every time. */
  readonly seed?: number | string | undefined
  /** Longest time that may pass in the program, after which it is stuck. 1 day. */
  readonly limit?: Duration.Input | undefined
  /** Longest wait in real time for what comes from outside, where nothing else is left to do. 2 seconds. */
  readonly patience?: Duration.Input | undefined
}

/** The program waits for something that nobody will do, or goes on for ever. A defect of the program that was run. */
export class Stuck extends Data.TaggedError("Stuck")<{
  readonly reason: "NothingLeft" | "Limit"
  /** Milliseconds that had passed in the program. */
  readonly at: number
}> {
  override get message() {
    return this.reason === "Limit"
      ? `the program still goes on after ${Duration.format(Duration.millis(this.at))} of virtual time`
      : `after ${Duration.format(Duration.millis(this.at))} of virtual time nothing is left that could happen, and the program waits`
  }
}

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

type Wake = { readonly run: () => void; cancelled: boolean }

class World {
  now = 0
  /** How many wait for what comes from outside, while the time stands still. */
  waiting = 0
  readonly live: Clock.Clock
  readonly scheduler: Scheduler.Scheduler
  readonly clock: Clock.Clock & {
    readonly adjust: (duration: Duration.Input) => Effect.Effect<void>
    readonly setTime: (timestamp: number) => Effect.Effect<void>
    readonly withLive: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
  private ready: Array<Wake> = []
  // Latest first, so that the next one is taken from the end. Of those for one moment, the first to come is woken first.
  private readonly sleepers: Array<Sleeper> = []
  private settling: Array<() => void> = []

  constructor(live: Clock.Clock) {
    this.live = live
    this.scheduler = new Scheduler.MixedScheduler("async", (run) => {
      const wake: Wake = { run, cancelled: false }
      this.ready.push(wake)
      return () => {
        wake.cancelled = true
      }
    })
    const millis = () => this.now
    const nanos = () => BigInt(Math.round(this.now * 1e6))
    const sleep = (duration: Duration.Duration) => this.sleepUntil(() => this.now + Duration.toMillis(duration))
    this.clock = {
      currentTimeMillisUnsafe: millis,
      currentTimeNanosUnsafe: nanos,
      monotonicTimeNanosUnsafe: nanos,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanos: Effect.sync(nanos),
      monotonicTimeNanos: Effect.sync(nanos),
      sleep,
      adjust: (duration) => sleep(Duration.fromInputUnsafe(duration)),
      setTime: (timestamp) => this.sleepUntil(() => timestamp),
      withLive: (effect) => Effect.provideService(effect, Clock.Clock, this.live)
    }
  }

  private sleepUntil(time: () => number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      const at = time()
      if (at <= this.now) return resume(Effect.void)
      // Nobody wakes it, but whoever waits for it can still be interrupted.
      if (at === Infinity) return
      const sleeper: Sleeper = { at, wake: () => resume(Effect.void) }
      let low = 0
      let high = this.sleepers.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if (this.sleepers[middle]!.at > at) low = middle + 1
        else high = middle
      }
      this.sleepers.splice(low, 0, sleeper)
      return Effect.sync(() => {
        const index = this.sleepers.indexOf(sleeper)
        if (index >= 0) this.sleepers.splice(index, 1)
      })
    })
  }

  readonly settled: Effect.Effect<void> = Effect.callback<void>((resume) => {
    const wake = () => resume(Effect.void)
    this.settling.push(wake)
    return Effect.sync(() => {
      this.settling = this.settling.filter((one) => one !== wake)
    })
  })

  /** Runs what can go on, and says whether there was something. */
  flush(): boolean {
    if (this.ready.length === 0) return false
    while (this.ready.length > 0) {
      const batch = this.ready
      this.ready = []
      for (const wake of batch) if (!wake.cancelled) wake.run()
    }
    return true
  }

  /** Lets the next thing happen: whoever waits for quiet, else whoever wakes next. False where there is nobody. */
  advance(): boolean {
    const waiting = this.settling.shift()
    if (waiting !== undefined) {
      waiting()
      return true
    }
    const sleeper = this.sleepers.pop()
    if (sleeper === undefined) return false
    this.now = sleeper.at
    sleeper.wake()
    return true
  }
}

const worlds = new WeakMap<Clock.Clock, World>()

/**
 * Runs a program on virtual time. Inside of another such program it just runs. Dies with `Stuck` where the program waits
 * for nothing, or does not end.
 */
export const run = <A, E, R>(program: Effect.Effect<A, E, R>, options: Options = {}): Effect.Effect<A, E, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.clockWith((live) => (worlds.has(live) ? program : start(program, context, new World(live), options)))
  )

/** Waits until nothing more can happen at this moment. Outside of `run` it does not wait. */
export const settled: Effect.Effect<void> = Effect.clockWith((clock) => worlds.get(clock)?.settled ?? Effect.void)

/**
 * Stops the time of the program while an effect waits for what comes from outside, such as the answer of a real model: for
 * the program it takes no time, and nothing else happens meanwhile but what needs none. The effect itself is on the clock
 * around the program, so that its own deadlines are real. Outside of `run` it just runs.
 */
export const standstill = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.clockWith((clock) => {
    const world = worlds.get(clock)
    if (world === undefined) return effect
    return Effect.acquireUseRelease(
      Effect.sync(() => world.waiting++),
      () => world.clock.withLive(effect),
      () => Effect.sync(() => world.waiting--)
    )
  })

/** Milliseconds since the program began. Outside of `run` the time of the clock. */
export const now: Effect.Effect<number> = Effect.clockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))

const start = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  context: Context.Context<R>,
  world: World,
  options: Options
): Effect.Effect<A, E> => {
  const limit = Duration.toMillis(options.limit ?? "1 day")
  const patience = Duration.toMillis(options.patience ?? "2 seconds")
  worlds.set(world.clock, world)
  const services = context.pipe(
    Context.add(Clock.Clock, world.clock),
    Context.add(Scheduler.Scheduler, world.scheduler)
  )
  return Effect.callback<A, E>((resume) => {
    const fiber = Effect.runForkWith(services)(Random.withSeed(program, options.seed ?? 1))
    let over = false
    let waited = 0
    const end = (result: Effect.Effect<A, E>) => {
      over = true
      resume(result)
    }
    fiber.addObserver((exit) => {
      if (!over) end(exit)
    })

    const stuck = (reason: Stuck["reason"]) => {
      const error = new Stuck({ reason, at: world.now })
      end(Effect.die(error))
      fiber.interruptUnsafe()
      world.flush()
    }

    const beat = (): void => {
      if (over) return
      if (world.flush()) return later(beat)
      if (over) return
      if (world.waiting > 0) return timer(beat, 1)
      if (world.advance()) {
        waited = 0
        if (world.now > limit) return stuck("Limit")
        world.flush()
        return later(beat)
      }
      // The clock around may be a test's own and stand still, so the real time is counted in timers of a millisecond.
      if (waited++ >= patience) return stuck("NothingLeft")
      timer(beat, 1)
    }
    beat()
    return interrupting(fiber, () => over)
  })
}

/** Interrupts the program; its finalizers still have their time to run, so it is waited for. */
const interrupting = (fiber: Fiber.Fiber<unknown, unknown>, over: () => boolean): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (over()) return resume(Effect.void)
    fiber.addObserver(() => resume(Effect.void))
    fiber.interruptUnsafe()
  })

/** A turn of the event loop: by then every promise that could settle has. */
const later: (f: () => void) => void = (f) =>
  platform.setImmediate === undefined ? timer(f, 0) : platform.setImmediate(f)

const timer = (f: () => void, ms: number) => platform.setTimeout(f, ms)

const platform = globalThis as unknown as {
  readonly setImmediate?: (f: () => void) => void
  readonly setTimeout: (f: () => void, ms: number) => void
}
