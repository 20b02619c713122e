/** A call over the WebSocket mode of the Responses API, with real sockets. */
import type * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import { type Cause, Effect, Queue, Redacted, Schema, Stream } from "effect"
import * as LlmAgent from "../../../../src/agent/LlmAgent.ts"
import * as Models from "../../../../src/model/Models.ts"
import * as VoiceTool from "../../../../src/tool/VoiceTool.ts"
import * as Wire from "../../../support/responsesServer.ts"
import * as SocketServer from "../../../support/responsesSocketServer.ts"

const saying = (id: string, ...texts: ReadonlyArray<string>) => ({
  pieces: [Wire.created, ...Wire.textItem("msg_1", ...texts), done(id, [text(texts.join(""))])]
})
const text = (text: string) => ({ type: "message", content: [{ type: "output_text", text }] })
const done = (id: string, output: ReadonlyArray<object>) =>
  Wire.event({ type: "response.completed", response: { id, model: "gpt-5.4-mini", output, usage: Wire.usage } })

describe("a call over a WebSocket", () => {
  it.live("sends each request only what is new since the last one, and everything after an interruption", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* SocketServer.make
        server.script(
          saying("r1", "Hello ", "Ada. "),
          {
            pieces: [
              Wire.created,
              ...Wire.textItem("msg_1", "One moment. "),
              ...Wire.callItem("c1", "order", '{"what":"tea"}'),
              done("r2", [
                text("One moment. "),
                { type: "function_call", call_id: "c1", name: "order", arguments: '{"what":"tea"}' }
              ])
            ]
          },
          saying("r3", "It is on its way to you."),
          saying("r4", "Bye.")
        )
        const order = VoiceTool.loopback("order", { parameters: { what: Schema.String } }, () =>
          Effect.succeed("ordered")
        )
        const factory = LlmAgent.make({ systemPrompt: "Be brief.", tools: [order] })
        const spec = yield* factory(CallRequest.make())
        const reports = yield* Queue.unbounded<Event.Report, Cause.Done>()
        const sent = yield* Queue.unbounded<string>()
        yield* Call.run(spec as unknown as Agent.AgentSpec, Stream.fromQueue(reports)).pipe(
          Stream.runForEach((output) =>
            // The last output of a turn.
            output._tag === "LogMetric" && output.name === "agent_turn_ms" ? Queue.offer(sent, "over") : Effect.void
          ),
          Effect.provide(
            Models.fromString("openai/gpt-5.4-mini", {
              transport: "websocket",
              baseUrl: `${server.url}/v1`,
              apiKey: Redacted.make("k")
            })
          ),
          Effect.forkScoped
        )
        const says = (content: string) =>
          Queue.offerAll(reports, [
            { _tag: "UserTurnStarted" },
            { _tag: "UserTextSent", content },
            { _tag: "UserTurnEnded" }
          ])
        const hears = (content: string) =>
          Queue.offerAll(reports, [
            { _tag: "AgentTurnStarted" },
            { _tag: "AgentTextSent", content },
            { _tag: "AgentTurnEnded" }
          ])
        /** Waits until the turn is over. */
        const said = Queue.take(sent)
        yield* said
        yield* says("I am Ada.")
        yield* said
        yield* hears("Hello Ada.")
        yield* says("Tea, please.")
        yield* said
        // The caller interrupts the answer.
        yield* hears("One moment. It is on")
        yield* says("Bye.")
        yield* said
        assert.deepStrictEqual(
          server.messages.map(({ body, socket }) => [socket, body["previous_response_id"], body["input"]]),
          [
            [0, undefined, [{ role: "user", content: "I am Ada." }]],
            [0, "r1", [{ role: "user", content: "Tea, please." }]],
            [0, "r2", [{ type: "function_call_output", call_id: "c1", output: "ordered" }]],
            [0, undefined, server.messages[3]?.body["input"]]
          ]
        )
        const whole = JSON.stringify(server.messages[3]?.body["input"])
        assert.include(whole, "It is on")
        assert.notInclude(whole, "on its way")
      })
    )
  )
})
