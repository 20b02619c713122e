import { Agent, Event } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { AgentAsHandoff, EndCall, VoiceTool } from "@antiphon/llm/tools"
import { Context, Effect, Layer, Ref, Schema } from "effect"

/** `userdata`: one for each call, shared by its agents and tools. */
export interface Booking {
  readonly name?: string
  readonly time?: string
}
export class Guest extends Context.Service<Guest, Ref.Ref<Booking>>()("restaurant/Guest") {
  static readonly layer = Layer.effect(Guest, Ref.make<Booking>({}))
}
const note = (booking: Booking) =>
  Effect.flatMap(
    Guest,
    Ref.update((before) => ({ ...before, ...booking }))
  )

/** `@function_tool`: the arguments are a schema, and what it returns is read by the model. */
const saveName = VoiceTool.loopback(
  "save_name",
  { description: "Keeps the name of the guest.", parameters: { name: Schema.String } },
  ({ name }) => Effect.as(note({ name }), `Good, ${name}.`)
)

/** A tool that takes long: the conversation goes on, and the result is told once nobody is speaking. */
const findTable = VoiceTool.background(
  "find_table",
  { description: "Looks for a free table.", parameters: { time: Schema.String }, announce: "I am looking." },
  ({ time }) => Effect.delay(Effect.as(note({ time }), `There is a table at ${time}.`), "2 seconds")
)

/** `session.say(…, allow_interruptions=False)`: words that are heard to their end, and are not the model's. */
const notice = VoiceTool.passthrough("read_notice", { description: "Reads out the house rules." }, () =>
  Effect.succeed(Event.sendText("Tables are kept for fifteen minutes. ", { interruptible: false }))
)

/** An `Agent` with instructions, tools, and what it says in `on_enter`. */
export const reservation = LlmAgent.make({
  systemPrompt: "You take reservations. Ask for the name, then for the time. Short sentences.",
  introduction: "Reservations, good evening. Your name, please?",
  tools: [saveName, findTable, notice]
})

/** The agent that answers. A tool that returns another `Agent` is a handoff. */
const greeter = LlmAgent.make({
  systemPrompt: "You answer the phone of a restaurant. Hand over to reservations when somebody wants a table.",
  introduction: "Da Mario, hello!",
  tools: [EndCall.make(), AgentAsHandoff.make(reservation, { name: "to_reservation" })]
})

/** `AgentSession(userdata=…)`. */
export const restaurant = Agent.provide(greeter, Guest.layer)
