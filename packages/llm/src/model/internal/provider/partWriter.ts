/**
 * Writes the parts of one reply in the order and form that `effect/ai` asks for: metadata first and once, at most one
 * block of text or reasoning open at a time, each source once.
 *
 * Nothing is written before there is content, so that a reply that fails earlier can be requested elsewhere. Text
 * passes through `SpokenText`, which separates thoughts from words.
 *
 * @since 0.1.0
 */
import type * as Response from "effect/ai/Response"
import * as Charge from "./charge.ts"
import * as Predicate from "effect/Predicate"
import type { Part } from "./replyStream.ts"
import * as SpokenText from "./spokenText.ts"

/** Metadata of a reply. */
export interface Metadata {
  readonly id?: string | undefined
  readonly model?: string | undefined
  readonly timestamp?: string | undefined
}

/** Options of a writer. */
export interface Options extends SpokenText.Options {
  /** Maps a name on the wire to its tool. */
  readonly toolName?: ((name: string) => string) | undefined
  /** Metadata of the reasoning block that is being closed. */
  readonly reasoningMetadata?: (() => Response.ProviderMetadata) | undefined
}

const apart: Response.ProviderMetadata = { antiphon: { apart: true } }

/** Whether the block of text that begins with this metadata does not continue the one before. */
export const isApart = (metadata: Response.ProviderMetadata | undefined): boolean =>
  Predicate.hasProperty(metadata?.["antiphon"], "apart")

interface Call {
  readonly name: string
  readonly params: unknown
}

/** The calls within one of `multi_tool_use.parallel`, a tool that OpenAI's models believe to have: vercel/ai#19067. */
const wrapped = (name: string, params: unknown): ReadonlyArray<Call> | undefined => {
  if (!/^(?:multi_tool_use[._])?parallel$/.test(name) || !Predicate.hasProperty(params, "tool_uses")) return undefined
  const { tool_uses: uses } = params
  if (!Array.isArray(uses) || uses.length === 0 || !uses.every(isUse)) return undefined
  return uses.map(({ parameters, recipient_name }) => ({
    name: recipient_name.replace(/^functions\./, ""),
    params: parameters ?? {}
  }))
}

const isUse = (use: unknown): use is { readonly recipient_name: string; readonly parameters?: unknown } =>
  Predicate.hasProperty(use, "recipient_name") && typeof use.recipient_name === "string"

/** Writes parts to the list it was last given. */
export class PartWriter {
  readonly #options: Options
  readonly #text: SpokenText.SpokenText
  readonly #announced = new Set<string>()
  readonly #sources = new Set<string>()
  #out: Array<Part> = []
  #metadata: Metadata = {}
  #begun = false
  #leaked = false
  #blocks = 0
  #apart = false
  #open: { readonly type: "text" | "reasoning"; readonly id: string } | undefined

  constructor(options: Options = {}) {
    this.#options = options
    this.#text = new SpokenText.SpokenText(options)
  }

  /** Whether anything was written. */
  get begun(): boolean {
    return this.#begun
  }

  /** Whether the model wrote a tool call as text. Text that waits may still be one. */
  get leaked(): boolean {
    return this.#leaked
  }

  /** Which block is open. */
  get open(): "text" | "reasoning" | undefined {
    return this.#open?.type
  }

  /** Writes to this list from now on. */
  into(out: Array<Part>): void {
    this.#out = out
  }

  /** Notes metadata of the reply. The first value of each field counts. */
  describe({ id, model, timestamp }: Metadata): void {
    if (this.#begun) return
    this.#metadata = {
      id: this.#metadata.id ?? id,
      model: this.#metadata.model ?? model,
      timestamp: this.#metadata.timestamp ?? timestamp
    }
  }

  /** Writes text of the model: words, and any thoughts among them. */
  text(delta: string): void {
    if (this.#text.isPlain(delta)) return this.#write("text", delta)
    for (const { kind, text } of this.#text.push(delta)) this.#write(kind, text)
  }

  /** The next block of text does not continue the last one: it is another message of the same reply. */
  apart(): void {
    this.#apart = true
  }

  /** Writes thoughts that the provider marks as such. */
  reasoning(delta: string): void {
    this.#release(this.#text.thoughtApart())
    this.#write("reasoning", delta)
  }

  /** Opens a block of reasoning that has no text. */
  sealedReasoning(): void {
    if (this.#open?.type !== "reasoning") this.#begin("reasoning")
  }

  /** Announces a call, once per id. */
  callStart(id: string, name: string): void {
    if (this.#announced.has(id)) return
    this.close()
    this.#start()
    this.#announced.add(id)
    this.#out.push({ type: "tool-params-start", id, name: this.#toolName(name) })
  }

  /** Writes a fragment of the arguments as a sign of life. Only the call itself has reliable arguments. */
  callDelta(id: string, delta: string): void {
    if (delta !== "" && this.#announced.has(id)) this.#out.push({ type: "tool-params-delta", id, delta })
  }

  /** Writes a whole call. */
  call(id: string, name: string, params: unknown, metadata?: Response.ProviderMetadata): void {
    this.close()
    this.#start()
    if (this.#announced.has(id)) this.#out.push({ type: "tool-params-end", id })
    const several = wrapped(name, params)?.map((call, n) => ({ ...call, id: `${id}_${n}` }))
    for (const call of several ?? [{ id, name, params }]) {
      this.#out.push({
        type: "tool-call",
        id: call.id,
        name: this.#toolName(call.name),
        params: call.params,
        ...(metadata === undefined ? undefined : { metadata })
      })
    }
  }

  /** Writes a source of the reply, once per address. */
  source(url: string | undefined, title: string | undefined): void {
    if (url === undefined || this.#sources.has(url) || !URL.canParse(url)) return
    this.#sources.add(url)
    this.#start()
    const id = `source-${this.#sources.size}`
    this.#out.push({ type: "source", sourceType: "url", id, url, title: title ?? url })
  }

  /** Writes what waited because it could have become a marker. */
  settle(): void {
    this.#release(this.#text.flush())
  }

  /** Closes the block that is open. */
  close(): void {
    this.settle()
    this.#closeBlock()
  }

  /** Writes the end of the reply. */
  finish(reason: Response.FinishReason, usage: Response.FinishPartEncoded["usage"], cost?: unknown): void {
    const charged = Charge.metadata(cost)
    this.part({ type: "finish", reason, usage, ...(charged === undefined ? undefined : { metadata: charged }) })
  }

  /** Writes a part that is whole in itself. */
  part(part: Part): void {
    this.close()
    this.#start()
    this.#out.push(part)
  }

  #toolName(name: string): string {
    return this.#options.toolName?.(name) ?? name
  }

  #release(pieces: ReadonlyArray<SpokenText.Piece>): void {
    for (const { kind, text } of pieces) this.#write(kind, text)
  }

  #start(): void {
    if (this.#begun) return
    this.#begun = true
    const { id, model, timestamp } = this.#metadata
    this.#out.push({ type: "response-metadata", id, modelId: model, timestamp })
  }

  #begin(type: "text" | "reasoning"): void {
    this.#start()
    this.#closeBlock()
    this.#open = { type, id: `${type}-${this.#blocks++}` }
    const isApart = this.#apart && type === "text"
    if (isApart) this.#apart = false
    this.#out.push({ type: `${type}-start`, id: this.#open.id, ...(isApart ? { metadata: apart } : undefined) })
  }

  #write(type: SpokenText.Piece["kind"], delta: string): void {
    if (delta === "") return
    if (type === "call") {
      this.#leaked = true
      return
    }
    if (this.#open?.type !== type) this.#begin(type)
    this.#out.push({ type: `${type}-delta`, id: this.#open!.id, delta })
  }

  #closeBlock(): void {
    if (this.#open === undefined) return
    const { id, type } = this.#open
    this.#open = undefined
    const metadata = type === "reasoning" ? this.#options.reasoningMetadata?.() : undefined
    this.#out.push({ type: `${type}-end`, id, ...(metadata === undefined ? undefined : { metadata }) })
  }
}
