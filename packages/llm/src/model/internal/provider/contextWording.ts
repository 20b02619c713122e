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
    said: /maximum context length is (?<most>\d{1,9}) tokens[^\d]{1,80}(?<asked>\d{1,9})/i,
    source: "OpenAI, vLLM, DeepSeek, Together, OpenRouter: however, you requested, your messages resulted in"
  },
  {
    said: /input token count \(?(?<asked>\d{1,9})\)? exceeds the maximum number of tokens allowed \(?(?<most>\d{1,9})/i,
    source: "Gemini"
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
    said: /(?:model token limit: |max size: |range of input length should be \[\d, )(?<most>\d{1,9})/i,
    source: "Moonshot, GitHub Models, Alibaba"
  },
  {
    said: /(?:context (?:length|window|size)|maximum) ?(?:of|is|:) ?(?<most>\d{1,9})/i,
    source: "others"
  }
]

/** Returns the sizes in a sentence. */
export const sizesOf = (sentence: string): Sizes | undefined => {
  for (const { said } of rows) {
    const { asked, most } = said.exec(sentence)?.groups ?? {}
    if (most === undefined) continue
    return { most: Number(most), asked: asked === undefined ? undefined : Number(asked) }
  }
  return undefined
}
