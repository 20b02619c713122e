/**
 * Streams of real providers, as other projects have recorded them, if `ANTIPHON_STREAMS` names a folder that has them: one
 * event a line in each `*.chunks.txt`. What is read of them is held against a reading that knows nothing of ours.
 */
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import * as Path from "node:path"
import * as AnthropicReply from "../../src/model/internal/anthropic/anthropicReply.ts"
import * as OpenAiReply from "../../src/model/internal/openAi/openAiReply.ts"
import type { Part, Reply } from "../../src/model/internal/provider/replyStream.ts"

const folder = Path.join(process.env["ANTIPHON_STREAMS"] ?? "", "recorded")

// Recordings are of no one shape.
// oxlint-disable-next-line typescript/no-explicit-any
type Json = { readonly [key: string]: any }

const anthropic = (events: ReadonlyArray<Json>) => {
  const deltas = events.flatMap((event) => (event["type"] === "content_block_delta" ? [event["delta"]] : []))
  const starts = events.flatMap((event) => (event["type"] === "content_block_start" ? [event["content_block"]] : []))
  return {
    text:
      starts.map((block) => (block.type === "text" ? block.text : "")).join("") +
      deltas.map((delta) => (delta.type === "text_delta" ? delta.text : "")).join(""),
    calls: starts.filter((block) => block.type === "tool_use").map((block) => block.id as string)
  }
}

const chat = (events: ReadonlyArray<Json>) => {
  const deltas = events.map((event) => event["choices"]?.[0]?.delta ?? {})
  const content = (value: unknown): string =>
    typeof value === "string"
      ? value
      : Array.isArray(value)
        ? value.map((part: Json) => (part["type"] === "text" ? part["text"] : "")).join("")
        : ""
  return {
    text: deltas.map((delta) => content(delta.content)).join(""),
    calls: [...new Set(deltas.flatMap((delta) => (delta.tool_calls ?? []).map((call: Json) => call["id"])))].filter(
      Boolean
    )
  }
}

const read = (reply: Reply, lines: ReadonlyArray<string>) => {
  const parts: Array<Part> = []
  for (const data of lines) {
    const failure = reply.take({ event: undefined, data }, parts)
    assert.isUndefined(failure)
    if (reply.done()) break
  }
  if (!reply.done()) assert.isTrue(reply.end(parts))
  return {
    text: parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join(""),
    calls: parts.flatMap((part) => (part.type === "tool-call" && part.providerExecuted !== true ? [part.id] : []))
  }
}

const isChat = (name: string) =>
  /^(alibaba|azure____fixtures___azure-deepseek|deepseek|groq|mistral|moonshot|openai__chat|openai-compatible|perplexity|xai)/.test(
    name
  )
// Two recordings that were spliced together on purpose, and one without an end.
const isOdd = (name: string) => /spliced|duplicate-message-start/.test(name)

describe.skipIf(!existsSync(folder))("recorded streams", () => {
  const names = existsSync(folder) ? readdirSync(folder) : []
  for (const name of names.filter((name) => name.endsWith(".chunks.txt") && !isOdd(name))) {
    const isClaude = name.startsWith("anthropic")
    if (!isClaude && !isChat(name)) continue
    it(name, () => {
      const lines = readFileSync(Path.join(folder, name), "utf8")
        .split("\n")
        .filter((line) => line.startsWith("{"))
      const all = lines.map((line) => JSON.parse(line) as Json)
      // Some files hold several replies, one after the other.
      const end = all.findIndex((event) => event["type"] === "message_stop")
      const events = end < 0 ? all : all.slice(0, end + 1)
      let ids = 0
      const reply = isClaude
        ? AnthropicReply.make({ searchTool: "web_search" })
        : OpenAiReply.make({ provider: "recorded", generateId: () => `made-${ids++}` })
      const expected = isClaude ? anthropic(events) : chat(events)
      if (events.some((event) => event["delta"]?.stop_reason === "refusal") && expected.text === "") return
      assert.deepStrictEqual(read(reply, lines), expected)
    })
  }
})
