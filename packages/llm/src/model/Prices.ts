/**
 * Prices of tokens. They change, so they are data that an application can replace: `Prices.Current`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as ClaudeModels from "./internal/rules/claudeModels.ts"
import type { Tokens } from "./internal/tokens.ts"

interface Rates {
  readonly input: number
  /** Thoughts included. */
  readonly output: number
  /** The input price by default. */
  readonly cacheRead?: number | undefined
  /** The input price by default. */
  readonly cacheWrite?: number | undefined
}

/** The price of a model, in US dollars per million tokens. */
export interface Price extends Rates {
  /** Providers for which the price is valid. All by default. */
  readonly of?: ReadonlyArray<string> | undefined
  /** Names of models for which the price is valid, without everything up to the last slash. */
  readonly models: RegExp
  /** The price of a whole request whose prompt has more tokens. */
  readonly over?: (Rates & { readonly tokens: number }) | undefined
}

/**
 * Of a provider that charges a quarter more for what it writes to a cache: Anthropic, and OpenAI from GPT-5.6 on. Reading costs
 * a tenth by default.
 */
const cached = (models: RegExp, input: number, output: number, cacheRead = input / 10): Price => ({
  models,
  input,
  output,
  cacheRead,
  cacheWrite: input * 1.25
})

/** Of a provider that charges twice as much for a long prompt, and half more for its answer. */
const withLong = (tokens: number, price: Price): Price => ({
  ...price,
  over: { tokens, input: price.input * 2, output: price.output * 1.5, cacheRead: (price.cacheRead ?? price.input) * 2 }
})

/**
 * List prices published by the providers up to November 2026, for the models most used on calls. Prices of long prompts are here
 * for some of them (`over`). Introductory prices end with the year. The first match counts. Sources: platform.claude.com/docs (models overview), developers.openai.com/api/docs/pricing,
 * ai.google.dev/gemini-api/docs/pricing, docs.x.ai/docs/models, groq.com/pricing.
 */
export const list: ReadonlyArray<Price> = [
  cached(/^claude-(fable|mythos)-5/, 10, 50),
  cached(/^claude-opus-5-5/, 4, 20, 0.2),
  cached(/^claude-sonnet-5-5/, 2, 10, 0.1),
  cached(/^claude-haiku-5-5/, 0.1, 0.5),
  cached(/^claude-opus-(4-[5-9]|5)/, 5, 25),
  cached(/^claude-sonnet-5/, 2, 10),
  cached(/^claude-opus-4/, 15, 75),
  cached(/^claude-(sonnet-4|3-[57]-sonnet)/, 3, 15),
  cached(/^claude-haiku-4-5/, 1, 5),
  cached(/^claude-3-5-haiku/, 0.8, 4),
  cached(/^claude-3-haiku/, 0.25, 1.25),
  cached(/^gpt-6-astra(-\d{4}|$)/, 10, 50),
  cached(/^gpt-6\.1-sol(-\d{4}|$)/, 2, 10, 0.1),
  cached(/^gpt-6-sol(-\d{4}|$)/, 2, 10),
  cached(/^gpt-6\.1-terra(-\d{4}|$)/, 1, 5, 0.05),
  cached(/^gpt-6-luna(-\d{4}|$)/, 0.1, 0.5),
  cached(/^gpt-5\.6-luna(-\d{4}|$)/, 0.2, 1.2),
  withLong(272_000, { models: /^gpt-5\.5(-\d{4}|$)/, input: 5, cacheRead: 0.5, output: 30 }),
  withLong(272_000, { models: /^gpt-5\.4(-\d{4}|$)/, input: 2.5, cacheRead: 0.25, output: 15 }),
  { models: /^gpt-5\.4-mini/, input: 0.75, cacheRead: 0.075, output: 4.5 },
  { models: /^gpt-5\.4-nano/, input: 0.2, cacheRead: 0.02, output: 1.25 },
  { models: /^gpt-5\.2(-\d{4}|-chat|$)/, input: 1.75, cacheRead: 0.175, output: 14 },
  { models: /^gpt-5(\.1)?(-\d{4}|-chat|$)/, input: 1.25, cacheRead: 0.125, output: 10 },
  { models: /^gpt-5-mini/, input: 0.25, cacheRead: 0.025, output: 2 },
  { models: /^gpt-5-nano/, input: 0.05, cacheRead: 0.005, output: 0.4 },
  { models: /^gpt-4\.1(-\d{4}|$)/, input: 2, cacheRead: 0.5, output: 8 },
  { models: /^gpt-4\.1-mini/, input: 0.4, cacheRead: 0.1, output: 1.6 },
  { models: /^gpt-4\.1-nano/, input: 0.1, cacheRead: 0.025, output: 0.4 },
  { models: /^gpt-4o(-\d{4}|$)/, input: 2.5, cacheRead: 1.25, output: 10 },
  { models: /^gpt-4o-mini/, input: 0.15, cacheRead: 0.075, output: 0.6 },
  { models: /^gemini-3\.8-flash(-\d{3}|$)/, input: 0.75, cacheRead: 0.075, output: 3.75 },
  { models: /^gemini-3\.5-flash(-\d{3}|$)/, input: 1.5, cacheRead: 0.15, output: 9 },
  { models: /^gemini-3\.1-flash-lite/, input: 0.25, cacheRead: 0.025, output: 1.5 },
  withLong(200_000, { models: /^gemini-3(\.1)?-pro-preview/, input: 2, cacheRead: 0.2, output: 12 }),
  { models: /^gemini-3-flash/, input: 0.5, cacheRead: 0.05, output: 3 },
  { models: /^gemini-2\.5-flash-lite/, input: 0.1, cacheRead: 0.01, output: 0.4 },
  { models: /^gemini-2\.5-flash/, input: 0.3, cacheRead: 0.03, output: 2.5 },
  withLong(200_000, { models: /^gemini-2\.5-pro/, input: 1.25, cacheRead: 0.125, output: 10 }),
  { models: /^grok-4\.3/, input: 1.25, cacheRead: 0.2, output: 2.5 },
  { models: /^grok-4\.[5-7]/, input: 2, cacheRead: 0.5, output: 6 },
  { models: /^text-embedding-3-small/, input: 0.02, output: 0 },
  { models: /^text-embedding-3-large/, input: 0.13, output: 0 },
  { models: /^gemini-embedding-001/, input: 0.15, output: 0 },
  { of: ["groq"], models: /^gpt-oss-120b/, input: 0.15, cacheRead: 0.075, output: 0.6 },
  { of: ["groq"], models: /^llama-3\.3-70b/, input: 0.59, output: 0.79 }
]

/** The current prices. */
export const Current = Context.Reference<ReadonlyArray<Price>>("@antiphon/llm/model/Prices", {
  defaultValue: () => list
})

const nameOf = (model: string): string => {
  const name = ClaudeModels.nameOf(model)
  return name.startsWith("claude-") ? name : model.toLowerCase().replace(/^.*\//, "")
}

const found = new WeakMap<ReadonlyArray<Price>, Map<string, Price | undefined>>()
// Model names come from outside, so their number is limited.
const mostFound = 1000

/** The price of a model. Looked up once in each list, because every reply asks for it. */
const priceOf = (prices: ReadonlyArray<Price>, provider: string, model: string): Price | undefined => {
  let known = found.get(prices)
  if (known === undefined || known.size >= mostFound) found.set(prices, (known = new Map()))
  const key = `${provider}/${model}`
  if (!known.has(key)) {
    const name = nameOf(model)
    known.set(
      key,
      prices.find(({ models, of }) => (of === undefined || of.includes(provider)) && name.search(models) >= 0)
    )
  }
  return known.get(key)
}

/** Returns the cost of the tokens of one reply in US dollars, or undefined if the model's price is not known. */
export const costOf = (
  prices: ReadonlyArray<Price>,
  { model, provider }: { readonly provider: string; readonly model: string },
  tokens: Tokens
): number | undefined => {
  const price = priceOf(prices, provider, model)
  if (price === undefined) return undefined
  const isLong = price.over !== undefined && tokens.input + tokens.cacheRead + tokens.cacheWrite > price.over.tokens
  const rates = isLong ? price.over : price
  const { cacheRead = rates.input, cacheWrite = rates.input, input, output } = rates
  const cost =
    tokens.input * input + tokens.cacheRead * cacheRead + tokens.cacheWrite * cacheWrite + tokens.output * output
  // A price that was read from a file may lack a field.
  return Number.isFinite(cost) ? cost / 1e6 : undefined
}
