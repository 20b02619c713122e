/**
 * Random calls on the test clock: an agent of random shape, a harness that reports at random times, and a trace of all that
 * happened. What must hold of a trace is said by the rules.
 */
import { it } from "@effect/vitest"
import { Cause, Clock, Effect, Exit, Fiber, Layer, Metric, Queue, References, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Agent from "../../src/Agent.ts"
import * as Call from "../../src/Call.ts"
import type * as CallError from "../../src/CallError.ts"
import * as Event from "../../src/Event.ts"
import type * as EventFilter from "../../src/EventFilter.ts"
import type * as History from "../../src/History.ts"
import type * as Turn from "../../src/Turn.ts"

/** A stream of random values that its seed determines. */
export interface Random {
  /** From 0 up to 1. */
  readonly next: () => number
  /** Both ends included. */
  readonly int: (from: number, to: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A
  readonly many: <A>(count: number, make: (index: number) => A) => ReadonlyArray<A>
}

/** The generator is mulberry32. */
export const seeded = (seed: number): Random => {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1))
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(0, from.length - 1)]!,
    many: (count, make) => Array.from({ length: count }, (_, index) => make(index))
  }
}

const firstSeed = Number(process.env["ANTIPHON_SEED"] ?? Math.floor(Math.random() * 0x1_0000_0000))
const runs = Number(process.env["ANTIPHON_RUNS"] ?? 200)

/** Checks a property over random schedules, each on a clock of its own. Says which seed fails. */
export const forAll = (
  name: string,
  property: (random: Random) => Effect.Effect<void, unknown, Scope.Scope>,
  schedules = runs
) =>
  it.effect(
    name,
    () =>
      Effect.gen(function* () {
        for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
          yield* Effect.suspend(() => property(seeded(seed))).pipe(
            Effect.scoped,
            Effect.provide(Layer.fresh(TestClock.layer())),
            Effect.provideService(References.MinimumLogLevel, "None"),
            Effect.catchCause((cause) =>
              Effect.die(new Error(`${Cause.pretty(cause)}\n\nANTIPHON_SEED=${seed} begins with this schedule`))
            )
          )
        }
      }),
    120_000
  )

/** Lets everything happen that needs no time to pass. */
export const settle = Effect.repeat(Effect.yieldNow, { times: 12 })

export type Cleanup = "Quick" | "Slow" | "Hanging" | "Dying"

/** One thing that a turn does. */
export type Step =
  | { readonly _tag: "Say"; readonly count: number }
  | { readonly _tag: "Push"; readonly count: number; readonly ms: number }
  | { readonly _tag: "Wait"; readonly ms: number }
  | { readonly _tag: "Promise" }
  | { readonly _tag: "Mask"; readonly ms: number }
  | { readonly _tag: "Hold"; readonly cleanup: Cleanup; readonly ms: number }
  | { readonly _tag: "Fork"; readonly scoped: boolean; readonly cleanup: Cleanup; readonly ms: number }
  | {
      readonly _tag: "Background"
      readonly delivery: Turn.Delivery | undefined
      readonly ends: "Returned" | "Failed"
      readonly cleanup: Cleanup
      readonly ms: number
    }
  | { readonly _tag: "Region"; readonly steps: ReadonlyArray<Step> }
  | { readonly _tag: "Fail" }
  | { readonly _tag: "Die" }
  | { readonly _tag: "Throw" }

/** How likely each kind of step is, and what else is random about a call. */
export interface Shape {
  readonly steps: Partial<Record<Step["_tag"], number>>
  readonly policies?: Partial<Agent.Policies>
  /** How likely a filter is an Effect that takes its time. */
  readonly slowFilters?: number
  /** How likely the harness takes its time to send. */
  readonly slowSends?: number
}

/** All that a turn can do. */
export const everything: Shape["steps"] = {
  Say: 5,
  Push: 2,
  Wait: 5,
  Promise: 1,
  Mask: 1,
  Hold: 3,
  Fork: 2,
  Background: 2,
  Region: 1,
  Fail: 0.4,
  Die: 0.2,
  Throw: 0.1
}

/** What happened on a call at a time, in order. */
export type Entry = { readonly at: number } & (
  | { readonly _tag: "Decided"; readonly event: Event.Input; readonly decision: EventFilter.Decision }
  | { readonly _tag: "Reporting"; readonly eventId: string; readonly report: Event.Report["_tag"] }
  | { readonly _tag: "Reported"; readonly eventId: string }
  | {
      readonly _tag: "TurnStarted"
      readonly turn: number
      readonly trigger: Event.Input
      readonly history: History.History
    }
  | { readonly _tag: "TurnFailing"; readonly turn: number }
  /** All that the turn's scope held has been released; only children may still be ending. */
  | { readonly _tag: "TurnLeft"; readonly turn: number }
  | { readonly _tag: "Began"; readonly turn: number; readonly part: Part; readonly id: number }
  | { readonly _tag: "Finished"; readonly turn: number; readonly part: Part; readonly id: number }
  | { readonly _tag: "RegionEntered"; readonly turn: number }
  | { readonly _tag: "RegionLeft"; readonly turn: number; readonly whole: boolean; readonly said: number }
  | { readonly _tag: "Sent"; readonly turn: number; readonly text: string }
  | { readonly _tag: "Worked"; readonly name: string; readonly delivery: Turn.Delivery; readonly ends: string }
  | { readonly _tag: "CallFailed"; readonly error: CallError.CallError }
  | { readonly _tag: "HungUp" }
  | { readonly _tag: "Ended"; readonly fibers: number }
  /** Nothing more happens until time passes. */
  | { readonly _tag: "Quiet" }
)

/**
 * What a turn runs: a step of its own, a child (which goes on while its turn cleans up), its cleaning up, the harness that
 * carries its output, or background work.
 */
export type Part = "step" | "child" | "cleanup" | "send" | "work"

type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never

export interface Trace {
  readonly spec: Agent.AgentSpec<unknown>
  readonly entries: ReadonlyArray<Entry>
  readonly history: History.History
  /** Fibers of the call that were left a second after its end. */
  readonly fibers: number
}

export const apology = "sorry"
const inputTags = [
  "UserTurnStarted",
  "UserTextSent",
  "UserDtmfSent",
  "UserTurnEnded",
  "UserCustomSent",
  "AgentTurnStarted",
  "AgentTextSent",
  "AgentTurnEnded"
] as const

const randomStep = (random: Random, weights: Shape["steps"], depth: number): Step => {
  const kinds = Object.entries(weights) as ReadonlyArray<[Step["_tag"], number]>
  let at = random.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0)
  const kind = kinds.find(([, weight]) => (at -= weight) < 0)?.[0] ?? "Say"
  const cleanup = random.pick<Cleanup>(["Quick", "Quick", "Quick", "Slow", "Slow", "Slow", "Hanging", "Dying"])
  const ms = random.int(0, 12)
  switch (kind) {
    case "Say":
      return { _tag: "Say", count: random.int(1, 3) }
    case "Push":
      return { _tag: "Push", count: random.int(1, 3), ms: random.int(0, 3) }
    case "Hold":
      return { _tag: "Hold", cleanup, ms }
    case "Fork":
      return { _tag: "Fork", scoped: random.chance(0.5), cleanup, ms }
    case "Background":
      return {
        _tag: "Background",
        delivery: random.pick([undefined, "whenIdle", "immediate", "nextTurn"] as const),
        ends: random.chance(0.8) ? "Returned" : "Failed",
        cleanup,
        ms: random.chance(0.2) ? 0 : random.int(0, 40)
      }
    case "Region": {
      const { Die: _die, Fail: _fail, Throw: _throw, ...inside } = weights
      return { _tag: "Region", steps: depth > 1 ? [] : randomSteps(random, inside, depth + 1) }
    }
    case "Wait":
    case "Mask":
      return { _tag: kind, ms }
    default:
      return { _tag: kind }
  }
}

export const randomSteps = (random: Random, weights: Shape["steps"], depth = 0): ReadonlyArray<Step> =>
  random.many(random.int(0, 6 - 2 * depth), () => randomStep(random, weights, depth))

interface World {
  readonly note: (entry: WithoutTime<Entry>) => void
  readonly track: (turn: number, part: Part) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly name: () => string
  readonly delivery: Turn.Delivery
}

/** Does one step after another, and writes down what it does. */
const play = (world: World, turn: Turn.Turn, steps: ReadonlyArray<Step>): Stream.Stream<Event.Output, string> => {
  let said = 0
  const { note } = world
  const text = () => Event.sendText(`${turn.id}:${++said}`)
  const step = world.track(turn.id, "step")
  const doing = <E, R>(effect: Effect.Effect<unknown, E, R>) => Stream.drain(Stream.fromEffect(effect))

  const clean = (cleanup: Cleanup, ms: number) => {
    const how =
      cleanup === "Hanging"
        ? Effect.never
        : cleanup === "Dying"
          ? Effect.suspend(() => {
              note({ _tag: "TurnFailing", turn: turn.id })
              return Effect.die("cleanup")
            })
          : cleanup === "Slow"
            ? Effect.sleep(ms)
            : Effect.void
    return world.track(turn.id, "cleanup")(how)
  }
  // What a child or background work does when it dies is its own affair.
  const cleanAlone = (part: Part, cleanup: Cleanup, ms: number) =>
    world.track(
      turn.id,
      part
    )(cleanup === "Hanging" ? Effect.never : cleanup === "Slow" ? Effect.sleep(ms) : Effect.void)

  const one = (self: Step): Stream.Stream<Event.Output, string, Scope.Scope> => {
    switch (self._tag) {
      case "Say":
        return Stream.suspend(() => Stream.fromIterable(Array.from({ length: self.count }, text)))
      case "Push":
        return Stream.callback<Event.Output>((queue) =>
          Effect.gen(function* () {
            for (let i = 0; i < self.count; i++) {
              yield* step(Effect.sleep(self.ms))
              yield* Queue.offer(queue, text())
            }
            yield* Queue.end(queue)
          })
        )
      case "Wait":
        return doing(step(Effect.sleep(self.ms)))
      case "Promise":
        return doing(step(Effect.promise(() => Promise.resolve())))
      case "Mask":
        return doing(Effect.uninterruptible(step(Effect.sleep(self.ms))))
      case "Hold":
        return doing(Effect.acquireRelease(Effect.void, () => clean(self.cleanup, self.ms)))
      case "Fork": {
        const child = Effect.onExit(Effect.forever(world.track(turn.id, "child")(Effect.sleep(50))), () =>
          cleanAlone("cleanup", self.cleanup, self.ms)
        )
        return doing(
          self.scoped
            ? Effect.forkScoped(child, { startImmediately: true })
            : Effect.forkChild(child, { startImmediately: true })
        )
      }
      case "Background":
        return doing(
          Effect.suspend(() => {
            const name = world.name()
            const delivery = self.delivery ?? world.delivery
            const done = Effect.suspend((): Effect.Effect<string, string> => {
              note({ _tag: "Worked", name, delivery, ends: self.ends })
              return self.ends === "Returned" ? Effect.succeed(name) : Effect.fail(name)
            })
            const work = world.track(turn.id, "work")(self.ms === 0 ? Effect.void : Effect.sleep(self.ms))
            const held = Effect.onInterrupt(work, () => cleanAlone("work", self.cleanup, self.ms))
            return turn.background(name, Effect.andThen(held, done), { delivery: self.delivery })
          })
        )
      case "Region":
        return turn.uninterruptible(
          Stream.suspend(() => {
            note({ _tag: "RegionEntered", turn: turn.id })
            return all(self.steps)
          }).pipe(
            Stream.onExit((exit) =>
              Effect.sync(() => note({ _tag: "RegionLeft", turn: turn.id, whole: Exit.isSuccess(exit), said }))
            )
          )
        )
      case "Fail":
      case "Die":
      case "Throw":
        return Stream.suspend(() => {
          note({ _tag: "TurnFailing", turn: turn.id })
          if (self._tag === "Throw") throw new Error("thrown")
          return self._tag === "Fail" ? Stream.fail("failed") : Stream.die(new Error("died"))
        })
    }
  }
  const all = (steps: ReadonlyArray<Step>): Stream.Stream<Event.Output, string, Scope.Scope> =>
    steps.reduceRight<Stream.Stream<Event.Output, string, Scope.Scope>>(
      (rest, self) => Stream.concat(one(self), rest),
      Stream.empty
    )

  const entered = Effect.acquireRelease(Effect.void, () => Effect.sync(() => note({ _tag: "TurnLeft", turn: turn.id })))
  // The turn brings the scope that what it forks and holds belongs to.
  return Stream.concat(doing(entered), all(steps)) as Stream.Stream<Event.Output, string>
}

const randomReport = (random: Random, eventId: string): Event.Report => {
  const _tag = random.pick(inputTags)
  switch (_tag) {
    case "UserTextSent":
      return { _tag, eventId, content: "hello" }
    case "UserDtmfSent":
      return { _tag, eventId, button: "1" }
    case "UserCustomSent":
      return { _tag, eventId, metadata: {} }
    case "AgentTextSent":
      return { _tag, eventId, content: `${random.int(1, 9)}:${random.int(1, 3)}` }
    default:
      return { _tag, eventId }
  }
}

/** Counts the fibers that are started under it and have not ended. */
const countFibers = () => {
  const count = { fibers: 0 }
  const metrics: Metric.FiberRuntimeMetricsService = {
    recordFiberStart: () => void count.fibers++,
    recordFiberEnd: () => void count.fibers--
  }
  return { count, metrics }
}

/** Plays a random call of a shape from its start until long after its end. */
export const simulate = (random: Random, shape: Shape): Effect.Effect<Trace, never, Scope.Scope> =>
  Effect.gen(function* () {
    yield* TestClock.adjust(0)
    const clock = yield* Clock.Clock
    const entries: Array<Entry> = []
    const note = (entry: WithoutTime<Entry>) =>
      void entries.push({ ...entry, at: clock.currentTimeMillisUnsafe() } as Entry)
    const turnOf = new Map<string, number>()
    let ids = 0
    let works = 0

    const track: World["track"] = (turn, part) => (effect) =>
      Effect.suspend(() => {
        const id = ++ids
        note({ _tag: "Began", turn, part, id })
        return Effect.onExit(effect, () => Effect.sync(() => note({ _tag: "Finished", turn, part, id })))
      })

    const accepted = (tags: ReadonlyArray<Event.Input["_tag"]>) =>
      new Set<string>([...tags, ...(random.chance(0.3) ? [random.pick(inputTags)] : [])])
    const runTags = accepted(["CallStarted", "UserTurnEnded", "CallEnded", "BackgroundReturned"])
    if (random.chance(0.1)) runTags.add("TurnFailed")
    const cancelTags = accepted(["UserTurnStarted"])
    const slowly = (event: Event.Input, answer: () => boolean): boolean | Effect.Effect<boolean> =>
      event._tag !== "CallStarted" && random.chance(shape.slowFilters ?? 0)
        ? Effect.andThen(Effect.sleep(random.int(0, 6)), Effect.sync(answer))
        : answer()
    const run: EventFilter.EventFilter = (event) =>
      slowly(event, () => {
        const accepts = runTags.has(event._tag)
        if (accepts) note({ _tag: "Decided", event, decision: "Run" })
        return accepts
      })
    const cancel: EventFilter.EventFilter = (event) =>
      slowly(event, () => {
        const accepts = cancelTags.has(event._tag)
        note({ _tag: "Decided", event, decision: accepts ? "Cancel" : "Keep" })
        return accepts
      })

    const delivery = random.pick<Turn.Delivery>(["whenIdle", "immediate", "nextTurn"])
    const spec: Agent.AgentSpec<string> = Agent.make(
      (trigger, turn) => {
        turnOf.set(trigger.eventId, turn.id)
        note({ _tag: "TurnStarted", turn: turn.id, trigger, history: turn.history })
        const steps = randomSteps(random, shape.steps)
        if (steps[0]?._tag === "Throw") {
          note({ _tag: "TurnFailing", turn: turn.id })
          note({ _tag: "TurnLeft", turn: turn.id })
          throw new Error("thrown")
        }
        return play({ note, track, name: () => `work ${++works}`, delivery }, turn, steps)
      },
      {
        run,
        cancel,
        apology,
        backgroundDelivery: delivery,
        cancelGrace: random.pick([0, 5, 20]),
        endGrace: random.pick([10, 40]),
        backgroundPatience: random.pick([0, 10, 60]),
        turnFailure: random.pick(["recover", "close"]),
        outputAfterEnd: random.pick(["discard", "discard", "stop"]),
        ...shape.policies
      }
    )

    const { count, metrics } = countFibers()
    const harness: Call.Harness = {
      send: (outputs) =>
        Effect.suspend(() => {
          const turn = turnOf.get(outputs[0].respondingTo!)!
          const commit = Effect.sync(() => {
            for (const output of outputs)
              note({ _tag: "Sent", turn, text: (output as Event.OutputOf<"AgentSendText">).text })
          })
          const delay = random.chance(shape.slowSends ?? 0.1) ? Effect.sleep(random.int(0, 4)) : Effect.void
          return track(turn, "send")(Effect.andThen(delay, commit))
        }),
      fail: (error) => Effect.sync(() => note({ _tag: "CallFailed", error }))
    }
    // Closed by nobody who waits: a call that does not end is to fail its rule, and not to hang.
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Effect.forkDetach(Scope.close(scope, Exit.void)))
    const call = yield* Call.make(spec, { harness }).pipe(
      Scope.provide(scope),
      Effect.provideService(Metric.FiberRuntimeMetrics, metrics)
    )

    const quiet = Effect.andThen(
      settle,
      Effect.sync(() => note({ _tag: "Quiet" }))
    )
    const pass = (ms: number) => Effect.andThen(Effect.andThen(quiet, TestClock.adjust(ms)), quiet)
    const passUntilDone = (fiber: Fiber.Fiber<unknown>) =>
      Effect.gen(function* () {
        yield* settle
        for (let waited = 0; fiber.pollUnsafe() === undefined && waited < 200; waited++) yield* pass(1)
      })

    const reports = random.int(3, 20)
    for (let i = 0; i < reports; i++) {
      if (random.chance(0.7)) yield* pass(random.chance(0.1) ? random.int(20, 80) : random.int(1, 9))
      const eventId = `report ${i}`
      const report = randomReport(random, eventId)
      note({ _tag: "Reporting", eventId, report: report._tag })
      const receiving = yield* Effect.forkChild(
        Effect.tap(call.receive(report), () => Effect.sync(() => note({ _tag: "Reported", eventId }))),
        { startImmediately: true }
      )
      yield* passUntilDone(receiving)
    }
    if (random.chance(0.7)) yield* pass(random.int(1, 9))

    note({ _tag: "HungUp" })
    const end = Effect.tap(call.end, () => Effect.sync(() => note({ _tag: "Ended", fibers: count.fibers })))
    const ending = yield* Effect.forkChild(end, { startImmediately: true })
    const again = yield* Effect.forkChild(random.chance(0.3) ? end : Effect.void, { startImmediately: true })
    yield* passUntilDone(ending)
    yield* passUntilDone(again)
    yield* pass(1_000)
    return { spec, entries, history: yield* call.history, fibers: count.fibers }
  })
