import { Models } from "@antiphon/llm"
import { VoiceAgentApp } from "@antiphon/server"
import { NodeRuntime } from "@effect/platform-node"
import { Layer } from "effect"
import { Billing } from "./Billing.ts"
import { Database } from "./Database.ts"
import { Reception } from "./Reception.ts"

VoiceAgentApp.layerServer(Reception.factory).pipe(
  Layer.provide(Reception.layer),
  Layer.provide(Billing.layer),
  Layer.provide(Database.layerMemory),
  Layer.provide(Models.fromString("anthropic/claude-haiku-4-5")),
  Layer.launch,
  NodeRuntime.runMain
)
