/**
 * Models whose streamed reply can be constrained to a JSON Schema. All others get a tool whose arguments are the
 * object.
 *
 * @since 0.1.0
 */
import type { Rule } from "./acceptance.ts"

/** Rows for models that can. */
export const rules: ReadonlyArray<Rule> = [
  {
    of: ["openai", "azure", "openrouter", "litellm_proxy", "vercel_ai_gateway", "github"],
    models: /^(gpt-4o(?!-2024-05-13)|gpt-4\.1|gpt-[5-9]|gpt-\d\d|o1(?!-(mini|preview))|o[3-9])/,
    says: { objects: true },
    source:
      "https://developers.openai.com/api/docs/guides/structured-outputs (from gpt-4o-2024-08-06 on; with tools, too)"
  },
  {
    of: ["gemini", "vertex_ai"],
    tools: false,
    says: { objects: true },
    source: "https://ai.google.dev/gemini-api/docs/structured-output"
  },
  {
    of: ["gemini", "vertex_ai"],
    models: /^gemini-[3-9]/,
    says: { objects: true },
    source: "https://ai.google.dev/gemini-api/docs/structured-output (together with function calling from Gemini 3 on)"
  },
  {
    of: ["mistral"],
    tools: false,
    says: { objects: true },
    source: "https://docs.mistral.ai/capabilities/structured-output/custom_structured_output"
  },
  {
    of: ["xai"],
    tools: false,
    says: { objects: true },
    source: "https://docs.x.ai/docs/guides/structured-outputs"
  },
  {
    of: ["xai"],
    models: /^grok-([4-9]|latest)/,
    says: { objects: true },
    source: "https://docs.x.ai/docs/guides/structured-outputs (with tools from Grok 4 on)"
  },
  {
    of: ["cerebras", "fireworks", "vllm", "ollama", "perplexity"],
    tools: false,
    says: { objects: true },
    source:
      "https://inference-docs.cerebras.ai/capabilities/structured-outputs (not with tools), " +
      "https://docs.fireworks.ai/structured-responses/structured-response-formatting, " +
      "https://docs.vllm.ai/en/latest/features/structured_outputs, https://docs.ollama.com/capabilities/structured-outputs, " +
      "https://docs.perplexity.ai/guides/structured-outputs"
  }
]
