/**
 * Phrases that models write before they continue a reply, or instead of continuing. Mostly English, because the
 * instruction to continue is in English.
 */
import type { Word } from "./seamWords.ts"

const sorry = ["sorry", "i'm sorry", "i am sorry", "apologies", "my apologies", "i apologize", "i apologise"]
const regretted = [
  "that",
  "the interruption",
  "the confusion",
  "the inconvenience",
  "the delay",
  "cutting off",
  "the cut-off",
  "the cutoff"
]
const leftOff = ["where i left off", "where i stopped", "where we left off", "where you left off", "there"].flatMap(
  (where) => [where, `from ${where}`]
)
const message = ["message", "reply", "response", "answer", "sentence", "text"]

const phrases: ReadonlyArray<ReadonlyArray<string>> = [
  "sure",
  "sure thing",
  "certainly",
  "of course",
  "okay",
  "ok",
  "absolutely",
  "alright",
  "all right",
  "right",
  "got it",
  "understood",
  "no problem",
  "great question",
  "good question",
  "thank you for your patience",
  "thanks for your patience",
  "thank you for waiting",
  "thanks for waiting",
  "as i was saying",
  "as i said",
  "i was saying",
  "to continue",
  "continuing",
  "continuing on",
  "continued",
  "continuation",
  "resuming",
  "where was i",
  "anyway",
  ...["", "it seems ", "it seems like ", "seems like ", "it looks like ", "looks like ", "sorry "].flatMap((so) =>
    ["i", "my message", "my last message", "my previous message", "my reply", "my response"].flatMap((who) =>
      ["was cut off", "got cut off", "was interrupted", "got interrupted"].flatMap((cut) => [
        `${so}${who} ${cut}`,
        `${so}${who} ${cut} there`
      ])
    )
  ),
  "let me continue",
  "i'll continue",
  "i will continue",
  "let me finish",
  "let me try again",
  "let me try that again",
  "continue",
  ...message.map((what) => `the ${what} continues`),
  "here you go",
  "where were we",
  "ah yes",
  "happy to help",
  "i'd be happy to help",
  "let me finish that",
  ...["thought", "sentence", "point"].flatMap((what) => [`let me finish that ${what}`, `let me finish my ${what}`]),
  "let me start over",
  "let me repeat that",
  "let me say that again",
  "assistant",
  "agent",
  ...sorry.flatMap((word) => [word, `${word} about that`, ...regretted.map((what) => `${word} for ${what}`)]),
  ...[
    "continuing",
    "to continue",
    "picking up",
    "resuming",
    "let me continue",
    "let me pick up",
    "i'll continue",
    "i'll pick up"
  ].flatMap((begin) => leftOff.map((where) => `${begin} ${where}`)),
  ...["continuing", "let me continue", "let me finish", "let me complete"].flatMap((begin) =>
    message.flatMap((what) => [`${begin} my ${what}`, `${begin} my previous ${what}`, `${begin} the ${what}`])
  ),
  ...["here is", "here's", "this is"].flatMap((here) => [
    ...["rest", "continuation", "remainder"].flatMap((part) =>
      ["", "of it", ...message.flatMap((what) => [`of my ${what}`, `of the ${what}`, `of my previous ${what}`])].map(
        (of) => `${here} the ${part} ${of}`.trim()
      )
    ),
    ...["complete", "completed", "full", "whole"].flatMap((all) => message.map((what) => `${here} the ${all} ${what}`))
  ]),
  // The usual words of agreement and regret elsewhere, as far as they are more than one word.
  "bien sûr",
  "bien entendu",
  "por supuesto",
  "claro que sí",
  "lo siento",
  "com certeza",
  "es tut mir leid",
  "wie gesagt",
  "当 然",
  "好 的",
  "抱 歉",
  "对 不 起",
  "は い",
  "申 し 訳 ご ざ い ま せ ん",
  "물론입니다",
  "죄송합니다"
].map((phrase) => phrase.split(" "))

/** The end of a phrase that precedes a reply without being part of it. */
const endsPhrase = /[,.:;!?…—–，。：；！？、-]$/

/**
 * Returns how many words at the beginning only announce the continuation. Undefined until more text arrives. Linear in
 * the length of the longest phrase.
 */
export const announced = (text: string, words: ReadonlyArray<Word>, ended: boolean): number | undefined => {
  let longest = 0
  for (const phrase of phrases) {
    const length = Math.min(phrase.length, words.length)
    let same = 0
    while (same < length && words[same]!.core === phrase[same]) same++
    if (same < length) continue
    if (words.length < phrase.length) {
      // The text so far could be a prefix of the phrase.
      if (!ended && words.length > 0) return undefined
      continue
    }
    const last = words[phrase.length - 1]!
    const following = words[phrase.length]?.core ?? ""
    // A dash is a word of its own, and so is every mark in a script without spaces.
    const mark = /^(?:[—–-]+|[，。：；！？、…]+)$/.test(following) ? 1 : 0
    const isMarked = mark === 1 || endsPhrase.test(text.slice(last.coreEnd, last.end))
    if (isMarked) longest = Math.max(longest, phrase.length + mark)
  }
  return longest
}

/** The first sentence of a text, or undefined if it has not ended. Notes in brackets count as one. */
export const firstSentence = (text: string, ended: boolean): string | undefined => {
  const start = text.trimStart()
  const offset = text.length - start.length
  if (start.startsWith("(") || start.startsWith("[")) {
    const close = start.search(/[)\]]/)
    if (close >= 0) return text.slice(0, offset + close + 1)
    return ended || start.length > longestSentence ? text : undefined
  }
  const end = start.search(/[.!?…](?=\s|$)/)
  if (end >= 0 && (ended || end + 1 < start.length)) return text.slice(0, offset + end + 1)
  return ended || start.length > longestSentence ? text : undefined
}

const longestSentence = 240

/** Whether a text may begin with a sentence about the message instead of its rest; undefined if more must be seen. */
export const mayBeNote = (words: ReadonlyArray<Word>, text: string, ended: boolean): boolean | undefined => {
  if (/^\s*[([]/.test(text)) return true
  const seconds = noteStarts.get(words[0]?.core ?? "")
  if (seconds === undefined) return false
  if (seconds.length === 0) return true
  const second = words[1]?.core
  return second === undefined ? (ended ? false : undefined) : seconds.includes(second)
}

const messageWords = ["message", "reply", "response", "answer", "sentence", "previous", "last"]

/** How such a sentence begins: its first word, and the second if only some will do. */
const noteStarts: ReadonlyMap<string, ReadonlyArray<string>> = new Map([
  ...["the", "my", "your", "this", "that"].map((word) => [word, messageWords] as const),
  ["could", ["you"]],
  ["please", ["provide", "share", "tell", "give", "paste", "clarify"]],
  ["it", ["seems", "looks", "appears"]],
  ["there's", ["nothing", "no"]],
  ["i", ["have", "believe", "think", "am", "apologize", "apologise", "can't", "cannot", "can", "don't", "do", "won't"]],
  ["i'm", ["sorry", "unable", "not", "afraid"]],
  ["sorry", []],
  ["unfortunately", []],
  ["as", ["an"]],
  ["no", ["further", "more", "additional", "continuation"]],
  ["nothing", []],
  ["there", ["is", "was"]]
])

/** Whether a sentence only says that there was nothing left to say. */
export const saysComplete = (sentence: string): boolean =>
  /\b(?:message|reply|response|answer|sentence)(?: [a-z]{1,12}){0,3} (?:complete|completed|finished)\b(?! (?:and|with|when|by|for|at|on)\b)/i.test(
    sentence
  ) ||
  /^\s*[([]\s*(?:continu\w*|cont'?d?\.?|resum\w*|end(?: of [\w ]{1,30})?|no continuation[\w ]{0,30}|silence|pause|\.{2,}|…)\s*[)\]]/i.test(
    sentence
  ) ||
  /\b(?:nothing|no)\b(?: [a-z]{1,12}){0,2} (?:to add|to continue|left to say|more to say|else to say)\b/i.test(
    sentence
  ) ||
  /\b(?:nothing further|no (?:further )?continuation|no (?:further|more|additional) (?:text|content|output|message|reply|response))(?: (?:is|was))?(?: (?:needed|necessary|required))?[.!)\]\s]*$/i.test(
    sentence
  )

/** Whether a sentence declines to continue, or asks what to continue. */
export const declines = (sentence: string): boolean =>
  (/\b(?:can't|cannot|can not|can’t|unable|not able|won't|won’t|don't have|don’t have)\b/i.test(sentence) &&
    /\b(?:continue|complete|finish|previous|message|cut off|interrupted|context|conversation|assist|help)\b/i.test(
      sentence
    ) &&
    /^\W*(?:i|i'm|i’m|sorry|unfortunately|as)\b/i.test(sentence)) ||
  (/\bme to (?:continue|complete|finish)\b/i.test(sentence) &&
    /\b(?:message|sentence|text|reply|response|context)\b/i.test(sentence)) ||
  /\b(?:what|how) to (?:continue|complete|finish)\b/i.test(sentence) ||
  /\b(?:previous|earlier) (?:message|reply|response|text) to (?:continue|complete|finish)\b/i.test(sentence)
