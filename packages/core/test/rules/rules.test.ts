import { assert, describe } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Call from "../../src/Call.ts"
import * as Event from "../../src/Event.ts"
import { breaches } from "./replay.ts"
import { everything, forAll, type Random, settle, type Shape, simulate } from "./schedule.ts"
import { hearing, misheard } from "./speech.ts"

/** A rule holds for random calls of a shape. */
const upholds = (rule: number, shape: Shape) => (random: Random) =>
  Effect.map(simulate(random, shape), (trace) => {
    const found = breaches(trace).filter((breach) => breach.rule === rule)
    assert.deepStrictEqual(
      found.map(({ at, what }) => `${at} ms: ${what}`),
      []
    )
  })

const speaking: Shape["steps"] = { Say: 5, Push: 2, Wait: 5, Promise: 1, Hold: 2 }
const untidy: Shape["steps"] = { Say: 5, Wait: 4, Mask: 3, Hold: 6, Fork: 3, Fail: 0.2 }

describe("1. at most one turn runs, and nothing of a closed turn is heard", () => {
  forAll("whatever the agent does", upholds(1, { steps: everything }))
  forAll("when turns are slow to clean up", upholds(1, { steps: untidy }))
  forAll("when filters take their time to answer", upholds(1, { steps: everything, slowFilters: 0.4 }))
  forAll("when the harness takes its time to send", upholds(1, { steps: everything, slowSends: 0.7 }))
})

describe("2. reading never waits for a turn", () => {
  forAll("whatever the agent does", upholds(2, { steps: everything }))
  forAll("when turns are slow to clean up", upholds(2, { steps: untidy }))
  forAll("when the harness takes its time to send", upholds(2, { steps: speaking, slowSends: 0.9 }))
})

describe("5. what was spoken is what the harness reported, as the agent wrote it", () => {
  forAll("with spacing and emoji, and text that cannot be interrupted once it has begun", hearing)
  forAll("a word that was read out differently costs that word", misheard)
})

describe("7. a background result is delivered exactly once, when its policy says", () => {
  const working: Shape["steps"] = { Say: 2, Wait: 3, Background: 8, Hold: 1, Region: 0.5, Fail: 0.2 }
  forAll("whatever the agent does", upholds(7, { steps: everything }))
  forAll("when much of its work is in the background", upholds(7, { steps: working }))
})

describe("8. nothing of a call remains after its end, which is bounded", () => {
  forAll("whatever the agent does", upholds(8, { steps: everything }))
  forAll("when turns are slow to clean up", upholds(8, { steps: { ...untidy, Background: 3, Region: 1 } }))
  forAll("when filters take their time to answer", (random) =>
    Effect.map(simulate(random, { steps: { Say: 1, Wait: 3, Background: 5 }, slowFilters: 0.5 }), (trace) => {
      const left = breaches(trace).filter(({ what }) => what.includes("fibers are left"))
      assert.deepStrictEqual(left, [])
    })
  )
})

describe("9. a failing agent ends its turn, and nothing else", () => {
  const failing: Shape["steps"] = { ...everything, Fail: 2, Die: 1, Throw: 1 }
  forAll("recover", upholds(9, { steps: failing, policies: { turnFailure: "recover" } }))
  forAll("close", upholds(9, { steps: failing, policies: { turnFailure: "close" } }))
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
      yield* settle
      yield* ill.end
      yield* well.end
      assert.deepStrictEqual(heard, [...ids])
    })
  )
})

describe("10. uninterruptible regions finish", () => {
  const regions: Shape["steps"] = { Say: 4, Push: 1, Wait: 4, Hold: 1, Fork: 1, Region: 4 }
  forAll("whatever the agent does", upholds(10, { steps: everything }))
  forAll("when much of what it does is uninterruptible", upholds(10, { steps: regions }))
  forAll("when the harness takes its time to send", upholds(10, { steps: regions, slowSends: 0.7 }))
})
