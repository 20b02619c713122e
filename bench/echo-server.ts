/** `npm run bench:echo-server`: the agent with which Line's baseline was measured, on `PORT`. */
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import { factory } from "./echoAgent.ts"

// The client plays turns as fast as it can, so the message limit for strangers is off.
const server = VoiceAgentApp.layerServer(factory, {
  settings: {
    maxFramesPerSecond: 0,
    maxBytesPerSecond: 0,
    maxCallBytes: 0,
    maxHistoryBytes: 0,
    maxTurns: 0,
    maxCalls: 10_000,
    maxOpenings: 10_000,
    maxCallsPerSecond: 0
  }
})

const announce = Layer.effectDiscard(
  HttpServer.addressFormattedWith((address) => Console.log(`Echo agent on ${address}, pid ${process.pid}`))
)

NodeRuntime.runMain(Layer.launch(Layer.provide(announce, server)) as Effect.Effect<never, unknown>, {
  teardown: VoiceAgentApp.teardown
})
