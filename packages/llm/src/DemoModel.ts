/**
 * A model without weights and without a network: a handful of rules that answer the last thing the caller said, call the
 * tools that the words ask for, and read out what those return. It says of itself that it is a demo.
 *
 * It is there for a first start without a key, and as the last step of a `ModelPlan`: it never fails, and it goes on with a
 * reply that another model broke off. `decide` is the whole of it, a function of the request; the rest is pace.
 *
 * @since 0.1.0
 */
import * as IdGenerator from "effect/ai/IdGenerator"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import type * as Tool from "effect/ai/Tool"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import * as ReplyContent from "./internal/replyContent.ts"
import * as ToolSchema from "./internal/toolSchema.ts"

/** A reply: what is said, and then the tools that are called. */
export interface Script {
  readonly text: string
  readonly calls: ReadonlyArray<{ readonly name: string; readonly params: { readonly [name: string]: unknown } }>
}

/** How the model talks. */
export interface Options {
  /** Time before each word. 40 milliseconds. */
  readonly pace?: Duration.Input | undefined
}

/** Layer of the demo model. */
export const layer = (options: Options = {}): Layer.Layer<LanguageModel.LanguageModel> => {
  const pace = options.pace ?? "40 millis"
  const reply = (request: LanguageModel.ProviderOptions) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const ids = yield* IdGenerator.IdGenerator
        const script = decide(request.prompt, request.toolChoice === "none" ? [] : request.tools)
        const callIds = yield* Effect.forEach(script.calls, () => ids.generateId())
        return Stream.fromIterable(partsOf(script, callIds)).pipe(
          Stream.mapEffect((part) => Effect.as(part.type === "text-delta" ? Effect.sleep(pace) : Effect.void, part))
        )
      })
    )
  return Layer.effect(
    LanguageModel.LanguageModel,
    LanguageModel.make({
      streamText: reply,
      generateText: (request) =>
        Effect.flatMap(IdGenerator.IdGenerator, (ids) =>
          ReplyContent.gather(Stream.provideService(reply(request), IdGenerator.IdGenerator, ids))
        ),
      supportsSystemMessagesInHistory: Effect.succeed(true)
    })
  )
}

const partsOf = ({ calls, text }: Script, ids: ReadonlyArray<string>): Array<Response.StreamPartEncoded> => {
  const deltas = text.match(/\s*\S+/g) ?? []
  return [
    ...(deltas.length === 0 ? [] : [{ type: "text-start" as const, id: "1" }]),
    ...deltas.map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
    ...(deltas.length === 0 ? [] : [{ type: "text-end" as const, id: "1" }]),
    ...calls.map(({ name, params }, i) => ({ type: "tool-call" as const, id: ids[i]!, name, params })),
    { type: "finish", reason: calls.length > 0 ? "tool-calls" : "stop", usage: noUsage }
  ]
}

const noUsage: typeof Response.Usage.Encoded = {
  inputTokens: { uncached: undefined, total: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined }
}

/**
 * Decides the reply to a request. What came after the last words of the user, results of tools and notes, is answered
 * before the words themselves, and calls nothing, so a loop of model and tools ends.
 */
export const decide = (prompt: Prompt.Prompt, tools: ReadonlyArray<Tool.Any>): Script => {
  const messages = prompt.content
  const at = messages.findLastIndex(({ role }) => role === "user")
  const last = messages[at]
  const words = last === undefined ? "" : textOf(last)
  if (at > 0 && messages[at - 1]!.role === "assistant" && at === messages.length - 1 && isContinuation.test(words)) {
    return resume(textOf(messages[at - 1]!), decide({ ...prompt, content: messages.slice(0, at - 1) }, tools))
  }
  const since = at < 0 ? [] : messages.slice(at + 1)
  const news = since.flatMap((message) => (message.role === "tool" ? message.content.flatMap(tell) : []))
  if (news.length > 0) return say(news.join(" "))
  if (since.some(isGivenBack)) return say("I am with you again. What else can I do for you?")
  if (since.some(({ role }) => role === "tool")) return say("All right.")
  return note(words) ?? ask(words, tools) ?? chat(words, messages, tools)
}

const say = (text: string): Script => ({ text, calls: [] })

const textOf = ({ content }: Prompt.Message): string =>
  typeof content === "string"
    ? content
    : content
        .flatMap((part) => (part.type === "text" ? [part.text] : []))
        .join(" ")
        .trim()

// What a plan of models writes behind a reply that was cut off.
const isContinuation = /^Your last message was cut off\b/

const isGivenBack = (message: Prompt.Message): boolean =>
  message.role === "system" && /^The conversation has come back\b/.test(message.content)

/** Goes on where another model fell silent, with the answer that this one would have given. */
const resume = (spoken: string, { calls, text }: Script): Script => {
  const ended = /[.!?…]["”’)]*\s*$/.test(spoken)
  const bridge = ended
    ? "Here the other model stopped, and I take over: a demo model."
    : "and here the other model stopped, so I take over: a demo model."
  return { text: `${bridge} ${text}`, calls }
}

const oneLine = (value: unknown): string => {
  const text = (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).replace(/\s+/g, " ").trim()
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)
const spoken = (name: string): string => name.replace(/[_-]+/g, " ")

const outcome = (name: string, result: string): string =>
  result.startsWith("error: ")
    ? sentence(`That did not work. The tool “${spoken(name)}” says: ${result.slice(7)}`)
    : sentence(`The tool “${spoken(name)}” says: ${result}`)

const tell = (part: Prompt.ToolMessagePart): ReadonlyArray<string> => {
  if (part.type !== "tool-result") return []
  const result = oneLine(part.result)
  // A call that hands over, or that goes on in the background, has nothing to tell yet.
  return result === "pending" || result === "cancelled" || result === "success" ? [] : [outcome(part.name, result)]
}

/** Answers a line in brackets: an event of the call that was put into words for the model. */
const note = (words: string): Script | undefined => {
  const [, line] = /^\[(.*)\]$/s.exec(words) ?? []
  if (line === undefined) return undefined
  const [, name, result] = /^(\S+) returned: (.*)$/s.exec(line) ?? []
  if (name !== undefined) return say(`By the way. ${outcome(name, oneLine(result))}`)
  const [, button] = /\bpressed (\S+)/.exec(line) ?? []
  return say(
    button === undefined ? "All right." : `You pressed ${button}. I have no menu, so just tell me what you want.`
  )
}

/** A wish for a tool, by the words that express it and the names that tools for it have. */
interface Wish {
  readonly words: RegExp
  readonly tool: RegExp
  readonly text: (about: string) => string
}

// The first that fits counts. Looking something up comes last, because people look up goodbyes, too.
const wishes: ReadonlyArray<Wish> = [
  {
    words: /\b(good-?\s?bye|bye|hang up|end (the|this) call|see you)\b/i,
    tool: /^(end_call|hang_up)$/,
    text: () => "Goodbye, and thank you for calling."
  },
  {
    words: /\b(go back|back to|take me back|the other (one|agent)|that is all|that's all)\b/i,
    tool: /^hand_back$/,
    text: () => ""
  },
  {
    words: /\b(specialist|expert|somebody else|someone else|transfer me|hand me over|put me through|another agent)\b/i,
    tool: /^(transfer_to_|hand_?off)/,
    text: () => "One moment, I hand you over. "
  },
  {
    words: /\b(press|dial|send)\b.*([0-9*#]|\b(star|pound|hash)\b)/i,
    tool: /^send_dtmf$/,
    text: () => "I am pressing the key."
  },
  {
    words: /\b(look\b.{0,40}\bup|look for|search|find out|check)\b/i,
    tool: /look_?up|search|find|knowledge/,
    text: (about) => `I am looking up ${about}. Go on talking; I will tell you when I know.`
  }
]

/** Calls the tool that the words ask for: by a wish, or by its name. */
const ask = (words: string, tools: ReadonlyArray<Tool.Any>): Script | undefined => {
  for (const wish of wishes) {
    if (!wish.words.test(words)) continue
    const tool = tools.find(({ name }) => wish.tool.test(name))
    if (tool !== undefined) return { text: wish.text(aboutOf(words)), calls: [call(tool, words)] }
  }
  const named = tools.find(({ name }) => isNamed(name, words))
  return named === undefined ? undefined : { text: "Let me see.", calls: [call(named, words)] }
}

// What the names of tools have beside their matter.
const helping = new Set(["get", "set", "the", "current", "local", "to", "of", "call", "find", "fetch", "tool", "for"])

const isNamed = (name: string, words: string): boolean => {
  const said = new Set(words.toLowerCase().match(/[\p{L}\p{N}]+/gu))
  const matter = (name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !helping.has(word))
  return matter.length > 0 && matter.every((word) => said.has(word))
}

const call = (tool: Tool.Any, words: string): Script["calls"][number] => {
  const { properties, required } = ToolSchema.ofTool(tool)
  const names = Array.isArray(required) ? required.filter(Predicate.isString) : []
  const schemas = Predicate.isReadonlyObject(properties) ? properties : {}
  return { name: tool.name, params: Object.fromEntries(names.map((name) => [name, argument(schemas[name], words)])) }
}

const keyNames: { readonly [name: string]: string } = { star: "*", pound: "#", hash: "#" }

/** An argument that the words give, or one that at least fits. */
const argument = (schema: unknown, words: string): unknown => {
  if (!Predicate.isReadonlyObject(schema)) return aboutOf(words)
  const { enum: choices, type } = schema
  const said = (words.toLowerCase().match(/[*#]|[\p{L}\p{N}_-]+/gu) ?? []).map((word) => keyNames[word] ?? word)
  if (Array.isArray(choices)) {
    return choices.find((choice) => said.includes(String(choice).toLowerCase())) ?? choices[0]
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

/** What the words are about: what comes after the verb or the preposition, without the courtesies, or all of them. */
const aboutOf = (words: string): string => {
  const plain = words.replace(/[^\p{L}\p{N}\s'-]+/gu, " ").replace(/\b(please|for me|thanks?)\b/gi, " ")
  const [, verb] = /\b(?:look(?:\s+\w+)?\s+up|look\s+for|search(?:\s+for)?|find\s+out|check)\b(.*)/is.exec(plain) ?? []
  const [, noun] = /\b(?:about|for|in|of)\s+(.+?)(?=\s+(?:about|for|in|of)\s|$)/is.exec(plain) ?? []
  return (
    wordsOf((verb ?? noun ?? plain).replace(/^\s*about\b/i, ""))
      .join(" ")
      .slice(0, 60)
      .trim() || "that"
  )
}

const wordsOf = (text: string): ReadonlyArray<string> => text.match(/\S+/g) ?? []

const opening = "Here is a long story. Interrupt me whenever you like."
const story =
  "Two choirs lived on two hills with a river between them. Each believed that it was alone, and that the voice which " +
  "came back across the water in the evening was its own echo. One night a child of the first choir left the last word " +
  "out, as children do. The echo sang the line, and put the word in. The next evening they sang a question with no " +
  "answer in it, and waited, and over the river came the answer, in a key that was not theirs. So they built a boat, and " +
  "when at last it touched the far bank there was another boat, half built. They looked at each other for a while. Then " +
  "somebody sang the first line, and somebody else came in too early. And that, as far as anyone knows, was the first " +
  "interruption."

/** What the caller has not heard of the story, by what the record says was spoken. */
const restOfStory = (messages: ReadonlyArray<Prompt.Message>): string | undefined => {
  const told = wordsOf(`${opening} ${story}`)
  const begin = wordsOf(opening).length
  for (const message of messages.toReversed()) {
    const heard = message.role === "assistant" ? wordsOf(textOf(message)) : []
    if (heard.length === 0) continue
    // Stopped at the first telling, or in one that went on: its last words are then the place.
    if (heard.every((word, i) => word === told[i]))
      return told.slice(Math.max(begin, heard.length)).join(" ") || undefined
    const tail = heard.slice(-4)
    const place = told.findIndex((_, i) => tail.every((word, j) => word === told[i + j]))
    if (tail.length === 4 && place >= 0) return told.slice(place + 4).join(" ") || undefined
  }
  return undefined
}

const about =
  "I am the demo model of Antiphon: a handful of rules, with no weights behind them and no network. " +
  "Around me everything is real: turns, tools, and the record of what you heard."

/** Says what can be asked for, as far as tools are offered. */
const offers = (tools: ReadonlyArray<Tool.Any>): string => {
  const names = tools.map(({ name }) => spoken(name))
  const list = names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`
  return `Say “tell me a story” and talk over me${names.length === 0 ? "." : `, or ask for a tool: I have ${list}.`}`
}

const chat = (words: string, messages: ReadonlyArray<Prompt.Message>, tools: ReadonlyArray<Tool.Any>): Script => {
  if (words === "") return say("I did not catch any words. Say “help” to hear what I can do.")
  if (/\b(story|tale)\b/i.test(words)) return say(`${opening} ${story}`)
  if (/\b(go on|go ahead|carry on|continue|keep going|the rest)\b/i.test(words)) {
    const rest = restOfStory(messages)
    return say(
      rest === undefined
        ? "There is nothing to go on with. Say “tell me a story” for something long."
        : `I go on behind the last word that you heard. ${rest}`
    )
  }
  if (/\b(help|what can|what else|options|how does)\b/i.test(words)) return say(`${about} ${offers(tools)}`)
  if (/\b(who|what) are you\b|\b(robot|human|real|ai|model|bot)\b/i.test(words)) return say(about)
  if (/\b(stop|wait|quiet|hold on|enough|silence|pause)\b/i.test(words)) return say("All right, I am quiet.")
  if (/\b(thanks|thank you|cheers)\b/i.test(words)) return say("You are welcome.")
  if (/\b(hello|hi|hey|good (morning|afternoon|evening)|how are you)\b/i.test(words)) {
    return say("Hello to you. I am a demo model; say “help” to hear what I can do.")
  }
  return say("I am only a demo model and have no answer to that. Say “help” to hear what I can do.")
}
