import { Agent } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { AgentAsHandoff, VoiceTool } from "@antiphon/llm/tools"
import { Context, Effect, Layer, Ref, Schema } from "effect"

/** What is known of the caller: one for each call, seen by every agent and tool of it. */
class Notes extends Context.Service<Notes, Ref.Ref<ReadonlyArray<string>>>()("app/Notes") {
  static readonly layer = Layer.effect(Notes, Ref.make<ReadonlyArray<string>>([]))
}

const note = VoiceTool.loopback("note", { parameters: { text: Schema.String } }, ({ text }) =>
  Effect.as(
    Effect.flatMap(
      Notes,
      Ref.update((notes) => [...notes, text])
    ),
    "noted"
  )
)
const readNotes = VoiceTool.loopback("read_notes", {}, () => Effect.flatMap(Notes, Ref.get))

const sales = LlmAgent.make({ systemPrompt: "You sell.", introduction: "Sales, hello.", tools: [readNotes] })
const greeter = LlmAgent.make({
  systemPrompt: "You greet callers, and note down who they are.",
  tools: [note, AgentAsHandoff.make(sales, { name: "sales", context: "none" })]
})

/** Both agents need `Notes`; here they get one that is made when the call begins. */
export const frontDesk = Agent.provide(greeter, Notes.layer)
