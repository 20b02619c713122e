import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Clock, Context, Effect, Predicate } from "effect"
import { TestClock } from "effect/testing"
import * as Event from "../src/Event.ts"
import * as EventFilter from "../src/EventFilter.ts"

const { cases } = Event.Input
const eventId = "e1"

// One row per event: a new member of `Event.Input` does not compile until it has a row here.
const standard: { readonly [Tag in Event.Input["_tag"]]: readonly [Event.InputOf<Tag>, EventFilter.Decision] } = {
  CallStarted: [cases.CallStarted.make({ eventId }), "Run"],
  CallEnded: [cases.CallEnded.make({ eventId }), "Run"],
  UserTurnStarted: [cases.UserTurnStarted.make({ eventId }), "Cancel"],
  UserTextSent: [cases.UserTextSent.make({ eventId, content: "hel" }), "Keep"],
  UserDtmfSent: [cases.UserDtmfSent.make({ eventId, button: "1" }), "Keep"],
  UserTurnEnded: [cases.UserTurnEnded.make({ eventId, content: [] }), "Run"],
  UserTurnAbandoned: [cases.UserTurnAbandoned.make({ eventId }), "Keep"],
  UserSilent: [cases.UserSilent.make({ eventId, seconds: 5 }), "Keep"],
  AnswerOverdue: [cases.AnswerOverdue.make({ eventId, respondingTo: "r", seconds: 5 }), "Keep"],
  UserCustomSent: [cases.UserCustomSent.make({ eventId, metadata: {} }), "Keep"],
  AgentTurnStarted: [cases.AgentTurnStarted.make({ eventId }), "Keep"],
  AgentTextSent: [cases.AgentTextSent.make({ eventId, content: "hi" }), "Keep"],
  AgentDtmfSent: [cases.AgentDtmfSent.make({ eventId, button: "1" }), "Keep"],
  AgentTurnEnded: [cases.AgentTurnEnded.make({ eventId, content: [] }), "Keep"],
  AgentHandedOff: [cases.AgentHandedOff.make({ eventId }), "Keep"],
  BackgroundReturned: [
    cases.BackgroundReturned.make({ eventId, name: "n", respondingTo: "r", outcome: "Returned", result: 1 }),
    "Run"
  ],
  TurnFailed: [cases.TurnFailed.make({ eventId, respondingTo: "r", message: "m" }), "Keep"]
}
const events: ReadonlyArray<Event.Input> = Object.values(standard).map(([event]) => event)
const [started] = standard.UserTurnStarted

/** Which filter accepts, which one is an Effect, and the decision. */
const precedence: ReadonlyArray<readonly [run: boolean, cancel: boolean, EventFilter.Decision]> = [
  [true, true, "Run"],
  [true, false, "Run"],
  [false, true, "Cancel"],
  [false, false, "Keep"]
]

describe("EventFilter", () => {
  for (const [event, decision] of Object.values(standard)) {
    it(`standard: ${event._tag} is ${decision}`, () => {
      assert.strictEqual(EventFilter.decide(event, EventFilter.standard), decision)
    })
  }

  for (const [run, cancel, decision] of precedence) {
    it.effect(`decides ${decision} if run returns ${run} and cancel ${cancel}, each as a value or as an Effect`, () =>
      Effect.gen(function* () {
        const plain = { run: () => run, cancel: () => cancel }
        const asked = { run: () => Effect.succeed(run), cancel: () => Effect.succeed(cancel) }
        assert.strictEqual(EventFilter.decide(started, plain), decision)
        for (const policy of [asked, { ...plain, cancel: asked.cancel }, { ...plain, run: asked.run }]) {
          const decided = EventFilter.decide(started, policy)
          assert.strictEqual(typeof decided === "string" ? decided : yield* decided, decision)
        }
      })
    )

    it(`asks cancel only if run declines: run returns ${run}`, () => {
      let asked = 0
      EventFilter.decide(started, { run: () => run, cancel: () => (asked++, cancel) })
      assert.strictEqual(asked, run ? 0 : 1)
    })
  }

  it("supports data-first and data-last calls", () => {
    assert.deepStrictEqual(
      events.map(EventFilter.decide(EventFilter.standard)),
      events.map((event) => EventFilter.decide(event, EventFilter.standard))
    )
  })

  it.effect("a filter can read the clock", () =>
    Effect.gen(function* () {
      const opensAt = 8 * 3_600_000
      const policy: EventFilter.Policy = {
        run: () => Effect.map(Clock.currentTimeMillis, (now) => now >= opensAt),
        cancel: EventFilter.tags()
      }
      const decide = Effect.suspend(() => {
        const decision = EventFilter.decide(started, policy)
        return typeof decision === "string" ? Effect.succeed(decision) : decision
      })
      assert.strictEqual(yield* decide, "Keep")
      yield* TestClock.adjust("8 hours")
      assert.strictEqual(yield* decide, "Run")
    })
  )

  it("the requirements of a filter are part of its type", () => {
    class Hours extends Context.Service<Hours, { readonly open: boolean }>()("test/Hours") {}
    const run: EventFilter.EventFilter<Hours> = () => Hours.use(({ open }) => Effect.succeed(open))
    const decision = EventFilter.decide(started, { run, cancel: EventFilter.tags() })
    expectTypeOf(decision).toEqualTypeOf<EventFilter.Decision | Effect.Effect<EventFilter.Decision, never, Hours>>()
    // @ts-expect-error a filter that needs a service is no filter that needs none
    const free: EventFilter.EventFilter = run
    assert.strictEqual(free, run)
  })

  it("tags accepts nothing if no tag is given", () => {
    assert.isFalse(events.some(EventFilter.tags()))
  })

  it("tags narrows to the events it accepts", () => {
    const heard = events.filter(EventFilter.tags("UserTextSent", "AgentTextSent"))
    assert.deepStrictEqual(
      heard.map((event) => event.content),
      ["hel", "hi"]
    )
  })

  it("from takes a list of tags or a filter", () => {
    const accepted = (source: EventFilter.Source) =>
      events.filter((event) => EventFilter.from(source)(event) === true).map((event) => event._tag)
    assert.deepStrictEqual(accepted(["UserDtmfSent", "TurnFailed"]), ["UserDtmfSent", "TurnFailed"])
    assert.deepStrictEqual(accepted([]), [])
    const filter = (event: Event.Input) => event._tag === "CallEnded"
    assert.strictEqual(EventFilter.from(filter), filter)
  })

  it("composes with Predicate", () => {
    const others = Predicate.not(EventFilter.tags("UserTextSent"))
    assert.strictEqual(events.filter(others).length, events.length - 1)
  })
})
