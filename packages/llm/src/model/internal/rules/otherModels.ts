/**
 * What models accept that are served by providers other than OpenAI and Anthropic.
 *
 * @since 0.1.0
 */
import type { Rule } from "./acceptance.ts"

const hosts = ["ollama", "vllm", "lmstudio", "llamafile", "llamacpp", "openai", "xinference", "docker"]
const grokReasons = /^grok-(3-mini|4|latest|code|[5-9])(?!.*non-reasoning)/

/** Open models that think by default, and that their templates can keep from it. */
const hybrids =
  /^(qwen-?3(?!-max)(?!.*(thinking|instruct|coder|next))|glm-(4\.[5-9]|5(?!\.[3-9])|5\.[12])|deepseek-(chat-)?v(3\.[1-9]|[4-9])|kimi-k2\.[56])/

/** Open models that always think, and take an effort for how much. */
const always = /^glm-(5\.[3-9]|[6-9])/

/** Rows for other providers, and for the families of open models. */
export const rules: ReadonlyArray<Rule> = [
  {
    models:
      /thinking|(^|-)r1(-|:|$)|^(qwq|magistral|deepseek-reasoner|sonar-(reasoning|deep-research)|minimax-m\d|command-a-reasoning)/,
    says: { thinksUnasked: true },
    source:
      "https://huggingface.co/deepseek-ai/DeepSeek-R1, https://docs.mistral.ai/capabilities/reasoning, https://docs.perplexity.ai/models/models/sonar-reasoning-pro (they always think, and their thoughts count as output)"
  },
  {
    models: /^(qwen-?3(?!-max)(?!.*(instruct|coder|next))|glm-(4\.[5-9]|[5-9]))/,
    says: { thinksUnasked: true },
    source:
      "https://huggingface.co/Qwen/Qwen3-32B (thinking is on by default, so a host that has no switch needs room for it)"
  },
  {
    models: grokReasons,
    says: { thinksUnasked: true },
    source: "https://docs.x.ai/docs/guides/reasoning (they think wherever they are served)"
  },
  {
    of: ["cohere", "minimax", "moonshot", "zai"],
    says: { highestTemperature: 1 },
    source:
      "https://docs.cohere.com/reference/chat, https://platform.minimax.io/docs/api-reference, https://platform.kimi.ai/docs/api, https://docs.z.ai/api-reference/llm/chat-completion (from 0 to 1)"
  },

  // Google's compatible endpoint.
  {
    of: ["gemini"],
    api: "chat",
    says: { refuses: ["seed"] },
    source: "https://ai.google.dev/gemini-api/docs/openai (unknown names in a request are errors)"
  },
  {
    of: ["gemini"],
    says: {
      // "Penalty is not enabled for this model" is what most of them answer.
      refuses: ["presencePenalty", "frequencyPenalty"],
      stops: 5,
      schema: "gemini",
      efforts: ["none", "minimal", "low", "medium", "high"]
    },
    source: "https://ai.google.dev/gemini-api/docs/openai (unknown names in a request are errors)"
  },
  {
    models: /^gemini-(1|2\.0)/,
    says: { efforts: [] },
    source: "googleapis/js-genai#681 (400: thinking is not supported by this model)"
  },
  {
    models: /^gemini-2\.5-flash/,
    says: { efforts: ["none", "minimal", "low", "medium", "high"], unasked: "none" },
    source: "https://ai.google.dev/gemini-api/docs/openai (reasoning_effort none turns thinking off in 2.5)"
  },
  {
    models: /^gemini-([4-9]|\d\d)/,
    says: { efforts: ["low", "medium", "high"], unasked: "low", thinksUnasked: true },
    source:
      "https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/start/get-started-with-gemini-4 (levels as of Gemini 3.1 Pro)"
  },
  {
    models: /^gemini-((2\.5|[3-9](\.\d+)?)-pro|pro-latest)/,
    says: { efforts: ["low", "medium", "high"], unasked: "low", thinksUnasked: true },
    source: "https://ai.google.dev/gemini-api/docs/thinking (Pro cannot be told not to think)"
  },
  {
    models: /^gemini-([3-9](\.\d+)?-flash|flash(-lite)?-latest)/,
    says: { efforts: ["minimal", "low", "medium", "high"], unasked: "minimal", thinksUnasked: true },
    source: "https://ai.google.dev/gemini-api/docs/thinking (thinking levels of Gemini 3 Flash)"
  },
  {
    models: /^gemini-((3\.([7-9]|\d\d)|[4-9](\.\d+)?)-flash|flash-latest)/,
    says: { efforts: ["low", "medium", "high"], unasked: "low" },
    source:
      "https://ai.google.dev/gemini-api/docs/generate-content/thinking#thinking-levels (minimal is an error from Gemini 3.7 Flash on)"
  },
  {
    of: ["gemini"],
    models: /^gemma-4/,
    says: { efforts: [], thinksUnasked: true },
    source: "https://ai.google.dev/gemma/docs/core/gemma_on_gemini_api (thoughts come unasked, and count as output)"
  },

  // Claude behind a proxy or a router.
  {
    models: /^claude-/,
    api: "chat",
    says: { oneOfSampling: true, highestTemperature: 1 },
    source:
      "https://platform.claude.com/docs/en/about-claude/models/migration-guide (temperature or top_p, from 0 to 1)"
  },
  {
    models: /^claude-(opus-4[-.][78]|(opus|sonnet|haiku|fable|mythos)-[5-9])/,
    api: "chat",
    says: { refuses: ["temperature", "topP"] },
    source:
      "https://openrouter.ai/docs/cookbook/evaluate-and-optimize/model-migrations/claude-5-5 (sampling is removed)"
  },

  // OpenRouter passes an effort on, but some of its models refuse to be told none.
  {
    of: ["openrouter", "vercel_ai_gateway"],
    says: { dial: "reasoning" },
    source: "https://openrouter.ai/docs/use-cases/reasoning-tokens"
  },
  {
    of: ["openrouter", "vercel_ai_gateway"],
    models: hybrids,
    says: { efforts: ["none", "low", "medium", "high"], unasked: "none", thinksUnasked: true },
    source: "https://openrouter.ai/docs/use-cases/reasoning-tokens (effort none turns reasoning off)"
  },
  {
    of: ["openrouter", "vercel_ai_gateway"],
    models: /^qwen-?3\.8-max/,
    says: { efforts: ["low", "medium", "high"], unasked: "low", thinksUnasked: true },
    source: "https://openrouter.ai/qwen/qwen3.8-max (reasoning is mandatory for this endpoint)"
  },
  {
    of: ["openrouter", "vercel_ai_gateway", "fireworks", "together", "baseten", "deepinfra", "novita"],
    models: always,
    says: { efforts: ["low", "high", "max"], unasked: "low", thinksUnasked: true },
    source: "https://docs.together.ai/docs/glm-5.3-quickstart (thinking cannot be disabled; the default is max)"
  },

  // Gemma by the API of Gemini.
  {
    of: ["gemini"],
    models: /^gemma-[1-3]/,
    says: { systemPrompt: false, tools: 0 },
    source:
      'agno-agi/agno#3505 ("Developer instruction is not enabled", "Function calling is not enabled for models/gemma-3-12b-it")'
  },

  // MiniMax.
  {
    of: ["minimax"],
    models: /^minimax-m[3-9]/,
    says: { dial: "thinking adaptive", unasked: "none", thinksUnasked: true },
    source:
      "NousResearch/hermes-agent#46648, tetsuo-ai/agenc-core#2389 (disabled or adaptive from M3 on, adaptive unasked)"
  },

  // DeepSeek on Azure.
  {
    of: ["azure", "azure_ai"],
    models: /^deepseek-(v[4-9]|flash|pro)/,
    says: { efforts: ["low", "medium", "high"], unasked: "low", thinksUnasked: true },
    source: "earendil-works/pi#9645 (reasoning_effort low, medium or high; thinking is not recognised)"
  },

  // Tools whose schemas have no bounds.
  {
    of: ["xai", "fireworks"],
    says: { schema: "plain" },
    source:
      "https://docs.x.ai/docs/guides/structured-outputs (minLength, maxLength, minItems and maxItems are not supported), " +
      "NousResearch/hermes-agent#27575 (nor pattern), BerriAI/litellm#37453 (Fireworks: pattern)"
  },
  {
    of: ["openrouter", "vercel_ai_gateway"],
    models: /^grok/,
    says: { schema: "plain" },
    source: "openclaw/openclaw#32080"
  },

  // Models that let nobody force a call while they think.
  {
    of: ["deepseek", "dashscope", "moonshot"],
    says: { forcedCalls: "unthinking" },
    source:
      'cloudwego/eino#994 ("tool_choice parameter does not support being set to required or object in thinking mode"), ' +
      "deepseek-ai/DeepSeek-V3#1376, UKGovernmentBEIS/inspect_ai#5152 (Kimi until K2.7)"
  },
  {
    of: ["openrouter", "vercel_ai_gateway", "opencode"],
    models: /^(claude-|deepseek-)/,
    says: { forcedCalls: "unthinking" },
    source: "pydantic/pydantic-ai#6957 (OpenRouter drops the thoughts), can1357/oh-my-pi#7315 (OpenCode refuses it)"
  },
  {
    of: ["deepseek"],
    models: /^deepseek-reasoner/,
    says: { forcedCalls: "never" },
    source: "https://api-docs.deepseek.com/guides/thinking_mode (the name stands for thinking)"
  },
  {
    models: /^claude-(haiku|sonnet|opus|fable|mythos)-5[.-]\d(?!\d)/,
    says: { forcedCalls: "never" },
    source: "https://platform.claude.com/docs/en/models/opus-5-5/whats-new-opus-5-5 (forced tool use returns an error)"
  },

  // DeepSeek.
  {
    of: ["deepseek"],
    says: { dial: "thinking", unasked: "none", thinksUnasked: true, prefill: "prefix" },
    source:
      "https://api-docs.deepseek.com/guides/thinking_mode (on by default; thinking.type turns it off), " +
      "https://api-docs.deepseek.com/guides/chat_prefix_completion"
  },
  {
    of: ["deepseek"],
    models: /^deepseek-(v[4-9]|flash|pro)/,
    says: { dial: "thinking+reasoning_effort", efforts: ["none", "low", "high", "max"] },
    source: "https://api-docs.deepseek.com/guides/thinking_mode (efforts low, high and max)"
  },

  // Groq.
  {
    of: ["groq", "cerebras"],
    says: { tokenLimit: "max_completion_tokens" },
    source:
      "https://console.groq.com/docs/api-reference, https://inference-docs.cerebras.ai/api-reference/chat-completions"
  },
  {
    of: ["groq"],
    says: { stops: 4, efforts: [] },
    source: "https://console.groq.com/docs/reasoning (only models that reason take an effort)"
  },
  {
    of: ["groq"],
    models: /^qwen/,
    says: { efforts: ["none"], unasked: "none" },
    source: "https://console.groq.com/docs/reasoning (qwen3: none or default)"
  },
  {
    of: ["cerebras"],
    says: { refuses: ["presencePenalty", "frequencyPenalty"] },
    source: "https://inference-docs.cerebras.ai/api-reference/chat-completions (unsupported fields are errors)"
  },
  {
    of: ["cerebras"],
    says: { strictTools: false },
    source: "RooCodeInc/Roo-Code#10334 (422: mixed values for 'strict'), livekit/agents#3134 (refused by some models)"
  },
  {
    of: ["cerebras"],
    models: /^qwen-?3\.[5-9](?!.*(thinking|instruct|coder))/,
    says: { efforts: ["none", "low", "medium", "high"], unasked: "none", thinksUnasked: true },
    source: "https://inference-docs.cerebras.ai/capabilities/reasoning (reasoning_effort none; high by default)"
  },
  {
    of: ["cerebras"],
    models: /^(zai-)?glm-/,
    says: { dial: "disable_reasoning", efforts: ["none"], unasked: "none" },
    source: "https://inference-docs.cerebras.ai/capabilities/reasoning"
  },

  // xAI.
  {
    of: ["xai"],
    says: { efforts: [] },
    source: "NousResearch/hermes-agent#23435, https://docs.x.ai/docs/guides/reasoning (refused by all but a few models)"
  },
  {
    of: ["xai"],
    models: grokReasons,
    says: { refuses: ["stop", "presencePenalty", "frequencyPenalty"], efforts: [], thinksUnasked: true },
    source: "https://docs.x.ai/docs/guides/reasoning (presencePenalty, frequencyPenalty and stop are errors)"
  },
  {
    of: ["xai"],
    models: /^grok-3-mini/,
    says: { efforts: ["low", "high"], unasked: "low" },
    source: "https://docs.x.ai/docs/guides/reasoning"
  },
  {
    of: ["xai"],
    models: /^grok-4\.3/,
    says: { efforts: ["none", "low", "medium", "high"], unasked: "none" },
    source: "https://docs.x.ai/docs/guides/reasoning (grok-4.3: none disables reasoning)"
  },
  {
    of: ["xai"],
    models: /^grok-(4\.[5-9]|[5-9]|latest)/,
    says: { efforts: ["low", "medium", "high"], unasked: "low" },
    source: "https://docs.x.ai/developers/grok-4-5 (cannot be disabled)"
  },
  {
    of: ["xai"],
    models: /^grok-(4\.[6-9]|[5-9])/,
    says: { efforts: ["low", "medium", "high", "xhigh"] },
    source: "https://docs.x.ai/developers/grok-4-6"
  },

  // Together.
  {
    of: ["together"],
    models: hybrids,
    says: { dial: "reasoning.enabled", efforts: ["none", "low"], unasked: "none", thinksUnasked: true },
    source: "https://docs.together.ai/docs/inference/chat/reasoning (hybrid models: reasoning.enabled)"
  },
  {
    of: ["together"],
    models: /^deepseek-v3/,
    says: { unasked: undefined, thinksUnasked: false },
    source: "https://docs.together.ai/docs/reasoning-overview (DeepSeek V3.1: off by default)"
  },

  // Fireworks.
  {
    of: ["fireworks"],
    says: { efforts: ["none", "low", "medium", "high"] },
    source: "https://docs.fireworks.ai/guides/reasoning"
  },
  {
    of: ["fireworks"],
    models: hybrids,
    says: { unasked: "none", thinksUnasked: true },
    source: "https://docs.fireworks.ai/guides/reasoning (reasoning_effort none turns it off)"
  },

  // Mistral.
  {
    of: ["mistral"],
    says: { efforts: [], prefill: "prefix", highestTemperature: 1.5 },
    source: "https://docs.mistral.ai/api (unknown fields are errors; prefix continues a message)"
  },
  {
    of: ["mistral"],
    models: /^mistral-((small|medium)-(latest|26|[4-9])|medium-3[-.]5|large-(26|[4-9]))/,
    says: { efforts: ["none", "high"] },
    source: "https://docs.mistral.ai/capabilities/reasoning (adjustable: none or high; none by default)"
  },

  // Self-hosted models.
  {
    of: ["ollama"],
    says: { efforts: ["none", "low", "medium", "high"] },
    source: "https://docs.ollama.com/capabilities/thinking (a model that does not think takes none)"
  },
  {
    of: ["ollama"],
    models: /^(qwen3|deepseek-(r1|v3\.1)|glm-|magistral|nemotron|smollm3)/,
    says: { efforts: ["none", "low", "medium", "high"], unasked: "none" },
    source: "https://docs.ollama.com/capabilities/thinking (on by default; reasoning_effort none turns it off)"
  },
  {
    of: ["vllm", "sambanova", "nvidia_nim", "baseten"],
    models: /^(?!gpt-oss)/,
    says: { dial: "chat_template_kwargs" },
    source: "https://docs.vllm.ai/en/latest/features/reasoning_outputs (chat_template_kwargs)"
  },
  {
    of: ["vllm"],
    says: { prefill: "continue_final_message" },
    source: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server (continue_final_message)"
  },
  {
    of: ["vllm", "sambanova", "nvidia_nim", "baseten"],
    models: /^(qwen3(?!.*(thinking|instruct|coder))|deepseek-v3\.1|glm-|smollm3|granite-3)/,
    says: { unasked: "none" },
    source: "https://docs.vllm.ai/en/latest/features/reasoning_outputs (templates that think by default)"
  },
  {
    of: hosts,
    models: /^(deepseek-r1|qwq|qwen3.*thinking)/,
    says: { mayBeginInThought: true, thinksUnasked: true },
    source:
      "https://huggingface.co/deepseek-ai/DeepSeek-R1 (the template opens <think>; without a parser only </think> comes)"
  },

  // Providers with their own switch.
  {
    of: ["moonshot", "zai", "volcengine"],
    says: { dial: "thinking" },
    source: "https://platform.moonshot.ai/docs, https://docs.z.ai/guides/capabilities/thinking-mode (thinking.type)"
  },
  {
    of: ["moonshot"],
    models: /^kimi-k2\.[56](?!.*thinking)/,
    says: { unasked: "none", thinksUnasked: true },
    source: "https://platform.kimi.ai/docs/guide/use-kimi-k2-thinking-model (think by default, and can be kept from it)"
  },
  {
    of: ["moonshot"],
    models: /^kimi-k(2\.[5-9]|[3-9])/,
    says: { refuses: ["temperature", "topP", "presencePenalty", "frequencyPenalty"] },
    source: "anomalyco/opencode#27796, https://platform.kimi.ai/docs/api/models-overview (fixed; others are refused)"
  },
  {
    of: ["moonshot"],
    models: /thinking|^kimi-k2\.[7-9]/,
    says: { dial: "none", thinksUnasked: true },
    source: "https://platform.kimi.ai/docs/guide/use-kimi-k2-thinking-model (they always think)"
  },
  {
    of: ["moonshot"],
    models: /^kimi-k[3-9]/,
    says: {
      dial: "reasoning_effort",
      efforts: ["low", "high", "max"],
      unasked: "low",
      thinksUnasked: true,
      forcedCalls: "always"
    },
    source:
      "UKGovernmentBEIS/inspect_ai#5152 (calls may be required), https://platform.kimi.ai/docs/guide/use-reasoning-effort (always think, max by default; thinking.type is refused)"
  },
  {
    of: ["zai"],
    models: /^glm-(4\.[5-9]|[5-9])/,
    says: { unasked: "none" },
    source: "https://docs.z.ai/guides/capabilities/thinking-mode (on by default)"
  },
  {
    of: ["zai"],
    models: always,
    says: { dial: "reasoning_effort", efforts: ["low", "high", "max"], unasked: "low", thinksUnasked: true },
    source: "https://docs.z.ai/guides/llm/glm-5.3 (always thinks, at max by default; thinking.type takes enabled only)"
  },
  {
    of: ["dashscope"],
    says: { dial: "enable_thinking" },
    source: "https://www.alibabacloud.com/help/en/model-studio/deep-thinking (enable_thinking)"
  },
  {
    of: ["dashscope"],
    models: /thinking|^qwq/,
    says: { dial: "none" },
    source: "https://www.alibabacloud.com/help/en/model-studio/deep-thinking (these models always think)"
  },
  {
    of: ["dashscope"],
    models: /^(qwen3|qwen-(plus|flash|turbo))(?!.*(thinking|instruct|coder))/,
    says: { unasked: "none" },
    source: "https://www.alibabacloud.com/help/en/model-studio/deep-thinking"
  },
  {
    of: ["perplexity"],
    says: { dial: "none" },
    source: "https://docs.perplexity.ai/api-reference/chat-completions-post (reasoning_effort for deep research only)"
  },

  // Last, because it cannot be turned off by whoever serves it.
  {
    models: /^gpt-oss/,
    says: { efforts: ["low", "medium", "high"], unasked: "low", thinksUnasked: true },
    source: "https://huggingface.co/openai/gpt-oss-120b (reasoning is low, medium or high, and never off)"
  }
]
