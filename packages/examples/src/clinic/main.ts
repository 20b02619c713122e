import { Models } from "@antiphon/llm"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { Billing } from "./Billing.ts"
import { Database } from "./Database.ts"
import { Reception } from "./Reception.ts"

const Services = Reception.layer.pipe(
  Layer.provide(Billing.layer),
  Layer.provide(Database.layerMemory),
  Layer.provideMerge(Models.fromString("anthropic/claude-haiku-4-5"))
)

VoiceAgentApp.serve(Reception.factory).pipe(
  Effect.provide(Services),
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
