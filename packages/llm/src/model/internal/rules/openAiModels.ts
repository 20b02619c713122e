/**
 * What OpenAI's models accept, directly or through other servers.
 *
 * @since 0.1.0
 */
import type { Acceptance, Rule } from "./acceptance.ts"

const reasoningGuide = "https://developers.openai.com/api/docs/guides/reasoning"
const reference = "https://developers.openai.com/api/docs/api-reference/chat/create"
const compatibility = "https://developers.openai.com/api/docs/guides/latest-model (parameter compatibility)"

const sampling: Acceptance["refuses"] = ["temperature", "topP"]
const others: Acceptance["refuses"] = ["stop", "presencePenalty", "frequencyPenalty"]

/** Rows for OpenAI's models. */
export const rules: ReadonlyArray<Rule> = [
  {
    of: ["openai", "azure"],
    says: { stops: 4 },
    source: `${reference} ("up to 4 sequences")`
  },
  {
    models: /^(gpt-\d|chatgpt|o\d)/,
    api: "chat",
    says: { description: 1024 },
    source:
      "microsoft/genaiscript#1381, probelabs/probe#9 (\"Invalid 'tools[0].function.description': string too long. Expected a string with maximum length 1024\")"
  },
  {
    models: /^(gpt-[34]|chatgpt)/,
    says: { efforts: [] },
    source: `${reasoningGuide} (models that do not reason take no effort)`
  },
  {
    models: /^(o\d|gpt-5|gpt-([6-9]|\d\d)(\.|-|$))/,
    says: { tokenLimit: "max_completion_tokens" },
    source: `${reference} ("max_tokens ... is not compatible with o-series models"; GPT-5 answers 400 unsupported_parameter)`
  },
  {
    models: /^(o\d|codex-mini)/,
    says: { efforts: ["low", "medium", "high"], refuses: [...sampling, ...others], thinksUnasked: true },
    source: `${reasoningGuide}; ${reference} (stop: "not supported with latest reasoning models")`
  },
  {
    models: /^o1-(mini|preview)/,
    says: { efforts: [] },
    source: `${reasoningGuide} (no reasoning_effort before o1)`
  },
  {
    models: /^gpt-5(-mini|-nano)?(-\d{4}.*)?$/,
    says: {
      efforts: ["minimal", "low", "medium", "high"],
      unasked: "minimal",
      refuses: [...sampling, ...others],
      thinksUnasked: true
    },
    source: compatibility
  },
  {
    models: /^gpt-(5\.\d|[6-9]|\d\d)/,
    says: {
      efforts: ["none", "low", "medium", "high", "xhigh"],
      unasked: "none",
      refuses: others,
      refusesThinking: sampling
    },
    source: `${compatibility} (temperature and top_p only with effort none; "minimal" is refused: livekit/agents#7169)`
  },
  {
    models: /^gpt-(5\.[5-9]|[6-9]|\d\d)/,
    says: { thinksUnasked: true },
    source: `${reasoningGuide} (the default effort is none up to GPT-5.4, and medium from GPT-5.5 on)`
  },
  {
    models: /^gpt-5\.1(-|$)/,
    says: { efforts: ["none", "low", "medium", "high"] },
    source: reasoningGuide
  },
  {
    models: /^gpt-(5\.[6-9]|[6-9]|\d\d)/,
    says: { efforts: ["none", "low", "medium", "high", "xhigh", "max"] },
    source: `${reasoningGuide} (max from GPT-5.6)`
  },
  {
    models: /^gpt-([6-9]|\d\d)/,
    says: { efforts: ["low", "medium", "high", "xhigh", "max"], unasked: "low" },
    source:
      "https://developers.openai.com/api/docs/models/gpt-6-astra (no none: genkit-ai/genkit#6303, bolna-ai/bolna#1019)"
  },
  {
    models: /^gpt-(6-(sol|luna)|6\.1-terra)/,
    says: { efforts: ["none", "low", "medium", "high", "xhigh", "max"], unasked: "none" },
    source:
      "https://developers.openai.com/api/docs/models/gpt-6.1-terra, https://developers.openai.com/api/docs/guides/latest-model"
  },
  {
    models: /^gpt-(5(\.\d)?|[6-9](\.\d)?)-pro/,
    says: {
      efforts: ["medium", "high", "xhigh"],
      unasked: undefined,
      refuses: [...sampling, ...others],
      thinksUnasked: true
    },
    source: `${reasoningGuide} (pro models always think)`
  },
  {
    models: /^gpt-5-pro/,
    says: { efforts: ["high"] },
    source: `${reasoningGuide} ("gpt-5-pro defaults to, and only supports, high")`
  },
  {
    models: /^gpt-5.*-codex/,
    says: {
      efforts: ["low", "medium", "high"],
      unasked: undefined,
      refuses: [...sampling, ...others],
      thinksUnasked: true
    },
    source: reasoningGuide
  },
  {
    models: /^gpt-[5-9].*-(chat|search|audio|realtime)/,
    says: { efforts: [], unasked: undefined, thinksUnasked: false },
    source: `${reasoningGuide} (chat models take no effort)`
  },
  {
    models: /^gpt-.*-search/,
    says: { refuses: ["temperature", "topP", "presencePenalty", "frequencyPenalty"] },
    source: "vercel/ai#5647 (400 Model incompatible request arguments supplied)"
  },
  {
    models: /^gpt-5\.[234](-|$)/,
    api: "chat",
    tools: true,
    says: { efforts: [], unasked: undefined },
    source:
      "livekit/agents#5084, #5088: function tools with any reasoning_effort are refused; without one they do not think"
  },
  {
    models: /^gpt-(5\.[5-9]|[6-9]|\d\d)(?!.*-(chat|pro|codex|search|audio))/,
    api: "chat",
    tools: true,
    says: { efforts: ["none"], unasked: "none", needsEffort: true },
    source: "BerriAI/litellm#34569, livekit/agents#7169: with function tools only an explicit none is accepted"
  },
  {
    models: /^gpt-([6-9]|\d\d)(?!-(sol|luna))(?!.*-(chat|search|audio))/,
    api: "chat",
    tools: true,
    says: { efforts: ["low", "medium", "high", "xhigh"], unasked: "low", needsEffort: false },
    source:
      "https://developers.openai.com/api/docs/guides/deployment-checklist (none is refused here too; Astra and 6.1 take tools through Responses only, or through a router)"
  },
  {
    of: ["openai"],
    api: "responses",
    says: { refuses: ["stop", "seed", "presencePenalty", "frequencyPenalty"] },
    source: "https://developers.openai.com/api/docs/api-reference/responses/create (no such fields)"
  },
  {
    of: ["openai"],
    api: "responses",
    says: { websocket: true },
    source:
      "https://developers.openai.com/api/docs/guides/websocket-mode (previous_response_id with new input only, also with store: false; no stream, no background; 60 minutes a connection)"
  }
]

/** Models that take tools, or anything at all, only through the Responses API. */
export const needsResponses = (model: string): boolean =>
  /^gpt-([6-9]|\d\d)(?!-(sol|luna))|^gpt-5.*-(pro|codex)|^o\d-pro|-deep-research|^codex-|^computer-use/.test(model) &&
  !isForChatOnly(model)

/** Models that OpenAI serves best, or only, through its Responses API. */
export const prefersResponses = (model: string): boolean =>
  needsResponses(model) || (/^gpt-(5\.[2-9]|[6-9]|\d\d)/.test(model) && !isForChatOnly(model))

/** Models that only Chat Completions has. */
const isForChatOnly = (model: string): boolean => /-(chat|search|audio|realtime)/.test(model)
