import { assert, describe } from "@effect/vitest"
import { Effect, Metric, Stream } from "effect"
import * as Agent from "../../../src/Agent.ts"
import * as Call from "../../../src/Call.ts"
import * as CallRequest from "../../../src/CallRequest.ts"
import * as Event from "../../../src/Event.ts"
import * as Caller from "../../../src/testing/Caller.ts"
import * as Spans from "../../../src/testing/Spans.ts"
import * as TestCall from "../../../src/testing/TestCall.ts"
import { pass, test } from "../../virtualTest.ts"

const request = CallRequest.make({ callId: "c1" })
const secret = /Anna|\+4366|4321/
const said = (span: { readonly attributes: ReadonlyMap<string, unknown> }) => Object.fromEntries(span.attributes)

/** Counts of one metric by label, since a given moment. */
const counts = (name: string) =>
  Effect.map(Metric.snapshot, (all) =>
    Object.fromEntries(
      all
        .filter(({ id, type }) => id === name && type !== "Frequency")
        .map(({ attributes, state }) => [
          Object.entries(attributes ?? {})
            .filter(([key]) => key !== "unit")
            .map(([, value]) => value)
            .join(),
          "count" in state ? Number(state.count) : "value" in state ? Number(state.value) : 0
        ])
    )
  )
const metered = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.provideService(self, Metric.MetricRegistry, new Map())

const playing = (agent: Agent.Agent<unknown>, script: Caller.Script) =>
  Effect.gen(function* () {
    const spans = Spans.make()
    yield* TestCall.run(Agent.make(agent), script, { request }).pipe(spans.collect)
    return spans
  })

describe("callTrace", () => {
  test("a call has its own trace, with a span for each turn and the time the caller waited", function* () {
    const agent = Agent.route({
      CallStarted: () => Stream.make(Event.sendText("Hello! ")),
      UserTurnEnded: () => Stream.fromEffect(Effect.delay(Effect.succeed(Event.sendText("Anna, 4321. ")), "700 millis"))
    })
    const spans = yield* playing(agent, [Caller.says("I am Anna"), Caller.listens(), Caller.hangsUp])
    assert.strictEqual(spans.tree(), "call\n  turn\n  turn\n  heard\n  turn\n")
    const [call] = spans.named("call")
    assert.include(said(call!), {
      "gen_ai.conversation.id": "c1",
      "antiphon.call.how": "Ended",
      "antiphon.call.turns": 3
    })
    const turn = said(spans.named("turn")[1]!)
    assert.include(turn, {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.conversation.id": "c1",
      "gen_ai.agent.invocation.end_reason": "completed",
      "antiphon.turn.id": 2,
      "antiphon.turn.trigger": "UserTurnEnded"
    })
    assert.closeTo(turn["antiphon.turn.time_to_first_word"] as number, 0.7, 0.001)
    const { status } = spans.named("heard")[0]!
    assert.isAtLeast(status._tag === "Ended" ? Number(status.endTime - status.startTime) / 1e9 : 0, 0.7)
    for (const span of spans.all()) assert.notMatch(JSON.stringify([span.name, ...span.attributes]), secret)
  })

  test("a barge-in is no error, and a failure shows its kind but not its words", function* () {
    const agent = Agent.route({
      UserTurnEnded: (event) =>
        Event.text(event) === "fail"
          ? Stream.fail(new TypeError("no booking for Anna +4366"))
          : Stream.concat(Stream.make(Event.sendText("A long story. ")), Stream.never)
    })
    const spans = yield* playing(agent, [
      Caller.says("talk"),
      Caller.hears(1),
      Caller.bargesIn("fail", { after: 1 }),
      Caller.listens()
    ])
    assert.strictEqual(spans.tree(), "call\n  turn\n  turn (interrupted)\n  heard\n  turn (TypeError)\n  turn\n")
    assert.strictEqual(said(spans.named("turn")[1]!)["gen_ai.agent.invocation.end_reason"], "interrupted")
    const failed = said(spans.named("turn")[2]!)
    assert.strictEqual(failed["error.type"], "TypeError")
    assert.notProperty(failed, "gen_ai.agent.invocation.end_reason")
    for (const span of spans.all()) assert.notMatch(JSON.stringify([...span.attributes]), secret)
  })

  test("background work is a child of the call, linked to the turn that started it", function* () {
    const agent = Agent.route({
      UserTurnEnded: (_, turn) =>
        Stream.fromEffectDrain(turn.background("search", Effect.withSpan(Effect.sleep("3 seconds"), "mine")))
    })
    const spans = yield* playing(agent, [Caller.says("look"), Caller.pauses("5 seconds")])
    const [work] = spans.named("background")
    assert.include(spans.tree(), "  background\n    mine\n")
    assert.deepStrictEqual(
      work!.links.map(({ span }) => span),
      [spans.named("turn")[1]!]
    )
    assert.include(said(work!), { "antiphon.background.name": "search", "gen_ai.conversation.id": "c1" })
  })

  test("two concurrent calls share no trace, even if one request started both", function* () {
    const spans = Spans.make()
    const one = (callId: string) =>
      TestCall.run(
        Agent.make(() => Stream.empty),
        [Caller.says("a")],
        { request: CallRequest.make({ callId }) }
      )
    yield* Effect.all([one("c1"), one("c2")], { concurrency: 2 }).pipe(Effect.withSpan("http"), spans.collect)
    const calls = spans.named("call")
    assert.strictEqual(new Set(calls.map(({ traceId }) => traceId)).size, 2)
    assert.deepStrictEqual(
      calls.map(({ links }) => links[0]!.span),
      [...spans.named("http"), ...spans.named("http")]
    )
    for (const { attributes, parent } of spans.named("turn")) {
      const call = parent._tag === "Some" && parent.value._tag === "Span" ? parent.value : undefined
      assert.strictEqual(attributes.get("gen_ai.conversation.id"), call?.attributes.get("gen_ai.conversation.id"))
    }
  })

  test("a call id from outside is truncated", function* () {
    const spans = Spans.make()
    const long = CallRequest.make({ callId: "x".repeat(1_000_000) })
    yield* TestCall.run(
      Agent.make(() => Stream.empty),
      [],
      { request: long }
    ).pipe(spans.collect)
    for (const span of spans.all()) assert.strictEqual(said(span)["gen_ai.conversation.id"], "x".repeat(128))
  })

  test("counts calls, turns by outcome, interruptions, and the callers' waits", function* () {
    yield* metered(
      Effect.gen(function* () {
        const talk = Agent.route({
          UserTurnEnded: () => Stream.concat(Stream.make(Event.sendText("A long story. ")), Stream.never)
        })
        yield* TestCall.run(Agent.make(talk), [
          Caller.says("talk"),
          Caller.hears(1),
          Caller.bargesIn("again", { after: 1 }),
          Caller.listens({ atMost: "3 seconds" }),
          Caller.hangsUp
        ])
        assert.deepStrictEqual(yield* counts("antiphon_calls_open"), { "": 0 })
        assert.deepStrictEqual(yield* counts("antiphon_calls"), { Ended: 1 })
        assert.deepStrictEqual(yield* counts("antiphon_interruptions"), { "": 1 })
        assert.deepStrictEqual(yield* counts("antiphon_first_word"), { "": 2 })
        assert.deepStrictEqual(yield* counts("antiphon_heard"), { "": 2 })
        assert.deepStrictEqual(yield* counts("antiphon_call_duration"), { "": 1 })
        assert.deepStrictEqual(yield* counts("antiphon_turns"), {
          "CallStarted,completed": 1,
          "UserTurnEnded,interrupted": 1,
          "UserTurnEnded,session_closed": 1,
          "CallEnded,completed": 1
        })
      })
    )
  })

  test("a call that is cut off is also closed in its metrics and its trace", function* () {
    yield* metered(
      Effect.gen(function* () {
        const spans = Spans.make()
        const harness = { send: () => Effect.void, fail: () => Effect.void }
        const running = Effect.scoped(
          Effect.andThen(
            Call.make(
              Agent.make(() => Stream.never),
              { harness, request }
            ),
            Effect.sleep("1 second")
          )
        )
        yield* Effect.forkChild(spans.collect(running))
        yield* pass("500 millis")
        assert.deepStrictEqual(yield* counts("antiphon_calls_open"), { "": 1 })
        yield* pass("1 second")
        assert.deepStrictEqual(yield* counts("antiphon_calls_open"), { "": 0 })
        assert.deepStrictEqual(yield* counts("antiphon_calls"), { CutOff: 1 })
        assert.strictEqual(spans.tree(), "call\n  turn (interrupted)\n")
      })
    )
  })
})
