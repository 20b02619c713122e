import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Redacted } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Toolkit from "effect/ai/Toolkit"
import * as Models from "../../src/model/Models.ts"
import * as ModelSettings from "../../src/model/ModelSettings.ts"
import { Weather } from "../support/asking.ts"
import { at } from "../support/at.ts"
import * as MockServer from "../support/mockServer.ts"
import * as Wire from "../support/openAiServer.ts"

const ask = LanguageModel.generateText({ prompt: "hi" })

/** Runs with a model at a server of chat completions. */
const run = <A, E>(
  body: (
    server: MockServer.MockServer,
    logged: ReadonlyArray<string>
  ) => Effect.Effect<A, E, LanguageModel.LanguageModel>,
  settings: ModelSettings.ModelSettings
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const server = yield* MockServer.make
      const logged: Array<string> = []
      const logger = Logger.layer([Logger.make(({ message }) => void logged.push(String(message)))])
      const model = Models.fromString("acme/new", {
        baseUrl: server.url,
        apiKey: Redacted.make("secret"),
        retries: 0,
        settings
      })
      yield* Effect.provide(body(server, logged), [model, logger])
    })
  )

const sent = (server: MockServer.MockServer, field: string) =>
  server.requests.map((_, n) => at(server.requests, n, "body", field))

describe("settings that a model refuses", () => {
  it.live("are left out, at once and from then on, and said once", () =>
    run(
      (server, logged) =>
        Effect.gen(function* () {
          server.script(
            Wire.failure(400, { message: "Unsupported parameter: 'temperature' is not supported with this model." }),
            Wire.failure(400, { message: "Unsupported parameter: 'stop' is not supported with this model." }),
            Wire.text("Hello."),
            Wire.text("Again.")
          )
          assert.strictEqual((yield* ask).text, "Hello.")
          assert.strictEqual((yield* ask).text, "Again.")
          assert.deepStrictEqual(sent(server, "temperature"), [0.5, undefined, undefined, undefined])
          assert.deepStrictEqual(sent(server, "stop"), ["END", "END", undefined, undefined])
          assert.deepStrictEqual(sent(server, "max_tokens"), [100, 100, 100, 100])
          assert.deepStrictEqual(logged, [
            "acme/new refuses temperature: left out from now on",
            "acme/new refuses stop: left out from now on"
          ])
        }),
      { temperature: 0.5, stop: "END", maxTokens: 100 }
    )
  )

  const sentence = "temperature is not supported by this model"
  for (const [kind, body] of [
    ["an error", { error: { message: sentence } }],
    ["a message", { object: "error", message: sentence }],
    ["details", { detail: [{ loc: ["body", "temperature"], msg: sentence }] }],
    ["an error that is a text", { error: sentence }]
  ] as const) {
    it.live(`are left out if the answer has ${kind}`, () =>
      run(
        (server) =>
          Effect.gen(function* () {
            server.script({ status: 400, pieces: [JSON.stringify(body)] }, Wire.text("Hello."))
            assert.strictEqual((yield* ask).text, "Hello.")
            assert.deepStrictEqual(sent(server, "temperature"), [0.5, undefined])
          }),
        { temperature: 0.5 }
      )
    )
  }

  it.live("an effort that a model has not becomes one that it has", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          server.script(
            Wire.failure(400, {
              message:
                "Unsupported value: 'reasoning_effort' does not support 'xhigh'. Supported values are: 'low', 'high'."
            }),
            Wire.text("Hello.")
          )
          assert.strictEqual((yield* ask).text, "Hello.")
          assert.deepStrictEqual(sent(server, "reasoning_effort"), ["xhigh", "high"])
        }),
      { reasoningEffort: "xhigh" }
    )
  )

  it.live("a provider that is never content is asked no more than a few times, and its error is told", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          const refusal = Wire.failure(400, { message: "'temperature' is not supported" })
          server.script(refusal, refusal, refusal)
          const error = yield* Effect.flip(ask)
          assert.include(error.message, "'temperature' is not supported (400")
          assert.lengthOf(server.requests, 2)
        }),
      { temperature: 0.5 }
    )
  )

  it.live("a call that is required is left to the model", () =>
    run(
      (server, logged) =>
        Effect.gen(function* () {
          server.script(
            Wire.failure(400, { message: "tool_choice 'required' is incompatible with thinking enabled" }),
            Wire.text("Hello.")
          )
          const toolkit = Toolkit.make(Weather)
          const asked = LanguageModel.generateText({
            prompt: "hi",
            toolkit,
            toolChoice: "required",
            disableToolCallResolution: true
          })
          assert.strictEqual((yield* asked).text, "Hello.")
          assert.deepStrictEqual(sent(server, "tool_choice"), ["required", undefined])
          assert.lengthOf(at(server.requests, 1, "body", "tools") as ReadonlyArray<unknown>, 1)
          assert.deepStrictEqual(logged, ["acme/new refuses calls that are required: left out from now on"])
        }).pipe(Effect.provide(Toolkit.make(Weather).toLayer({ get_weather: () => Effect.succeed("sunny") }))),
      {}
    )
  )

  it.live("any other refusal is told at once", () =>
    run(
      (server) =>
        Effect.gen(function* () {
          server.script(Wire.failure(400, { message: "Invalid schema for function 'f'" }))
          yield* Effect.flip(ask)
          assert.lengthOf(server.requests, 1)
        }),
      { temperature: 0.5 }
    )
  )
})
