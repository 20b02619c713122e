import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Schema, Scope, Stream } from "effect"
import * as Agent from "../src/Agent.ts"
import * as CallRequest from "../src/CallRequest.ts"
import * as Event from "../src/Event.ts"
import * as EventFilter from "../src/EventFilter.ts"
import { quietTurn, started } from "./quietTurn.ts"

const { sendText } = Event
const { cases } = Event.Input
const ended = cases.UserTurnEnded.make({
  eventId: "i1",
  content: [Event.UserContent.cases.UserTextSent.make({ eventId: "m1", content: "hi" })]
})
const dtmf = cases.UserDtmfSent.make({ eventId: "d1", button: "5" })

const texts = <E, R>(agent: Agent.Agent<E, R>, event: Event.Input = started) =>
  Effect.map(Stream.runCollect(agent(event, quietTurn)), (outputs) =>
    outputs.map((output) => (output._tag === "AgentSendText" ? output.text : output._tag))
  )

class Broken extends Schema.TaggedError<Broken>()("Broken", {}) {}
class Voice extends Context.Service<Voice, { readonly greeting: string }>()("test/Voice") {}
class Orders extends Context.Service<Orders, { readonly count: number }>()("test/Orders") {}
class Hours extends Context.Service<Hours, { readonly open: boolean }>()("test/Hours") {}

const greets: Agent.Agent<never, Voice> = () =>
  Stream.fromEffect(Effect.map(Voice, ({ greeting }) => sendText(greeting)))

describe("Agent.make", () => {
  it("uses the defaults of the reference for everything not set", () => {
    const agent = () => Stream.empty
    assert.deepStrictEqual(Agent.make(agent), {
      agent,
      run: EventFilter.standard.run,
      cancel: EventFilter.standard.cancel,
      turnFailure: "recover",
      apology: "Sorry, something went wrong on my side.",
      backgroundDelivery: "whenIdle",
      backgroundPatience: Duration.seconds(30),
      cancelGrace: Duration.seconds(1),
      endGrace: Duration.seconds(10),
      regionLimit: Duration.seconds(30),
      filterTimeout: Duration.seconds(2),
      firstSound: Duration.seconds(3),
      lateWords: Duration.millis(300),
      answerDeadline: Duration.seconds(10),
      holding: "",
      outputAfterEnd: "discard"
    })
  })

  it("takes filters as tags or functions, and durations in any form", () => {
    const cancel = () => false
    const spec = Agent.make(() => Stream.empty, {
      run: ["UserDtmfSent"],
      cancel,
      turnFailure: "close",
      apology: "",
      backgroundDelivery: "nextTurn",
      backgroundPatience: 5,
      cancelGrace: "2 seconds",
      endGrace: Duration.zero,
      regionLimit: "1 minute",
      filterTimeout: "1 second",
      firstSound: 100,
      lateWords: Duration.infinity,
      answerDeadline: "4 seconds",
      holding: "One moment.",
      outputAfterEnd: "stop"
    })
    assert.isTrue(spec.run(dtmf))
    assert.isFalse(spec.run(ended))
    const { agent: _, run: __, ...rest } = spec
    assert.deepStrictEqual(rest, {
      cancel,
      turnFailure: "close",
      apology: "",
      backgroundDelivery: "nextTurn",
      backgroundPatience: Duration.millis(5),
      cancelGrace: Duration.seconds(2),
      endGrace: Duration.zero,
      regionLimit: Duration.minutes(1),
      filterTimeout: Duration.seconds(1),
      firstSound: Duration.millis(100),
      lateWords: Duration.infinity,
      answerDeadline: Duration.seconds(4),
      holding: "One moment.",
      outputAfterEnd: "stop"
    })
  })

  it("requires what its agent and its filters require", () => {
    const spec = Agent.make(greets, { run: () => Hours.use(({ open }) => Effect.succeed(open)) })
    expectTypeOf(spec).toEqualTypeOf<Agent.AgentSpec<never, Voice | Hours>>()
  })
})

describe("Agent.route", () => {
  const agent = Agent.route({
    UserTurnEnded: (event) => Stream.make(sendText(`${event.content.length}: ${Event.text(event)}`)),
    UserDtmfSent: ({ button }, { id }) => Stream.make(sendText(`${button} in turn ${id}`))
  })

  it.effect("answers each kind of event with the function of that name", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* texts(agent, ended), ["1: hi"])
      assert.deepStrictEqual(yield* texts(agent, dtmf), ["5 in turn 1"])
    })
  )

  it.effect("says nothing for events without a function", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* texts(agent, started), [])
    })
  )

  it("has the errors and requirements of its functions", () => {
    const one = Agent.route({ CallStarted: () => Stream.fail(new Broken()) })
    expectTypeOf(one).toEqualTypeOf<Agent.Agent<Broken>>()
    expectTypeOf(Agent.route({ CallStarted: greets })).toEqualTypeOf<Agent.Agent<never, Voice>>()
    // @ts-expect-error an event that does not exist
    Agent.route({ UserSneezed: () => Stream.empty })
    // @ts-expect-error a key press has no content
    Agent.route({ UserDtmfSent: (event) => Stream.make(sendText(event.content)) })
  })
})

describe("Agent.mapOutput", () => {
  it.effect("changes each output and gets the event it answers", () =>
    Effect.gen(function* () {
      const agent = Agent.mapOutput(
        () => Stream.make(sendText("a"), Event.endCall(), sendText("b")),
        (output, event) =>
          output._tag === "AgentSendText" ? { ...output, text: `${event.eventId} ${output.text}` } : output
      )
      assert.deepStrictEqual(yield* texts(agent), ["e1 a", "AgentEndCall", "e1 b"])
    })
  )
})

describe("Agent.observe", () => {
  it.effect("passes each output to the observer first and changes none", () =>
    Effect.gen(function* () {
      const seen: Array<string> = []
      const agent = Agent.observe(
        () => Stream.make(sendText("a"), sendText("b")),
        (output, event) => Effect.sync(() => seen.push(`${event._tag} ${output._tag}`))
      )
      assert.deepStrictEqual(yield* texts(agent), ["a", "b"])
      assert.deepStrictEqual(seen, ["CallStarted AgentSendText", "CallStarted AgentSendText"])
    })
  )

  it("adds the observer's requirements and errors to the agent's", () => {
    const agent = Agent.observe(greets, () => Effect.flatMap(Orders, () => new Broken()))
    expectTypeOf(agent).toEqualTypeOf<Agent.Agent<Broken, Voice | Orders>>()
  })
})

class Support extends Agent.Service<Support>()("test/Support") {}
class Sales extends Agent.Service<Sales>()("test/Sales") {}

const first = <E, R>(factory: Agent.Factory<E, R>, request = CallRequest.make()) =>
  Effect.scoped(
    Effect.flatMap(
      factory(request),
      (spec) => texts(spec.agent as Agent.Agent<unknown>) as Effect.Effect<Array<string>, unknown>
    )
  )

describe("Agent.Service", () => {
  const support = Agent.layer(Support, () =>
    Effect.map(Orders, ({ count }) =>
      Agent.make((event, turn) => Stream.concat(Stream.make(sendText(`${count} orders`)), greets(event, turn)), {
        run: () => Hours.use(({ open }) => Effect.succeed(open))
      })
    )
  )
  const services = Layer.mergeAll(
    Layer.succeed(Voice, { greeting: "Good day" }),
    Layer.succeed(Orders, { count: 3 }),
    Layer.succeed(Hours, { open: true })
  )

  it("has a Layer that requires what its factory, agent and filters require", () => {
    expectTypeOf(support).toEqualTypeOf<Layer.Layer<Support, never, Voice | Orders | Hours>>()
    expectTypeOf(Support.factory).toEqualTypeOf<Agent.Factory<unknown, Support, never>>()
    const onlyVoice = support.pipe(Layer.provide(Layer.succeed(Voice, { greeting: "" })))
    // @ts-expect-error orders and hours are missing
    const free: Layer.Layer<Support> = onlyVoice
    assert.strictEqual<unknown>(free, onlyVoice)
    const run = first(Support.factory)
    // @ts-expect-error the agent's Layer is missing
    const unprovided: Effect.Effect<Array<string>, unknown> = run
    assert.strictEqual<unknown>(unprovided, run)
  })

  it("has a Layer that requires no Scope if only the call's scope is used by the factory", () => {
    const layer = Agent.layer(Support, () =>
      Effect.as(
        Effect.addFinalizer(() => Effect.void),
        Agent.make(() => Stream.empty)
      )
    )
    expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Support>>()
  })

  it.effect("makes an agent with the services given to the Layer", () =>
    Effect.gen(function* () {
      const outputs = yield* first(Support.factory)
      assert.deepStrictEqual(outputs, ["3 orders", "Good day"])
      const spec = yield* Effect.scoped(Support.factory(CallRequest.make()))
      const decision = spec.run(started)
      assert.isTrue(typeof decision === "boolean" ? decision : yield* decision as Effect.Effect<boolean>)
    }).pipe(Effect.provide(support.pipe(Layer.provide(services))))
  )

  it.effect("takes its services in factory and turns from the Layer, not from the call", () => {
    const others = Layer.mergeAll(Layer.succeed(Voice, { greeting: "Hey" }), Layer.succeed(Orders, { count: 99 }))
    // It requires nothing but the agent's service, so there is nothing to provide.
    const provided: Agent.Factory<unknown, Support, never> = Agent.provide(Support, others)
    // @ts-expect-error the agent's service is required all the same
    const free: Agent.Factory<unknown, never, never> = provided
    assert.strictEqual<unknown>(free, provided)
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* first(provided), ["3 orders", "Good day"])
      assert.deepStrictEqual(yield* Effect.provide(first(Support.factory), others), ["3 orders", "Good day"])
    }).pipe(Effect.provide(support.pipe(Layer.provide(services))))
  })

  it.effect("builds services provided inside its Layer anew for each call", () => {
    let built = 0
    const counted = Layer.effect(
      Orders,
      Effect.sync(() => ({ count: ++built }))
    )
    const greeter = () => Effect.map(Orders, ({ count }) => Agent.make(() => Stream.make(sendText(`call ${count}`))))
    const layer = Agent.layer(Sales, Agent.provide(greeter, counted))
    expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Sales>>()
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* first(Sales.factory), ["call 1"])
      assert.deepStrictEqual(yield* first(Sales.factory), ["call 2"])
    }).pipe(Effect.provide(layer))
  })

  it.effect("coexists with another agent, each under its own key", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* first(Support.factory), ["3 orders", "Good day"])
      assert.deepStrictEqual(yield* first(Sales.factory), ["Buy!"])
    }).pipe(
      Effect.provide([
        support.pipe(Layer.provide(services)),
        Agent.layer(Sales, () => Effect.succeed(Agent.make(() => Stream.make(sendText("Buy!")))))
      ])
    )
  )

  it.effect("makes the agent from the request of the call", () =>
    Effect.gen(function* () {
      const asked = (to: string) => first(Sales.factory, CallRequest.make({ to }))
      assert.deepStrictEqual(yield* asked("+1"), ["Hello +1"])
      assert.deepStrictEqual(yield* asked("+2"), ["Hello +2"])
    }).pipe(
      Effect.provide(
        Agent.layer(Sales, ({ to }) => Effect.succeed(Agent.make(() => Stream.make(sendText(`Hello ${to}`)))))
      )
    )
  )

  it.effect("releases what the factory acquires with the call, not with the Layer", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const layer = Agent.layer(Sales, ({ callId }) =>
        Effect.as(
          Effect.addFinalizer(() => Effect.sync(() => log.push(`released ${callId}`))),
          Agent.make(() => Stream.empty)
        )
      )
      yield* Effect.gen(function* () {
        const scope = yield* Scope.make()
        yield* Sales.factory(CallRequest.make({ callId: "1" })).pipe(Scope.provide(scope))
        yield* Effect.scoped(Sales.factory(CallRequest.make({ callId: "2" })))
        assert.deepStrictEqual(log, ["released 2"])
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(log, ["released 2", "released 1"])
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("releases what a turn acquires with the turn", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const layer = Agent.layer(Sales, () =>
        Effect.succeed(
          Agent.make(() =>
            Stream.fromEffect(
              Effect.as(
                Effect.addFinalizer(() => Effect.sync(() => log.push("released"))),
                sendText("a")
              )
            )
          )
        )
      )
      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* first(Sales.factory), ["a"])
        assert.deepStrictEqual(log, ["released"])
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect("fails if its factory fails", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(Sales.factory(CallRequest.make())))
      assert.deepStrictEqual(error, new Broken())
    }).pipe(Effect.provide(Agent.layer(Sales, () => new Broken())))
  )
})
