import { Agent } from "@antiphon/core"
import { LlmAgent } from "@antiphon/llm"
import { Conversation, Judge } from "@antiphon/llm/testing"
import { Effect, Stream } from "effect"

const receptionist = LlmAgent.make({
  systemPrompt: "You answer the phone of a bicycle shop.",
  introduction: "Bicycle shop, good morning!",
  // A judge takes its time, and the call is over by then.
  endGrace: "1 minute"
})

const judge = Judge.make({
  criteria: [{ name: "polite", description: "The agent is polite to the end.", passAt: 0.7 }]
})

/** Has every call judged once it is over, real ones too. */
export const judged = (report: (judgement: Judge.Judgement) => Effect.Effect<void>) =>
  Agent.map(
    receptionist,
    (agent) => (event, turn) =>
      event._tag === "CallEnded"
        ? Stream.fromEffectDrain(Effect.flatMap(judge.score(Conversation.fromHistory(turn.history)), report))
        : agent(event, turn)
  )
