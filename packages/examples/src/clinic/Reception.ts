import { Agent, Event, Guard, Keypad } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { AgentAsHandoff, EndCall, VoiceTool } from "@antiphon/llm/tools"
import { Effect, Schema, Stream } from "effect"
import { Billing } from "./Billing.ts"
import { Database } from "./Database.ts"
import { confirm, fillIn, Form } from "./Form.ts"

const findSlots = VoiceTool.background(
  "find_slots",
  {
    description: "Looks for free slots on a day. Takes a while; go on talking.",
    parameters: { day: Schema.String },
    announce: "I'm looking for a slot.",
    timeout: "20 seconds"
  },
  ({ day }) => Effect.flatMap(Database, (database) => Effect.delay(database.freeSlots(day), "3 seconds"))
)

const receptionist = LlmAgent.make((request) => ({
  ...LlmAgent.fromCallRequest(request, {
    systemPrompt: "You are the receptionist of a clinic. Book appointments. Short sentences.",
    introduction: "Saint Mary clinic, hello! Press zero for a nurse."
  }),
  run: Keypad.run,
  tools: [
    findSlots,
    fillIn,
    confirm,
    EndCall.make(),
    AgentAsHandoff.makeReturning(Billing, { name: "billing", handoffMessage: "I'll put you through to billing. " })
  ]
}))

/** Nothing that sounds like medical advice is said. */
const noAdvice: Guard.OutputJudge = (sentence) =>
  Effect.succeed(/\b(\d+\s?mg|ibuprofen|aspirin)\b/i.test(sentence) ? undefined : sentence)

const nurse = Stream.make(Event.sendText("One moment. "), Event.transferCall("+33140000000"))

/** Zero reaches a nurse, whatever the model is doing. Other keys go to the model. */
const zero: Guard.InputJudge = (event) =>
  Effect.succeed(event._tag === "UserDtmfSent" && event.button === "0" ? nurse : undefined)

export class Reception extends Agent.Service<Reception>()("clinic/Reception") {
  static readonly layer = Agent.layer(
    Reception,
    Agent.provide(
      Guard.input(Guard.output(receptionist, noAdvice, { fallback: "A doctor has to answer that." }), zero),
      Form.layer
    )
  )
}
