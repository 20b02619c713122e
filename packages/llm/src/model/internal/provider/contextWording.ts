/**
 * Reads the sizes from providers' messages about prompts that are too long.
 *
 * @since 0.1.0
 */

/** The context window and the length of the prompt, in tokens, as far as the provider reports them. */
export interface Sizes {
  readonly most: number
  readonly asked: number | undefined
}

interface Row {
  readonly said: RegExp
  readonly source: string
}

/** The group `most` is the window, `asked` the requested length. The first match counts. */
const rows: ReadonlyArray<Row> = [
  {
    said: /prompt is too long: (?<asked>\d{1,9}) tokens > (?<most>\d{1,9}) maximum/i,
    source: "Anthropic, also by Bedrock and Vertex"
  },
  {
    said: /context limit: (?<asked>\d{1,9}) \+ \d{1,9} > (?<most>\d{1,9})/i,
    source: "Anthropic: input length and `max_tokens` exceed context limit"
  },
  {
    said: /maximum context length is (?<most>\d{1,9}) tokens.{1,120}for a total of (?:at least )?(?<asked>\d{1,9})/i,
    source: "vLLM, since 2025: you requested n output tokens and your prompt contains m"
  },
  {
    said: /maximum context length (?:is|of) (?<most>\d{1,9}) tokens[^\d]{1,80}(?<asked>\d{1,9})/i,
    source: "OpenAI, vLLM, DeepSeek, Together, OpenRouter, SGLang: however, you requested, your messages resulted in"
  },
  {
    said: /configured limit of (?<most>\d{1,9}) tokens[^\d]{1,80}(?<asked>\d{1,9})/i,
    source: "OpenAI and Azure, for models whose window is split into input and output"
  },
  {
    said: /passed (?<asked>\d{1,9}) input tokens.{1,120}context length is only (?<most>\d{1,9})/i,
    source: "vLLM, since 2026"
  },
  {
    said: /keep the first (?<asked>\d{1,9}) tokens.{1,120}context length of only (?<most>\d{1,9})/i,
    source: "LM Studio"
  },
  {
    said: /number of input tokens (?<asked>\d{1,9}) cannot exceed the total tokens limit (?<most>\d{1,9})/i,
    source: "watsonx"
  },
  {
    said: /in the prompt cannot exceed (?<most>\d{1,9})(?: - received (?<asked>\d{1,9}))?/i,
    source: "Cohere"
  },
  {
    said: /input token count \(?(?<asked>\d{1,9})\)? exceeds the maximum number of tokens allowed \(?(?<most>\d{1,9})/i,
    source: "Gemini"
  },
  {
    said: /input token count is (?<asked>\d{1,9}) but (?:the )?model only supports up to (?<most>\d{1,9})/i,
    source: "Vertex AI"
  },
  {
    said: /maximum prompt length is (?<most>\d{1,9}) but the request contains (?<asked>\d{1,9})/i,
    source: "xAI"
  },
  {
    said: /current length is (?<asked>\d{1,9}) while limit is (?<most>\d{1,9})/i,
    source: "Cerebras"
  },
  {
    said: /prompt contains (?<asked>\d{1,9}) tokens.{1,80}model with (?<most>\d{1,9})/i,
    source: "Mistral: prompt contains n tokens and 0 draft tokens, too large for model with m maximum context length"
  },
  {
    said: /request \((?<asked>\d{1,9}) tokens\) exceeds the available context size \((?<most>\d{1,9})/i,
    source: "llama.cpp"
  },
  {
    said: /\((?<asked>\d{1,9}) tokens\) is longer than the model's context length \((?<most>\d{1,9})/i,
    source: "SGLang"
  },
  {
    said: /tokens \((?<asked>\d{1,9})\) exceeded this model context window limit \((?<most>\d{1,9})/i,
    source: "Cloudflare"
  },
  {
    said: /prompt is (?<asked>\d{1,9}) tokens long.{1,160}maximum supported sequence length is just (?<most>\d{1,9})/i,
    source: "SambaNova"
  },
  {
    said: /prompt is too long: (?<asked>\d{1,9}), model maximum context length: (?<most>\d{1,9})/i,
    source: "Fireworks"
  },
  {
    said: /\(length (?<asked>\d{1,9})\) is longer than the maximum model length of (?<most>\d{1,9})/i,
    source: "vLLM, for a prompt that leaves no room at all"
  },
  {
    said: /must have less than (?<most>\d{1,9}) tokens\. Given: (?<asked>\d{1,9})/i,
    source: "Together, Hugging Face"
  },
  {
    said: /must be <= (?<most>\d{1,9})\. Given: (?<asked>\d{1,9})/i,
    source: "Together, Hugging Face: prompt and reply together"
  },
  {
    said: /prompt length \((?<asked>\d{1,9})(?:\.0)?\).{1,80}max_num_tokens \((?<most>\d{1,9})/i,
    source: "TensorRT-LLM"
  },
  {
    said: /total length (?<asked>\d{1,9})\) is too long to fit into the model \(context length (?<most>\d{1,9})/i,
    source: "vLLM, for models that see"
  },
  {
    said: /(?:length|prompt_tokens|token count)(?: of)? \(?(?<asked>\d{1,9})\)? (?:exceeds|must be less than) [^\d]{1,60}(?<most>\d{1,9})/i,
    source: "Volcengine, DeepInfra, GitHub Copilot, SiliconFlow, TensorRT-LLM"
  },
  {
    said: /too long: (?<asked>\d{1,9}) tokens[^\d]{1,40}(?<most>\d{1,9})/i,
    source: "AI21, Perplexity"
  },
  {
    said: /number of tokens allowed \(?(?<most>\d{1,9})/i,
    source: "Gemini, without the size of the prompt"
  },
  {
    said: /model token limit: (?<most>\d{1,9})(?: \(requested: (?<asked>\d{1,9}))?/i,
    source: "Moonshot"
  },
  {
    said: /(?:max size: |range of input length should be \[\d, )(?<most>\d{1,9})/i,
    source: "GitHub Models, Alibaba"
  },
  {
    said: /(?:context (?:length|window|size)(?: ?(?:of|is|:))?|maximum ?(?:of|is|:)) ?(?<most>\d{1,9})/i,
    source: "others"
  }
]

/** Marks between thousands: `128,000`. */
const grouping = /(?<=\d)[,_](?=\d{3}(?!\d))/g

/** Thousands and millions: `128k`. */
const rounded = /(?<![\d.])(\d{1,6}(?:\.\d{1,3})?) ?([kKM])(?![a-zA-Z])/g

const written = (_: string, number: string, unit: string): string =>
  String(Math.round(Number(number) * (unit === "M" ? 1e6 : 1e3)))

/** No model's window is smaller: it is the number of something else. */
const least = 256

/** Returns the sizes in a sentence. */
export const sizesOf = (sentence: string): Sizes | undefined => {
  const plain = sentence.replace(grouping, "").replace(rounded, written)
  for (const { said } of rows) {
    const { asked, most } = said.exec(plain)?.groups ?? {}
    if (most === undefined || Number(most) < least) continue
    return { most: Number(most), asked: asked === undefined ? undefined : Number(asked) }
  }
  return undefined
}
