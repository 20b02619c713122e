/** Decides which tool the demo model calls: one whose purpose matches the words, or one that is named. */
import type * as Tool from "effect/ai/Tool"
import * as Predicate from "effect/Predicate"
import * as DemoTalk from "./demoTalk.ts"
import * as ToolSchema from "../../internal/toolSchema.ts"

type Tools = ReadonlyArray<Tool.Any>

/** A tool call with its arguments. */
export interface Call {
  readonly name: string
  readonly params: { readonly [name: string]: unknown }
}

/** A wish for a tool: the words that express it, and the names of tools that fulfil it. */
interface Wish {
  readonly words: RegExp
  readonly tool: RegExp
  /** The words before the call. */
  readonly text: (about: string) => string
  /** How the tool is described to the caller. */
  readonly offer: string
}

const goodbye = "Goodbye, and thank you for calling."

// The first match counts. Looking something up comes last, because people also look up goodbyes.
const wishes: ReadonlyArray<Wish> = [
  {
    words: /\b(good-?\s?bye|bye|hang up|end (the|this) call|see you)\b/i,
    tool: /^(end_call|hang_up)$/,
    text: () => goodbye,
    offer: "Say goodbye, and I hang up."
  },
  {
    words: /\b(go back|back to|take me back|the other (one|agent)|that is all|that's all)\b/i,
    tool: /^hand_back$/,
    text: () => "",
    offer: "Say “go back”, and the agent before me takes over again."
  },
  {
    words: /\b(specialist|expert|somebody else|someone else|transfer me|hand me over|put me through|another agent)\b/i,
    tool: /^(transfer_to_|hand_?off)/,
    text: () => "One moment, I hand you over. ",
    offer: "Ask for a specialist, and I hand you over."
  },
  {
    words: /\b(notice|small print|disclaimer|uninterruptible)\b/i,
    tool: /notice|disclaimer/,
    text: () => "Talk as much as you like, I will finish this. ",
    offer: "Say “read me the notice” to hear what cannot be interrupted."
  },
  {
    words: /\b(press|dial|send)\b.*([0-9*#]|\b(star|pound|hash|zero|one|two|three|four|five|six|seven|eight|nine)\b)/i,
    tool: /^send_dtmf$/,
    text: () => "I am pressing the key.",
    offer: "Say “press five”, and I press it."
  },
  {
    words: /\b(look\b.{0,40}\bup|look for|search|find out|check)\b/i,
    tool: /look_?up|search|find|knowledge/,
    text: (about) => `I am looking up ${about}. Go on talking; I report back when nobody speaks.`,
    offer: "Say “look up the tides”, and go on talking until I report back."
  }
]

/** Calls the tool that the words ask for. */
export const ask = (words: string, tools: Tools): { readonly text: string; readonly call: Call } | undefined => {
  for (const wish of wishes) {
    if (!wish.words.test(words)) continue
    const tool = tools.find(({ name }) => wish.tool.test(name))
    if (tool !== undefined) return { text: wish.text(aboutOf(words)), call: callOf(tool, words) }
  }
  const tool = tools.find(({ name }) => isNamed(name, words)) ?? tools.find((tool) => isChosen(tool, words))
  return tool === undefined ? undefined : { text: "Let me see. ", call: callOf(tool, words) }
}

/** Describes the tools and the keys to the caller. */
export const offers = (tools: Tools): DemoTalk.Offers => {
  const known = wishes.flatMap(({ offer, tool }) => {
    const found = tools.find(({ name }) => tool.test(name))
    return found === undefined ? [] : [{ offer, name: found.name }]
  })
  const others = tools.filter(({ name }) => !known.some((wish) => wish.name === name)).map(({ name }) => matterOf(name))
  const has = (name: string) => tools.some((tool) => tool.name === name)
  const keys = [
    "one for a riddle",
    "two for its answer",
    ...(has("send_dtmf") ? ["star to get a key press back"] : []),
    ...(has("end_call") ? ["nine to hang up"] : [])
  ]
  return {
    help: [
      "Say “tell me a story”, and talk over me.",
      ...known.toReversed().map(({ offer }) => offer),
      ...(others.length === 0 ? [] : [`Ask me for the ${listOf(others, "or")}.`])
    ].join(" "),
    menu: `Press ${listOf(keys, "or")}.`
  }
}

const listOf = (items: ReadonlyArray<string>, last: string): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} ${last} ${items.at(-1)}`

/** Answers a key press: some keys have a riddle, others a tool. */
export const pressed = (button: string, tools: Tools): { readonly text: string; readonly call?: Call | undefined } => {
  const call = (name: string, params: Call["params"]): Call | undefined =>
    tools.some((tool) => tool.name === name) ? { name, params } : undefined
  const sends = button === "*" ? call("send_dtmf", { button: "#" }) : undefined
  const ends = button === "9" ? call("end_call", { reason: "The caller pressed nine." }) : undefined
  if (sends !== undefined) return { text: "Here is a pound key for you; the list of events shows it.", call: sends }
  if (ends !== undefined) return { text: goodbye, call: ends }
  if (button === "1") return { text: DemoTalk.riddle }
  if (button === "2") return { text: DemoTalk.riddleAnswer }
  if (button === "#") return { text: offers(tools).menu }
  const known = /^[\d*]$/.test(button) ? `You pressed ${button}.` : "I do not know that key."
  return { text: `${known} Press the pound key for the menu.` }
}

// Generic words in the names of tools.
const helping = new Set(["get", "set", "the", "current", "local", "to", "of", "call", "find", "fetch", "tool", "for"])
const stems = (text: string): ReadonlyArray<string> =>
  (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).map((word) => (word.length > 3 ? word.replace(/s$/, "") : word))

const matterOf = (name: string): string =>
  (name.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !helping.has(word.toLowerCase())).join(" ") || name

const isNamed = (name: string, words: string): boolean => {
  const said = new Set(stems(words))
  const matter = stems(name).filter((word) => !helping.has(word))
  return matter.length > 0 && matter.every((word) => said.has(word))
}

/** Whether the words name one of a tool's choices. Choices of one or two letters would match by chance. */
const isChosen = (tool: Tool.Any, words: string): boolean => {
  const said = new Set(stems(words))
  return Object.values(parametersOf(tool).schemas).some(
    (schema) =>
      Predicate.isReadonlyObject(schema) &&
      Array.isArray(schema["enum"]) &&
      schema["enum"].some(
        (choice) => String(choice).length > 2 && stems(String(choice)).every((stem) => said.has(stem))
      )
  )
}

const parametersOf = (tool: Tool.Any) => {
  const { properties, required } = ToolSchema.ofTool(tool)
  return {
    names: Array.isArray(required) ? required.filter(Predicate.isString) : [],
    schemas: Predicate.isReadonlyObject(properties) ? properties : {}
  }
}

const callOf = (tool: Tool.Any, words: string): Call => {
  const { names, schemas } = parametersOf(tool)
  return { name: tool.name, params: Object.fromEntries(names.map((name) => [name, argument(schemas[name], words)])) }
}

const keyNames: { readonly [name: string]: string } = {
  star: "*",
  pound: "#",
  hash: "#",
  ...Object.fromEntries(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"].map((name, i) => [name, String(i)])
  )
}

const partsOf = (text: string): ReadonlyArray<string> => text.toLowerCase().match(/[*#]|[\p{L}\p{N}_-]+/gu) ?? []

/** An argument taken from the words, or one that is at least valid. */
const argument = (schema: unknown, words: string): unknown => {
  if (!Predicate.isReadonlyObject(schema)) return aboutOf(words)
  const { enum: choices, type } = schema
  if (Array.isArray(choices)) {
    const said = partsOf(words).flatMap((word) => [word, keyNames[word]])
    const isSaid = (choice: unknown) => partsOf(String(choice)).every((part) => said.includes(part))
    return choices.find((choice) => String(choice) !== "" && isSaid(choice)) ?? choices[0]
  }
  switch (type) {
    case "number":
    case "integer":
      return Number(/-?\d+/.exec(words)?.[0] ?? 1)
    case "boolean":
      return true
    case "array":
      return []
    case "object":
      return {}
    default:
      return aboutOf(words)
  }
}

/** The topic of the words: those after the verb or the preposition, without courtesies, or else all of them. */
const aboutOf = (words: string): string => {
  const plain = words.replace(/[^\p{L}\p{N}\s'-]+/gu, " ").replace(/\b(please|for me|thanks?)\b/gi, " ")
  const [, verb] = /\b(?:look(?:\s+\w+)?\s+up|look\s+for|search(?:\s+for)?|find\s+out|check)\b(.*)/is.exec(plain) ?? []
  const [, noun] = /\b(?:about|for|in|of)\s+(.+?)(?=\s+(?:about|for|in|of)\s|$)/is.exec(plain) ?? []
  return (
    DemoTalk.wordsOf((verb ?? noun ?? plain).replace(/^\s*about\b/i, ""))
      .join(" ")
      .slice(0, 60)
      .trim() || "that"
  )
}
