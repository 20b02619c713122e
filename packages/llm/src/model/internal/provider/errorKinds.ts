/**
 * The meaning of providers' errors whose status is missing, vague or misleading.
 *
 * Codes and sentences are only read here, never repeated. The first matching row decides.
 *
 * @since 0.1.0
 */

/** The kind of an error. */
export type ErrorKind =
  | "Content"
  | "Quota"
  | "Key"
  | "ExpiredKey"
  | "Permission"
  | "RateLimit"
  | "ContextTooLong"
  | "NoModel"
  | "BadCall"
  | "Overloaded"

/** The known data of an error. */
export interface Told {
  readonly status: number
  /** Codes, types and states, each as the provider writes it. */
  readonly names: ReadonlyArray<string>
  readonly sentence: string
}

interface Row {
  readonly is: ErrorKind
  /** Statuses for which the row applies. */
  readonly at: (status: number) => boolean
  readonly named?: RegExp
  readonly said?: RegExp
  readonly source: string
}

const refused = (status: number) => status < 500
const notBusy = (status: number) => status < 500 && status !== 429

const rows: ReadonlyArray<Row> = [
  {
    is: "Content",
    at: refused,
    named: /content_?filter|content_?policy|moderation|data_?inspection/i,
    said: /content filtering policy|content management policy|flagged as potentially violating|\b(?:input|content) (?:was )?flagged\b|content exists risk/i,
    source: "OpenAI, Azure (ResponsibleAIPolicyViolation), Anthropic, OpenRouter, DeepSeek, Alibaba, Zhipu"
  },
  {
    is: "Quota",
    at: refused,
    named: /^insufficient_quota$|billing|insufficient_balance|^payment_required$|exceeded_current_quota|^arrearage$/i,
    said: /used all available credits|monthly spending limit|monthly included credits|余额不足|欠费/i,
    source: "OpenAI, Anthropic billing_error, DeepSeek 402, Moonshot, Alibaba; xAI answers 429, Hugging Face 402"
  },
  {
    is: "Quota",
    at: notBusy,
    said: /credit balance is too low|insufficient (?:balance|credits?|funds|quota)|balance is insufficient|out of credits|have any credits/i,
    source: "Anthropic answers 400 to an empty account; OpenRouter 402; DeepSeek 402; SiliconFlow and xAI 403"
  },
  {
    is: "ExpiredKey",
    at: refused,
    named: /expired/,
    said: /(?:key|token) (?:has )?expired|token included in the request is expired/i,
    source: "OpenAI, Google"
  },
  {
    is: "Key",
    at: notBusy,
    named: /invalid_api_key|api_key_invalid|invalid_authentication/i,
    said: /api[ _-]?key (?:not valid|is invalid|provided)|(?:invalid|incorrect|wrong|missing) (?:x-)?api[ _-]?key|no api[ _-]?key/i,
    source: "Google and xAI answer 400 to a wrong key"
  },
  {
    is: "RateLimit",
    at: (status) => status === 413 || status === 400 || status === 403,
    named: /rate_limit|tokens?_per_minute/,
    said: /tokens per minute|requests per minute|\bTPM\b|\bRPM\b|rate limit/i,
    source: "Groq answers 413 to a request above its tokens per minute"
  },
  {
    is: "ContextTooLong",
    // A provider that is busy counts tokens, too: Bedrock says "Too many tokens, please wait".
    at: notBusy,
    named: /context_window|string_above_max_length|tokens_limit_reached/,
    said: /context (?:length|window|size|limit)|maximum (?:context|prompt|input|supported sequence) (?:length|tokens)|model token limit|range of input length|prompt exceeds max length|prompt is too long|too many (?:input )?tokens|input is too long|reduce the length|input token count is \d|exceeds? the (?:model's |maximum |available )?(?:context|number of tokens)|longer than the (?:maximum )?model|\binputs?\b.{0,12} tokens .{0,40}must be <=|\binputs?\b.{0,12} must have less than/i,
    source:
      "OpenAI, Anthropic, vLLM, Cerebras, Mistral, Ollama, GitHub Models, Moonshot, Alibaba, Zhipu, SambaNova, Together, Hugging Face"
  },
  {
    is: "ContextTooLong",
    at: () => true,
    named: /context_length_exceeded|exceed_context_size|max_prompt_tokens_exceeded/,
    said: /exceeds the available context size|ContextWindowExceededError/,
    source: "llama.cpp, once with a status of 500; GitHub Copilot; LiteLLM, whose sentence begins with its own name"
  },
  {
    is: "ContextTooLong",
    at: notBusy,
    named: /request_too_large/,
    said: /\binput tokens? exceed|number of (?:input )?tokens (?:\d{1,9} )?(?:cannot |should not )?exceed|(?:input|prompt) (?:tokens? )?(?:length|count) .{0,24}exceed|prompt length .{0,48}not exceed|total (?:number of )?tokens .{0,40}exceed|prompt(?: tokens)? too long|prompt_tokens .{0,16}must be less than|request entity too large|request exceeds the maximum (?:allowed )?(?:size|number of bytes)|超长/i,
    source:
      "Amazon Nova, watsonx, Volcengine, Baidu, AI21, SiliconFlow, TensorRT-LLM, Writer, Zhipu; Anthropic and Groq answer 413 to a body that is too large"
  },
  {
    is: "NoModel",
    at: refused,
    named:
      /model_not_found|model_decommissioned|invalid_model|model_not_available|not_found_error|DeploymentNotFound|OperationNotSupported/,
    said: /\bmodels?\b.{0,120}\b(?:not found|does not exist|doesn't exist|decommissioned|not available|no longer|deprecated|retired|not supported|not exist\b|not a valid)|not a valid model|model identifier is invalid|on-demand throughput isn.t supported|(?:invalid|unknown|no such) model|unable to access model|does not support (?:tools|chat)/i,
    source: "Groq, Mistral, Together, Azure, Ollama, OpenAI, OpenRouter, Bedrock, DeepSeek"
  },
  {
    is: "BadCall",
    at: refused,
    named: /tool_use_failed|output_parse_failed/,
    said: /failed to call a function/i,
    source: "Groq: the model has written a call that cannot be read"
  },
  {
    is: "Overloaded",
    at: (status) => status === 498 || status >= 500,
    named: /overloaded|capacity_exceeded|engine_overloaded/,
    source: "Anthropic 529, Groq 498, Moonshot"
  },
  { is: "ContextTooLong", at: (status) => status === 413, source: "HTTP, and proxies with a limit of their own" },
  { is: "Permission", at: (status) => status === 403, source: "" }
]

/** Returns the kind of an error, if known. */
export const of = ({ names, sentence, status }: Told): ErrorKind | undefined =>
  rows.find(
    ({ at, named, said }) =>
      at(status) &&
      ((named === undefined && said === undefined) ||
        (named !== undefined && names.some((name) => named.test(name))) ||
        said?.test(sentence) === true)
  )?.is
