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
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as World from "./internal/time/world.ts"

/** How a program is run. */
export interface Options {
  /** What `Random` is drawn from. 1 by default: a test is to be the same every time. */
  readonly seed?: number | string | undefined
  /** What the clock of the wall shows at the begin, in milliseconds since 1970. 0 by default. */
  readonly startsAt?: number | undefined
  /** Longest time that may pass in the program, after which it is stuck. 1 day. */
  readonly limit?: Duration.Input | undefined
  /** Longest wait in real time for what comes from outside, where nothing else is left to do. 2 seconds. */
  readonly patience?: Duration.Input | undefined
}

/**
 * The program waits for something that nobody will do, or goes on for ever: through time, or at one moment. A defect of the
 * program that was run.
 */
export class Stuck extends Data.TaggedError("Stuck")<{
  readonly reason: "NothingLeft" | "Limit" | "Spinning"
  /** Milliseconds that had passed in the program. */
  readonly at: number
}> {
  override get message() {
    const passed = Duration.format(Duration.millis(this.at))
    if (this.reason === "Limit") return `the program still goes on after ${passed} of virtual time`
    if (this.reason === "Spinning")
      return `after ${passed} of virtual time the program goes on and on, and time does not pass`
    return `after ${passed} of virtual time nothing is left that could happen, and the program waits`
  }
}

/**
 * Runs a program on virtual time. Dies with `Stuck` where the program waits for nothing, or does not end; it is interrupted
 * then, and its finalizers still have their time.
 *
 * Inside of another such program it runs on the time, the limit and the patience of that one, and on a `Random` of its own.
 */
export const run = <A, E, R>(program: Effect.Effect<A, E, R>, options: Options = {}): Effect.Effect<A, E, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.clockWith((clock) => {
      const seeded = Random.withSeed(program, options.seed ?? 1)
      return World.of(clock) === undefined
        ? start(seeded, context, World.make(clock, options.startsAt), options)
        : seeded
    })
  )

/** Waits until nothing more can happen at this moment. Outside of `run` it does not wait. */
export const settled: Effect.Effect<void> = Effect.clockWith((clock) => World.of(clock)?.settled ?? Effect.void)

/**
 * Waits until all that is to happen at this moment has happened, also what wakes at it and has not yet, but for what waits
 * for the same. Outside of `run` it does not wait.
 */
export const momentOver: Effect.Effect<void> = Effect.clockWith((clock) => World.of(clock)?.momentOver ?? Effect.void)

/** Lets time pass, and all happen that is to happen by then. Outside of `run` it sleeps. */
export const pass = (time: Duration.Input): Effect.Effect<void> => Effect.andThen(Effect.sleep(time), momentOver)

/**
 * Stops the time of the program while an effect waits for what comes from outside, such as the answer of a real model: for
 * the program it takes no time, and nothing else happens meanwhile but what needs none. The effect itself is on the clock
 * around the program, so that its own deadlines are real. Outside of `run` it just runs.
 */
export const standstill = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.clockWith((clock) => {
    const world = World.of(clock)
    if (world === undefined) return effect
    return Effect.acquireUseRelease(
      Effect.sync(() => world.waiting++),
      () => world.clock.withLive(effect),
      () => Effect.sync(() => world.waiting--)
    )
  })

/** Milliseconds since the program began. Outside of `run` the time of the clock. */
export const now: Effect.Effect<number> = Effect.clockWith((clock) =>
  Effect.sync(() => World.of(clock)?.now ?? clock.currentTimeMillisUnsafe())
)

/** Time that a program is given to end once it is stuck and was interrupted. */
const lastGrace = Duration.toMillis("1 hour")

const start = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  context: Context.Context<R>,
  world: World.World,
  options: Options
): Effect.Effect<A, E> => {
  const patience = Duration.toMillis(options.patience ?? "2 seconds")
  const services = context.pipe(
    Context.add(Clock.Clock, world.clock),
    Context.add(Scheduler.Scheduler, world.scheduler)
  )
  return Effect.callback<A, E>((resume) => {
    const whenOver: Array<() => void> = []
    let limit = Duration.toMillis(options.limit ?? "1 day")
    let over = false
    let waited = 0
    let failure: Stuck | undefined
    const end = (result: Effect.Effect<A, E>) => {
      if (over) return
      over = true
      resume(failure === undefined ? result : Effect.die(failure))
      for (const resume of whenOver) resume()
    }
    const fiber = Effect.runForkWith(services)(program)
    fiber.addObserver(end)

    const stuck = (reason: Stuck["reason"]) => {
      // It was interrupted, and not even that has an end.
      if (failure !== undefined) return end(Effect.die(failure))
      failure = new Stuck({ reason, at: world.now })
      limit = world.now + lastGrace
      waited = 0
      for (const tell of world.whenStuck) tell(reason)
      fiber.interruptUnsafe()
      later(beat)
    }

    const beat = (): void => {
      if (over) return
      if (world.flush()) return world.isSpinning() ? stuck("Spinning") : later(beat)
      if (world.waiting > 0) return timer(beat, 1)
      const next = world.advance(limit)
      if (next === "Late") return stuck("Limit")
      if (next === "Moved") {
        waited = 0
        world.flush()
        return later(beat)
      }
      // The clock around may be a test's own and stand still, so the real time is counted in timers of a millisecond.
      if (waited++ >= patience) return stuck("NothingLeft")
      timer(beat, 1)
    }
    // Not at once: the program may wait for promises that are settled by then, and that takes no time.
    later(beat)
    // Whoever interrupts it waits for its end, as its finalizers still have their time to run.
    return Effect.callback<void>((resume) => {
      if (over) return resume(Effect.void)
      whenOver.push(() => resume(Effect.void))
      fiber.interruptUnsafe()
    })
  })
}

/** A turn of the event loop: by then every promise that could settle has. */
const later: (f: () => void) => void = (f) =>
  platform.setImmediate === undefined ? timer(f, 0) : platform.setImmediate(f)

const timer = (f: () => void, ms: number) => platform.setTimeout(f, ms)

const platform = globalThis as unknown as {
  readonly setImmediate?: (f: () => void) => void
  readonly setTimeout: (f: () => void, ms: number) => void
}
