/**
 * An object as a reply, of a model that cannot be held to a schema: it calls a tool whose arguments are the object. What it
 * writes into the arguments is handed on as the text of its reply, as it comes.
 */
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Tool from "effect/ai/Tool"
import * as BadArguments from "../../internal/badArguments.ts"
import type { Part, Reply } from "./provider/replyStream.ts"

type Asked = Pick<LanguageModel.ProviderOptions, "tools" | "toolChoice">

/** The request with the tool, which must be called unless another one is. */
export const added = <O extends Asked>(options: O, object: Tool.Any): O => ({
  ...options,
  tools: [...options.tools, object],
  toolChoice: options.tools.length === 0 ? { tool: object.name } : "required"
})

interface AnyPart {
  readonly type: string
  readonly id?: string
  readonly name?: string
  readonly delta?: string
  readonly params?: unknown
  readonly reason?: string
}

/** Turns calls of the tool into text. */
export class AsText {
  readonly #name: string
  readonly #open = new Set<string>()
  readonly #written = new Set<string>()
  #others = false

  constructor(name: string) {
    this.#name = name
  }

  /** Appends the parts to `out`, with those of the tool as text. */
  take<P>(parts: ReadonlyArray<P>, out: Array<P>): void {
    for (const part of parts) this.#take(part as P & AnyPart, out as Array<unknown>)
  }

  #take(part: AnyPart, out: Array<unknown>): void {
    const { delta, id = "" } = part
    switch (part.type) {
      case "tool-params-start":
        if (part.name !== this.#name) break
        this.#open.add(id)
        out.push({ type: "text-start", id: idOf(id) })
        return
      case "tool-params-delta":
        if (!this.#open.has(id)) break
        if (delta === undefined || delta === "") return
        this.#written.add(id)
        out.push({ type: "text-delta", id: idOf(id), delta })
        return
      case "tool-params-end":
        // The whole call may still bring the arguments.
        if (this.#open.has(id)) return
        break
      case "tool-call":
        if (part.name !== this.#name) {
          this.#others = true
          break
        }
        if (!this.#open.delete(id)) out.push({ type: "text-start", id: idOf(id) })
        if (!this.#written.has(id)) {
          const text = BadArguments.rawOf(part.params) ?? JSON.stringify(part.params ?? {})
          out.push({ type: "text-delta", id: idOf(id), delta: text })
        }
        out.push({ type: "text-end", id: idOf(id) })
        return
      case "finish":
        out.push(part.reason === "tool-calls" && !this.#others ? { ...part, reason: "stop" } : part)
        return
    }
    out.push(part)
  }
}

const idOf = (id: string): string => `object-${id}`

/** Reads the reply of a provider with the calls of the tool as text, if the tool was sent. */
export const reading = (reply: Reply, name: string, wasSent: () => boolean): Reply => {
  const asText = new AsText(name)
  return {
    take: (event, out) => {
      if (!wasSent()) return reply.take(event, out)
      const parts: Array<Part> = []
      const failure = reply.take(event, parts)
      asText.take(parts, out)
      return failure
    },
    done: () => reply.done(),
    end: (out) => {
      if (!wasSent()) return reply.end(out)
      const parts: Array<Part> = []
      const isWhole = reply.end(parts)
      asText.take(parts, out)
      return isWhole
    }
  }
}
