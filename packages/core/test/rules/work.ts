/** Counts the work of a call: the steps of its own code, and the elements that array functions visit. */
import { Session } from "node:inspector"
import { Effect, type Scope, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Call from "../../src/Call.ts"
import * as Event from "../../src/Event.ts"
import type * as History from "../../src/History.ts"
import type { Chance } from "../../src/testing/Chance.ts"
import type * as Turn from "../../src/Turn.ts"

const session = new Session()
session.connect()

interface Coverage {
  readonly result: ReadonlyArray<{
    readonly url: string
    readonly functions: ReadonlyArray<{ readonly ranges: ReadonlyArray<{ readonly count: number }> }>
  }>
}

const post = (method: string, params?: object) => {
  let answer: unknown
  session.post(method, params, (error, result) => {
    if (error !== null) throw error
    answer = result
  })
  return answer
}

// Before any function of the package has run: code compiled without counters gets none.
post("Profiler.enable")
post("Profiler.startPreciseCoverage", { callCount: true, detailed: true })

/** How often any block of the package's code was entered since the last call of this function. */
const blocksEntered = (): number => {
  const { result } = post("Profiler.takePreciseCoverage") as Coverage
  let sum = 0
  for (const { functions, url } of result) {
    if (!url.includes("/packages/core/src/")) continue
    for (const { ranges } of functions) for (const { count } of ranges) sum += count
  }
  return sum
}

const scanning = [
  "concat",
  "every",
  "filter",
  "find",
  "findIndex",
  "flatMap",
  "forEach",
  "includes",
  "indexOf",
  "join",
  "map",
  "reduce",
  "slice",
  "some",
  "splice",
  "toSpliced"
] as const

/** Functions that copy a list in one step. */
const copying: ReadonlySet<string> = new Set(["slice", "toSpliced"])

/**
 * Counts the elements that array functions visit while it is switched on. Reading a view copies the list of lines,
 * which is one copy of memory and no work per line; it counts unless `copies` is false.
 */
const watchArrays = (copies: boolean) => {
  const prototype = Array.prototype as unknown as Record<string, (...args: ReadonlyArray<unknown>) => unknown>
  const counted = copies ? scanning : scanning.filter((name) => !copying.has(name))
  const originals = counted.map((name) => [name, prototype[name]!] as const)
  let elements = 0
  for (const [name, original] of originals) {
    prototype[name] = function (this: ReadonlyArray<unknown>, ...args) {
      elements += this.length
      return original.apply(this, [...args])
    }
  }
  return {
    elements: () => elements,
    restore: () => {
      for (const [name, original] of originals) prototype[name] = original
    }
  }
}

/** The reports of a stretch of a call, identical each time, and the agent's answer to each. */
const stretch = (random: Chance) => {
  const answers = random.many(2, (index) => random.many(random.int(2, 12), (at) => `word${index}x${at}`))
  const reports: Array<Event.Report> = []
  for (const [index, answer] of answers.entries()) {
    reports.push({ _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content: "hello there" })
    if (random.chance(0.5)) reports.push({ _tag: "UserDtmfSent", button: "5" })
    reports.push({ _tag: "UserTurnEnded", eventId: `${index}` }, { _tag: "AgentTurnStarted" })
    const heard = random.chance(0.5) ? answer.length : random.int(0, answer.length)
    for (const content of answer.slice(0, heard)) reports.push({ _tag: "AgentTextSent", content })
    reports.push({ _tag: "AgentTurnEnded" })
    if (random.chance(0.3)) reports.push({ _tag: "UserCustomSent", metadata: {} })
  }
  return { answers, reports }
}

// Unheard turns are searched until there are 64 of them, so the early stretch comes after that.
const repeats = { warmUp: 32, measured: 2, between: 32 }

/** What an agent does to its history at every turn. */
const habits = {
  None: () => Effect.void,
  Reads: (turn: Turn.Turn) => Effect.map(turn.currentHistory, ({ entries, events }) => entries.length + events.length),
  Edits: (turn: Turn.Turn) => {
    const said = { _tag: "CustomHistoryEntry", eventId: `note ${turn.id}`, role: "system", content: "said" } as const
    return Effect.andThen(turn.addEntry("a note"), turn.updateHistory([said], { start: turn.trigger }))
  }
} satisfies Record<string, (turn: Turn.Turn) => Effect.Effect<unknown, History.AnchorError>>

/** The work of the same stretch of events early in a call and late in it. */
export const countWork = (
  random: Chance,
  habit: "None" | "Reads" | "Edits" = "None"
): Effect.Effect<{ readonly early: number; readonly late: number }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { answers, reports } = stretch(random)
    const background = random.chance(0.5)
    const fails = random.chance(0.2)
    const call = yield* Call.make(
      Agent.make(
        (event, turn) => {
          const say = Stream.fromIterable(
            (answers[Number(event.eventId)] ?? ["ok "]).map((word) => Event.sendText(`${word} `))
          )
          const work = background
            ? Stream.drain(Stream.fromEffect(turn.background("work", Effect.void, { delivery: "nextTurn" })))
            : Stream.empty
          const first = Stream.fromEffectDrain(Effect.orDie(habits[habit](turn)))
          return Stream.concat(
            Stream.concat(Stream.concat(first, work), say),
            fails ? Stream.fail("failed") : Stream.empty
          )
        },
        { run: ["UserTurnEnded"] }
      ),
      { harness: { send: () => Effect.void, fail: () => Effect.void } }
    )
    const play = (times: number) =>
      Effect.gen(function* () {
        for (let i = 0; i < times; i++) for (const report of reports) yield* call.receive(report)
      })
    const measure = Effect.acquireUseRelease(
      Effect.sync(() => {
        blocksEntered()
        return watchArrays(habit === "None")
      }),
      (arrays) => Effect.map(play(repeats.measured), () => arrays.elements() + blocksEntered()),
      (arrays) => Effect.sync(arrays.restore)
    )
    yield* play(repeats.warmUp)
    const early = yield* measure
    yield* play(repeats.between)
    const late = yield* measure
    return { early, late }
  })
