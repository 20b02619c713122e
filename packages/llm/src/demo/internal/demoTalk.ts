/** The demo model's own talk: a story, keys, courtesies, and how much was heard of it. */
import type * as Prompt from "effect/ai/Prompt"

type Messages = ReadonlyArray<Prompt.Message>

export const textOf = ({ content }: Prompt.Message): string =>
  typeof content === "string"
    ? content
    : content
        .flatMap((part) => (part.type === "text" ? [part.text] : []))
        .join(" ")
        .trim()

export const wordsOf = (text: string): ReadonlyArray<string> => text.match(/\S+/g) ?? []

/** The heard part of a reply, in as many pieces as the voice paused between. */
interface Heard {
  readonly words: ReadonlyArray<string>
  /** Whether it was cut off. */
  readonly isCut: boolean
  /** Whether nothing came after it. */
  readonly isLast: boolean
}

// Added by an agent to a reply that was not heard to its end.
const isMark = (text: string): boolean => /^\[[^\]]+\]$/.test(text)

const replies = (messages: Messages): ReadonlyArray<Heard> => {
  const found: Array<Heard> = []
  let begin = 0
  messages.forEach((message, i) => {
    if (message.role !== "assistant") begin = i + 1
    else if (messages[i + 1]?.role !== "assistant") {
      const texts = messages.slice(begin, i + 1).map(textOf)
      const words = wordsOf(texts.filter((text) => !isMark(text)).join(" "))
      const isLast = i === messages.length - 1
      if (words.length > 0) found.push({ words, isCut: isMark(texts.at(-1)!), isLast })
    }
  })
  return found
}

/** Says how much of the reply before the user's last words was heard. Nothing if it was not cut off. */
export const cutOff = (before: Messages): string => {
  const heard = replies(before).at(-1)
  if (heard === undefined || !heard.isLast || !heard.isCut) return ""
  const { words } = heard
  const tail = words
    .slice(-5)
    .join(" ")
    .replace(/[^\p{L}\p{N}]+$/u, "")
  return `You stopped me after ${words.length === 1 ? "one word" : `${words.length} words`}, at “${tail}”. `
}

const opening = "Here is a long story. Interrupt me whenever you like."
const goingOn = "I go on behind the last word that you heard."
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
const storyWords = wordsOf(story)

/** How many words at the end of the heard text start another text; a single one is considered chance. */
const overlap = (heard: ReadonlyArray<string>, text: ReadonlyArray<string>): number => {
  const start = heard.findIndex((_, i) => heard.slice(i).every((word, j) => word === text[j]))
  return start < 0 || heard.length - start < 2 ? 0 : heard.length - start
}

/** The unheard rest of a story, according to the record of spoken words. */
const restOfStory = (messages: Messages): string | undefined => {
  let place: number | undefined
  for (const { words: heard } of replies(messages)) {
    const told = overlap(heard, wordsOf(`${opening} ${story}`))
    if (told > 0) place = Math.max(0, told - wordsOf(opening).length)
    else if (place !== undefined) {
      const more = overlap(heard, [...wordsOf(goingOn), ...storyWords.slice(place)])
      place += Math.max(0, more - wordsOf(goingOn).length)
    }
  }
  return place === undefined ? undefined : storyWords.slice(place).join(" ") || undefined
}

export const riddle = "What is said twice, and the second time by nobody? Press two when you give up."
export const riddleAnswer = "An echo. Press one to hear the riddle again."

const about =
  "I am the demo model of Antiphon: a handful of rules, with no weights behind them and no network. " +
  "Around me everything is real: turns, tools, and the record of what you heard."

export const unknown = "I am only a demo, a few rules and no model, and have no answer to that."
export const hint = "Say “help” to hear what I can do."

/** The parts that depend on the offered tools. */
export interface Offers {
  readonly help: string
  readonly menu: string
}

/** Answers words that ask for no tool, or returns undefined if no rule matches. */
export const chat = (words: string, messages: Messages, offers: Offers): string | undefined => {
  const rest = restOfStory(messages)
  const more = rest === undefined ? "" : " Say “go on” for the rest of the story."
  if (words === "") return `I did not catch any words. ${hint}`
  if (/\b(story|tale)\b/i.test(words)) return `${opening} ${story}`
  if (/\b(keys?|keypad|press|buttons?|dial|digits?|menu)\b/i.test(words)) return offers.menu
  if (/\b(riddle)\b/i.test(words)) return riddle
  if (/\b(go on|go ahead|carry on|continue|resume|keep going|the rest)\b/i.test(words)) {
    return rest === undefined
      ? "There is nothing to go on with. Say “tell me a story” for something long."
      : `${goingOn} ${rest}`
  }
  if (/\b(who|what) are you\b|\b(robot|human|real|ai|model|bot)\b/i.test(words)) return about
  if (/\b(help|what can|what else|options|how does|try)\b/i.test(words)) return offers.help
  if (/\b(stop|wait|quiet|hold on|enough|shut up|silence|pause)\b/i.test(words)) return `All right, I am quiet.${more}`
  if (/\b(thanks|thank you|cheers)\b/i.test(words)) return `You are welcome.${more}`
  if (/\b(hello|hi|hey|good (morning|afternoon|evening)|how are you)\b/i.test(words)) return `Hello to you. ${hint}`
  return undefined
}

/** Answers a caller who has interrupted, or passed the turn, without a word. */
export const silence = (before: Messages): string => {
  const cut = cutOff(before)
  if (cut === "") return `I did not catch any words. ${hint}`
  return `${cut}Yes?${restOfStory(before) === undefined ? "" : " Say “go on” for the rest of the story."}`
}
