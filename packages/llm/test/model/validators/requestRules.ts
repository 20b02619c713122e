/**
 * What providers reject in a request, written from their documentation and errors rather than from our tables: a check
 * for each family, over bodies as they appear on the wire.
 */
import * as PromptRules from "../../../src/testing/PromptRules.ts"

type Json = { readonly [key: string]: unknown }

export interface Asked {
  readonly provider: string
  readonly model: string
}

const list = (value: unknown): ReadonlyArray<Json> => (Array.isArray(value) ? (value as ReadonlyArray<Json>) : [])

/** Everything wrong with a body of chat completions. */
export const chat = ({ model, provider }: Asked, body: Json): ReadonlyArray<string> => [
  ...(strict.has(provider) ? [] : PromptRules.openAi(body)),
  ...common(body),
  ...(/(^|\/)(gpt-\d|o\d)/.test(model) ? descriptions(body) : []),
  ...(isReasoning(model) ? reasoning(model, body) : []),
  ...(strict.has(provider) ? template(body) : []),
  ...(provider === "gemini" ? gemini(body) : []),
  ...(provider === "deepseek" ? deepSeek(body) : []),
  ...forcing({ model, provider }, body),
  ...(["xai", "fireworks"].includes(provider) ? unbounded(body) : []),
  ...(provider === "xai" ? [...contents(body), ...xai(model, body)] : []),
  ...(provider === "mistral" ? mistral(body) : []),
  ...(provider === "groq" ? groq(model, body) : [])
]

/** Providers of models whose templates are strict. */
const strict: ReadonlySet<string> = new Set(["mistral", "ollama", "vllm", "lmstudio", "perplexity", "together", "acme"])

const common = (body: Json): ReadonlyArray<string> => {
  const found: Array<string> = []
  const stop = body["stop"]
  if (Array.isArray(stop) && (stop.length === 0 || stop.includes(""))) found.push("an empty stop")
  if (Number(body["temperature"] ?? 0) > 2) found.push("a temperature above 2")
  const tools = list(body["tools"])
  if ("tools" in body && tools.length === 0) found.push("an empty list of tools")
  if (tools.length > 128) found.push("more than 128 tools")
  for (const tool of tools) {
    const { name, parameters } = tool["function"] as { name: string; parameters: Json }
    if (!/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/.test(name)) found.push(`a tool called ${name}`)
    found.push(...parametersOf(parameters))
  }
  for (const message of list(body["messages"])) {
    for (const call of list(message["tool_calls"])) {
      const { name } = call["function"] as { name: string }
      if (!/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/.test(name)) found.push(`a call of ${name}`)
    }
  }
  return found
}

const descriptions = (body: Json): ReadonlyArray<string> =>
  list(body["tools"]).flatMap((tool) => {
    const { description = "", name } = tool["function"] as { readonly description?: string; readonly name: string }
    return description.length > 1024 ? [`the description of ${name} is longer than 1024 characters`] : []
  })

const parametersOf = (schema: Json): ReadonlyArray<string> => {
  const found: Array<string> = []
  if (schema["type"] !== "object") found.push("parameters that are no object")
  for (const word of ["anyOf", "oneOf", "allOf", "enum", "not", "$schema"]) {
    if (word in schema) found.push(`${word} at the top of parameters`)
  }
  return found
}

const isReasoning = (model: string): boolean => /^(o\d|gpt-5|gpt-6)/.test(model.replace(/^.*\//, ""))

/** Whether a reasoning model does not think, and therefore accepts sampling parameters. */
const isFree = (model: string, effort: unknown): boolean =>
  /^gpt-(5\.|6)/.test(model) &&
  !/-pro|-codex/.test(model) &&
  (effort === "none" || (effort === undefined && !/5\.[5-9]|gpt-6/.test(model)))

/** "Supported values are: 'low', 'medium', 'high', and 'xhigh'." */
const alwaysThinks = (model: string): boolean => /^gpt-(6-astra|6\.1-sol)/.test(model)

/** Errors of OpenAI's reasoning models in chat completions. */
const reasoning = (path: string, body: Json): ReadonlyArray<string> => {
  const model = path.replace(/^.*\//, "")
  const found: Array<string> = []
  const effort = body["reasoning_effort"] ?? (body["reasoning"] as Json | undefined)?.["effort"]
  const hasTools = list(body["tools"]).length > 0
  if ("max_tokens" in body) found.push("max_tokens")
  for (const field of ["stop", "presence_penalty", "frequency_penalty"]) if (field in body) found.push(field)
  const later = /^gpt-(5\.|6)/.test(model)
  for (const field of ["temperature", "top_p"]) if (field in body && !isFree(model, effort)) found.push(field)
  if (effort === "minimal" && (later || model.startsWith("o"))) found.push("effort minimal")
  if (effort === "none" && (!later || alwaysThinks(model))) found.push("effort none")
  if (model.startsWith("gpt-5-pro") && effort !== undefined && effort !== "high") found.push(`effort ${String(effort)}`)
  if (hasTools && /^gpt-5\.[234]/.test(model) && effort !== undefined) found.push("an effort with tools")
  if (hasTools && /^gpt-(5\.[5-9]|6-(sol|luna))/.test(model) && !/-pro|-codex/.test(model) && effort !== "none")
    found.push("tools without effort none")
  return found
}

/** "After the optional system message, conversation roles must alternate user and assistant", as Mistral's template has it. */
export const template = (body: Json): ReadonlyArray<string> => {
  const found: Array<string> = []
  let turn = 0
  let started = false
  let before: unknown
  for (const [at, message] of list(body["messages"]).entries()) {
    const { role } = message
    if (role === "system") {
      if (started) found.push(`message ${at}: a system message in the middle`)
      continue
    }
    started = true
    if (role === "user" && before === "tool") found.push(`message ${at}: the user after a result`)
    before = role
    if (role === "tool" || message["tool_calls"] !== undefined) continue
    if ((role === "user") !== (turn % 2 === 0)) found.push(`message ${at}: roles do not alternate`)
    turn++
  }
  if (turn === 0) found.push("there is no user message")
  if (before === "assistant") found.push("the assistant has the last word")
  return found
}

/** "tool_choice 'required' is incompatible with thinking enabled", as Moonshot has it. */
const forcing = ({ model, provider }: Asked, body: Json): ReadonlyArray<string> => {
  const choice = body["tool_choice"]
  if (choice !== "required" && typeof choice !== "object") return []
  const name = model.replace(/^.*\//, "")
  if (/^claude-opus-5[.-]5/.test(name)) return ["a forced call"]
  const type = (body["thinking"] as Json | undefined)?.["type"]
  const thinks =
    provider === "deepseek"
      ? name === "deepseek-reasoner" || type !== "disabled"
      : provider === "moonshot"
        ? /^kimi-k2\.7/.test(name) || (/^kimi-k2\.[56]/.test(name) && type !== "disabled")
        : provider === "dashscope"
          ? /thinking/.test(name) || (/^qwen3\.\d/.test(name) && body["enable_thinking"] !== false)
          : provider === "openrouter" && name.startsWith("claude-") && "reasoning" in body
            ? (body["reasoning"] as Json)["effort"] !== "none"
            : false
  return thinks ? ["a forced call of a model that thinks"] : []
}

const gemini = (body: Json): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const field of ["seed", "presence_penalty", "frequency_penalty"]) if (field in body) found.push(field)
  for (const tool of list(body["tools"])) {
    const text = JSON.stringify((tool["function"] as Json)["parameters"])
    for (const word of ["$ref", "$defs", "additionalProperties", "const", "oneOf", "allOf"]) {
      if (text.includes(`"${word}":`)) found.push(`${word} in a schema`)
    }
    if (/"type":\[/.test(text)) found.push("a list of types in a schema")
  }
  for (const message of list(body["messages"])) {
    const [first] = list(message["tool_calls"])
    if (first !== undefined && first["extra_content"] === undefined) found.push("a call without a signature")
  }
  return found
}

const deepSeek = (body: Json): ReadonlyArray<string> =>
  list(body["messages"]).flatMap((message, at) =>
    message["role"] === "assistant" && typeof message["reasoning_content"] !== "string"
      ? [`Missing reasoning_content field in the assistant message at message index ${at}`]
      : []
  )

/** "Invalid arguments passed to the model", of xAI. */
const unbounded = (body: Json): ReadonlyArray<string> =>
  list(body["tools"]).flatMap((tool) => {
    const text = JSON.stringify((tool["function"] as Json)["parameters"])
    return ["pattern", "minLength", "maxLength", "minItems", "maxItems"].filter((word) => text.includes(`"${word}":`))
  })

/** "Each message must have at least one content element." */
const contents = (body: Json): ReadonlyArray<string> =>
  list(body["messages"]).flatMap(({ content, role, tool_calls: calls }, at) =>
    typeof content === "string" && (content !== "" || (role === "assistant" && calls !== undefined))
      ? []
      : Array.isArray(content) && content.length > 0
        ? []
        : [`message ${at} has no content`]
  )

const xai = (model: string, body: Json): ReadonlyArray<string> => {
  if (/non-reasoning/.test(model)) return []
  const fields = ["stop", "presence_penalty", "frequency_penalty"].filter((field) => field in body)
  const effort = body["reasoning_effort"]
  const takesNone = /^grok-4\.3/.test(model)
  const takesAny = takesNone || /^grok-(3-mini|4\.[5-9]|latest)/.test(model)
  return effort === undefined || (takesAny && (takesNone || effort !== "none"))
    ? fields
    : [...fields, "reasoning_effort"]
}

const mistral = (body: Json): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const field of ["seed", "stream_options", "max_completion_tokens"]) if (field in body) found.push(field)
  for (const message of list(body["messages"])) {
    for (const id of [message["tool_call_id"], ...list(message["tool_calls"]).map((call) => call["id"])]) {
      if (id !== undefined && !/^[a-zA-Z0-9]{9}$/.test(String(id))) found.push(`the id ${String(id)}`)
    }
  }
  return found
}

const groq = (model: string, body: Json): ReadonlyArray<string> => {
  const effort = body["reasoning_effort"]
  if (effort === undefined) return []
  if (/qwen3/.test(model)) return ["none", "default"].includes(String(effort)) ? [] : [`effort ${String(effort)}`]
  if (/gpt-oss/.test(model))
    return ["low", "medium", "high"].includes(String(effort)) ? [] : [`effort ${String(effort)}`]
  return ["reasoning_effort"]
}

/** Everything wrong with a body of Anthropic's messages. */
export const messages = ({ model }: Asked, body: Json): ReadonlyArray<string> => {
  const found = [...PromptRules.anthropic(body)]
  const thinking = body["thinking"] as Json | undefined
  const type = thinking?.["type"]
  const old = /claude-(3|.*-4-5|.*-4-1|.*-4-0)/.test(model)
  const fresh = /-5-\d/.test(model)
  if ("temperature" in body && "top_p" in body && model.startsWith("claude")) found.push("temperature and top_p")
  if (Number(body["temperature"] ?? 0) > 1) found.push("a temperature above 1")
  if (!old && !/4-6/.test(model) && ("temperature" in body || "top_p" in body)) found.push("sampling")
  if ((type === "enabled" || type === "adaptive") && ("temperature" in body || "top_p" in body))
    found.push("sampling with thoughts")
  if (!old && type === "enabled") found.push("a budget")
  if (old && type === "adaptive") found.push("adaptive")
  if (type === "disabled" && /(opus|sonnet|fable)-5-\d/.test(model)) found.push("disabled")
  if (type === "between_tools" && !/sonnet-5-5/.test(model)) found.push("between_tools")
  if (Number(body["max_tokens"]) <= Number(thinking?.["budget_tokens"] ?? 0)) found.push("max_tokens below the budget")
  const choice = (body["tool_choice"] as Json | undefined)?.["type"]
  if ((choice === "any" || choice === "tool") && (fresh || type === "enabled" || type === "adaptive"))
    found.push("a forced call")
  const all = list(body["messages"])
  if (all.at(-1)?.["role"] === "assistant" && !old) found.push("a prefill")
  for (const tool of list(body["tools"])) {
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(String(tool["name"]))) found.push(`a tool called ${String(tool["name"])}`)
    found.push(...parametersOf(tool["input_schema"] as Json))
  }
  for (const [at, { content, role }] of all.entries()) {
    if (role !== "assistant") continue
    const blocks = list(content)
    const thought = blocks.findIndex((block) => String(block["type"]).endsWith("thinking"))
    const rest = all.slice(at + 1)
    const spoken = rest
      .slice(0, -1)
      .some(
        (message) => message["role"] === "user" && list(message["content"]).some((block) => block["type"] === "text")
      )
    if (thought >= 0 && spoken) found.push(`message ${at} has a thought of an earlier turn`)
    const places = blocks.map((block) => placeIn(block)).filter((place) => place !== undefined)
    if (places.some((place, n) => n > 0 && place < places[n - 1]!)) found.push(`message ${at} is out of order`)
  }
  return found
}

/**
 * All that is wrong with a body of the Responses API: "No tool output found for function call …", "No tool call found for
 * function call output with call_id …", and the limits of names and ids.
 */
export const responses = ({ model }: Asked, body: Json): ReadonlyArray<string> => {
  const found: Array<string> = []
  const items = list(body["input"])
  if (items.length === 0) found.push("there is no input")
  if (typeof body["instructions"] === "string" && body["instructions"].trim() === "") found.push("blank instructions")
  const open = new Set<unknown>()
  const ids = new Set<unknown>()
  for (const [at, item] of items.entries()) {
    const id = item["call_id"]
    if (item["type"] === "function_call") {
      if (typeof id !== "string" || id === "" || id.length > 64) found.push(`item ${at}: the id ${String(id)}`)
      if (ids.has(id)) found.push(`item ${at}: another call with the id ${String(id)}`)
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(String(item["name"])))
        found.push(`item ${at}: a call of ${String(item["name"])}`)
      ids.add(id)
      open.add(id)
    } else if (item["type"] === "function_call_output") {
      if (!open.delete(id)) found.push(`item ${at}: an output of ${String(id)}, which is no open call`)
    } else if (item["type"] !== "reasoning") {
      const { content } = item
      if (typeof content === "string" ? content.trim() === "" : list(content).length === 0)
        found.push(`item ${at} is blank`)
    }
  }
  for (const id of open) found.push(`no output of ${String(id)}`)
  if (list(body["tools"]).length > 128) found.push("more than 128 tools")
  const effort = (body["reasoning"] as Json | undefined)?.["effort"]
  if (effort === "none" && alwaysThinks(model)) found.push("effort none")
  for (const field of ["temperature", "top_p"]) {
    if (isReasoning(model) && field in body && !isFree(model, effort)) found.push(field)
  }
  return found
}

/**
 * All that is wrong with a body of Gemini's own API: "Please ensure that function call turn comes immediately after a user
 * turn or after a function response turn", "the number of function response parts should be equal to number of function
 * call parts", "Function call is missing a thought_signature".
 */
export const geminiNative = ({ model }: Asked, body: Json): ReadonlyArray<string> => {
  const found: Array<string> = []
  const contents = list(body["contents"])
  if (contents.length === 0) found.push("there are no contents")
  let calls: ReadonlyArray<unknown> = []
  for (const [at, { parts: given, role }] of contents.entries()) {
    const say = (what: string) => found.push(`content ${at} ${what}`)
    const parts = list(given)
    if ((role === "user") !== (at % 2 === 0)) say("is out of turn")
    if (parts.length === 0) say("has no parts")
    if (parts.some((part) => typeof part["text"] === "string" && part["text"].trim() === "")) say("has a blank text")
    const of = (kind: string) =>
      parts.flatMap((part) => (part[kind] === undefined ? [] : [(part[kind] as Json)["name"]]))
    const results = of("functionResponse")
    if (results.join() !== calls.join()) say(`answers ${results.join()} and not ${calls.join()}`)
    calls = of("functionCall")
    if (role === "user" && calls.length > 0) say("has a call of the user")
    const first = parts.find((part) => part["functionCall"] !== undefined)
    if (/gemini-3/.test(model) && first !== undefined && first["thoughtSignature"] === undefined) say("is unsigned")
  }
  const thinking = (body["generationConfig"] as Json | undefined)?.["thinkingConfig"] as Json | undefined
  if (thinking?.["thinkingLevel"] === "minimal" && /-pro|3\.[78]-flash/.test(model)) found.push("level minimal")
  if (calls.length > 0) found.push(`no answers to ${calls.join()}`)
  if (contents.at(-1)?.["role"] === "model") found.push("the model has the last word")
  const declared = list(body["tools"]).flatMap((tool) => list(tool["functionDeclarations"]))
  for (const { name, parameters } of declared) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/.test(String(name))) found.push(`a tool called ${String(name)}`)
    for (const word of ["$ref", "$defs", "additionalProperties", "const", "oneOf", "allOf"]) {
      if (JSON.stringify(parameters ?? {}).includes(`"${word}":`)) found.push(`${word} in a schema`)
    }
  }
  return found
}

/** Tests number the blocks of a reply in their content, so that their order is visible. */
const placeIn = (block: Json): number | undefined => {
  const text = String(block["thinking"] ?? block["text"] ?? (block["input"] as Json | undefined)?.["place"] ?? "")
  const found = /^place (\d+)/.exec(text)
  return found === null ? undefined : Number(found[1])
}
