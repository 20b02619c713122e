import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Schema, Stream } from "effect"
import { AiError, LanguageModel, Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"

const Weather = Tool.make("weather", { parameters: Schema.Struct({ city: Schema.String }) })
const tools = Toolkit.make(Weather)

const ask = (prompt: string) =>
  LanguageModel.streamText({
    prompt,
    toolkit: tools,
    disableToolCallResolution: true,
    toolCallValidation: "deferred"
  })

/** Each part in a word or two, so that a whole reply can be compared. */
const brief = (part: { readonly type: string }): string => {
  const { delta, params, reason } = part as { readonly [key: string]: unknown }
  const rest = delta ?? reason ?? params
  return rest === undefined ? part.type : `${part.type} ${JSON.stringify(rest)}`
}

const play = (...replies: ReadonlyArray<ScriptedModel.Reply>) => {
  const model = ScriptedModel.make(replies)
  return ask("hi").pipe(
    Stream.runCollect,
    Effect.map((parts) => parts.map(brief)),
    Effect.provide(model.layer)
  )
}

describe("ScriptedModel", () => {
  it.effect("plays text as words with their white space", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* play(ScriptedModel.text("Hello  there, 👋🏽\nyou ")), [
        "text-start",
        'text-delta "Hello"',
        'text-delta "  there,"',
        'text-delta " 👋🏽"',
        'text-delta "\\nyou"',
        'text-delta " "',
        "text-end",
        'finish "stop"'
      ])
    })
  )

  it.effect("plays deltas as given, and pieces of text as one block", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* play([ScriptedModel.text(["Hel", "lo"]), ScriptedModel.text(" you")]), [
        "text-start",
        'text-delta "Hel"',
        'text-delta "lo"',
        'text-delta " you"',
        "text-end",
        'finish "stop"'
      ])
    })
  )

  it.effect("closes a block before anything else starts", () =>
    Effect.gen(function* () {
      const reply = [
        ScriptedModel.reasoning("hm", { metadata: { maker: { signature: "s" } } }),
        ScriptedModel.text("Ok"),
        ScriptedModel.toolCall("weather", { city: "Oslo" })
      ]
      assert.deepStrictEqual(yield* play(reply), [
        "reasoning-start",
        'reasoning-delta "hm"',
        "reasoning-end",
        "text-start",
        'text-delta "Ok"',
        "text-end",
        'tool-call {"city":"Oslo"}',
        'finish "tool-calls"'
      ])
      const model = ScriptedModel.make([reply])
      const parts = yield* Stream.runCollect(ask("hi")).pipe(Effect.provide(model.layer))
      assert.deepStrictEqual(parts.find((part) => part.type === "reasoning-end")?.metadata, {
        maker: { signature: "s" }
      })
    })
  )

  it.effect("plays the arguments of a tool call in fragments", () =>
    Effect.gen(function* () {
      const call = ScriptedModel.toolCall("weather", { city: "Oslo" }, { id: "w", fragments: ['{"city":', '"Oslo"}'] })
      assert.deepStrictEqual(yield* play(call), [
        "tool-params-start",
        'tool-params-delta "{\\"city\\":"',
        'tool-params-delta "\\"Oslo\\"}"',
        "tool-params-end",
        'tool-call {"city":"Oslo"}',
        'finish "tool-calls"'
      ])
    })
  )

  it.effect("ends as scripted", () =>
    Effect.gen(function* () {
      const parts = yield* play([
        ScriptedModel.text("Too"),
        ScriptedModel.finish("length"),
        ScriptedModel.text(" long")
      ])
      assert.deepStrictEqual(parts.slice(-2), ["text-end", 'finish "length"'])
    })
  )

  it.effect("takes its time on the clock", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      const heard: Array<string> = []
      const model = ScriptedModel.make([
        [
          ScriptedModel.delay("1 second"),
          ScriptedModel.text("a b", { every: "100 millis" }),
          ScriptedModel.toolCall("weather", {}, { fragments: ["{", "}"], every: "1 second" })
        ]
      ])
      yield* ask("hi").pipe(
        Stream.runForEach((part) => Effect.sync(() => heard.push(part.type))),
        Effect.provide(model.layer),
        Effect.forkChild
      )
      yield* TestClock.adjust("1099 millis")
      assert.deepStrictEqual(heard, [])
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(heard, ["text-start", "text-delta"])
      yield* TestClock.adjust("100 millis")
      assert.deepStrictEqual(heard.slice(2), ["text-delta", "text-end", "tool-params-start"])
      yield* TestClock.adjust("1999 millis")
      assert.strictEqual(heard.length, 6)
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(heard.slice(6), ["tool-params-delta", "tool-params-end", "tool-call", "finish"])
    })
  )

  it.effect("fails with the given reason, before the first delta or after some", () =>
    Effect.gen(function* () {
      const reason = new AiError.RateLimitError({})
      const fate = (reply: ScriptedModel.Reply) =>
        Effect.gen(function* () {
          const model = ScriptedModel.make([reply])
          const error = yield* Stream.runDrain(ask("hi")).pipe(Effect.provide(model.layer), Effect.flip)
          const [played] = yield* model.prompts
          return [error.reason._tag, played?.outcome, played?.deltas]
        })
      assert.deepStrictEqual(yield* fate(ScriptedModel.fail(reason)), ["RateLimitError", "Failed", 0])
      assert.deepStrictEqual(yield* fate(ScriptedModel.dieAfter(0, ScriptedModel.text("a b"))), [
        "NetworkError",
        "Failed",
        0
      ])
      assert.deepStrictEqual(yield* fate(ScriptedModel.dieAfter(2, ScriptedModel.text("a b c"))), [
        "NetworkError",
        "Failed",
        2
      ])
      const call = ScriptedModel.toolCall("weather", {}, { fragments: ["{", "}"] })
      assert.deepStrictEqual(yield* fate(ScriptedModel.dieAfter(2, [ScriptedModel.text("a"), call], reason)), [
        "RateLimitError",
        "Failed",
        2
      ])
      assert.deepStrictEqual(yield* fate(ScriptedModel.dieAfter(9, ScriptedModel.text("a b c"))), [
        "NetworkError",
        "Failed",
        3
      ])
    })
  )

  it.effect("records what each request was sent, and how it ended", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([ScriptedModel.text("one"), ScriptedModel.text("two")])
      yield* Stream.runDrain(ask("first")).pipe(Effect.provide(model.layer))
      yield* LanguageModel.generateText({ prompt: "second" }).pipe(
        Effect.provideService(ModelSettings.Current, { temperature: 0.5 }),
        Effect.provide(model.layer)
      )
      const prompts = yield* model.prompts
      assert.deepStrictEqual(
        prompts.map(({ method, outcome, prompt, settings, toolChoice, tools }) => [
          method,
          JSON.stringify(prompt.content.at(-1)?.content).includes(method === "streamText" ? "first" : "second"),
          tools.map((tool) => tool.name),
          toolChoice,
          settings,
          outcome
        ]),
        [
          ["streamText", true, ["weather"], "auto", {}, "Finished"],
          ["generateText", true, [], "none", { temperature: 0.5 }, "Finished"]
        ]
      )
    })
  )

  it.effect("records that a request was interrupted, and after how many deltas", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust(0)
      const model = ScriptedModel.make([[ScriptedModel.text("a b"), ScriptedModel.stall]])
      const fiber = yield* Stream.runDrain(ask("hi")).pipe(Effect.provide(model.layer), Effect.forkChild)
      yield* TestClock.adjust("1 hour")
      assert.strictEqual((yield* model.prompts)[0]?.outcome, "Running")
      yield* Fiber.interrupt(fiber)
      const [played] = yield* model.prompts
      assert.deepStrictEqual([played?.outcome, played?.deltas], ["Interrupted", 2])
    })
  )

  it.effect("lets a reply read its request", () =>
    Effect.gen(function* () {
      const parts = yield* play(({ tools }) => ScriptedModel.text(`${tools.length} tool`))
      assert.include(parts, 'text-delta "1"')
    })
  )

  it.effect("answers requests that are not streamed, and parses objects from JSON", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([
        [ScriptedModel.text("It rains."), ScriptedModel.toolCall("weather", { city: "Oslo" })],
        ScriptedModel.text('{"name":"Ann"}')
      ])
      const answer = yield* LanguageModel.generateText({
        prompt: "hi",
        toolkit: tools,
        disableToolCallResolution: true
      }).pipe(Effect.provide(model.layer))
      assert.strictEqual(answer.text, "It rains.")
      assert.deepStrictEqual(answer.toolCalls[0]?.params, { city: "Oslo" })
      const object = yield* LanguageModel.generateObject({
        prompt: "who",
        schema: Schema.Struct({ name: Schema.String })
      }).pipe(Effect.provide(model.layer))
      assert.deepStrictEqual(object.value, { name: "Ann" })
    })
  )

  it.effect("fails a request without a scripted reply, and names it", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([ScriptedModel.text("one")])
      yield* Stream.runDrain(ask("first")).pipe(Effect.provide(model.layer))
      const error = yield* Stream.runDrain(ask("second?")).pipe(Effect.provide(model.layer), Effect.flip)
      assert.strictEqual(error.reason._tag, "InvalidRequestError")
      assert.include(
        error.message,
        "the script has 1 replies, and none for request 2, a streamText with a prompt that ends with user: second?"
      )
      assert.strictEqual((yield* model.prompts).length, 2)
    })
  )

  it.effect("complains about replies nobody asked for", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([ScriptedModel.text("one"), ScriptedModel.text("two")])
      yield* Stream.runDrain(ask("first")).pipe(Effect.provide(model.layer))
      assert.strictEqual(yield* model.unused, 1)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(ScriptedModel.assertUsed(model))))
      yield* Stream.runDrain(ask("second")).pipe(Effect.provide(model.layer))
      yield* ScriptedModel.assertUsed(model)
    })
  )
})
