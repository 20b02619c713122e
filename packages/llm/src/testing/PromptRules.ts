/**
 * Checks the messages of requests against the providers' documentation.
 *
 * It is written from the documentation rather than from the converters, and reads bodies as they go over the wire.
 * `check` is rule 4 of a call, for `Rules.check`: `Rules.check(agent, { also: [PromptRules.check] })`.
 *
 * @since 0.1.0
 */
import type { Json } from "@antiphon/core/JsonText"
import * as Played from "@antiphon/core/testing/Played"
import type * as Rules from "@antiphon/core/testing/Rules"
import * as Prompt from "effect/ai/Prompt"
import * as Tool from "effect/ai/Tool"
import type * as JsonSchema from "effect/JsonSchema"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as AnthropicRequest from "../model/internal/anthropic/anthropicRequest.ts"
import * as OpenAiPresets from "../model/internal/openAi/openAiPresets.ts"
import * as OpenAiRequest from "../model/internal/openAi/openAiRequest.ts"

/** Makes the bodies that our providers send for a prompt. */
const bodies = (
  prompt: Prompt.Prompt,
  tools: ReadonlyArray<Tool.Any> = []
): { readonly openAi: unknown; readonly anthropic: unknown } => {
  const options = { prompt, tools, toolChoice: "auto", responseFormat: { type: "text" } } as const
  const sent = (body: unknown): unknown => JSON.parse(JSON.stringify(body))
  return {
    openAi: sent(OpenAiRequest.make(OpenAiPresets.standard, "gpt-4.1-mini", {}, options)),
    anthropic: sent(AnthropicRequest.make("claude-haiku-4-5", {}, options))
  }
}

/** Lists all rules that a prompt breaks, with either provider. */
export const breaches = (prompt: Prompt.Prompt, tools: ReadonlyArray<Tool.Any> = []): ReadonlyArray<string> => {
  const { anthropic: messages, openAi: completions } = bodies(prompt, tools)
  return [
    ...openAi(completions).map((what) => `OpenAI: ${what}`),
    ...anthropic(messages).map((what) => `Anthropic: ${what}`)
  ]
}

const decodePrompt = Schema.decodeUnknownResult(Prompt.Prompt)

/** Checks each prompt of a call against the rules of both providers. */
export const check: Rules.Check = (call) =>
  Played.prompts(call).flatMap(({ at, prompt, request, tools }) => {
    const breach = (what: string): Rules.Breach => ({ rule: 4, at, what: `request ${request}: ${what}` })
    const decoded = decodePrompt({ content: prompt })
    if (Result.isFailure(decoded)) return [breach(`this is not a prompt: ${decoded.failure.message}`)]
    const shown = tools.map(({ name, parameters }) =>
      Tool.dynamic(name, { parameters: parameters as JsonSchema.JsonSchema })
    )
    return breaches(decoded.success, shown).map(breach)
  })

const isBlank = (text: unknown): boolean => typeof text !== "string" || text.trim() === ""
const list = (value: unknown): ReadonlyArray<Json> => (Array.isArray(value) ? (value as ReadonlyArray<Json>) : [])

const isJsonObject = (text: unknown): boolean => {
  try {
    return typeof text === "string" && Predicate.isReadonlyObject(JSON.parse(text))
  } catch {
    return false
  }
}

const repeated = (names: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  names.filter((name, index) => names.indexOf(name) !== index)

/**
 * Rules of chat completions: `messages` and `tools` of the API reference ("Create chat completion"), its guide to function
 * calling, and the errors that name a rule ("An assistant message with 'tool_calls' must be followed by tool messages
 * responding to each 'tool_call_id'", "messages with role 'tool' must be a response to a preceding message with
 * 'tool_calls'", "string too long. Expected a string with maximum length 40" for an id).
 */
export const openAi = (body: unknown): ReadonlyArray<string> => {
  const found: Array<string> = []
  const { messages: given, tools } = body as Json
  const messages = list(given)
  if (messages.length === 0) found.push("there is no message")
  for (const name of repeated(list(tools).map((tool) => (tool["function"] as Json)["name"])))
    found.push(`two tools are called ${name}`)

  const ids = new Set<unknown>()
  let pending: Array<unknown> = []
  for (const [at, message] of messages.entries()) {
    const say = (what: string) => found.push(`message ${at} ${what}`)
    const { content, role, tool_call_id: id, tool_calls: calls } = message
    if (role !== "tool" && pending.length > 0) {
      say(`comes before the results of ${pending.join(", ")}`)
      pending = []
    }
    switch (role) {
      case "system":
      case "developer":
      case "user":
        if (Array.isArray(content)) {
          if (content.length === 0) say("has no content")
          if (list(content).some((part) => part["type"] === "text" && isBlank(part["text"]))) say("has a blank text")
        } else if (isBlank(content)) say("is blank")
        break
      case "assistant":
        // With calls, no text at all is as good as none.
        if (
          typeof content === "string"
            ? isBlank(content) && (content !== "" || calls === undefined)
            : calls === undefined
        )
          say("is blank")
        if (calls === undefined) break
        if (list(calls).length === 0) say("has an empty list of calls")
        for (const call of list(calls)) {
          const { arguments: args, name } = call["function"] as Json
          if (typeof call["id"] !== "string" || call["id"] === "" || call["id"].length > 40)
            say(`has a call with the id ${call["id"]}, not of 1 to 40 characters`)
          if (ids.has(call["id"])) say(`has another call with the id ${call["id"]}`)
          if (call["type"] !== "function") say(`has a call of the type ${call["type"]}`)
          if (!/^[a-zA-Z0-9_-]{1,64}$/.test(String(name))) say(`calls ${name}, which no function can be called`)
          if (!isJsonObject(args)) say(`has arguments that are no JSON object: ${args}`)
          ids.add(call["id"])
          pending.push(call["id"])
        }
        break
      case "tool":
        if (!pending.includes(id)) say(`is a result of ${id}, which is not waited for`)
        if (typeof content !== "string" && list(content).length === 0) say("is a result without content")
        pending = pending.filter((waiting) => waiting !== id)
        break
      default:
        say(`has the role ${role}`)
    }
  }
  if (pending.length > 0) found.push(`the end comes before the results of ${pending.join(", ")}`)
  return found
}

/**
 * Rules of messages: `messages`, `system` and `tools` of the API reference ("Create a Message"), the guides to tool use
 * ("tool result blocks must immediately follow their corresponding tool use blocks", "tool_result blocks must come first
 * in the content array") and to extended thinking (signed thoughts go back before the calls they led to, and are never
 * the end of a message), and the errors that name a rule ("text content blocks must contain non-whitespace text", "final
 * assistant content cannot end with trailing whitespace", "all messages must have non-empty content").
 */
export const anthropic = (body: unknown): ReadonlyArray<string> => {
  const found: Array<string> = []
  const { messages: given, system, thinking, tools } = body as Json
  const messages = list(given)
  if (messages.length === 0) found.push("there is no message")
  if (typeof system === "string" ? isBlank(system) : list(system).some((block) => isBlank(block["text"])))
    found.push("the system prompt has a blank text")
  for (const name of repeated(list(tools).map((tool) => tool["name"]))) found.push(`two tools are called ${name}`)

  const ids = new Set<unknown>()
  let pending: ReadonlyArray<unknown> = []
  let before: unknown
  for (const [at, { content, role }] of messages.entries()) {
    const say = (what: string) => found.push(`message ${at} ${what}`)
    const isLast = at === messages.length - 1
    if (role !== "user" && role !== "assistant") say(`has the role ${role}`)
    if (at === 0 && role !== "user") say("is the first and not the user's")
    if (role === before) say(`follows another message of the ${role}`)
    before = role

    const blocks = typeof content === "string" ? [{ type: "text", text: content }] : list(content)
    if (blocks.length === 0) say("has no content")
    const results: Array<unknown> = []
    const calls: Array<unknown> = []
    for (const [place, block] of blocks.entries()) {
      switch (block["type"]) {
        case "text":
          if (isBlank(block["text"])) say("has a blank text")
          break
        case "tool_use":
          if (role !== "assistant") say("has a call and is not the assistant's")
          if (!/^[a-zA-Z0-9_-]+$/.test(String(block["id"]))) say(`has a call with the id ${block["id"]}`)
          if (!/^[a-zA-Z0-9_-]{1,128}$/.test(String(block["name"]))) say(`calls ${block["name"]}, which no tool can be`)
          if (ids.has(block["id"])) say(`has another call with the id ${block["id"]}`)
          if (!Predicate.isReadonlyObject(block["input"])) say("has a call whose input is not an object")
          ids.add(block["id"])
          calls.push(block["id"])
          break
        case "tool_result":
          if (role !== "user") say("has a result and is not the user's")
          if (results.length !== place) say("has a result behind something else")
          if (results.includes(block["tool_use_id"])) say(`has two results of ${block["tool_use_id"]}`)
          if (!pending.includes(block["tool_use_id"]))
            say(`has a result of ${block["tool_use_id"]}, which is not waited for`)
          if (list(block["content"]).some((part) => part["type"] === "text" && isBlank(part["text"])))
            say("has a result with a blank text")
          results.push(block["tool_use_id"])
          break
        case "thinking":
        case "redacted_thinking":
          if (role !== "assistant") say("has a thought and is not the assistant's")
          if (isBlank(block["type"] === "thinking" ? block["signature"] : block["data"])) say("has an unsigned thought")
          if (calls.length > 0) say("has a thought behind a call")
          if (place === blocks.length - 1) say("ends with a thought")
      }
    }
    const missing = pending.filter((id) => !results.includes(id))
    if (missing.length > 0) say(`does not have the results of ${missing.join(", ")}`)
    pending = calls

    const end = blocks.at(-1)
    if (isLast && role === "assistant" && end?.["type"] === "text" && /\s$/.test(String(end["text"])))
      say("is the last and ends in white space")
    // With thinking on, a reply that continues after a call must begin with what was thought before the call.
    const goesOn =
      isLast && results.length > 0 && Predicate.isReadonlyObject(thinking) && thinking["type"] === "enabled"
    if (goesOn && !String(list(messages[at - 1]?.["content"])[0]?.["type"]).endsWith("thinking"))
      say("is a result, and the thoughts before its call are missing")
  }
  if (pending.length > 0) found.push(`the end comes before the results of ${pending.join(", ")}`)
  if (ids.size > 0 && list(tools).length === 0) found.push("there are calls and no tools")
  return found
}
