/**
 * Time that jumps: a program runs on a clock that stands still while anything can run, and then moves to the next
 * moment that something sleeps until. An hour takes only as long as the work in it, and every run is the same.
 *
 * The program's fibers are scheduled here, so it is known exactly what can run: a test never has to yield until it is
 * quiet. Promises that settle by themselves are awaited. Anything from outside (a socket, a file, a platform timer)
 * takes real time, and is awaited only when there is nothing else to do.
 *
 * `Clock` and `Random` are the program's own. The functions of `TestClock` work in it too: to adjust the clock is to
 * sleep.
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

/** Options for running a program. */
export interface Options {
  /** Seed of `Random`. 1 by default, so that a test is the same every time. */
  readonly seed?: number | string | undefined
  /** What the wall clock shows at the beginning, in milliseconds since 1970. 0 by default. */
  readonly startsAt?: number | undefined
  /** How much time may pass in the program before it counts as stuck. 1 day. */
  readonly limit?: Duration.Input | undefined
  /** Longest real wait for something from outside when there is nothing else to do. 2 seconds. */
  readonly patience?: Duration.Input | undefined
}

/**
 * The program waits for something that will never happen, or runs for ever: through time, or at one moment. It is a
 * defect of the program.
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
 * Runs a program on virtual time. Dies with `Stuck` if the program waits for nothing, or does not end; it is then
 * interrupted, and its finalizers still get virtual time.
 *
 * Inside another such program it shares the time, the limit and the patience, but has its own `Random`.
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

/** Waits until nothing more can happen at this moment. Does not wait outside of `run`. */
export const settled: Effect.Effect<void> = Effect.clockWith((clock) => World.of(clock)?.settled ?? Effect.void)

/** Lets time pass, and everything happen until then. Sleeps outside of `run`. */
export const pass = (time: Duration.Input): Effect.Effect<void> => Effect.andThen(Effect.sleep(time), World.momentOver)

/**
 * Stops the program's time while an effect waits for something from outside, such as the answer of a real model: for
 * the program it takes no time, and meanwhile only things that take no time happen. The effect itself runs on the clock
 * outside, so its own deadlines are real. Outside of `run` it just runs.
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
    // Interrupting it waits for its end, so that its finalizers can run.
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
