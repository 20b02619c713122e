import { LlmAgent, Memory, MemoryStore, Remember } from "@antiphon/llm"
import { EndCall } from "@antiphon/llm/tools"
import { Sqlite } from "@antiphon/sqlite"
import { Config, Effect, Layer, Schema } from "effect"

/** All that the hotel keeps of a guest. What is not declared here is not kept. */
export const Guest = Memory.declare({
  name: Memory.field(Schema.String, { purpose: "to greet you by name", keptFor: "365 days" }),
  allergies: Memory.field(Schema.Array(Schema.String), {
    purpose: "to keep you safe at breakfast",
    keptFor: "365 days"
  }),
  lastRequest: Memory.field(Schema.String, { purpose: "to go on where we left off", keptFor: "14 days" })
})

/** Knows its guests by their number, which is kept as a hash. */
export const concierge = Effect.map(Config.Redacted("MEMORY_SECRET"), (secret) =>
  Remember.agent(
    LlmAgent.make({
      systemPrompt: "You are the concierge of a small hotel. Be brief.",
      introduction: "Good day, this is the concierge. How can I help you?",
      tools: [EndCall.make()]
    }),
    { declaration: Guest, learn: Remember.byModel, secret }
  )
)

/** For the page on which a guest sees what is kept, and can have it deleted. */
export const shownTo = (guest: string) => Memory.show(guest, Guest)
export const forgotten = (guest: string) => Memory.forget(guest)

export const Kept = Memory.layerExpiry("1 hour").pipe(
  Layer.provideMerge(MemoryStore.MemoryStore.layerSql),
  Layer.provide(Sqlite.layer({ filename: "guests.db" }))
)
