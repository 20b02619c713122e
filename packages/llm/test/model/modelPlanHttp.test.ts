/** A plan over the providers' own wires: real requests, and a clock that the test moves. */
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Fiber, Layer, Redacted, Schedule, Scope, Stream, Tracer } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import { TestClock } from "effect/testing"
import * as Anthropic from "../../src/model/Anthropic.ts"
import * as ModelPlan from "../../src/model/ModelPlan.ts"
import * as OpenAi from "../../src/model/OpenAi.ts"
import * as AnthropicServer from "../support/anthropicServer.ts"
import { type Asked, ask } from "../support/asking.ts"
import * as MockServer from "../support/mockServer.ts"
import * as OpenAiServer from "../support/openAiServer.ts"

interface Wire {
  readonly layer: (url: string) => Layer.Layer<LanguageModel.LanguageModel>
  readonly text: (...texts: ReadonlyArray<string>) => MockServer.Script
  readonly failure: (status: number, headers?: Record<string, string>) => MockServer.Script
  /** Pieces of a reply before its first token. */
  readonly lead: number
}

const apiKey = Redacted.make("sk-test")
const openAi: Wire = {
  layer: (url) => Layer.orDie(OpenAi.layer({ model: "gpt-4.1-mini", apiKey, baseUrl: `${url}/v1` })),
  text: OpenAiServer.text,
  failure: (status, headers) => OpenAiServer.failure(status, { message: "no", type: "some_type" }, headers),
  lead: 1
}
const anthropic: Wire = {
  layer: (url) => Layer.orDie(Anthropic.layer({ model: "claude-haiku-4-5", apiKey, baseUrl: url })),
  text: AnthropicServer.text,
  failure: (status, headers) => AnthropicServer.failure(status, "some_error", headers),
  lead: 3
}

type StepOptions = Omit<ModelPlan.Step, "name" | "model">

/** A plan of two providers, the first of them repeated at the end, and what can be observed of it. */
const planned = (
  wires: readonly [Wire, Wire],
  options: { readonly first?: StepOptions; readonly again?: boolean; readonly plan?: ModelPlan.Options } = {}
) =>
  Effect.gen(function* () {
    yield* TestClock.adjust(0)
    const [a, b] = [yield* MockServer.make, yield* MockServer.make]
    const second: ReadonlyArray<ModelPlan.Step> = [
      { name: "second", model: wires[1].layer(b.url) },
      ...(options.again === true ? [{ name: "third", model: wires[0].layer(a.url) }] : [])
    ]
    const plan = ModelPlan.make({ name: "first", model: wires[0].layer(a.url), ...options.first }, ...second)
    const context = yield* Layer.build(ModelPlan.layer(plan, options.plan))
    const events: Array<ModelPlan.Event> = []
    const asked = ask().pipe(
      Effect.provideService(ModelPlan.Observer, (event) => Effect.sync(() => void events.push(event))),
      Effect.provide(context)
    )
    // Virtual time would run ahead of the sockets, and each deadline would pass before an answer. So these tests move
    // the clock by hand, once a request has arrived.
    const until = (condition: () => boolean) => Effect.yieldNow.pipe(Effect.repeat({ until: condition }))
    const seen = (tag: ModelPlan.Event["_tag"]) => until(() => events.some(({ _tag }) => _tag === tag))
    const says = (asked: Asked, text: string) => {
      assert.isUndefined(asked.error)
      assert.strictEqual(asked.text, text)
      assert.strictEqual(asked.finish?.reason, "stop")
    }
    return { a, b, asked, events, until, seen, says }
  })

/** The text that has been spoken according to a request. */
const spokenIn = ({ body }: MockServer.Request): string => {
  const { messages } = body as {
    messages: ReadonlyArray<{ role: string; content: string | ReadonlyArray<{ text: string }> }>
  }
  const content = messages.findLast(({ role }) => role === "assistant")?.content ?? ""
  return typeof content === "string" ? content : content.map(({ text }) => text).join("")
}

const tokens = ["Your par", "cel is", " on its", " way to", " Oslo, ", "and comes ", "to", "day."]
const whole = tokens.join("")

/**
 * A reply that continues where the previous one broke off according to its request, or starts over; it may break off
 * itself.
 */
const goingOn = (
  wire: Wire,
  server: MockServer.MockServer,
  { cutAfter, over = false }: { readonly cutAfter?: number; readonly over?: boolean } = {}
): MockServer.Script => ({
  get pieces() {
    const spoken = spokenIn(server.requests.at(-1)!).trimEnd()
    const rest = over ? whole : whole.slice(spoken.length)
    const { pieces } = wire.text(...(rest.match(/\s*\S{1,4}/g) ?? []))
    return cutAfter === undefined ? pieces : pieces.slice(0, wire.lead + cutAfter)
  },
  ending: cutAfter === undefined ? undefined : "cut"
})

const beginning = (wire: Wire, count: number, ending: MockServer.Script["ending"]): MockServer.Script => ({
  pieces: wire.text(...tokens).pieces.slice(0, wire.lead + count),
  ending
})

const pairs = [
  ["OpenAI, then Anthropic", [openAi, anthropic]],
  ["Anthropic, then OpenAI", [anthropic, openAi]]
] as const

for (const [name, wires] of pairs) {
  const [one, other] = wires
  describe(`ModelPlan over ${name}`, () => {
    for (const status of [400, 401, 404, 413, 422, 429, 500, 529]) {
      it.effect(`${status} falls back to the next step`, () =>
        Effect.gen(function* () {
          const { a, asked, b, says } = yield* planned(wires)
          a.script(one.failure(status))
          b.script(other.text("Hello ", "you."))
          says(yield* asked, "Hello you.")
          assert.deepStrictEqual([a.requests.length, b.requests.length], [1, 1])
        })
      )
    }

    it.effect("400 at every step fails the request, after one try each", () =>
      Effect.gen(function* () {
        const { a, asked, b } = yield* planned(wires)
        a.script(one.failure(400))
        b.script(other.failure(400))
        assert.strictEqual((yield* asked).error?.reason._tag, "InvalidRequestError")
        assert.deepStrictEqual([a.requests.length, b.requests.length], [1, 1])
      })
    )

    it.effect("a model that no step knows is named in the error", () =>
      Effect.gen(function* () {
        const { a, asked, b } = yield* planned(wires)
        a.script(one.failure(404))
        b.script(other.failure(404))
        assert.match((yield* asked).error!.message, /no model "(gpt-4\.1-mini|claude-haiku-4-5)" at this address/)
      })
    )

    it.effect("429 is retried when the provider allows it, and not before", () =>
      Effect.gen(function* () {
        const { a, asked, b, events, says, seen, until } = yield* planned(wires, {
          first: { schedule: Schedule.recurs(1) }
        })
        a.script(one.failure(429, { "retry-after": "2" }), one.text("Hello."))
        const fiber = yield* Effect.forkChild(asked)
        yield* seen("Retried")
        assert.deepInclude(events, ModelPlan.Event.Retried({ step: "first", delay: Duration.seconds(2) }))
        yield* TestClock.adjust(1999)
        assert.lengthOf(a.requests, 1)
        yield* TestClock.adjust(1)
        yield* until(() => a.requests.length === 2)
        says(yield* Fiber.join(fiber), "Hello.")
        assert.lengthOf(b.requests, 0)
      })
    )

    it.effect("a late first token falls back, and closes the request", () =>
      Effect.gen(function* () {
        const { a, asked, b, says, until } = yield* planned(wires, { first: { firstTokenDeadline: "800 millis" } })
        a.script(beginning(one, 0, "stall"))
        b.script(other.text("Hello."))
        const fiber = yield* Effect.forkChild(asked)
        yield* until(() => a.requests.length === 1)
        yield* TestClock.adjust(799)
        assert.lengthOf(b.requests, 0)
        yield* TestClock.adjust(1)
        says(yield* Fiber.join(fiber), "Hello.")
        yield* a.abandoned
      })
    )

    it.effect("a stalled reply is closed, and continued by the next step", () =>
      Effect.gen(function* () {
        const { a, asked, b, says, until } = yield* planned(wires, { first: { stallDeadline: "2 seconds" } })
        a.script(beginning(one, 4, "stall"))
        b.script(goingOn(other, b))
        const fiber = yield* Effect.forkChild(asked)
        yield* until(() => a.requests.length === 1)
        // The network decides how many tokens have arrived by when: time passes until the silence is long enough.
        while (b.requests.length === 0) yield* Effect.andThen(TestClock.adjust(500), Effect.yieldNow)
        says(yield* Fiber.join(fiber), whole)
        yield* a.abandoned
      })
    )

    for (const k of tokens.keys()) {
      it.effect(`a model that starts over after ${k} tokens is not heard twice`, () =>
        Effect.gen(function* () {
          const { a, asked, b, says } = yield* planned(wires)
          a.script(beginning(one, k, "cut"))
          b.script(goingOn(other, b, { over: true }))
          says(yield* asked, whole)
        })
      )
    }

    for (let k = 0; k <= tokens.length; k++) {
      it.effect(`a connection that is cut after ${k} tokens leaves neither gap nor repetition`, () =>
        Effect.gen(function* () {
          const { a, asked, b, events, says } = yield* planned(wires)
          a.script(beginning(one, k, "cut"))
          b.script(goingOn(other, b))
          says(yield* asked, whole)
          const spoken = spokenIn(b.requests[0]!)
          assert.isTrue(whole.startsWith(spoken), spoken)
          assert.deepStrictEqual(
            events.filter(({ _tag }) => _tag === "Continued"),
            spoken === "" ? [] : [ModelPlan.Event.Continued({ step: "second", character: spoken.length })]
          )
        })
      )
    }

    for (const [k, j] of [
      [2, 1],
      [4, 2],
      [5, 3],
      [7, 1]
    ] as const) {
      it.effect(`and back again: cut after ${k} tokens, and again after ${j}`, () =>
        Effect.gen(function* () {
          const { a, asked, b, says } = yield* planned(wires, { again: true })
          a.script(beginning(one, k, "cut"), goingOn(one, a))
          b.script(goingOn(other, b, { cutAfter: j }))
          says(yield* asked, whole)
          assert.deepStrictEqual([a.requests.length, b.requests.length], [2, 1])
          const [before, after] = [spokenIn(b.requests[0]!), spokenIn(a.requests[1]!)]
          assert.isTrue(whole.startsWith(after) && after.startsWith(before), `${before} | ${after}`)
        })
      )
    }

    it.effect("closes the request of a hedge's loser", () =>
      Effect.gen(function* () {
        const { a, asked, b, events, says, until } = yield* planned(wires, { first: { hedge: "300 millis" } })
        a.script(beginning(one, 0, "stall"))
        b.script(other.text("Hello."))
        const fiber = yield* Effect.forkChild(asked)
        yield* until(() => a.requests.length === 1)
        assert.lengthOf(b.requests, 0)
        yield* TestClock.adjust(300)
        says(yield* Fiber.join(fiber), "Hello.")
        assert.deepInclude(events, ModelPlan.Event.HedgeWon({ step: "second", over: ["first"] }))
        yield* a.abandoned
      })
    )

    it.effect("a dead provider is asked only by the first calls", () =>
      Effect.gen(function* () {
        const { a, asked, b, says } = yield* planned(wires, {
          plan: { breaker: { failures: 2, cooldown: "10 seconds" } }
        })
        a.script(one.failure(500), one.failure(503), one.text("Back."))
        b.script(...Array.from({ length: 4 }, () => other.text("Hello.")))
        for (let call = 0; call < 4; call++) says(yield* asked, "Hello.")
        assert.deepStrictEqual([a.requests.length, b.requests.length], [2, 4])
        yield* TestClock.adjust("10 seconds")
        says(yield* asked, "Back.")
      })
    )

    it.effect("interrupting the reply closes its request, even if it is the second one's", () =>
      Effect.gen(function* () {
        const { a, asked, b, seen, until } = yield* planned(wires)
        a.script(beginning(one, 4, "cut"))
        b.script(beginning(other, 1, "stall"))
        const scope = yield* Scope.make()
        yield* Effect.forkIn(asked, scope)
        yield* seen("AttemptFailed")
        yield* until(() => b.requests.length === 1)
        yield* Scope.close(scope, Exit.void)
        yield* b.abandoned
      })
    )
  })
}

describe("ModelPlan over a provider", () => {
  const served = (layer: (url: string) => Layer.Layer<LanguageModel.LanguageModel>) =>
    Effect.gen(function* () {
      const server = yield* MockServer.make
      server.script(openAi.text("Hello"))
      const plan = ModelPlan.layer(ModelPlan.make({ name: "one", model: layer(server.url) }))
      return yield* Effect.provide(ask(), plan)
    })

  it.effect("a model that wraps another keeps its own behaviour in a plan", () =>
    Effect.gen(function* () {
      const loud = (url: string) =>
        Layer.effect(
          LanguageModel.LanguageModel,
          Effect.map(LanguageModel.LanguageModel, (model): LanguageModel.LanguageModel => ({
            ...model,
            streamText: ((options: never) =>
              Stream.map(
                model.streamText(options) as Stream.Stream<{ readonly type: string; readonly delta?: string }>,
                (part) => (part.type === "text-delta" ? { ...part, delta: part.delta!.toUpperCase() } : part)
              )) as never
          }))
        ).pipe(Layer.provideMerge(openAi.layer(url)))
      assert.strictEqual((yield* served(loud)).text, "HELLO")
    })
  )

  it.effect("gives each attempt its own span, which names the provider", () =>
    Effect.gen(function* () {
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* Effect.withTracer(served(openAi.layer), tracer)
      const models = spans.filter(({ name }) => name === "LanguageModel.streamText")
      assert.deepStrictEqual(
        models.map(({ attributes }) => attributes.get("gen_ai.request.model")),
        [undefined, "gpt-4.1-mini"]
      )
    })
  )
})
