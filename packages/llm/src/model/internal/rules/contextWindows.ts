/**
 * How many tokens models read and write at most, prompt and reply together.
 *
 * A window that depends on how a server was started (Ollama, vLLM, LM Studio) is not known; `ModelSettings.contextWindow`
 * says it. Where a provider sells larger windows for some accounts, the row has what every account gets.
 *
 * @since 0.1.0
 */
import type { Rule } from "./acceptance.ts"

const openAi = "https://developers.openai.com/api/docs/models"
const claude = "https://platform.claude.com/docs/en/build-with-claude/context-windows"
const gemini = "https://ai.google.dev/gemini-api/docs/models"
const groq = "https://console.groq.com/docs/models"

/** Providers that serve a model with the whole window that its makers gave it. */
const hosted = ["groq", "together", "fireworks", "openrouter", "deepinfra", "nebius", "novita", "sambanova", "baseten"]

const row = (models: RegExp, contextWindow: number, source: string, of?: ReadonlyArray<string>): Rule => ({
  ...(of === undefined ? undefined : { of }),
  models,
  says: { contextWindow },
  source
})

/** The rows. Special ones follow general ones. */
export const rules: ReadonlyArray<Rule> = [
  row(/^gpt-3\.5-turbo/, 16_385, openAi),
  row(/^gpt-4(-|$)/, 8192, openAi),
  row(/^gpt-4-(turbo|\d{4}-preview|vision)/, 128_000, openAi),
  row(/^(gpt-4o|chatgpt-4o)/, 128_000, openAi),
  row(/^gpt-4\.1/, 1_047_576, openAi),
  row(/^o\d/, 200_000, openAi),
  row(/^o1-(mini|preview)/, 128_000, openAi),
  row(/^gpt-([5-9]|\d\d)/, 400_000, openAi),
  row(/^gpt-([6-9]|\d\d)/, 922_000, `${openAi}/gpt-6.1-terra (the longest prompt; 1,050,000 with the reply)`),
  row(/^gpt-5.*-chat/, 128_000, openAi),
  row(/^claude-/, 200_000, claude),
  row(/^claude-((opus|sonnet)-4-[6-9]|[a-z]+-5)/, 1_000_000, "https://platform.claude.com/docs/about-claude/models"),
  row(/^claude-(2(\.0)?$|instant)/, 100_000, claude),
  row(/^gemini-(1\.5|[2-9])/, 1_048_576, gemini),
  row(/^deepseek-(chat|reasoner|v3)/, 128_000, "https://api-docs.deepseek.com/quick_start/pricing", ["deepseek"]),
  row(/^deepseek-(v[4-9]|flash|pro)/, 1_000_000, "https://api-docs.deepseek.com/quick_start/pricing", ["deepseek"]),
  row(/^grok-(2|3)/, 131_072, "https://docs.x.ai/docs/models", ["xai"]),
  row(/^grok-([4-9]|code|latest)/, 256_000, "https://docs.x.ai/docs/models", ["xai"]),
  row(/^grok-4\.[5-9]/, 500_000, "https://docs.x.ai/developers/grok-4-6", ["xai"]),
  row(/^(mistral|ministral|magistral|devstral|pixtral)-/, 128_000, "https://docs.mistral.ai/getting-started/models", [
    "mistral"
  ]),
  row(/^open-(mistral-7b|mixtral-8x7b)/, 32_768, "https://docs.mistral.ai/getting-started/models", ["mistral"]),
  row(/^llama-?(3\.[1-3]|4)/, 131_072, groq, hosted),
  row(/^(llama3-|gemma2-9b)/, 8192, groq, ["groq"]),
  row(/^mixtral-8x7b/, 32_768, groq, hosted),
  row(/^qwen3-32b/, 131_072, groq, ["groq"]),
  row(/^gpt-oss/, 131_072, "https://huggingface.co/openai/gpt-oss-120b", hosted),
  row(/^kimi-k2/, 131_072, groq, [...hosted, "moonshot"]),
  row(/^sonar/, 127_000, "https://docs.perplexity.ai/getting-started/models", ["perplexity"]),
  row(/^command-(r|a)/, 128_000, "https://docs.cohere.com/docs/models", ["cohere"])
]
