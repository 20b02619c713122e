import { describe, it } from "@effect/vitest"

/** A model of each provider, and the variables required to ask it. */
const models: ReadonlyArray<readonly [variables: ReadonlyArray<string>, name: string]> = [
  [["OPENAI_API_KEY"], "openai/gpt-4.1-mini"],
  [["OPENAI_API_KEY"], "openai/gpt-5.4-mini"],
  [["ANTHROPIC_API_KEY"], "anthropic/claude-haiku-4-5"],
  [["ANTHROPIC_API_KEY"], "anthropic/claude-haiku-5-5"],
  [["GEMINI_API_KEY"], "gemini/gemini-2.5-flash"],
  [["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"], "azure/gpt-4.1-mini"],
  [["AWS_BEARER_TOKEN_BEDROCK"], "bedrock/us-east-1/us.anthropic.claude-haiku-4-5-20251001-v1:0"],
  [["GOOGLE_CLOUD_PROJECT"], "vertex_ai/gemini-2.5-flash"],
  [["OPENROUTER_API_KEY"], "openrouter/openai/gpt-4.1-mini"],
  [["GROQ_API_KEY"], "groq/llama-3.3-70b-versatile"],
  [["MISTRAL_API_KEY"], "mistral/mistral-small-latest"],
  [["DEEPSEEK_API_KEY"], "deepseek/deepseek-v4-flash"],
  [["XAI_API_KEY"], "xai/grok-4-fast-non-reasoning"],
  [["CEREBRAS_API_KEY"], "cerebras/gpt-oss-120b"],
  [["TOGETHER_API_KEY"], "together/meta-llama/Llama-3.3-70B-Instruct-Turbo"],
  [["FIREWORKS_API_KEY"], "fireworks/accounts/fireworks/models/llama-v3p3-70b-instruct"],
  [["COHERE_API_KEY"], "cohere/command-a-03-2025"],
  [["MOONSHOT_API_KEY"], "moonshot/kimi-k2-turbo-preview"],
  [["ZAI_API_KEY"], "zai/glm-4.6"],
  [["DASHSCOPE_API_KEY"], "dashscope/qwen-plus"],
  [["MINIMAX_API_KEY"], "minimax/MiniMax-M2"],
  [["DEEPINFRA_API_KEY"], "deepinfra/meta-llama/Llama-3.3-70B-Instruct"],
  [["NVIDIA_NIM_API_KEY"], "nvidia_nim/meta/llama-3.3-70b-instruct"],
  [["SAMBANOVA_API_KEY"], "sambanova/Meta-Llama-3.3-70B-Instruct"],
  [["HF_TOKEN"], "huggingface/meta-llama/Llama-3.3-70B-Instruct"],
  [["NEBIUS_API_KEY"], "nebius/meta-llama/Llama-3.3-70B-Instruct"],
  [["NOVITA_API_KEY"], "novita/meta-llama/llama-3.3-70b-instruct"],
  [["GITHUB_TOKEN", "ANTIPHON_LIVE_GITHUB"], "github/openai/gpt-4.1-mini"],
  [["VERCEL_AI_GATEWAY_API_KEY"], "vercel_ai_gateway/openai/gpt-4.1-mini"],
  [["OLLAMA_BASE_URL"], "ollama/qwen3:4b"],
  [["VLLM_BASE_URL"], "vllm/Qwen/Qwen3-8B"],
  // Any others, by name, separated by commas.
  ...(process.env["ANTIPHON_LIVE_MODELS"] ?? "")
    .split(",")
    .flatMap((name) => (name.trim() === "" ? [] : [[[], name.trim()] as const]))
]

/** The providers that have a live test. */
export const liveProviders: ReadonlySet<string> = new Set(models.map(([, name]) => name.slice(0, name.indexOf("/"))))

/** Tests against each real model whose key is set. Names the skipped ones, and what they lack. */
export const describeLive = (
  title: (name: string) => string,
  tests: (name: string, live: typeof it.live) => void,
  only: ReadonlyArray<string> = models.map(([, name]) => name)
) => {
  for (const [variables, name] of models.filter(([, name]) => only.includes(name))) {
    const missing = variables.filter((variable) => !process.env[variable])
    const skipped =
      missing.length === 0 ? "" : `: skipped, ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not set`
    describe(`${title(name)}${skipped}`, () =>
      tests(name, missing.length > 0 ? (it.live.skip as typeof it.live) : it.live))
  }
}
