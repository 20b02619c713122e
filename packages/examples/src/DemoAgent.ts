/**
 * The agent of `npm start`: fixed answers and no model, made to show what a call can do. It can be interrupted and knows
 * how far it was heard, answers key presses, looks something up while the talk goes on, and hangs up.
 *
 * What to say is decided by pure functions; `make` keeps the little that a call has to remember, and paces the words.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as EventFilter from "@antiphon/core/EventFilter"
import type * as History from "@antiphon/core/History"
import type * as Turn from "@antiphon/core/Turn"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** What a caller may want of the demo. */
export type Intent =
  | "Goodbye"
  | "GoOn"
  | "Greeting"
  | "Help"
  | "Keys"
  | "LookUp"
  | "Nothing"
  | "Notice"
  | "Quiet"
  | "Story"
  | "Thanks"
  | "Unknown"
  | "Who"

// The first that fits counts: a wish before a courtesy, so that "hello, tell me a story" is a wish.
const patterns: ReadonlyArray<readonly [Intent, RegExp]> = [
  ["Goodbye", /\b(good-?\s?bye|bye|hang up|end (the|this) call|see you)\b/i],
  ["LookUp", /\b(look\b.{0,40}\bup|look for|search|find out|check)\b/i],
  ["Notice", /\b(notice|small print|disclaimer|uninterruptible)\b/i],
  ["Story", /\b(story|tale)\b/i],
  ["Keys", /\b(keys?|keypad|press|buttons?|dial|digits?|menu)\b/i],
  ["GoOn", /\b(go on|go ahead|carry on|continue|resume|keep going|the rest)\b/i],
  ["Who", /\b(who|what) are you\b|\b(robot|human|real|ai|model|bot)\b/i],
  ["Help", /\b(help|what can|what else|options|how does|try)\b/i],
  ["Quiet", /\b(stop|wait|quiet|hold on|enough|shut up|silence|pause)\b/i],
  ["Thanks", /\b(thanks|thank you|cheers)\b/i],
  ["Greeting", /\b(hello|hi|hey|good (morning|afternoon|evening)|how are you)\b/i]
]

/** Decides what a caller wants by the words that were said. */
export const intentOf = (words: string): Intent =>
  words.trim() === "" ? "Nothing" : (patterns.find(([, pattern]) => pattern.test(words))?.[0] ?? "Unknown")

/** Names what a caller wants looked up, in at most 60 characters. */
export const topicOf = (words: string): string => {
  const [, topic = ""] =
    /\b(?:look(?:\s+\w+)?\s+up|look\s+for|search(?:\s+for)?|find\s+out|check)\b(.*)/is.exec(words) ?? []
  const plain = topic
    .replace(/[^\p{L}\p{N}'-]+/gu, " ")
    .replace(/\b(about|for me|please|something|anything|it|that)\b/gi, "")
  return wordsOf(plain).join(" ").slice(0, 60).trim() || "the tides"
}

/** How much of an answer the caller has heard, in words. */
export interface Heard {
  readonly words: number
  readonly of: number
  /** The last words that were heard. */
  readonly tail: string
}

/** An answer as it is meant to be said, whether it comes to its end or not. */
export interface Answer {
  readonly text: string
  /** What comes after the text and can be taken up again. */
  readonly story?: string | undefined
  /** What comes after the text and is said to its end whatever happens. */
  readonly notice?: string | undefined
  /** What to look up meanwhile. */
  readonly lookUp?: string | undefined
  /** What is done when all has been said. */
  readonly last?: Event.Output | undefined
}

const wordsOf = (text: string): ReadonlyArray<string> => text.match(/\S+/g) ?? []
const allOf = ({ notice = "", story = "", text }: Answer) => `${text} ${notice}${story}`

/** Measures what was really spoken of the answer that was given in a turn. */
export const heardOf = (history: History.History, answer: Answer, turn: number): Heard => {
  const begin = history.entries.findIndex((entry) => entry.turn === turn && entry.item._tag === "AgentSendText")
  const spoken = (begin < 0 ? [] : history.entries.slice(begin)).flatMap(({ item }) =>
    item._tag === "AgentTextSent" ? wordsOf(item.content) : []
  )
  const tail = spoken
    .slice(-5)
    .join(" ")
    .replace(/[^\p{L}\p{N}]+$/u, "")
  return { words: spoken.length, of: wordsOf(allOf(answer)).length, tail }
}

// A caller who speaks during the last words has not cut anything off.
const lastWords = 3
const isCut = (heard: Heard) => heard.words > 0 && heard.of - heard.words >= lastWords

/** The part of an answer's story that the caller has not heard. Undefined where nothing of it is left. */
export const restOf = (answer: Answer, heard: Heard): string | undefined => {
  if (answer.story === undefined || !isCut(heard)) return undefined
  const before = wordsOf(answer.text).length
  return wordsOf(answer.story)
    .slice(Math.max(0, heard.words - before))
    .join(" ")
}

const introduction =
  "Hello, this is the Antiphon demo. I am a small program with fixed answers, not a language model, so I need no key. " +
  "Ask me for a story and interrupt me, ask me to look something up, press a key, or say goodbye."
const help =
  "Say “tell me a story” and talk over me. Say “look up the tides” and go on talking until I report back. " +
  "Say “read me the notice” to hear what cannot be interrupted. Press a key, or say goodbye and I hang up."
const who =
  "I am a demo: a few dozen fixed answers and no model behind them. " +
  "What is real is the runtime around me: turns, interruptions, and the record of what you really heard."
const notice =
  "Notice. This part of the call cannot be interrupted. Every word of it is spoken to the end, and the history holds all " +
  "of it as soon as it has begun."
const story =
  "Two choirs lived on two hills with a river between them. Each believed that it was alone, and that the voice which " +
  "came back across the water in the evening was its own echo. One night a child of the first choir sang a line and " +
  "left the last word out, as children do. The echo sang the line, and put the word in. Nobody on the hill slept much " +
  "after that. The next evening they sang a question with no answer in it, and waited, and over the river came the " +
  "answer, in a key that was not theirs. So they built a boat. It took them a summer, because every plank was argued " +
  "over in four parts. When at last it touched the far bank there was another boat, half built, and people standing " +
  "around it who were arguing in four parts. They looked at each other for a while. Then somebody sang the first line, " +
  "and somebody else, at the proper moment, came in too early. And that, as far as anyone knows, was the first " +
  "interruption."
const menu = "Press one for a riddle, two for its answer, star to get a key press back, or nine to hang up."
const goodbye: Answer = { text: "Goodbye, and thank you for calling.", last: Event.endCall() }

const keys: { readonly [button: string]: Answer } = {
  "1": { text: "What is said twice, and the second time by nobody? Press two when you give up." },
  "2": { text: "An echo. Press one to hear the riddle again." },
  "9": goodbye,
  "*": { text: "Here is a pound key for you; the list of events shows it.", last: Event.sendDtmf("#") },
  "#": { text: menu }
}

/** Decides how a key press is answered. */
export const answerKey = (button: string): Answer =>
  keys[button] ?? {
    text: `${/^\d$/.test(button) ? `You pressed ${button}.` : "I do not know that key."} Press the pound key for the menu.`
  }

/** Decides how words are answered, given what was heard of an answer that they cut off, and the rest of a story. */
export const answerWords = (words: string, cut?: Heard | undefined, rest?: string | undefined): Answer => {
  const lead = cut === undefined ? "" : `You stopped me after ${cut.words} of ${cut.of} words, at “${cut.tail}”. `
  const hint = rest === undefined ? "" : " Say “go on” for the rest of the story."
  switch (intentOf(words)) {
    case "Story":
      return { text: `${lead}Here is a long story. Interrupt me whenever you like.`, story }
    case "GoOn":
      return rest === undefined
        ? { text: `${lead}There is nothing to go on with. Say “tell me a story” for something long.` }
        : { text: `${lead}I go on from there.`, story: rest }
    case "LookUp": {
      const topic = topicOf(words)
      return {
        text: `${lead}I am looking up ${topic}. Go on talking; I report back when nobody speaks.`,
        lookUp: topic
      }
    }
    case "Notice":
      return { text: `${lead}Talk as much as you like, I will finish this.`, notice }
    case "Goodbye":
      return { ...goodbye, text: lead + goodbye.text }
    case "Keys":
      return { text: lead + menu }
    case "Who":
      return { text: lead + who }
    case "Help":
      return { text: lead + help }
    case "Quiet":
      return { text: `${lead}All right, I am quiet.${hint}` }
    case "Thanks":
      return { text: `${lead}You are welcome.${hint}` }
    case "Greeting":
      return { text: `${lead}Hello to you. Say “help” to hear what I can do.` }
    case "Nothing":
      return {
        text: cut === undefined ? "I did not catch any words. Say “help” to hear what I can do." : lead + "Yes?" + hint
      }
    case "Unknown":
      return { text: `${lead}I am only a demo and have no answer to that. Say “help” to hear what I can do.${hint}` }
  }
}

/** Time between two pieces of an answer: a model's, far ahead of the voice that speaks it. */
const pace = "40 millis"
/** Time that the lookup pretends to need. */
const lookupTime = "4 seconds"

const pieces = (text: string, options?: { readonly interruptible: boolean }): Stream.Stream<Event.Output> =>
  Stream.fromIterable(text.match(/\s*\S+\s*/g) ?? []).pipe(
    Stream.mapEffect((piece) => Effect.delay(Effect.succeed(Event.sendText(piece, options)), pace))
  )

const tool = (toolCallId: string, topic: string) => ({ toolCallId, toolName: "lookup", toolArgs: { topic } })

const say = (turn: Turn.Turn, answer: Answer): Stream.Stream<Event.Output> => {
  const { last, lookUp, notice, story } = answer
  const more = notice !== undefined || story !== undefined
  const parts: Array<Stream.Stream<Event.Output>> = []
  if (lookUp !== undefined) {
    const work = Effect.delay(Effect.succeed(lookUp), lookupTime)
    const called = Stream.make<[Event.Output]>({ _tag: "AgentToolCalled", ...tool(turn.trigger.eventId, lookUp) })
    parts.push(Stream.onStart(called, turn.background("lookup", work)))
  }
  parts.push(pieces(more ? `${answer.text} ` : answer.text))
  if (notice !== undefined) parts.push(turn.uninterruptible(pieces(notice, { interruptible: false })))
  if (story !== undefined) parts.push(pieces(story))
  if (last !== undefined) parts.push(Stream.make(last))
  return parts.reduce((before, after) => Stream.concat(before, after))
}

// Keys are answered as they are pressed, so a turn of nothing but keys has had its answer.
const isKeysOnly = (event: Event.InputOf<"UserTurnEnded">) =>
  event.content.length > 0 && event.content.every(({ _tag }) => _tag === "UserDtmfSent")

/** Starts a turn as usual, and for key presses as they come. */
export const run = (event: Event.Input): boolean =>
  event._tag === "UserTurnEnded"
    ? !isKeysOnly(event)
    : event._tag === "UserDtmfSent" || EventFilter.standard.run(event) === true

/** Makes the demo agent of a call. */
export const make: Agent.Factory = () =>
  Effect.sync(() => {
    let current: { readonly answer: Answer; readonly turn: number } | undefined
    let rest: string | undefined

    const give = (turn: Turn.Turn, answer: Answer) => {
      current = { answer, turn: turn.id }
      return say(turn, answer)
    }

    /** What was heard of the answer before, where it was cut off. */
    const takeCut = (turn: Turn.Turn): Heard | undefined => {
      if (current === undefined) return undefined
      const heard = heardOf(turn.history, current.answer, current.turn)
      if (current.answer.story !== undefined) rest = restOf(current.answer, heard)
      return isCut(heard) ? heard : undefined
    }

    const agent = Agent.route({
      CallStarted: (_, turn) => give(turn, { text: introduction }),
      UserTurnEnded: ({ content }, turn) => {
        const words = content.flatMap((part) => (part._tag === "UserTextSent" ? [part.content] : [])).join(" ")
        const cut = takeCut(turn)
        return give(turn, answerWords(words, cut, rest))
      },
      UserDtmfSent: ({ button }, turn) => {
        takeCut(turn)
        return give(turn, answerKey(button))
      },
      BackgroundReturned: ({ respondingTo, result }, turn) => {
        takeCut(turn)
        const topic = String(result)
        const returned: Event.Output = {
          _tag: "AgentToolReturned",
          ...tool(respondingTo, topic),
          result: "forty-two"
        }
        const text = `I am back about ${topic}. This demo asks nobody, so the answer is always forty-two.`
        return Stream.concat(Stream.make(returned), give(turn, { text }))
      }
    })

    // Longer than the story, which a lookup may have to wait for.
    return Agent.make(agent, { run, backgroundPatience: "3 minutes" })
  })
