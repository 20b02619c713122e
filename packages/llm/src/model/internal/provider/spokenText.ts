/**
 * Tells what a model says from what it only thinks, and from calls that it writes as text.
 *
 * Models that think by tags (`<think>`, `[THINK]`) or by channels (`<|channel|>analysis<|message|>`, gpt-oss) do so in the
 * text of the reply if nothing between us and them takes the tags out: Ollama, LM Studio, vLLM without a parser, Groq's
 * raw format. Calls come as text if nothing reads them (`<tool_call>`, `[TOOL_CALLS]`). A marker may be split over any number of chunks; what could still become one waits, and nothing else does.
 *
 * @since 0.1.0
 */

/** A piece of a reply. */
export interface Piece {
  /** `call`: a tool call that the model wrote as text, which is neither said nor run. */
  readonly kind: "text" | "reasoning" | "call"
  readonly text: string
}

/** How a reply is read. */
export interface Options {
  /** Whether the model's template may have opened a thought already, so that the reply only closes it. */
  readonly mayBeginInThought?: boolean | undefined
}

/** Each pair of tags around a thought. Compared without case. */
const thoughts: ReadonlyArray<readonly [open: string, close: string]> = [
  ["<think>", "</think>"],
  ["<thinking>", "</thinking>"],
  ["<thought>", "</thought>"],
  ["<thoughts>", "</thoughts>"],
  ["<reasoning>", "</reasoning>"],
  ["<reflection>", "</reflection>"],
  ["<scratchpad>", "</scratchpad>"],
  ["<analysis>", "</analysis>"],
  ["<inner_monologue>", "</inner_monologue>"],
  ["<reasoning_content>", "</reasoning_content>"],
  ["<antthinking>", "</antthinking>"],
  ["<mm:think>", "</mm:think>"],
  ["<|think|>", "<|/think|>"],
  ["<|thinking|>", "<|/thinking|>"],
  ["[think]", "[/think]"],
  // Kimi, Seed-OSS, LongCat, Cohere, Apertus, OpenThinker and Gemma.
  ["◁think▷", "◁/think▷"],
  ["<seed:think>", "</seed:think>"],
  ["<longcat_think>", "</longcat_think>"],
  ["<|start_thinking|>", "<|end_thinking|>"],
  ["<|inner_prefix|>", "<|inner_suffix|>"],
  ["<|begin_of_thought|>", "<|end_of_thought|>"],
  ["<|channel>thought", "<channel|>"]
]

/** Marks of a template around the name of a role. */
const roles: ReadonlyArray<readonly [open: string, close: string]> = [
  ["<|im_start|>", "\n"],
  ["<|start_header_id|>", "<|end_header_id|>"]
]

/** Each pair of tags around a call. Without a closing one, all that follows belongs to the call. */
const calls: ReadonlyArray<readonly [open: string, close: string]> = [
  // Hermes and Qwen, Claude, MiniMax, Llama, Mistral, DeepSeek, Kimi and Gemini.
  ["<tool_call>", "</tool_call>"],
  ["<function_calls>", "</function_calls>"],
  ["<minimax:tool_call>", "</minimax:tool_call>"],
  ["<function=", "</function>"],
  ["<|python_tag|>", ""],
  ["[tool_calls]", ""],
  ["<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"],
  ["<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"],
  ["```tool_code", "```"],
  // Phi and Granite, Gemma, Jamba, InternLM, LFM2, Cohere, Apertus, DeepSeek 3.2, Seed-OSS and LongCat.
  ["<|tool_call|>", "<|/tool_call|>"],
  ["<|tool_call>", "<tool_call|>"],
  ["<start_function_call>", "<end_function_call>"],
  ["<tool_calls>", "</tool_calls>"],
  ["<|action_start|>", "<|action_end|>"],
  ["<|tool_call_start|>", "<|tool_call_end|>"],
  ["<|start_action|>", "<|end_action|>"],
  ["<|tools_prefix|>", "<|tools_suffix|>"],
  ["<｜dsml｜function_calls>", "</｜dsml｜function_calls>"],
  ["<seed:tool_call>", "</seed:tool_call>"],
  ["<longcat_tool_call>", "</longcat_tool_call>"],
  // LM Studio's own form, Llama 4, single calls of DeepSeek and Kimi, and what models make of these by themselves.
  ["[tool_request]", "[end_tool_request]"],
  ["<|python_start|>", "<|python_end|>"],
  ["<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"],
  ["<|tool_call_begin|>", "<|tool_call_end|>"],
  ["<function_call>", "</function_call>"],
  ["<function>", "</function>"],
  ["<invoke>", "</invoke>"],
  ["<tool_use>", "</tool_use>"],
  ["<tool_code>", "</tool_code>"],
  ["```tool_call", "```"],
  // A result that the model has made up.
  ["<tool_response>", "</tool_response>"],
  ["<tool_result>", "</tool_result>"],
  ["<｜tool▁outputs▁begin｜>", "<｜tool▁outputs▁end｜>"]
]

/** Marks of a template that are not in the form of a token, and of an answer. */
const silent: ReadonlyArray<string> = [
  "<s>",
  "</s>",
  "<bos>",
  "<eos>",
  "[inst]",
  "[/inst]",
  "<response>",
  "</response>",
  "<final_answer>",
  "</final_answer>",
  "<answer>",
  "</answer>",
  "<end_of_turn>",
  "<start_of_turn>"
]

const openings = new Map<string, Inside>([
  ...thoughts.map(([open, close]) => [open, { _tag: "Inside", kind: "reasoning", close }] as const),
  ...calls.map(([open, close]) => [open, { _tag: "Inside", kind: "call", close }] as const),
  ...roles.map(([open, close]) => [open, { _tag: "Inside", kind: "role", close }] as const)
])
const tags: ReadonlyArray<string> = [...openings.keys(), ...thoughts.map(([, close]) => close), ...silent]
const closing = new Map(
  [...openings.values()].map(({ close }) => [close, new RegExp(close.replace(/[|[\]/]/g, "\\$&"), "i")])
)

/** The longest of them. */
const longestTag = Math.max(...tags.map(({ length }) => length))

/** A token of the model's own template, such as `<|end|>`, which is never spoken. */
const token = /^<[|｜]\/?([a-z_0-9▁]{1,30})[|｜]>/
const partOfToken = /^<(?:[|｜](?:\/?[a-z_0-9▁]{0,30}[|｜]?)?)?$/

/** A tag with spaces or attributes before its end, such as `<invoke name="book">`. */
const attributed = /^<(\/?[a-z_:]{2,20})\s[^<>]{0,120}>/
const partOfAttributed = /^<(\/?[a-z_:]{2,20})\s[^<>]{0,120}$/

const longestAttributed = 150

/** Length of the longest header of a channel that is read as one. */
const longestHeader = 256

/** Between two tags. */
interface Inside {
  readonly _tag: "Inside"
  readonly kind: "reasoning" | "call" | "role"
  readonly close: string
}

type Mode =
  | { readonly _tag: "Text" }
  | Inside
  /** Undecided whether the reply began in a thought: all text waits. */
  | { readonly _tag: "Unknown" }
  /** Between `<|channel|>` and `<|message|>`. */
  | { readonly _tag: "Header" }
  /** A channel that is not for the caller. It ends with the next token. */
  | { readonly _tag: "Channel" }

const speaking: Mode = { _tag: "Text" }

/** Reads the text of one reply. Linear in its length: what waits is never longer than a marker. */
export class SpokenText {
  #mode: Mode
  #held = ""
  /** White space after a thought is not said before the first word. */
  #trims = false
  #said = false
  /**
   * Text that waits until it is known whether the reply began in a thought. Only the ends of its pieces are examined.
   */
  #waiting: Array<string> = []
  #head = ""
  #tail = ""

  constructor(options: Options = {}) {
    this.#mode = options.mayBeginInThought === true ? { _tag: "Unknown" } : speaking
  }

  /**
   * Fast path: notes a piece of plain words, as nearly all are. Returns whether it was plain, so that it need not be
   * pushed.
   */
  isPlain(delta: string): boolean {
    const isPlain =
      this.#mode === speaking &&
      this.#held === "" &&
      !this.#trims &&
      (this.#said || !mayBeHeading.test(delta)) &&
      !mayHaveMarker.test(delta)
    if (isPlain && delta !== "") this.#said = true
    return isPlain
  }

  /** Takes a piece of text and returns the decided parts. */
  push(delta: string): ReadonlyArray<Piece> {
    if (this.isPlain(delta)) return delta === "" ? [] : [{ kind: "text", text: delta }]
    const pieces: Array<Piece> = []
    if (this.#mode._tag === "Unknown" && !this.#isDecided(delta)) return pieces
    this.#held += this.#waited() + delta
    while (this.#held !== "" && this.#step(pieces)) continue
    return pieces
  }

  /** The provider marks thoughts itself, so the text of the reply contains none. */
  thoughtApart(): ReadonlyArray<Piece> {
    if (this.#mode._tag !== "Unknown") return []
    this.#mode = speaking
    return this.push("")
  }

  /** The text has ended: an incomplete marker is plain text. */
  flush(): ReadonlyArray<Piece> {
    const pieces: Array<Piece> = []
    const rest = this.#waited() + this.#held
    this.#held = ""
    const { _tag } = this.#mode
    if (rest !== "" && (_tag === "Text" || _tag === "Unknown")) this.#say(rest, pieces)
    else if (_tag !== "Header") this.#think(rest, pieces)
    if (_tag === "Header" || _tag === "Unknown") this.#mode = speaking
    return pieces
  }

  /** Consumes one marker or the text before it. Returns false if more text is needed. */
  #step(pieces: Array<Piece>): boolean {
    switch (this.#mode._tag) {
      case "Text":
        return this.#speak(pieces)
      case "Inside":
        return this.#pass(this.#mode, pieces)
      case "Unknown":
        return this.#decide(pieces)
      case "Header":
        return this.#header()
      case "Channel":
        return this.#channel(pieces)
    }
  }

  #speak(pieces: Array<Piece>): boolean {
    if (!this.#said) {
      const heading = headingOf(this.#held)
      if (heading === "undecided") return false
      if (heading > 0) {
        this.#take(heading)
        this.#trims = true
        return true
      }
    }
    const at = this.#held.search(mayHaveMarker)
    if (at !== 0) {
      this.#say(this.#take(at < 0 ? this.#held.length : at), pieces)
      return true
    }
    const lower = this.#held.slice(0, longestTag).toLowerCase()
    const exact = tags.find((tag) => lower.startsWith(tag))
    const spaced = exact === undefined ? this.#attributed() : undefined
    if (spaced === "undecided") return false
    const tag = exact ?? spaced?.tag
    if (tag !== undefined) {
      const taken = this.#take(spaced?.length ?? tag.length)
      const inside = openings.get(tag)
      if (inside === undefined) this.#trims = !this.#said
      else this.#mode = inside
      // The name of the tool may be one of the attributes.
      if (spaced !== undefined && inside?.kind === "call") this.#think(taken, pieces)
      return true
    }
    const special = token.exec(lower)
    if (special !== null) {
      this.#take(special[0].length)
      if (special[1] === "channel" || special[1] === "start") this.#mode = { _tag: "Header" }
      return true
    }
    if (tags.some((tag) => tag.startsWith(lower)) || partOfToken.test(lower)) return false
    this.#say(this.#take(1), pieces)
    return true
  }

  /** A known tag that has more in it than its name. */
  #attributed(): { readonly tag: string; readonly length: number } | "undecided" | undefined {
    const near = this.#held.slice(0, longestAttributed).toLowerCase()
    const found = attributed.exec(near)
    const tag = `<${(found ?? partOfAttributed.exec(near))?.[1]}>`
    if (!tags.includes(tag)) return undefined
    return found === null ? "undecided" : { tag, length: found[0].length }
  }

  #think(text: string, pieces: Array<Piece>): void {
    const kind = this.#mode._tag === "Inside" ? this.#mode.kind : "reasoning"
    if (text !== "" && kind !== "role") pieces.push({ kind, text })
  }

  #pass({ close }: Inside, pieces: Array<Piece>): boolean {
    const at = close === "" ? -1 : this.#held.search(closing.get(close)!)
    if (at >= 0) {
      const passed = this.#take(at)
      this.#take(close.length)
      this.#think(passed, pieces)
      this.#mode = speaking
      this.#trims = !this.#said
      return true
    }
    // Keeps what the closing tag may have begun with.
    const end = this.#held.slice(-close.length).toLowerCase()
    let keep = close === "" ? 0 : Math.min(close.length - 1, end.length)
    while (keep > 0 && !close.startsWith(end.slice(end.length - keep))) keep--
    if (this.#held.length > keep) this.#think(this.#take(this.#held.length - keep), pieces)
    return false
  }

  /** Whether a piece shows if the reply has begun in a thought; if not, it waits. */
  #isDecided(delta: string): boolean {
    const opening = "<think>"
    const closing = "</think>"
    const near = this.#tail + delta
    if (this.#head.length < opening.length) this.#head = (this.#head + delta).trimStart().slice(0, opening.length)
    if (near.includes(closing) || this.#head === opening) return true
    this.#tail = near.slice(1 - closing.length)
    this.#waiting.push(delta)
    return false
  }

  #waited(): string {
    if (this.#waiting.length === 0) return ""
    const waited = this.#waiting.join("")
    this.#waiting = []
    return waited
  }

  #decide(pieces: Array<Piece>): boolean {
    const at = this.#held.indexOf("</think>")
    if (at < 0 || this.#held.trimStart().startsWith("<think>")) {
      this.#mode = speaking
      return true
    }
    pieces.push({ kind: "reasoning", text: this.#take(at) })
    this.#mode = speaking
    return true
  }

  #header(): boolean {
    const end = this.#held.slice(0, longestHeader + "<|message|>".length).indexOf("<|message|>")
    if (end >= 0) {
      const header = this.#take(end)
      this.#take("<|message|>".length)
      // A preamble on the commentary channel is for the caller; what has a recipient is a call, written as text.
      const forCaller = /\bfinal\b/.test(header) || (/\bcommentary\b/.test(header) && !header.includes("to="))
      this.#mode = forCaller || !/\banalysis\b|to=|\bcommentary\b/.test(header) ? speaking : { _tag: "Channel" }
      this.#trims = this.#mode === speaking && !this.#said
      return true
    }
    if (this.#held.length <= longestHeader) return false
    this.#mode = speaking
    return true
  }

  #channel(pieces: Array<Piece>): boolean {
    const at = this.#held.indexOf("<|")
    if (at < 0) {
      const length = this.#held.endsWith("<") ? this.#held.length - 1 : this.#held.length
      if (length > 0) pieces.push({ kind: "reasoning", text: this.#take(length) })
      return false
    }
    if (at > 0) pieces.push({ kind: "reasoning", text: this.#take(at) })
    const special = token.exec(this.#held)
    if (special === null) {
      if (partOfToken.test(this.#held)) return false
      pieces.push({ kind: "reasoning", text: this.#take(2) })
      return true
    }
    this.#mode = speaking
    return true
  }

  #say(text: string, pieces: Array<Piece>): void {
    const words = this.#trims ? text.trimStart() : text
    if (words === "") return
    this.#trims = false
    this.#said = true
    pieces.push({ kind: "text", text: words })
  }

  #take(length: number): string {
    const taken = this.#held.slice(0, length)
    this.#held = this.#held.slice(length)
    return taken
  }
}

const mayHaveMarker = /[<[◁`]/

/**
 * What Gemini's flash models begin replies with through some gateways: the mark of a thought that is empty, without an end
 * (livekit/agents#6942: `thought\n`, `thought[]`, `thought () `, or glued to the first word).
 */
const heading = /^\s{0,8}thought(?:[ \t]{0,8}(?:\[\]|\(\)|\n)|(?=\p{Lu}))/u
const partOfHeading = /^\s{0,8}(?:t|th|tho|thou|thoug|though|thought[ \t]{0,8}[[(]?)$/
const mayBeHeading = /^\s*t/

/** Length of such a mark at the beginning of a reply. */
const headingOf = (text: string): number | "undecided" =>
  partOfHeading.test(text) ? "undecided" : (heading.exec(text)?.[0].length ?? 0)
