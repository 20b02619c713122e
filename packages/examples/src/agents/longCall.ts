import { Budget, LlmAgent } from "@antiphon/llm"

/** Support calls that take long: the model reads the last part word for word, and a summary of what was before. */
export const support = LlmAgent.make({
  systemPrompt: "You help customers of a telephone company.",
  // Kept below this many tokens. By default it follows from the model's window.
  contextPolicy: { limit: 20_000, keep: 8_000 },
  budgets: [
    Budget.make({ usd: 0.5 }, Budget.switchModel("openai/gpt-5-nano")),
    Budget.make({ time: "20 minutes" }, Budget.warn("Bring the call to an end: offer to call back.")),
    Budget.make({ time: "25 minutes", toolCalls: 100 }, Budget.sayGoodbye("I have to end this call now. Goodbye!"))
  ]
})
