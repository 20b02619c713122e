import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, Stream } from "effect"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as ResponseIdTracker from "effect/ai/ResponseIdTracker"
import * as Toolkit from "effect/ai/Toolkit"
import { TestClock } from "effect/testing"
import * as ReplyOutputs from "../../../src/agent/internal/replyOutputs.ts"
import * as ModelFailure from "../../../src/model/ModelFailure.ts"
import * as OpenAi from "../../../src/model/OpenAi.ts"
import type * as Usage from "../../../src/model/Usage.ts"
import * as MockServer from "../../support/mockServer.ts"
import * as OpenAiServer from "../../support/openAiServer.ts"

const sending: ReplyOutputs.Sending = {
  turn: { id: 1, request: CallRequest.make({ callId: "c1" }) },
  recorder: undefined,
  prompt: [{ role: "user", content: "hi" }],
  tools: [],
  toolkit: Toolkit.empty as unknown as ReplyOutputs.Sending["toolkit"],
  toolChoice: undefined,
  settings: {},
  asking: {},
  observe: () => Effect.void
}

interface Part {
  readonly type: string
  readonly delta?: string
}
const words = (parts: ReadonlyArray<Part>) =>
  parts.flatMap(({ delta, type }) => (type === "text-delta" ? [Event.sendText(delta!)] : []))

/** A server's reply, with what has happened to it. */
const replying = (script: MockServer.Script) =>
  Effect.gen(function* () {
    yield* TestClock.adjust(0)
    const server = yield* MockServer.make
    server.script(script)
    const said: Array<string> = []
    const ends: Array<string> = []
    const told: Array<string> = []
    const observe = ({ estimated }: Usage.Report) =>
      Effect.sync(() => void (estimated === true && told.push("|estimated")))
    const outputs = ReplyOutputs.make({ ...sending, observe }, words, (isGivenUp) =>
      Effect.sync(() => void ends.push(`${[...said, ...told].join("")}${isGivenUp ? "|given up" : ""}`))
    )
    const model = OpenAi.layer({ model: "m", baseUrl: server.url, apiKey: Redacted.make("k") })
    const context = yield* Layer.build(Layer.orDie(model))
    const run = Stream.runForEach(outputs, (output) =>
      Effect.sync(() => void (output._tag === "AgentSendText" && said.push(output.text)))
    ).pipe(Effect.provide(context))
    // The clock of the test would run ahead of the socket.
    const until = (condition: () => boolean) => Effect.yieldNow.pipe(Effect.repeat({ until: condition }))
    return { server, said, ends, run, until, outputs }
  })

describe("replyOutputs", () => {
  it.effect("sends what was collected, and ends once", () =>
    Effect.gen(function* () {
      const { ends, run, said } = yield* replying(OpenAiServer.text("Hello ", "you."))
      yield* run
      assert.deepStrictEqual(said, ["Hello ", "you."])
      assert.deepStrictEqual(ends, ["Hello you."])
    })
  )

  for (const [what, tracker] of [
    ["its own way", undefined],
    ["the way of effect/ai", ResponseIdTracker.make]
  ] as const) {
    it.effect(`a reply of our model that stalls, read in ${what}, fails at its deadline and closes its request`, () =>
      Effect.gen(function* () {
        const { pieces } = OpenAiServer.text("Hello ", "you.")
        const { ends, run, said, server, until } = yield* replying({ pieces: pieces.slice(0, 2), ending: "stall" })
        const tracked =
          tracker === undefined
            ? run
            : Effect.flatMap(tracker, (made) => Effect.provideService(run, ResponseIdTracker.ResponseIdTracker, made))
        const fiber = yield* Effect.forkChild(Effect.flip(tracked), { startImmediately: true })
        yield* until(() => said.length > 0)
        yield* TestClock.adjust("14 seconds")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("1 second")
        assert.isTrue(ModelFailure.isTimeout(yield* Fiber.join(fiber)))
        yield* server.abandoned
        assert.deepStrictEqual(ends, ["Hello |estimated"])
      })
    )
  }

  it.effect("a server that never answers fails at the deadline of the first word", () =>
    Effect.gen(function* () {
      const { ends, run, server, until } = yield* replying({ pieces: [], ending: "stall" })
      const fiber = yield* Effect.forkChild(Effect.flip(run), { startImmediately: true })
      yield* until(() => server.requests.length > 0)
      yield* TestClock.adjust("10 seconds")
      assert.isTrue(ModelFailure.isTimeout(yield* Fiber.join(fiber)))
      yield* server.abandoned
      assert.deepStrictEqual(ends, [""])
    })
  )

  it.effect("an interruption closes the request, and ends the reply once", () =>
    Effect.gen(function* () {
      const { pieces } = OpenAiServer.text("Hello ", "you.")
      const { ends, run, said, server, until } = yield* replying({ pieces: pieces.slice(0, 2), ending: "stall" })
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      yield* until(() => said.length > 0)
      yield* Fiber.interrupt(fiber)
      yield* server.abandoned
      // The request was closed first: its usage is known at the end of the reply.
      assert.deepStrictEqual(ends, ["Hello |estimated|given up"])
    })
  )

  it.effect("a request that is refused when it is opened has failed, and was not given up", () =>
    Effect.gen(function* () {
      const { ends, outputs } = yield* replying(OpenAiServer.text("Hello."))
      const refusal = AiError.make({
        module: "",
        method: "",
        reason: new AiError.AuthenticationError({ kind: "Unknown" })
      })
      const refusing = Layer.effect(
        LanguageModel.LanguageModel,
        LanguageModel.make({
          streamText: () => Stream.unwrap(Effect.fail(refusal)),
          generateText: () => Effect.fail(refusal)
        })
      )
      assert.strictEqual(yield* Effect.flip(Effect.provide(Stream.runDrain(outputs), refusing)), refusal)
      assert.deepStrictEqual(ends, [""])
    })
  )
})
