import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Call from "../../src/Call.ts"
import * as Event from "../../src/Event.ts"
import * as RandomAgent from "../../src/testing/RandomAgent.ts"
import * as Rules from "../../src/testing/Rules.ts"
import * as SimulatedCaller from "../../src/testing/SimulatedCaller.ts"
import * as VirtualTime from "../../src/testing/VirtualTime.ts"
import { forAll, runs, seed } from "./forAll.ts"
import { hearing, misheard } from "./speech.ts"

const { everything } = RandomAgent
type Shape = RandomAgent.Shape

/** A rule holds for random agents of a shape, on a phone whose harness reports anything, or with simulated callers. */
const upholds = (rule: number, name: string, shape: Shape, tempers: SimulatedCaller.Options["tempers"] = ["chaotic"]) =>
  it.effect(
    name,
    () => Rules.check(RandomAgent.make(shape), { calls: runs, seed, rules: [rule], tempers, maxTurns: 6 }),
    120_000
  )
const human = SimulatedCaller.tempers.filter((temper) => temper !== "chaotic")

const speaking: Shape["steps"] = { Say: 5, Push: 2, Wait: 5, Promise: 1, Hold: 2 }
const untidy: Shape["steps"] = { Say: 5, Wait: 4, Mask: 3, Hold: 6, Fork: 3, Fail: 0.2 }
const working: Shape["steps"] = { Say: 2, Wait: 3, Background: 8, Hold: 1, Region: 0.5, Fail: 0.2 }
const regions: Shape["steps"] = { Say: 4, Push: 1, Wait: 4, Hold: 1, Fork: 1, Region: 4, Fail: 0.5 }
const slowWork: Shape = { steps: { Say: 1, Wait: 3, Background: 5 }, slowFilters: 0.5 }

describe("1. at most one turn runs, and nothing of a closed turn is heard", () => {
  upholds(1, "whatever the agent does", { steps: everything })
  upholds(1, "whatever the caller does", { steps: everything }, human)
  upholds(1, "when turns are slow to clean up", { steps: untidy })
  upholds(1, "when filters take their time to answer", { steps: everything, slowFilters: 0.4 })
})

describe("2. reading never waits for a turn", () => {
  upholds(2, "whatever the agent does", { steps: everything })
  upholds(2, "whatever the caller does", { steps: everything }, human)
  upholds(2, "when turns are slow to clean up", { steps: untidy })
  upholds(2, "when the agent talks", { steps: speaking })
})

describe("5. what was spoken is what the harness reported, as the agent wrote it", () => {
  upholds(5, "on any phone", { steps: everything }, human)
  upholds(5, "on a noisy phone", { steps: speaking }, ["noisy"])
  forAll("with spacing and emoji, and text that cannot be interrupted once it has begun", hearing)
  forAll("a word that was read out differently costs that word", misheard)
})

describe("7. a background result is delivered exactly once, when its policy says", () => {
  upholds(7, "whatever the agent does", { steps: everything })
  upholds(7, "whatever the caller does", { steps: everything }, human)
  upholds(7, "when much of its work is in the background", { steps: working })
})

describe("8. nothing of a call remains after its end, which is bounded", () => {
  upholds(8, "whatever the agent does", { steps: everything })
  upholds(8, "whatever the caller does", { steps: everything }, human)
  upholds(8, "when turns are slow to clean up", { steps: { ...untidy, Background: 3, Region: 1 } })
  upholds(8, "when filters take their time to answer", slowWork)
})

describe("9. a failing agent ends its turn, and nothing else", () => {
  upholds(
    9,
    "also one that ends by an interruption of its own",
    { steps: { Say: 3, Wait: 3, Tool: 1, Interrupt: 2 } },
    human
  )
  const failing: Shape["steps"] = { ...everything, Fail: 2, Die: 1, Throw: 1 }
  upholds(9, "recover", { steps: failing, policies: { turnFailure: "recover" } })
  upholds(9, "close", { steps: failing, policies: { turnFailure: "close" } })
  upholds(9, "whatever the caller does", { steps: failing }, human)
  forAll("another call is untouched", (random) =>
    Effect.gen(function* () {
      const echo = Agent.make(Agent.route({ UserTurnEnded: (event) => Stream.make(Event.sendText(event.eventId)) }))
      const broken = Agent.make(
        () => {
          const kind = random.int(0, 3)
          if (kind === 0) throw new Error("thrown")
          if (kind === 1) return Stream.die("died")
          return kind === 2 ? Stream.fail("failed") : Stream.ensuring(Stream.empty, Effect.die("finalizer"))
        },
        {
          run: (event) => {
            if (random.chance(0.3)) throw new Error("filter")
            return event._tag !== "UserTextSent"
          },
          turnFailure: random.pick(["recover", "close"])
        }
      )
      const heard: Array<string | undefined> = []
      const well = yield* Call.make(echo, {
        harness: {
          send: (outputs) => Effect.sync(() => void heard.push(outputs[0].respondingTo)),
          fail: () => Effect.sync(() => void heard.push("failed"))
        }
      })
      const ill = yield* Call.make(broken, { harness: { send: () => Effect.void, fail: () => Effect.void } })
      const ids = random.many(random.int(1, 20), (index) => `event ${index}`)
      for (const eventId of ids) {
        yield* ill.receive({ _tag: "UserTurnEnded", eventId })
        yield* well.receive({ _tag: "UserTurnEnded", eventId })
      }
      yield* VirtualTime.settled
      yield* ill.end
      yield* well.end
      assert.deepStrictEqual(heard, [...ids])
    })
  )
})

describe("10. uninterruptible regions finish", () => {
  upholds(10, "whatever the agent does", { steps: everything })
  upholds(10, "whatever the caller does", { steps: regions }, human)
  upholds(10, "when much of what it does is uninterruptible", { steps: regions })
})

describe("11. every turn of the caller is answered, or says why not, within the deadline", () => {
  const quiet: Shape["steps"] = { Say: 0.5, Wait: 5, Tool: 3, Background: 2, Hold: 1, Fail: 0.3, Interrupt: 0.3 }
  const policies = { answerDeadline: Duration.millis(25), holding: "one moment" }
  upholds(11, "whatever the agent does", { steps: everything })
  upholds(11, "whatever the caller does", { steps: everything }, human)
  upholds(11, "when the agent hardly says anything", { steps: quiet, policies }, SimulatedCaller.tempers)
})

/** Seeds of calls that once revealed a fault in the runtime or in a rule, with a description. */
const once: ReadonlyArray<
  readonly [what: string, seed: number, shape: Shape, tempers?: SimulatedCaller.Options["tempers"]]
> = [
  ["text whose handing over was cut off", 13_519, { steps: everything }],
  ["text that cannot be interrupted is waited for after a barge-in", 44_635, { steps: everything }],
  ["what runs when the caller begins to speak cuts in as well", 47_071, { steps: everything }],
  ["a turn whose region failed is over when the call is", 48_211, { steps: everything }],
  [
    "an outcome recorded when its turn was taken back is not released once more",
    320_238,
    { steps: everything },
    ["chaotic"]
  ],
  ["results that come back as the call ends", 500, { steps: working }, ["chaotic"]],
  ["a result of the next turn comes with results that were decided on together", 154, slowWork, ["chaotic"]],
  ["the failure of another turn is no answer", 1322, { steps: everything }, ["chaotic"]],
  ["what a slow harness was handed before the caller had finished is no answer", 1177, { steps: regions }, ["chaotic"]],
  [
    "what is said because an answer is overdue ends with the call",
    410,
    { steps: { ...untidy, Background: 3, Region: 1 } },
    ["chaotic"]
  ],
  ["the rest of a text that cannot be interrupted, at the end of the call", 571, { steps: regions }, human]
]

describe("calls that once revealed a fault in the runtime or in a rule", () => {
  for (const [what, seed, shape, tempers] of once)
    it.effect(`${what} (${seed})`, () =>
      Rules.check(RandomAgent.make(shape), { calls: 1, seed, tempers, maxTurns: tempers === undefined ? 8 : 6 })
    )
})

describe("12. a call takes no more than its share", () => {
  const failing: Shape["steps"] = { Say: 1, Fail: 3, Die: 3, Interrupt: 3 }
  upholds(12, "whatever the agent does", { steps: everything })
  upholds(12, "when the agent does nothing but fail", { steps: failing }, SimulatedCaller.tempers)
})
