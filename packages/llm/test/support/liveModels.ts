import { describe, it } from "@effect/vitest"

const models = [
  ["OPENAI_API_KEY", "openai/gpt-4.1-mini"],
  ["ANTHROPIC_API_KEY", "anthropic/claude-haiku-4-5"],
  ["AWS_BEARER_TOKEN_BEDROCK", "bedrock/us-east-1/us.anthropic.claude-haiku-4-5-20251001-v1:0"],
  ["GOOGLE_CLOUD_PROJECT", "vertex_ai/gemini-2.5-flash"]
] as const

/** Tests against each real model whose key is set. Says so where it is not. */
export const describeLive = (title: (name: string) => string, tests: (name: string, live: typeof it.live) => void) => {
  for (const [variable, name] of models) {
    const missing = !process.env[variable]
    describe(`${title(name)}${missing ? `: skipped, ${variable} is not set` : ""}`, () =>
      tests(name, missing ? (it.live.skip as typeof it.live) : it.live))
  }
}
