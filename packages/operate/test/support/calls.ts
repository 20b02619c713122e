/** A real server with an agent that has every kind of span, and calls to it over its socket. */
import * as Event from "@antiphon/core/Event"
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import * as ScriptedModel from "@antiphon/llm/testing/ScriptedModel"
import * as VoiceTool from "@antiphon/llm/tool/VoiceTool"
import * as Calls from "@antiphon/server/Calls"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import { ConfigProvider, Context, Effect, Layer, Logger, Schema, Stream } from "effect"
import { Tool, Toolkit } from "effect/ai"
import { HttpRouter, HttpServer } from "effect/http"
import { WebSocket } from "ws"

/** Content of these calls that no collector may see. */
export const secrets = [
  "Anna Huber",
  "+436641234567",
  "pin-4321",
  "booked for",
  "no seat left",
  "You are the desk",
  "tell me everything"
]

const Seats = Toolkit.make(
  Tool.make("seats", { parameters: Schema.Struct({ name: Schema.String }), success: Schema.String })
)
const handlers = Seats.toLayer({
  seats: ({ name }) =>
    Effect.succeed(`booked for ${name}`).pipe(
      // Attributes that an application writes on its own spans are exported only if it is allowed.
      Effect.tap(() => Effect.annotateCurrentSpan({ "app.caller": "Anna Huber", "app.seats": 2 })),
      Effect.withSpan("lookup", { attributes: { "db.query.text": "select * where name = 'Anna Huber'" } })
    )
})

const book = VoiceTool.loopback("book", { parameters: { code: Schema.String } }, () =>
  Effect.fail(new Error("no seat left for Anna Huber"))
)
const search = VoiceTool.background("search", { parameters: { phone: Schema.String } }, () =>
  Effect.succeed("found +436641234567")
)
const transfer = VoiceTool.handoff("to_manager", {}, () => () => Stream.make(Event.sendText("Manager here.")))

const { text, toolCall } = ScriptedModel
const usage = {
  inputTokens: { uncached: 100, total: 100, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 7, text: 7, reasoning: undefined }
}

/** The agent, with a model that calls a tool of each kind. */
export const makeAgent = () => {
  const model = ScriptedModel.make([
    [
      text("One moment, Anna Huber."),
      toolCall("seats", { name: "Anna Huber" }),
      toolCall("book", { code: "pin-4321" }, { id: "b" })
    ],
    [toolCall("search", { phone: "+436641234567" }), ScriptedModel.finish("tool-calls", usage)],
    [text("I am looking."), ScriptedModel.finish("stop", usage)],
    [toolCall("to_manager", {})],
    [text("Well."), ScriptedModel.finish("stop", usage)]
  ])
  const agent = LlmAgent.make({
    systemPrompt: "You are the desk of Anna Huber.",
    introduction: "Hello!",
    tools: [...VoiceTool.fromToolkit(Seats), book, search, transfer]
  })
  return { agent, layer: Layer.merge(model.layer, handlers) }
}

/** Serves an agent on a free port, under a Layer that observes it. */
export const serve = <E>(options: {
  readonly under?: Layer.Layer<never, E> | undefined
  readonly routes?: Layer.Layer<never, never, HttpRouter.HttpRouter> | undefined
}) =>
  Effect.gen(function* () {
    const { agent, layer } = makeAgent()
    const environment = Layer.succeed(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env: {} }))
    const served = VoiceAgentApp.layerServer(agent, {
      guard: false,
      settings: { port: 0, host: "127.0.0.1" },
      routes: options.routes
    }).pipe(
      Layer.provide(layer),
      Layer.provide(options.under ?? Layer.empty),
      Layer.provide(environment),
      Layer.provide(Logger.layer([]))
    )
    const context = yield* Layer.build(served)
    const { address } = Context.get(context, HttpServer.HttpServer)
    const port = "port" in address ? address.port : 0
    return {
      http: `http://127.0.0.1:${port}`,
      ws: `ws://127.0.0.1:${port}/ws`,
      calls: Context.get(context, Calls.Calls)
    }
  })

/** Makes one call: two turns and a hang-up. */
export const call = (address: string, callId: string) =>
  Effect.callback<void>((resume) => {
    const socket = new WebSocket(address)
    const send = (message: object) => socket.send(JSON.stringify(message))
    const say = (content: string) => {
      send({ type: "user_state", value: "speaking" })
      send({ type: "message", content })
      send({ type: "user_state", value: "idle" })
    }
    socket.on("open", () => send({ type: "start", call_id: callId, from: "+436641234567", to: "+431", metadata: {} }))
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { readonly type: string; readonly content?: string }
      if (message.content === undefined) return
      send({ type: "agent_speech", content: message.content })
      if (message.content === "Hello!") say("I am Anna Huber, tell me everything, my code is pin-4321")
      if (message.content.includes("I am looking")) say("the manager please")
      if (message.content.includes("Manager here")) socket.close()
    })
    socket.on("close", () => resume(Effect.void))
  })

/** Waits until a condition holds. A test that waits in vain ends with its own timeout. */
export const until = (condition: Effect.Effect<boolean>): Effect.Effect<void> =>
  Effect.flatMap(condition, (met) =>
    met
      ? Effect.void
      : Effect.andThen(
          Effect.sleep("5 millis"),
          Effect.suspend(() => until(condition))
        )
  )

/** Waits until no call is open. */
export const allOver = (calls: Calls.Calls["Service"]): Effect.Effect<void> =>
  until(Effect.map(calls.count, (count) => count === 0))
