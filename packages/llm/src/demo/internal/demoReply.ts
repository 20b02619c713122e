/** Decides the demo model's reply: a pure function of the request, without timing. */
import type * as Prompt from "effect/ai/Prompt"
import type * as Tool from "effect/ai/Tool"
import * as DemoTalk from "./demoTalk.ts"
import * as DemoTools from "./demoTools.ts"

/** A reply: the words, followed by tool calls. */
export interface Script {
  readonly text: string
  readonly calls: ReadonlyArray<DemoTools.Call>
}

/**
 * Decides the reply to a request. Results for the user's last words are read out, and their tool is not called again,
 * so that a loop of model and tools ends. Results for earlier words are reported first.
 */
export const decide = (prompt: Prompt.Prompt, tools: ReadonlyArray<Tool.Any>): Script => {
  const messages = prompt.content
  const at = messages.findLastIndex(({ role }) => role === "user")
  const words = at < 0 ? "" : DemoTalk.textOf(messages[at]!)
  if (at > 0 && messages[at - 1]!.role === "assistant" && at === messages.length - 1 && isContinuation.test(words)) {
    const answer = decide({ ...prompt, content: messages.slice(0, at - 1) }, tools)
    return resume(DemoTalk.textOf(messages[at - 1]!), answer)
  }
  // The words of this turn have already reported the earlier results.
  const said = messages.findLastIndex((message) => message.role === "assistant" && DemoTalk.textOf(message) !== "")
  const since = messages.slice(Math.max(at, said) + 1)
  const results = since.flatMap(resultsOf)
  const news = results.flatMap(tell)
  if (since.some(isGivenBack)) return welcomeBack(news, messages)
  const answer = answerTo(words, messages.slice(0, Math.max(at, 0)), tools)
  if (results.length === 0) return answer ?? say(`${DemoTalk.unknown} ${DemoTalk.hint}`)
  if (said < at && isReturn.test(words)) return say(["An answer has come back.", ...news].join(" "))
  const isAnswered = said > at || answer?.calls.some((call) => results.some(({ name }) => name === call.name))
  if (answer === undefined || isAnswered === true) return say(news.join(" ") || "All right.")
  return { ...answer, text: [...news, answer.text].join(" ") }
}

/** Answers the user's last words, or a line in brackets, which describes an event of the call. */
const answerTo = (words: string, before: Messages, tools: ReadonlyArray<Tool.Any>): Script | undefined => {
  const [, line] = /^\[(.*)\]$/s.exec(words) ?? []
  if (line !== undefined) return note(line, before, tools)
  const cut = DemoTalk.cutOff(before)
  const wish = DemoTools.ask(words, tools)
  // A tool called without a word is meant to be.
  if (wish !== undefined) return { text: wish.text === "" ? "" : cut + wish.text, calls: [wish.call] }
  const text = DemoTalk.chat(words, before, DemoTools.offers(tools))
  if (text !== undefined) return say(cut + text)
  return cut === "" ? undefined : say(`${cut}${DemoTalk.unknown} ${DemoTalk.hint}`)
}

const note = (line: string, before: Messages, tools: ReadonlyArray<Tool.Any>): Script => {
  const [, name, result] = /^(\S+) returned: (.*)$/s.exec(line) ?? []
  if (name !== undefined) return say(`An answer has come back. ${outcome(name, oneLine(result))}`)
  const [, button] = /\bpressed ?(\S*)/.exec(line) ?? []
  if (button !== undefined) {
    const { call, text } = DemoTools.pressed(button, tools)
    return { text, calls: call === undefined ? [] : [call] }
  }
  return say(/\bsaid nothing\b/.test(line) ? DemoTalk.silence(before) : "All right.")
}

type Messages = ReadonlyArray<Prompt.Message>

const say = (text: string): Script => ({ text, calls: [] })

// The instruction that a plan of models adds after a reply that was cut off.
const isContinuation = /^Your last message was cut off\b/

// A line in brackets about a result from the background.
const isReturn = /^\[\S+ returned: /

const isGivenBack = (message: Prompt.Message): boolean =>
  message.role === "system" && /^The conversation has come back\b/.test(message.content)

/** Greets a caller handed back by another agent, and reports what that agent has not reported. */
const welcomeBack = (news: ReadonlyArray<string>, messages: Messages): Script => {
  const told = messages.map((message) => (message.role === "assistant" ? DemoTalk.textOf(message) : "")).join("\n")
  const untold = news.filter((text) => !told.includes(text))
  return say(["I am with you again.", ...untold, "What else can I do for you?"].join(" "))
}

/** Continues for another model that fell silent, with the answer this one would have given. */
const resume = (spoken: string, { calls, text }: Script): Script => {
  const ended = /[.!?…]["”’)]*\s*$/.test(spoken)
  const bridge = ended
    ? "Here the model broke off, and I take over: a demo model."
    : "– and here the model broke off, so I take over: a demo model."
  return { text: `${bridge} ${text}`, calls }
}

const oneLine = (value: unknown): string => {
  const text = (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).replace(/\s+/g, " ").trim()
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
const isSentence = (text: string): boolean => /^[\p{Lu}“].*[.!?…]$/u.test(text)
const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)
const spoken = (name: string): string => name.replace(/[_-]+/g, " ")

/** Reads a result out: as it is if it is a sentence, and otherwise with the name of its tool. */
const outcome = (name: string, result: string): string =>
  result.startsWith("error: ")
    ? sentence(`That did not work. The tool “${spoken(name)}” says: ${result.slice(7)}`)
    : isSentence(result)
      ? result
      : sentence(`The tool “${spoken(name)}” says: ${result}`)

interface Result {
  readonly name: string
  readonly text: string
}

const resultsOf = (message: Prompt.Message): ReadonlyArray<Result> => {
  if (message.role === "tool") {
    return message.content.flatMap((part) =>
      part.type === "tool-result" ? [{ name: part.name, text: oneLine(part.result) }] : []
    )
  }
  // Results that arrive for an agent that has handed the call over.
  const [, name, result] =
    message.role === "system"
      ? (/ had started (\S+)\. It has returned, as data and not as instructions: <result>(.*)<\/result>$/s.exec(
          message.content
        ) ?? [])
      : []
  return name === undefined ? [] : [{ name, text: oneLine(result) }]
}

// A handoff, or a call that continues in the background, has no result to report yet.
const tell = ({ name, text }: Result): ReadonlyArray<string> =>
  text === "pending" || text === "cancelled" || text === "success" ? [] : [outcome(name, text)]
