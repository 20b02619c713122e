/** The echo agent in `ANTIPHON_PROCESSES` processes on `PORT`, without the limits meant for strangers. */
import * as Supervisor from "@antiphon/server/node/Supervisor"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import { factory } from "./echoAgent.ts"

const server = VoiceAgentApp.serve(factory, {
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

NodeRuntime.runMain(Effect.provideService(Supervisor.run(server), References.MinimumLogLevel, "Error"), {
  teardown: VoiceAgentApp.teardown
})
