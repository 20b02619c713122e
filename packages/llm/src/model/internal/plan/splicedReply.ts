/**
 * Combines the streams of several attempts into one reply.
 *
 * Only complete things are sent: text in whole words, reasoning and tool calls once they have ended. So nothing has to
 * be taken back when an attempt breaks off.
 */
import type * as Response from "effect/ai/Response"
import * as Seam from "./seam.ts"

export type Part = Response.StreamPartEncoded

/** The usage of a reply whose end was lost. */
const unknownUsage: typeof Response.Usage.Encoded = {
  inputTokens: { uncached: undefined, total: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined }
}

/**
 * The outcome of parts. An attempt cannot be continued if the model has failed, declined to continue, or was cut short:
 * by a pause of its provider, by a length limit, or by a filter.
 */
export type Accepted = "accepted" | "failed" | "declined" | "paused" | "length" | "filtered"

const cuts: { readonly [reason: string]: "paused" | "length" | "filtered" | undefined } = {
  pause: "paused",
  length: "length",
  "content-filter": "filtered"
}

/** A text that is complete as it stands, though there was no room for more. */
const endsSentence = /[.!?…。！？]["'”’)\]]*\s*$/

/** The state of a reply. Takes the parts of an attempt, and notes when the attempt has broken off. */
export class SplicedReply {
  /** The text that has been sent. */
  spoken = ""
  /** Whether the reply has ended. */
  finished = false
  /** The text block that has been begun and not ended, by its id on the outside. */
  #block: string | undefined
  /** The beginning of a text block that has no text yet. */
  #start: Response.TextStartPartEncoded | undefined
  /** Text that waits for the rest of its last word. */
  #held = ""
  #gap = ""
  /** Decides which text of a continuing attempt is new. Undefined once it has decided. */
  #join: ReturnType<typeof Seam.join> | undefined
  /** Text that waits for that decision. */
  #unjoined = ""
  /** Reasoning and tool calls that are not complete yet. */
  readonly #pending = new Map<string, Array<Part>>()
  #calls = 0
  #attempt = 0
  #declined = false
  #cutBy: Part | undefined
  readonly #bridge: string

  constructor(bridge: string) {
    this.#bridge = bridge
  }

  /** Whether something has been said. */
  get begun(): boolean {
    return this.spoken.trim() !== ""
  }

  /** Takes parts, and appends to `out` what may be sent. Returns whether to continue with the attempt, or why not. */
  accept(parts: ReadonlyArray<Part>, out: Array<Part>): Accepted {
    for (const part of parts) {
      if (this.finished) break
      if (part.type === "error" || (part.type === "finish" && part.reason === "error")) return "failed"
      const cut = part.type === "finish" && this.#calls === 0 ? cuts[part.reason] : undefined
      if (cut !== undefined) {
        this.#flush(out)
        this.#cutBy = part
        if (!this.#declined && !(cut === "length" && endsSentence.test(this.spoken))) return cut
      }
      this.#take(part, out)
      if (this.#declined) return "declined"
    }
    return "accepted"
  }

  /** Ends the reply at its last cut, and says so with the reason that its model gave. */
  endShort(out: Array<Part>): void {
    if (this.#cutBy?.type === "finish") this.#finish(this.#cutBy, out)
  }

  /**
   * Notes that the attempt broke off. Incomplete parts are dropped. A reply with complete tool calls ends here, because
   * it would only continue after their results; any other can be continued by the next attempt.
   */
  cut(out: Array<Part>): void {
    // An attempt that broke off before it said anything new leaves the seam as it was.
    if (this.#join === undefined) this.#gap = Seam.gap(this.spoken, this.#held)
    this.#held = ""
    this.#unjoined = ""
    this.#start = undefined
    this.#pending.clear()
    this.#declined = false
    this.#attempt++
    if (this.#calls > 0) return this.#finish({ type: "finish", reason: "tool-calls", usage: unknownUsage }, out)
    this.#join = this.spoken === "" ? undefined : Seam.join(this.spoken, this.#gap, this.#bridge)
  }

  #take(part: Part, out: Array<Part>): void {
    switch (part.type) {
      case "text-start":
        // The first block of a continuing attempt is the rest of the one that was cut.
        if (this.#join === undefined) {
          this.#flush(out)
          this.#endBlock(undefined, out)
        }
        this.#start = part
        return
      case "text-delta": {
        const [ready, held] = Seam.split(this.#held + part.delta)
        this.#held = held
        if (ready !== "") this.#say(ready, false, part.metadata, out)
        return
      }
      case "text-end":
        this.#flush(out)
        return this.#declined ? undefined : this.#endBlock(part.metadata, out)
      case "reasoning-start":
      case "reasoning-delta":
        return this.#keep(`reasoning ${part.id}`, { ...part, id: this.#id(part.id) })
      case "tool-params-start":
      case "tool-params-delta":
      case "tool-params-end":
        return this.#keep(`tool ${part.id}`, part)
      case "reasoning-end":
        return this.#complete(`reasoning ${part.id}`, { ...part, id: this.#id(part.id) }, out)
      case "tool-call":
        // A call that the provider makes itself is complete with its result.
        if (part.providerExecuted === true) return this.#keep(`tool ${part.id}`, part)
        this.#calls++
        return this.#complete(`tool ${part.id}`, part, out)
      case "tool-result":
        return part.preliminary === true
          ? this.#keep(`tool ${part.id}`, part)
          : this.#complete(`tool ${part.id}`, part, out)
      case "finish":
        return this.#finish(part, out)
      default:
        out.push(part)
    }
  }

  #keep(key: string, part: Part): void {
    const pending = this.#pending.get(key)
    if (pending === undefined) this.#pending.set(key, [part])
    else pending.push(part)
  }

  #complete(key: string, part: Part, out: Array<Part>): void {
    this.#flush(out)
    out.push(...(this.#pending.get(key) ?? []), part)
    this.#pending.delete(key)
  }

  #finish(part: Response.FinishPartEncoded, out: Array<Part>): void {
    this.#flush(out)
    if (this.#declined) return
    this.#endBlock(undefined, out)
    for (const parts of this.#pending.values()) out.push(...parts)
    out.push(part)
    this.finished = true
  }

  #flush(out: Array<Part>): void {
    const rest = this.#held
    this.#held = ""
    if (rest !== "" || this.#unjoined !== "") this.#say(rest, true, undefined, out)
  }

  #say(text: string, ended: boolean, metadata: Response.TextDeltaPartEncoded["metadata"], out: Array<Part>): void {
    let delta = text
    if (this.#join !== undefined) {
      this.#unjoined += text
      const joined = this.#join(this.#unjoined, ended)
      if (joined === undefined) return
      if (joined === Seam.declined) {
        this.#declined = true
        return
      }
      this.#join = undefined
      this.#unjoined = ""
      delta = joined
    }
    if (delta === "") return
    if (this.#block === undefined) {
      this.#block = this.#id(this.#start?.id ?? "text")
      out.push({ type: "text-start", id: this.#block, metadata: this.#start?.metadata })
    }
    this.spoken += delta
    out.push({ type: "text-delta", id: this.#block, delta, metadata })
  }

  #endBlock(metadata: Response.TextEndPartEncoded["metadata"], out: Array<Part>): void {
    this.#start = undefined
    if (this.#block === undefined) return
    out.push({ type: "text-end", id: this.#block, metadata })
    this.#block = undefined
  }

  /** Models number their blocks alike. */
  #id(id: string): string {
    return this.#attempt === 0 ? id : `${id}.${this.#attempt}`
  }
}
