/** What holds for every provider, over real HTTP. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, type Layer, Stream } from "effect"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as AiErrors from "../../../src/model/internal/provider/aiErrors.ts"
import * as ModelFailure from "../../../src/model/ModelFailure.ts"
import * as ToolNames from "../../../src/model/internal/rules/toolNames.ts"
import * as ModelSettings from "../../../src/model/ModelSettings.ts"
import * as WarmUp from "../../../src/model/WarmUp.ts"
import { ask } from "../../support/asking.ts"
import * as MockServer from "../../support/mockServer.ts"

/** How one provider expresses what every provider can. */
export interface Wire {
  /** The server, if it is not an HTTP server. */
  readonly server?: typeof MockServer.make | undefined
  readonly layer: (url: string) => Layer.Layer<LanguageModel.LanguageModel, unknown>
  readonly text: (...texts: ReadonlyArray<string>) => MockServer.Script
  readonly call: (id: string, name: string, ...json: ReadonlyArray<string>) => MockServer.Script
  /** An event that differs from the documented shape, if the general one does not apply to this provider. */
  readonly odd?: string | undefined
  /** Whether calls arrive whole, as JSON within JSON, so that they can be neither cut off nor empty. */
  readonly callsAreWhole?: boolean | undefined
  /** A call whose reply is ended by its length. */
  readonly callCutOff: (id: string, name: string, json: string) => MockServer.Script
  readonly finished: (reason: "length" | "filtered", ...texts: ReadonlyArray<string>) => MockServer.Script
  readonly failure: (status: number, headers?: Record<string, string>) => MockServer.Script
  /** An event that reports that the provider is overloaded. */
  readonly overloaded: string | Uint8Array
  /** The form of something that is not an event of this wire, if the wire is not server-sent events. */
  readonly framed?: ((event: string) => Uint8Array) | undefined
  readonly key: string
  readonly model: string
}

export const suite = (name: string, wire: Wire) =>
  describe(name, () => {
    const makeServer = wire.server ?? MockServer.make
    const run = <A, E>(
      test: (server: MockServer.MockServer) => Effect.Effect<A, E, LanguageModel.LanguageModel>
    ): Effect.Effect<A, unknown> =>
      Effect.scoped(
        Effect.gen(function* () {
          const server = yield* makeServer
          return yield* Effect.provide(test(server), wire.layer(server.url))
        })
      )

    const framed = wire.framed ?? ((event: string) => event)

    /** A reply that says something, and then stalls. */
    const stalled = (): MockServer.Script => {
      const script = wire.text("Hello", " there")
      return { ...script, pieces: script.pieces.slice(0, -3), ending: "stall" }
    }

    const whereCallsCanBreak = (name: string, test: () => Effect.Effect<unknown, unknown>) => {
      if (wire.callsAreWhole !== true) it.effect(name, test)
    }

    it.effect("streams text in the pieces received, between one start and one end", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.text("Hello", ", ", "wörld 👋"))
          const asked = yield* ask()
          assert.deepStrictEqual(
            asked.parts.map((part) => part.type),
            ["response-metadata", "text-start", "text-delta", "text-delta", "text-delta", "text-end", "finish"]
          )
          assert.strictEqual(asked.text, "Hello, wörld 👋")
          assert.strictEqual(asked.finish?.reason, "stop")
          assert.isUndefined(asked.error)
        })
      )
    )

    it.effect("reads a reply in which every byte is a network chunk", () =>
      run((server) =>
        Effect.gen(function* () {
          const script = wire.text("Grüße 👩‍👩‍👧 ", "\n\n", "data: 東京")
          server.script({ ...script, pieces: MockServer.bytewise(script.pieces) })
          const asked = yield* ask()
          assert.strictEqual(asked.text, "Grüße 👩‍👩‍👧 \n\ndata: 東京")
        })
      )
    )

    it.effect("collects the same reply as a whole", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.text("Hel", "lo"))
          const response = yield* LanguageModel.generateText({ prompt: "hi" })
          assert.strictEqual(response.text, "Hello")
          assert.strictEqual(response.finishReason, "stop")
          assert.strictEqual(response.usage.outputTokens.total, 10)
        })
      )
    )

    it.effect("sends a prompt whose call has no result with one", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.text("ok"))
          yield* ask([
            { role: "user", content: "hi" },
            { role: "assistant", content: [{ type: "tool-call", id: "c1", name: "get_weather", params: {} }] },
            { role: "user", content: "so?" }
          ])
          assert.include(JSON.stringify(server.requests.at(-1)?.body), "There is no result of this call.")
        })
      )
    )

    it.effect("keeps very long arguments intact", () =>
      run((server) =>
        Effect.gen(function* () {
          const city = 'é{"[\\'.repeat(20_000)
          const json = JSON.stringify({ city })
          server.script(wire.call("c1", "get_weather", ...(json.match(/[^]{1,4096}/g) ?? [])))
          const asked = yield* ask()
          assert.deepStrictEqual(asked.calls, [{ id: "c1", name: "get_weather", params: { city } }])
          assert.strictEqual(asked.finish?.reason, "tool-calls")
        })
      )
    )

    whereCallsCanBreak("hands on arguments that are not JSON, and does not fail", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.call("c1", "get_weather", '{"city": '))
          const asked = yield* ask()
          assert.deepStrictEqual(asked.calls, [
            { id: "c1", name: "get_weather", params: { "~antiphon/llm/badArguments": '{"city": ' } }
          ])
          assert.isUndefined(asked.error)
        })
      )
    )

    it.effect("passes on a call of a tool that does not exist", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.call("c1", "no_such_tool", "{}"))
          assert.deepStrictEqual((yield* ask()).calls, [{ id: "c1", name: "no_such_tool", params: {} }])
        })
      )
    )

    it.effect("reports that a reply was ended by its length", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.finished("length", "Once upon"))
          const asked = yield* ask()
          assert.strictEqual(asked.text, "Once upon")
          assert.strictEqual(asked.finish?.reason, "length")
        })
      )
    )

    it.effect("reports that a reply was ended by the content filter", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.finished("filtered", "Once upon"))
          const asked = yield* ask()
          assert.strictEqual(asked.text, "Once upon")
          assert.strictEqual(asked.finish?.reason, "content-filter")
        })
      )
    )

    it.effect("fails if the content filter leaves nothing of a reply", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.finished("filtered"))
          const asked = yield* ask()
          assert.strictEqual(asked.error?.reason._tag, "ContentPolicyError")
          assert.deepStrictEqual(asked.parts, [])
        })
      )
    )

    const statuses: ReadonlyArray<readonly [number, string, boolean, string?]> = [
      [400, "InvalidRequestError", false],
      [401, "AuthenticationError", false],
      [403, "AuthenticationError", false],
      [404, "InvalidRequestError", false, "NotFound"],
      [408, "InternalProviderError", true, "Timeout"],
      [413, "InvalidRequestError", false, "ContextTooLong"],
      [422, "InvalidRequestError", false],
      [429, "RateLimitError", true],
      [500, "InternalProviderError", true],
      [502, "InternalProviderError", true],
      [503, "InternalProviderError", true, "Overloaded"],
      [504, "InternalProviderError", true, "Timeout"],
      [529, "InternalProviderError", true, "Overloaded"]
    ]
    for (const [status, tag, retryable, kind] of statuses) {
      it.effect(`status ${status} is ${tag}, after one request`, () =>
        run((server) =>
          Effect.gen(function* () {
            server.script(wire.failure(status))
            const { error, parts } = yield* ask()
            assert.strictEqual(error?.reason._tag, tag)
            assert.strictEqual(error?.isRetryable, retryable)
            assert.strictEqual(error && AiErrors.details(error).kind, kind)
            assert.deepStrictEqual(parts, [])
            assert.strictEqual(server.requests.length, 1)
            assert.notInclude(JSON.stringify(error), "secret")
            assert.notInclude(String(error), "sk-")
            assert.notInclude(JSON.stringify(error), wire.key)
          })
        )
      )
    }

    it.effect("names the model the provider does not know", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.failure(404))
          assert.include((yield* ask()).error?.message, `no model "${wire.model}" at this address`)
        })
      )
    )

    const waits: ReadonlyArray<readonly [number, Record<string, string>, number | undefined]> = [
      [429, { "retry-after": "7" }, 7000],
      [429, { "retry-after": "0.5" }, 500],
      [429, { "retry-after-ms": "250", "retry-after": "9" }, 250],
      [429, { "retry-after": "Wed, 21 Oct 2015 07:28:30 GMT", date: "Wed, 21 Oct 2015 07:28:00 GMT" }, 30_000],
      [429, { "retry-after": "soon" }, undefined],
      [429, {}, undefined],
      [503, { "retry-after": "3" }, 3000],
      [529, { "retry-after": "4" }, 4000]
    ]
    for (const [status, headers, millis] of waits) {
      it.effect(`${status} with ${JSON.stringify(headers)} asks to wait ${millis} ms`, () =>
        run((server) =>
          Effect.gen(function* () {
            server.script(wire.failure(status, headers))
            const { error } = yield* ask()
            const wait = error && AiErrors.retryAfter(error)
            assert.strictEqual(wait && Duration.toMillis(wait), millis)
          })
        )
      )
    }

    it.effect("a refused connection is a NetworkError that names the code but not the query", () =>
      Effect.gen(function* () {
        const { error } = yield* Effect.provide(ask(), wire.layer("http://127.0.0.1:1"))
        assert.strictEqual(error?.reason._tag, "NetworkError")
        assert.isTrue(error?.isRetryable)
        assert.include(error?.message, "http://127.0.0.1:1")
      })
    )

    it.effect("an error within the stream keeps what came before, and its kind", () =>
      run((server) =>
        Effect.gen(function* () {
          const script = wire.text("Hello", " there")
          server.script({ ...script, pieces: [...script.pieces.slice(0, -3), wire.overloaded] })
          const asked = yield* ask()
          assert.strictEqual(asked.text, "Hello there")
          assert.strictEqual(asked.error && AiErrors.details(asked.error).kind, "Overloaded")
        })
      )
    )

    for (const [what, event] of [
      ["not JSON", 'data: {"choices": [\n\n'],
      ["not an object", "data: 17\n\n"],
      [
        "of another shape",
        wire.odd ?? 'data: {"type":"content_block_start","index":0,"choices":[{"delta":{"tool_calls":5}}]}\n\n'
      ]
    ] as const) {
      it.effect(`an event that is ${what} is an InvalidResponseError after what came before it`, () =>
        run((server) =>
          Effect.gen(function* () {
            const script = wire.text("Hello")
            server.script({ ...script, pieces: [...script.pieces.slice(0, -3), framed(event)] })
            const asked = yield* ask()
            assert.strictEqual(asked.text, "Hello")
            assert.strictEqual(asked.error?.reason._tag, "InvalidResponseError")
          })
        )
      )
    }

    for (const type of ["application/json", "text/html"]) {
      it.effect(`an answer of ${type} with status 200 is not an empty reply`, () =>
        run((server) =>
          Effect.gen(function* () {
            server.script({ headers: { "content-type": type }, pieces: ["{}"] })
            assert.strictEqual((yield* ask()).error?.reason._tag, "InvalidResponseError")
          })
        )
      )
    }

    // A body of server-sent events rather than frames of another kind.
    const isEvents = wire.framed === undefined && wire.server === undefined
    const ofEvents = (name: string, test: () => Effect.Effect<unknown, unknown>) => {
      if (isEvents) it.effect(name, test)
    }

    for (const left of ["", "\n"]) {
      ofEvents(`a body that ends in ${JSON.stringify(left)} instead of a blank line is whole`, () =>
        run((server) =>
          Effect.gen(function* () {
            const { pieces } = wire.text("Hello", " there")
            const events = MockServer.bytesOf(pieces).toString().split("\n\n").filter(Boolean)
            // The end mark of chat completions carries no information, and is often omitted.
            const told = events.filter((event) => event !== "data: [DONE]")
            server.script({ pieces: [told.join("\n\n") + left] })
            const asked = yield* ask()
            assert.strictEqual(asked.text, "Hello there")
            assert.strictEqual(asked.finish?.reason, "stop")
            assert.isUndefined(asked.error)
          })
        )
      )
    }

    const tooLong = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."
    const errors: ReadonlyArray<readonly [string, string]> = [
      [
        "of vLLM",
        `data: ${JSON.stringify({ object: "error", message: tooLong, type: "BadRequestError", code: 400 })}\n\n`
      ],
      ["of TGI", `event: error\ndata: ${JSON.stringify({ error: tooLong, error_type: "validation" })}\n\n`],
      [
        "that lists errors",
        `data: ${JSON.stringify({ errors: [{ code: 5021, message: tooLong }], success: false })}\n\n`
      ],
      ["that is only a message", `event: error\ndata: ${JSON.stringify({ message: tooLong })}\n\n`],
      ["in llama.cpp's own field", `error: ${JSON.stringify({ code: 400, message: tooLong })}\n\n`]
    ]
    for (const [what, event] of errors) {
      ofEvents(`reads an error event ${what}`, () =>
        run((server) =>
          Effect.gen(function* () {
            server.script({ pieces: [event], ending: "stall" })
            const { error } = yield* ask()
            assert.isTrue(error !== undefined && ModelFailure.isContextTooLong(error))
          })
        )
      )
    }

    ofEvents("reads an error of another shape that came as JSON with status 200", () =>
      run((server) =>
        Effect.gen(function* () {
          const headers = { "content-type": "application/json" }
          server.script({ headers, pieces: [JSON.stringify({ object: "error", message: tooLong })] })
          const { error } = yield* ask()
          assert.isTrue(error !== undefined && ModelFailure.isContextTooLong(error))
        })
      )
    )

    ofEvents("an address in an error shows no key", () =>
      run((server) =>
        Effect.gen(function* () {
          const message = `Incorrect key, see https://a.test/keys/${wire.key}X9 and https://a.test/docs/error-codes.`
          const headers = { "content-type": "application/json" }
          server.script({ status: 401, headers, pieces: [JSON.stringify({ error: { message } })] })
          const { error } = yield* ask()
          assert.notInclude(JSON.stringify(error) + String(error), `${wire.key}X9`)
          assert.include(error?.message, "https://a.test/docs/error-codes")
        })
      )
    )

    ofEvents("follows a redirect within the same origin, with the request as it is", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script({ status: 307, headers: { location: "/moved" }, pieces: [] }, wire.text("Hello"))
          assert.strictEqual((yield* ask("hi there")).text, "Hello")
          assert.deepStrictEqual(
            server.requests.map(({ path }) => path === "/moved"),
            [false, true]
          )
          assert.deepStrictEqual(server.requests[1]!.body, server.requests[0]!.body)
        })
      )
    )

    for (const status of [301, 302, 307, 308]) {
      ofEvents(`a redirect with ${status} to another origin is an error that names it, and is not followed`, () =>
        run((server) =>
          Effect.gen(function* () {
            const other = yield* MockServer.make
            server.script({ status, headers: { location: `${other.url}/v1?key=${wire.key}` }, pieces: [] })
            const { error } = yield* ask()
            assert.strictEqual(other.requests.length + other.greetings.length, 0)
            assert.strictEqual(error?.reason._tag, "InvalidRequestError")
            assert.include(error?.message, `redirects to ${other.url},`)
            assert.notInclude(JSON.stringify(error), wire.key)
          }).pipe(Effect.scoped)
        )
      )
    }

    for (const ending of ["cut", undefined] as const) {
      const how = ending === "cut" ? "is cut" : "ends"
      it.effect(
        `a connection that ${how} at any byte yields a prefix and an error, or the whole reply`,
        () =>
          run((server) =>
            Effect.gen(function* () {
              const whole = "Hällo 👋 you."
              const script = wire.text("Häl", "lo 👋", " you.")
              const bytes = MockServer.bytesOf(script.pieces)
              let complete = 0
              let longest = ""
              for (let n = 0; n <= bytes.length; n++) {
                server.script({ ...script, pieces: [bytes.subarray(0, n)], ending })
                const asked = yield* ask()
                assert.isTrue(whole.startsWith(asked.text), `${n}: ${asked.text}`)
                // What is known to have been sent is there, provided that the connection closes properly.
                if (ending === undefined) assert.isAtLeast(asked.text.length, longest.length, `${n}`)
                if (asked.text.length > longest.length) longest = asked.text
                if (asked.error === undefined) {
                  complete++
                  assert.strictEqual(asked.text, whole, `${n}`)
                  assert.strictEqual(asked.finish?.reason, "stop", `${n}`)
                  assert.strictEqual(asked.parts.filter((part) => part.type === "finish").length, 1)
                } else {
                  assert.strictEqual(asked.error.reason._tag, "NetworkError", `${n}`)
                  assert.isUndefined(asked.finish)
                }
              }
              assert.strictEqual(longest, whole)
              assert.isAbove(complete, 0)
              assert.isBelow(complete, bytes.length)
            })
          ),
        120_000
      )
    }

    it.effect("interrupting a reply that stalls closes the request", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(stalled())
          const heard = yield* Deferred.make<void>()
          const fiber = yield* LanguageModel.streamText({ prompt: "hi" }).pipe(
            Stream.runForEach((part) =>
              part.type === "text-delta" ? Deferred.succeed(heard, undefined) : Effect.void
            ),
            Effect.forkChild
          )
          yield* Deferred.await(heard)
          yield* Fiber.interrupt(fiber)
          yield* server.abandoned
        })
      )
    )

    it.effect("interrupting an unanswered request closes it", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script({ pieces: [], ending: "stall" })
          const fiber = yield* Effect.forkChild(ask())
          yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => server.requests.length === 1 }))
          yield* Fiber.interrupt(fiber)
          yield* server.abandoned
        })
      )
    )

    it.effect("a consumer that stops reading closes the request", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(stalled())
          yield* LanguageModel.streamText({ prompt: "hi" }).pipe(Stream.take(2), Stream.runDrain)
          yield* server.abandoned
        })
      )
    )

    it.live("a silence longer than the timeout is a timeout, after what came before", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(stalled())
          const asked = yield* ask().pipe(ModelSettings.override({ timeout: "100 millis" }))
          assert.strictEqual(asked.text, "Hello there")
          assert.strictEqual(asked.error && AiErrors.details(asked.error).kind, "Timeout")
          yield* server.abandoned
        })
      )
    )

    it.live("comments that only keep the connection alive do not extend the timeout", () =>
      run((server) =>
        Effect.gen(function* () {
          const alive = Array.from({ length: 2_000 }, () => framed(": keep-alive\n\n"))
          server.script({ ...wire.text(), pieces: alive, ending: "stall" })
          const asked = yield* ask().pipe(ModelSettings.override({ timeout: "50 millis" }))
          assert.strictEqual(asked.error && AiErrors.details(asked.error).kind, "Timeout")
        })
      )
    )

    it.live("a timeout of zero disables it", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.text("Hello"))
          assert.strictEqual((yield* ask().pipe(ModelSettings.override({ timeout: 0 }))).text, "Hello")
        })
      )
    )

    it.effect("an empty reply is an error of its own kind", () =>
      run((server) =>
        Effect.gen(function* () {
          server.script(wire.finished("length"), wire.text(" ", "\n"))
          for (const finish of ["length", "stop"]) {
            const { error, finish: end } = yield* ask()
            assert.isTrue(error !== undefined && ModelFailure.isEmptyReply(error))
            assert.include(error?.message, finish)
            assert.isUndefined(end)
          }
        })
      )
    )

    whereCallsCanBreak("a call cut off before its arguments does not run with its defaults", () =>
      run((server) =>
        Effect.gen(function* () {
          for (const json of ["", '{"city"']) {
            server.script(wire.callCutOff("c1", "get_weather", json))
            const { calls, finish } = yield* ask()
            assert.deepStrictEqual(calls[0]?.params, { "~antiphon/llm/badArguments": json })
            assert.strictEqual(finish?.reason, "length")
          }
        })
      )
    )

    it.effect("a tool whose name no provider accepts is sent under another, and comes back under its own", () =>
      run((server) =>
        Effect.gen(function* () {
          const name = "get.weather now!"
          server.script(wire.call("c1", ToolNames.toWire(name), "{}"))
          const { calls } = yield* ask("hi", Toolkit.make(Tool.make(name)))
          assert.strictEqual(calls[0]?.name, name)
          assert.notInclude(JSON.stringify(server.requests[0]?.body), name)
        })
      )
    )

    it.effect("nothing is written to the console", () =>
      run((server) =>
        Effect.gen(function* () {
          const written: Array<unknown> = []
          const { warn } = console
          console.warn = (...args: ReadonlyArray<unknown>) => void written.push(args)
          server.script(wire.text("Hello"))
          yield* Effect.ensuring(
            ask(),
            Effect.sync(() => (console.warn = warn))
          )
          assert.deepStrictEqual(written, [])
        })
      )
    )

    for (const answer of [
      { status: 200, pieces: ["x".repeat(300_000)] },
      { status: 404, pieces: ["nothing here"] },
      { status: 401, headers: { "content-type": "application/json" }, pieces: ['{"error":{}}'] }
    ]) {
      it.effect(`a warm-up answered with ${answer.status} opens the connection of the first request`, () =>
        run((server) =>
          Effect.gen(function* () {
            server.greet(answer)
            server.script(wire.text("Hello"))
            yield* Effect.flatten(WarmUp.WarmUp)
            // It is free for the next request one turn of the event loop later.
            yield* Effect.yieldNow
            assert.strictEqual(server.connections(), 1)
            assert.strictEqual(server.greetings.length, 1)
            assert.strictEqual((yield* ask()).text, "Hello")
            assert.strictEqual(server.connections(), 1)
          })
        )
      )
    }

    it.effect("a warm-up that cannot connect is a NetworkError", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.flatten(WarmUp.WarmUp))
        assert.strictEqual(error.reason._tag, "NetworkError")
      }).pipe(Effect.provide(wire.layer("http://127.0.0.1:1")))
    )

    it.effect("interrupting a warm-up closes its request", () =>
      run((server) =>
        Effect.gen(function* () {
          server.greet({ pieces: ["{"], ending: "stall" })
          const fiber = yield* Effect.forkChild(Effect.flatten(WarmUp.WarmUp))
          yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => server.greetings.length === 1 }))
          yield* Fiber.interrupt(fiber)
          yield* server.abandoned
        })
      )
    )

    it.effect("consecutive turns share a connection", () =>
      run((server) =>
        Effect.gen(function* () {
          for (let n = 0; n < 3; n++) {
            server.script(wire.text("Hello"))
            yield* ask()
          }
          assert.strictEqual(server.requests.length, 3)
          assert.strictEqual(server.connections(), 1)
        })
      )
    )

    it.effect("does not share its connections, and closes them with its Layer", () =>
      Effect.scoped(
        Effect.gen(function* () {
          const server = yield* makeServer
          for (let n = 1; n <= 2; n++) {
            server.script(wire.text("Hello"))
            yield* Effect.provide(ask(), wire.layer(server.url))
            assert.strictEqual(server.connections(), n)
          }
        })
      )
    )
  })
