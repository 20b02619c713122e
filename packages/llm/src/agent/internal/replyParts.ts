/** Collects the parts of a reply: words and measurements are sent at once, calls wait for its end. */
import * as Event from "@antiphon/core/Event"
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import { parted } from "../../internal/parted.ts"
import type { AsText } from "../../model/internal/objectTool.ts"
import * as PartWriter from "../../model/internal/provider/partWriter.ts"
import type { ObjectText } from "./objectText.ts"
import type { PlainWords } from "./plainWords.ts"
import type { Call } from "../../tool/internal/toolCall.ts"

/** The reply so far. */
export interface Collected {
  readonly calls: Array<Call>
  /** Thoughts not followed by a call yet. */
  readonly thoughts: Map<string, Thought>
  /** Whether it has anything audible. */
  spoke: boolean
  /** Whether anything has come. */
  begun: boolean
  /** Whether the provider has run tools of its own, whose results count as part of the prompt. */
  searched: boolean
  /** Approximate tokens of the words and thoughts so far. */
  size: number
  /** The last piece of the words. */
  last: string
  /** Whether the next words are another message than the last ones. */
  apart: boolean
}

interface Thought extends Prompt.ReasoningPartEncoded {
  readonly type: "reasoning"
}

export const empty = (): Collected => ({
  calls: [],
  thoughts: new Map(),
  spoke: false,
  begun: false,
  searched: false,
  size: 0,
  last: "",
  apart: false
})

/** Whether the model said and called nothing. */
export const isEmpty = ({ calls, spoke }: Collected): boolean => calls.length === 0 && !spoke

/** What collecting needs from the turn. */
export interface Collecting {
  /** Reads the text of a reply that is an object. */
  readonly object?: ObjectText | undefined
  /** Removes markup from the words. */
  readonly plain?: PlainWords | undefined
  /** Turns calls of the object's tool into text, for a model that was given one. */
  readonly asText?: AsText | undefined
  readonly claimId: (id: string) => string
  /** Called with the metadata of a call. */
  readonly keep: (
    id: string,
    thoughts: ReadonlyArray<Prompt.ReasoningPartEncoded>,
    marks: Prompt.ReasoningPartEncoded["options"]
  ) => void
  /** Called with the usage of the reply, as counted by its provider. */
  readonly finished: (usage: Response.FinishPartEncoded["usage"]) => void
  /** Measurements still to be taken at the turn's first words or first call. */
  readonly firsts: (what: "text" | "call") => ReadonlyArray<Event.Output>
}

interface Part {
  readonly type: string
  readonly id?: string
  readonly delta?: string
  readonly name?: string
  readonly params?: unknown
  readonly providerExecuted?: boolean
  readonly usage?: Response.FinishPartEncoded["usage"]
  readonly metadata?: Prompt.ReasoningPartEncoded["options"]
}

/** Adds parts to a reply. Returns the outputs to send now. */
export const collect = (
  reply: Collected,
  parts: ReadonlyArray<unknown>,
  collecting: Collecting
): ReadonlyArray<Event.Output> => {
  const outputs: Array<Event.Output> = []
  reply.begun = true
  for (const part of asTextIn(parts as ReadonlyArray<Part>, collecting)) {
    reply.searched ||= part.providerExecuted === true || part.type === "source"
    if (part.delta !== undefined) reply.size += part.delta.length / 4
    switch (part.type) {
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning-end":
        think(reply.thoughts, part)
        break
      case "text-start":
        reply.apart ||= PartWriter.isApart(part.metadata)
        break
      case "text-delta":
        speak(reply, part.delta!, collecting, outputs)
        break
      case "text-end":
        say(reply, collecting.plain?.flush() ?? "", collecting, outputs)
        break
      case "tool-params-start":
      case "tool-call":
        reply.apart = true
        if (part.providerExecuted === true) break
        outputs.push(...collecting.firsts("call"))
        if (part.type === "tool-call") call(reply, part, collecting)
        break
      case "finish":
        if (part.usage !== undefined) collecting.finished(part.usage)
        break
    }
  }
  return outputs
}

const asTextIn = (parts: ReadonlyArray<Part>, { asText }: Collecting): ReadonlyArray<Part> => {
  if (asText === undefined) return parts
  const read: Array<Part> = []
  asText.take(parts, read)
  return read
}

const speak = (reply: Collected, delta: string, collecting: Collecting, outputs: Array<Event.Output>): void => {
  const { object, plain } = collecting
  const written = object === undefined ? delta : object.push(delta)
  say(reply, plain === undefined ? written : plain.push(written), collecting, outputs)
}

const say = (reply: Collected, written: string, { firsts }: Collecting, outputs: Array<Event.Output>): void => {
  if (written === "") return
  const words = reply.apart ? parted(reply.last, written) : written
  reply.apart = false
  reply.last = words
  for (const first of firsts("text")) outputs.push(first)
  outputs.push(Event.sendText(words))
  reply.spoke ||= /\S/.test(words)
}

const think = (thoughts: Collected["thoughts"], { delta = "", id, metadata }: Part): void => {
  const known: Thought = thoughts.get(id!) ?? { type: "reasoning", text: "" }
  const options = metadata === undefined ? known.options : { ...known.options, ...metadata }
  thoughts.set(id!, {
    type: "reasoning",
    text: known.text + delta,
    ...(options === undefined ? undefined : { options })
  })
}

const call = ({ calls, thoughts }: Collected, part: Part, { claimId, keep }: Collecting): void => {
  const id = claimId(part.id!)
  calls.push({ id, name: part.name!, args: part.params })
  if (thoughts.size === 0 && part.metadata === undefined) return
  keep(id, [...thoughts.values()], part.metadata)
  thoughts.clear()
}
