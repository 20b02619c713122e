/**
 * An agent that does everything an agent can do, at random: it talks, waits, holds resources that are slow to clean up,
 * forks, works in the background, cannot be interrupted, fails. Its behaviour depends only on the `Random` of its call.
 *
 * Use it to check a runtime, or a harness, against the rules of a call.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Agent from "../Agent.ts"
import * as Event from "../Event.ts"
import type * as EventFilter from "../EventFilter.ts"
import { reportTags } from "./internal/phone/reportTags.ts"
import * as Turn from "../Turn.ts"
import * as Chance from "./Chance.ts"
import * as Timeline from "./Timeline.ts"

/** How something cleans up when it is stopped. */
export type Cleanup = "Quick" | "Slow" | "Hanging" | "Dying"

/** One thing that a turn does. Times are milliseconds. */
export type Step =
  | { readonly _tag: "Say"; readonly count: number; readonly interruptible: boolean }
  | { readonly _tag: "Push"; readonly count: number; readonly ms: number }
  | { readonly _tag: "Wait"; readonly ms: number }
  | { readonly _tag: "Promise" }
  | { readonly _tag: "Mask"; readonly ms: number }
  | { readonly _tag: "Hold"; readonly cleanup: Cleanup; readonly ms: number }
  | { readonly _tag: "Fork"; readonly scoped: boolean; readonly cleanup: Cleanup; readonly ms: number }
  | {
      readonly _tag: "Background"
      readonly delivery: Turn.Delivery | undefined
      readonly atEnd: Turn.AtEnd
      readonly ends: "Returned" | "Failed" | "Interrupted"
      readonly cleanup: Cleanup
      readonly ms: number
    }
  | { readonly _tag: "Region"; readonly steps: ReadonlyArray<Step> }
  /** A tool, which always records its outcome. */
  | { readonly _tag: "Tool"; readonly ms: number }
  | { readonly _tag: "Read" }
  | { readonly _tag: "Add" }
  /** Replaces the end of the history, from a position between 0 and 1, by one line. */
  | { readonly _tag: "Edit"; readonly from: number }
  /** Interrupts itself. */
  | { readonly _tag: "Interrupt" }
  | { readonly _tag: "Fail" }
  | { readonly _tag: "Die" }
  | { readonly _tag: "Throw" }

/** How likely each kind of step is, and what else is random about an agent. */
export interface Shape {
  readonly steps: Partial<Record<Step["_tag"], number>>
  readonly policies?: Partial<Agent.Policies> | undefined
  /** How likely a filter is an Effect that takes its time. 0 by default. */
  readonly slowFilters?: number | undefined
}

/** Everything a turn can do. */
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
  Tool: 1,
  Read: 1,
  Add: 0.5,
  Edit: 0.2,
  Interrupt: 0.2,
  Fail: 0.4,
  Die: 0.2,
  Throw: 0.1
}

/** Most background work per call: each piece may start a turn that starts more. */
const worksAtMost = 40

/** Makes the factory of agents of a shape. */
export const make =
  (shape: Shape = { steps: everything }): Agent.Factory =>
  () =>
    Effect.map(Random.nextInt, (seed) => specOf(Chance.make(seed), shape))

const specOf = (chance: Chance.Chance, shape: Shape): Agent.AgentSpec<string> => {
  const accepted = (tags: ReadonlyArray<Event.Input["_tag"]>) =>
    new Set<string>([...tags, ...(chance.chance(0.3) ? [chance.pick(reportTags)] : [])])
  const runTags = accepted(["CallStarted", "UserTurnEnded", "CallEnded", "BackgroundReturned"])
  if (chance.chance(0.1)) runTags.add("TurnFailed")
  const cancelTags = accepted(["UserTurnStarted"])
  const filter =
    (tags: ReadonlySet<string>): EventFilter.EventFilter =>
    (event) =>
      event._tag !== "CallStarted" && chance.chance(shape.slowFilters ?? 0)
        ? Effect.delay(
            Effect.sync(() => tags.has(event._tag)),
            chance.int(0, 6)
          )
        : tags.has(event._tag)
  const backgroundDelivery = chance.pick(Turn.Delivery.literals)
  let works = 0
  return Agent.make(
    (_, turn) => {
      const steps = randomSteps(chance, shape.steps, 0)
      if (steps[0]?._tag === "Throw") throw new Error("thrown")
      return Stream.unwrap(
        Effect.map(Timeline.Notes, (note) =>
          play(
            { note: note ?? (() => {}), name: () => (works < worksAtMost ? `work ${++works}` : undefined) },
            turn,
            steps
          )
        )
      )
    },
    {
      run: filter(runTags),
      cancel: filter(cancelTags),
      apology: "sorry",
      backgroundDelivery,
      cancelGrace: chance.pick([0, 5, 20]),
      endGrace: chance.pick([10, 40]),
      backgroundPatience: chance.pick([0, 10, 60]),
      regionLimit: chance.pick([40, 30_000, 30_000]),
      answerDeadline: chance.pick([30, 500, 10_000]),
      holding: chance.pick(["", "hold on"]),
      turnFailure: chance.pick(["recover", "close"]),
      outputAfterEnd: chance.pick(["discard", "discard", "stop"]),
      ...shape.policies
    }
  )
}

const randomStep = (chance: Chance.Chance, weights: Shape["steps"], depth: number): Step => {
  const kinds = Object.entries(weights) as ReadonlyArray<[Step["_tag"], number]>
  let at = chance.next() * kinds.reduce((sum, [, weight]) => sum + weight, 0)
  const kind = kinds.find(([, weight]) => (at -= weight) < 0)?.[0] ?? "Say"
  const cleanup = chance.pick<Cleanup>(["Quick", "Quick", "Quick", "Slow", "Slow", "Slow", "Hanging", "Dying"])
  const ms = chance.int(0, 12)
  switch (kind) {
    case "Say":
      return { _tag: "Say", count: chance.int(1, 3), interruptible: chance.chance(0.85) }
    case "Push":
      return { _tag: "Push", count: chance.int(1, 3), ms: chance.int(0, 3) }
    case "Hold":
      return { _tag: "Hold", cleanup, ms }
    case "Fork":
      return { _tag: "Fork", scoped: chance.chance(0.5), cleanup, ms }
    case "Background":
      return {
        _tag: "Background",
        delivery: chance.pick([undefined, ...Turn.Delivery.literals]),
        atEnd: chance.chance(0.8) ? "interrupt" : "finish",
        ends: chance.chance(0.8) ? "Returned" : chance.pick(["Failed", "Interrupted"] as const),
        cleanup,
        ms: chance.chance(0.2) ? 0 : chance.int(0, 40)
      }
    case "Region": {
      const { Die: _die, Interrupt: _interrupt, Throw: _throw, ...inside } = weights
      return { _tag: "Region", steps: depth > 1 ? [] : randomSteps(chance, inside, depth + 1) }
    }
    case "Wait":
    case "Mask":
    case "Tool":
      return { _tag: kind, ms }
    case "Edit":
      return { _tag: "Edit", from: chance.next() }
    default:
      return { _tag: kind }
  }
}

const randomSteps = (chance: Chance.Chance, weights: Shape["steps"], depth: number): ReadonlyArray<Step> =>
  chance.many(chance.int(0, 6), () => randomStep(chance, weights, depth))

interface World {
  readonly note: (happening: Timeline.Happening) => void
  /** The name of the next piece of work. Undefined if the agent has done enough of it. */
  readonly name: () => string | undefined
}

/** A word that no other turn says, so that it has exactly one place. */
const word = (turn: number, said: number): string => {
  const letters = (n: number) => Array.from(String(n), (digit) => "abcdefghij"[Number(digit)]).join("")
  return `k${letters(turn)}m${letters(said)}o`
}

const doing = <E, R>(effect: Effect.Effect<unknown, E, R>) => Stream.drain(Stream.fromEffect(effect))

/** Does one step after another. */
const play = (
  { name, note }: World,
  turn: Turn.Turn,
  steps: ReadonlyArray<Step>
): Stream.Stream<Event.Output, string> => {
  let said = 0
  let calls = 0
  const text = (interruptible = true) =>
    Event.sendText(`${word(turn.id, ++said)} `, interruptible ? {} : { interruptible })
  const step = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      note({ _tag: "Stepped", turn: turn.id })
      return effect
    })

  const clean = (cleanup: Cleanup, ms: number) =>
    cleanup === "Dying"
      ? Effect.suspend(() => {
          note({ _tag: "TurnFailing", turn: turn.id, message: "cleanup", apology: "sorry" })
          return Effect.die("cleanup")
        })
      : cleanAlone(cleanup, ms)

  const one = (self: Step): Stream.Stream<Event.Output, string, Scope.Scope> => {
    switch (self._tag) {
      case "Say":
        return Stream.suspend(() =>
          Stream.fromIterable(Array.from({ length: self.count }, () => text(self.interruptible)))
        )
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
      case "Fork":
        return doing(fork(self))
      case "Background":
        return doing(
          Effect.suspend(() => {
            const free = name()
            return free === undefined
              ? Effect.void
              : turn.background(free, work(self), { delivery: self.delivery, atEnd: self.atEnd })
          })
        )
      case "Tool":
        return doing(tool(turn, `${turn.id}.${++calls}`, self.ms))
      case "Read":
        return doing(Effect.map(turn.currentHistory, ({ entries, events }) => entries.length + events.length))
      case "Add":
        return doing(Effect.ignore(turn.addEntry("a note")))
      case "Edit":
        return doing(edit(turn, self.from))
      case "Interrupt":
        return Stream.fromEffectDrain(Effect.interrupt)
      case "Region":
        return turn.uninterruptible(Stream.suspend(() => all(self.steps)))
      case "Throw":
        return Stream.suspend(() => {
          throw new Error("thrown")
        })
      case "Fail":
        return Stream.fail("failed")
      case "Die":
        return Stream.die(new Error("died"))
    }
  }
  const all = (steps: ReadonlyArray<Step>): Stream.Stream<Event.Output, string, Scope.Scope> =>
    steps.reduceRight<Stream.Stream<Event.Output, string, Scope.Scope>>(
      (rest, self) => Stream.concat(one(self), rest),
      Stream.empty
    )
  // The turn provides the scope for everything it forks and acquires.
  return all(steps) as Stream.Stream<Event.Output, string>
}

/** Failures of children and of background work are not the turn's. */
const cleanAlone = (cleanup: Cleanup, ms: number) =>
  cleanup === "Hanging" ? Effect.never : cleanup === "Slow" ? Effect.sleep(ms) : Effect.void

const fork = ({ cleanup, ms, scoped }: Extract<Step, { readonly _tag: "Fork" }>) => {
  const child = Effect.onExit(Effect.forever(Effect.sleep(50)), () => cleanAlone(cleanup, ms))
  return scoped
    ? Effect.forkScoped(child, { startImmediately: true })
    : Effect.forkChild(child, { startImmediately: true })
}

const tool = (turn: Turn.Turn, toolCallId: string, ms: number): Effect.Effect<void> =>
  Effect.uninterruptibleMask((restore) => {
    const call = { toolCallId, toolName: "tool", toolArgs: {} }
    const returned = (result: string) => turn.record([{ _tag: "AgentToolReturned", ...call, result }])
    return Effect.andThen(
      turn.record([{ _tag: "AgentToolCalled", ...call }]),
      Effect.onInterrupt(Effect.andThen(restore(Effect.sleep(ms)), returned("done")), () => returned("cancelled"))
    )
  })

const edit = (turn: Turn.Turn, from: number): Effect.Effect<void> =>
  Effect.flatMap(turn.currentHistory, ({ events }) => {
    const start = events[Math.floor(from * events.length)]
    const summary = {
      _tag: "CustomHistoryEntry",
      eventId: `summary of ${turn.id}`,
      role: "system",
      content: "all"
    } as const
    return start === undefined ? Effect.void : Effect.ignore(turn.updateHistory([summary], { start }))
  })

const work = ({ cleanup, ends, ms }: Extract<Step, { readonly _tag: "Background" }>): Effect.Effect<string, string> =>
  Effect.andThen(
    Effect.onInterrupt(ms === 0 ? Effect.void : Effect.sleep(ms), () => cleanAlone(cleanup, ms)),
    ends === "Returned" ? Effect.succeed("done") : ends === "Failed" ? Effect.fail("failed") : Effect.interrupt
  )
