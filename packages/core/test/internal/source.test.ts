import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, pipe, Ref, Stream } from "effect"
import * as Agent from "../../src/Agent.ts"
import * as Guard from "../../src/agent/Guard.ts"
import * as WordBuffer from "../../src/agent/WordBuffer.ts"
import * as Filler from "../../src/agent/Filler.ts"
import * as CallRequest from "../../src/CallRequest.ts"
import * as Event from "../../src/Event.ts"
import { quietTurn, started } from "../quietTurn.ts"

const request = CallRequest.make({ callId: "c1" })
const hello = () => Stream.make(Event.sendText("hello there"))
class Support extends Agent.Service<Support>()("test/Support") {}
class Booking extends Context.Service<Booking, Ref.Ref<number>>()("test/Booking") {}

const spec = Agent.make(hello, { apology: "Oh." })
const factory: Agent.Factory = () => Effect.succeed(spec)
const bare: Agent.Agent = (_event, _turn) => hello()
const short: Agent.Agent = () => hello()
const sources = {
  "a bare agent": Agent.from(bare),
  "an agent that takes no argument": Agent.from(short),
  "an agent of routes": Agent.from(Agent.route({ CallStarted: hello })),
  "a spec": Agent.from(spec),
  "a factory": Agent.from(factory),
  "a service": Agent.from(Support)
}

const texts = <E>(from: Agent.Factory<E, Support, Support>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const made = yield* from(request)
    const outputs = yield* Stream.runCollect(made.agent(started, quietTurn))
    return outputs.map((output) => (output._tag === "AgentSendText" ? output.text : output._tag))
  }).pipe(Effect.scoped, Effect.provide(Agent.layer(Support, factory)), Effect.orDie)

describe("a source", () => {
  for (const [name, source] of Object.entries(sources)) {
    it.effect(`${name} makes the agent of a call`, () =>
      Effect.map(texts(source as Agent.Factory), (heard) => assert.deepStrictEqual(heard, ["hello there"]))
    )

    it.effect(`${name} can be wrapped, repeatedly`, () =>
      Effect.gen(function* () {
        const loud = Guard.output(source as Agent.Factory, (text) => Effect.succeed(text.toUpperCase()))
        assert.deepStrictEqual(yield* texts(loud), ["HELLO THERE"])
        assert.deepStrictEqual(yield* texts(WordBuffer.agent(loud)), ["HELLO ", "THERE"])
      })
    )
  }

  it.effect("a wrapped agent is still recognised as an agent", () =>
    Effect.gen(function* () {
      for (const agent of [bare, short, Agent.route({ CallStarted: hello })]) {
        const wrapped = WordBuffer.agent(agent)
        const outputs = yield* Stream.runCollect(wrapped(started, quietTurn))
        assert.lengthOf(outputs, 2)
        assert.deepStrictEqual(yield* texts(Agent.from(wrapped)), ["hello ", "there"])
      }
    })
  )

  it.effect("a factory that throws does so as a factory", () =>
    Effect.gen(function* () {
      const broken = Agent.from(((_request: CallRequest.CallRequest) => {
        throw new Error("no database")
      }) as Agent.Factory)
      const exit = yield* Effect.exit(Effect.scoped(Effect.suspend(() => broken(request))))
      assert.include(String(exit), "no database")
    })
  )

  it.effect("keeps its filters and policies when its agent is changed", () =>
    Effect.gen(function* () {
      const changed = Agent.map(spec, (agent) => (event, turn) => Stream.take(agent(event, turn), 0))
      const made = yield* Effect.scoped(changed(request))
      assert.strictEqual(made.apology, "Oh.")
      assert.deepStrictEqual(yield* texts(changed), [])
    })
  )

  it.effect("combinators support data-first and data-last calls", () =>
    Effect.gen(function* () {
      const judge: Guard.OutputJudge = (text) => Effect.succeed(`${text}!`)
      const silence: Guard.InputJudge = () => Effect.succeed(Event.sendText("no"))
      assert.deepStrictEqual(yield* texts(Guard.output(judge)(factory)), ["hello there!"])
      assert.deepStrictEqual(yield* texts(pipe(factory, Guard.output(judge)) as Agent.Factory), ["hello there!"])
      assert.deepStrictEqual(yield* texts(Guard.output(judge, { unit: "turn" })(factory)), ["hello there!"])
      assert.deepStrictEqual(yield* texts(Guard.output(factory, judge, { unit: "turn" })), ["hello there!"])
      assert.deepStrictEqual(yield* texts(Guard.input(silence)(spec)), ["no"])
      assert.deepStrictEqual(yield* texts(Guard.input(spec, silence)), ["no"])
      assert.deepStrictEqual(yield* texts(WordBuffer.agent()(factory)), ["hello ", "there"])
      assert.deepStrictEqual(yield* texts(WordBuffer.agent({ strategy: "space" })(factory)), ["hello ", "there"])
      assert.deepStrictEqual(yield* texts(Filler.agent({ after: "1 second", texts: ["Hm."] })(factory)), [
        "hello there"
      ])
      const seen: Array<string> = []
      const look = (output: Event.Output) => Effect.sync(() => void seen.push(output._tag))
      assert.deepStrictEqual(yield* texts(Agent.observe(look)(factory)), ["hello there"])
      assert.deepStrictEqual(yield* texts(Agent.mapOutput(() => Event.sendText("x"))(factory)), ["x"])
      assert.deepStrictEqual(seen, ["AgentSendText"])
    })
  )
})

describe("services of a call", () => {
  it.effect("are made for each call, shared by its turns, and released with it", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const layer = Layer.effect(
        Booking,
        Effect.gen(function* () {
          log.push("made")
          yield* Effect.addFinalizer(() => Effect.sync(() => void log.push("released")))
          return yield* Ref.make(0)
        })
      )
      const counting = Agent.make(() =>
        Stream.fromEffect(
          Booking.use((count) =>
            Effect.map(
              Ref.updateAndGet(count, (n) => n + 1),
              (n) => Event.sendText(`${n}`)
            )
          )
        )
      )
      const provided: Agent.Factory<never, never, never> = Agent.provide(counting, layer)
      const turns = Effect.scoped(
        Effect.gen(function* () {
          const { agent } = yield* provided(request)
          const first = yield* Stream.runCollect(agent(started, quietTurn))
          const second = yield* Stream.runCollect(agent(started, quietTurn))
          return [...first, ...second].map((output) => (output._tag === "AgentSendText" ? output.text : ""))
        })
      )
      assert.deepStrictEqual(yield* turns, ["1", "2"])
      assert.deepStrictEqual(yield* turns, ["1", "2"])
      assert.deepStrictEqual(log, ["made", "released", "made", "released"])
    })
  )
})
