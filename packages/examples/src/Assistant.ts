/**
 * The agent of `npm start` with a model: tools of every kind, a specialist that it can hand the call to, and a plan that
 * goes on with the demo model when the provider fails, in mid-sentence if need be.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import * as DemoModel from "@antiphon/llm/DemoModel"
import * as LlmAgent from "@antiphon/llm/LlmAgent"
import * as ModelPlan from "@antiphon/llm/ModelPlan"
import * as Models from "@antiphon/llm/Models"
import * as AgentAsHandoff from "@antiphon/llm/tool/AgentAsHandoff"
import * as EndCall from "@antiphon/llm/tool/EndCall"
import * as SendDtmf from "@antiphon/llm/tool/SendDtmf"
import * as VoiceTool from "@antiphon/llm/VoiceTool"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as DemoAgent from "./DemoAgent.ts"

/** The name that stands for the embedded demo model. */
export const demo = "demo"

/**
 * Layer of a model by its name. Whatever a provider fails with, the demo model goes on: a first start is no place for an
 * apology. The log says why.
 */
export const model = (name: string): Layer.Layer<LanguageModel.LanguageModel, Models.ModelError> =>
  name === demo
    ? DemoModel.layer()
    : ModelPlan.layer(
        ModelPlan.make(
          { name, model: Models.fromString(name), firstTokenDeadline: "8 seconds", stallDeadline: "4 seconds" },
          { name: demo, model: DemoModel.layer() }
        ),
        { fallback: () => true }
      )

const onThePhone =
  "You are on the phone, so what you write is spoken: answer in one to three short sentences, without lists or markup. " +
  "Lines of the user in brackets are events of the call, not words that were said."

const systemPrompt =
  "You are the demo agent of Antiphon, a runtime for voice agents. " +
  "You can look things up while the talk goes on, tell the time, press keys, hand over to a specialist for tides, and hang up. " +
  `When you look something up, say so, and go on talking; tell the result when it has come. ${onThePhone}`

const specialistPrompt =
  "You are the specialist for tides, and the call was handed to you. Answer what concerns tides. " +
  `When the caller wants anything else, or is done with you, call hand_back. ${onThePhone}`

/** Time that the lookup needs: long enough to talk about something else. */
const lookupTime = "4 seconds"

const lookUp = VoiceTool.background(
  "look_up",
  {
    description: "Looks a topic up. It takes a while; the result comes later by itself.",
    parameters: { topic: Schema.String.annotate({ description: "What to look up, in a few words" }) }
  },
  ({ topic }) =>
    Effect.delay(Effect.succeed(`This demo asks nobody, so the answer about ${topic} is forty-two.`), lookupTime)
)

const currentTime = VoiceTool.loopback("current_time", { description: "Tells the date and the time, in UTC." }, () =>
  Effect.map(DateTime.now, (now) => `${DateTime.formatIso(now).slice(0, 16).replace("T", " ")} UTC`)
)

const specialist = AgentAsHandoff.makeReturning(
  (back) =>
    LlmAgent.make({
      systemPrompt: specialistPrompt,
      introduction: "Hello, this is the specialist for tides. Ask me anything, or say “go back”.",
      tools: [back, currentTime, EndCall.make()],
      describeEvent
    }),
  { name: "transfer_to_specialist", description: "Hands the call to the specialist for tides." }
)

/** Puts into words for the model what it would not see by itself. */
const describeEvent = (event: Event.Input): string | undefined => {
  switch (event._tag) {
    case "UserDtmfSent":
      return `[The caller pressed ${event.button}]`
    case "BackgroundReturned":
      return `[${event.name} returned: ${String(event.result)}]`
    default:
      return undefined
  }
}

/** Makes the agent, which says by which model it speaks. */
export const make = (name: string): Agent.Factory<never, never, LanguageModel.LanguageModel> =>
  LlmAgent.make({
    systemPrompt,
    introduction:
      `Hello, this is Antiphon, with ${name === demo ? "its own demo model" : `the model ${name.replace(/^.*\//, "")}`}. ` +
      "Ask me for the time, to look something up, for a specialist, or for a story, and talk over me whenever you like.",
    tools: [lookUp, currentTime, specialist, SendDtmf.make(), EndCall.make()],
    describeEvent,
    interruptedMark: "[interrupted]",
    run: DemoAgent.run
  })
