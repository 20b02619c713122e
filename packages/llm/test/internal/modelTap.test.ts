import * as CallRequest from "@antiphon/core/CallRequest"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Redaction from "@antiphon/core/recording/Redaction"
import { assert, describe, it } from "@effect/vitest"
import { type Context, Effect, Fiber, Redacted, Result, Schema, Stream } from "effect"
import { AiError, LanguageModel, Tool, Toolkit } from "effect/ai"
import * as ModelTap from "../../src/internal/modelTap.ts"
import * as Opening from "../../src/internal/opening.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as RecordedCall from "../support/recordedCall.ts"
import { settled, test } from "../support/virtualTest.ts"

const scripted = Effect.suspend(() => RecordedCall.play(ScriptedModel.make(RecordedCall.replies).layer))

const requestsOf = (text: string) => Result.getOrThrow(Recording.modelRequests(RecordedCall.decode(text)))

/** Records one request to a model, and returns what a recording contains of it. */
const asking = (reply: ScriptedModel.Reply, tool?: Tool.Any) =>
  Effect.gen(function* () {
    let text = ""
    const recorder = yield* Recorder.make({ request: CallRequest.make(), write: (line) => (text += line) })
    const tools = tool === undefined ? [] : [tool]
    const prompt = [{ role: "user", content: "hi" }] as const
    const model = LanguageModel.streamText({
      prompt,
      toolkit: Toolkit.make(...tools),
      disableToolCallResolution: true,
      toolCallValidation: "deferred"
    }) as Stream.Stream<unknown, AiError.AiError, LanguageModel.LanguageModel>
    const recorded = Opening.stream((_: Context.Context<LanguageModel.LanguageModel>, scope) =>
      Effect.flatMap(Opening.pull(model, scope), (pull) =>
        ModelTap.streamed(recorder, { turn: 1, prompt, tools }, { pull, scope })
      )
    )
    const parts: Array<unknown> = []
    const fiber = yield* Effect.forkChild(
      Effect.provide(
        Stream.runForEach(recorded, (part) => Effect.sync(() => parts.push(part))),
        ScriptedModel.make([reply]).layer
      )
    )
    yield* settled
    yield* Fiber.interrupt(fiber)
    return { request: requestsOf(text)[0]!, parts, text }
  })

describe("modelTap", () => {
  it.effect("records what each request of a call asked, as whole prompts, and how it ended", () =>
    Effect.gen(function* () {
      const { said, text } = yield* scripted
      const requests = requestsOf(text)
      assert.deepStrictEqual(
        requests.map(({ at, end, turn }) => [at, turn, end?.at, end?.outcome]),
        [
          [100, 2, 420, "Finished"],
          [1420, 2, 1660, "Finished"],
          [3000, 3, 3900, "Interrupted"],
          [4000, 4, 4137.5, "Finished"],
          [6137.5, 5, 6137.5, "Finished"],
          [9000, 6, 9120, "Finished"],
          [10000, 7, 10000, "Failed"]
        ].map(([at, turn, end, outcome]) => [at, turn, end, outcome])
      )
      assert.deepStrictEqual(
        requests.map(({ prompt }) => prompt.map(({ role }) => String(role)[0]).join("")),
        // No word of the story was reported as spoken; the announcement of the tea is under way when the result
        // arrives.
        ["su", "suat", "suatau", "suatauu", "suatauuaaat", "suatauuatu", "suatauuatuu"]
      )
      assert.deepStrictEqual(requests[0]?.prompt[1], {
        role: "user",
        content: [{ type: "text", text: "Weather in Oslo?" }]
      })
      for (const { settings, tools } of requests) {
        assert.deepStrictEqual(settings, { temperature: 0.5, timeout: 5000 })
        assert.deepStrictEqual(
          tools.map(({ name }) => name),
          ["weather", "order"]
        )
      }
      assert.include(said, "Once upon a time")
    })
  )

  it.effect("records the parts of a reply with their times", () =>
    Effect.gen(function* () {
      const { text } = yield* scripted
      const deltas = requestsOf(text)[2]?.replies.map(({ at, parts }) => [
        at,
        parts.flatMap((part) => part["delta"] ?? []).join("")
      ])
      assert.deepStrictEqual(deltas, [
        [3200, "Once"],
        [3400, " upon"],
        [3600, " a"],
        [3800, " time"]
      ])
    })
  )

  it.effect("keeps tool calls, background results and failures", () =>
    Effect.gen(function* () {
      const { text } = yield* scripted
      const { lines } = RecordedCall.decode(text)
      const outputs = lines.flatMap((line) => (line._tag === "Sent" ? [line.output] : []))
      const returned = outputs.filter((output) => output._tag === "AgentToolReturned")
      assert.deepStrictEqual(
        returned.map(({ result }) => result),
        ["Sunny in Oslo", { item: "tea", ok: true }]
      )
      const failed = lines.find((line) => line._tag === "Happened" && line.event._tag === "TurnFailed")
      assert.isDefined(failed)
    })
  )

  test("records no key, no token, and nothing of the exchange with a provider", function* () {
    const { text } = yield* scripted
    assert.notInclude(text, "sk-secret")
    assert.notInclude(text, "token-of-the-platform")
    const failing = [
      new AiError.NetworkError({
        reason: "TransportError",
        method: "POST",
        url: "https://api.example.com/v1/chat?key=secret#secret",
        cause: new Error("secret")
      }),
      new AiError.AuthenticationError({
        kind: "InvalidKey",
        http: { response: { status: 401, headers: { authorization: Redacted.make("secret"), cookie: "secret" } } }
      })
    ]
    for (const reason of failing) {
      const { request, text } = yield* asking(ScriptedModel.fail(reason))
      assert.strictEqual(request.end?.outcome, "Failed")
      assert.notInclude(text, "secret")
      const read = Schema.decodeUnknownSync(AiError.AiError)(request.end?.error)
      assert.strictEqual(read.reason._tag, reason._tag)
      assert.strictEqual(read.isRetryable, reason.isRetryable)
    }
  })

  test("records that a reply was abandoned, or failed", function* () {
    const stalled = yield* asking([ScriptedModel.text("a"), ScriptedModel.stall])
    assert.strictEqual(stalled.request.end?.outcome, "Interrupted")
    const died = yield* asking(() => {
      throw new Error("bug")
    })
    assert.strictEqual(died.request.end?.outcome, "Failed")
    assert.isUndefined(died.request.end?.error)
  })

  test("records parts of any kind in the form a provider would send", function* () {
    const usage = {
      inputTokens: { uncached: undefined, total: 3, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 4, text: undefined, reasoning: undefined }
    }
    const { parts, request } = yield* asking([
      ScriptedModel.parts(
        { type: "response-metadata", id: "r", modelId: "m", timestamp: "2026-01-02T03:04:05.000Z" },
        { type: "text-start", id: "1", metadata: { openai: { itemId: "i" } } },
        { type: "text-delta", id: "1", delta: "a", metadata: { openai: { itemId: "i" } } },
        { type: "text-end", id: "1" },
        { type: "file", mediaType: "image/png", data: "AAEC" },
        { type: "source", sourceType: "url", id: "s", url: "https://example.com/", title: "t" },
        { type: "source", sourceType: "document", id: "d", mediaType: "text/plain", title: "t" }
      ),
      ScriptedModel.finish("length", usage)
    ])
    const recorded = request.replies.flatMap((reply) => reply.parts)
    const again = yield* asking(ScriptedModel.parts(...(recorded as never as Parameters<typeof ScriptedModel.parts>)))
    // As JSON, because an unknown count is absent in one and undefined in the other.
    assert.deepStrictEqual(JSON.parse(JSON.stringify(again.parts)), JSON.parse(JSON.stringify(parts)))
    assert.strictEqual(parts.length, 8)
    assert.isFalse("metadata" in recorded[3]!)
  })

  test("describes a tool once, and a provider's own tool by its request", function* () {
    const weather = Tool.make("weather", {
      description: "Tells it.",
      parameters: Schema.Struct({ city: Schema.String })
    })
    const { request } = yield* asking(ScriptedModel.text("a"), weather)
    assert.deepStrictEqual(request.tools, [
      {
        name: "weather",
        description: "Tells it.",
        parameters: {
          type: "object",
          properties: { city: { type: "string" } },
          required: ["city"],
          additionalProperties: false
        }
      }
    ])
    assert.strictEqual(ModelTap.encodeTool(weather), ModelTap.encodeTool(weather))
    const search = Tool.providerDefined({
      id: "openai.web_search",
      customName: "search",
      providerName: "web_search",
      args: Schema.Struct({ country: Schema.String }),
      parameters: Schema.Struct({}),
      success: Schema.Unknown
    })({ country: "NO" })
    assert.deepStrictEqual(ModelTap.encodeTool(search).parameters, {
      id: "openai.web_search",
      args: { country: "NO" }
    })
  })

  it.effect("redacts everything said, and keeps how the call went", () =>
    Effect.gen(function* () {
      const { text } = yield* scripted
      const blanked = yield* RecordedCall.play(ScriptedModel.make(RecordedCall.replies).layer, {
        redact: Redaction.everything
      })
      assert.notMatch(blanked.text, /oslo|sunny|story|once|tea|brief|they want|weather in|5555|\+1555|\+15\d/i)
      const shape = (text: string) =>
        RecordedCall.decode(text).lines.map((line) => [line._tag, line.at, "turn" in line ? line.turn : undefined])
      // Only fragments of arguments are left out.
      assert.deepStrictEqual(shape(blanked.text), shape(text))
      assert.isTrue(RecordedCall.decode(blanked.text).header.redacted)
      const prompts = (text: string) => requestsOf(text).map(({ prompt }) => prompt.length)
      assert.deepStrictEqual(prompts(blanked.text), prompts(text))
    })
  )
})
