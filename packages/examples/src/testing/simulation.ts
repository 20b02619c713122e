/**
 * What `npm run simulate` holds against the rules of a call: an agent that does everything an agent can do, at random, and
 * the demo assistant with a model that has a bad day.
 *
 * @since 0.1.0
 */
import * as RandomAgent from "@antiphon/core/testing/RandomAgent"
import * as Rules from "@antiphon/core/testing/Rules"
import * as DemoModel from "@antiphon/llm/demo/DemoModel"
import * as FaultyModel from "@antiphon/llm/testing/FaultyModel"
import * as PromptRules from "@antiphon/llm/testing/PromptRules"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "../demo/Assistant.ts"

const random: Rules.Subject = {
  callers: {},
  simulate: (caller) => Rules.simulate(RandomAgent.make(), caller)
}

const badDay = {
  firstToken: { median: "300 millis", p99: "4 seconds" },
  betweenTokens: { median: "5 millis", p99: "200 millis" },
  failures: { RateLimitError: 0.04, InternalProviderError: 0.03, NetworkError: 0.03 },
  dies: 0.05,
  stalls: 0.01
} satisfies FaultyModel.Behaviour

const assistant: Rules.Subject = {
  callers: {
    phrases: [
      "Look up the tides please",
      "Look up the weather and the trains",
      "What time is it",
      "I want to speak to the specialist",
      "When is high water in Brest",
      "Go back",
      "Read me the notice",
      "Tell me a story",
      "Go on",
      "Stop",
      "Goodbye"
    ]
  },
  simulate: (caller) =>
    Rules.simulate(Assistant.make(DefaultModel.demo), caller, {
      provide: (seed) => FaultyModel.wrap(DemoModel.layer({ pace: "30 millis" }), { seed, ...badDay }).layer,
      also: [PromptRules.check]
    })
}

/** The subjects, which take turns. */
export default [random, assistant]
