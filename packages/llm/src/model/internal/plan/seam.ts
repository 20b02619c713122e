/**
 * Joins the text of a continuing model to a reply that broke off.
 *
 * Models asked to continue do so to the letter, or repeat the last words, or begin the sentence again, in the same or
 * nearly the same words, with or without a remark before it. Matching text is joined so that nothing is heard twice and
 * nothing is missing. A sentence that was put in other words does not fit: it is said anew, behind a few words that say
 * so. Nothing is glued to half a sentence that it does not belong to.
 */
import * as Align from "./seamAlign.ts"
import * as Phrases from "./seamPhrases.ts"
import * as Words from "./seamWords.ts"
import type { Word } from "./seamWords.ts"

export const { gap, split } = Words

/** The model declines to continue. */
export const declined = Symbol("declined")

/** The part of a continuing model's text to say. */
export type Joined = string | typeof declined

/** Said before a sentence is repeated. */
export const defaultBridge = "… sorry, let me say that again: "
/** The same for a reply in another language. */
const wordless = "… "

/** How much of a reply to examine: its last sentences. Bounds the work. */
const longestTail = 1200

/**
 * Makes the function that joins the text of a continuing model to the spoken text. Called with the whole continuation
 * so far, in whole words, it returns the part to speak, or `undefined` until more text arrives. `ended` means that no
 * more will arrive.
 */
export const join = (
  spoken: string,
  gap: string,
  bridge: string = defaultBridge,
  remarks = mostRemarks
): ((text: string, ended: boolean) => Joined | undefined) => {
  const tail = spoken.slice(-longestTail)
  const past = Words.read(tail)
  const isOpen = !/[.!?…。！？]["'”’)\]]*\s*$/.test(tail)
  const open = past.slice(sentenceStart(tail, past, isOpen))
  // What follows a colon may be begun over with the words before it.
  const wider = past.slice(sentenceStart(tail, past, isOpen, /[.!?…]/))
  const isWider = (next: ReadonlyArray<Word>) =>
    wider.length > open.length && wider.slice(0, 2).every(({ core }, at) => next[at]?.core === core)
  const anew = bridge !== defaultBridge || isEnglish(past) ? bridge : wordless
  const whence = spoken.length > longestTail ? beginningOver(spoken, past) : undefined

  /** The new text after a word that repeats the last one. A complete sentence gets no second end. */
  const after = (text: string, word: Word, ended: boolean): string | undefined => {
    const last = past.at(-1)!
    const rest = text.slice(word.coreEnd)
    if (isOpen || !last.spaced || /^["'”’)\]]*[.!?…]/.test(rest)) return afterOverlap(text, word, last)
    const end = rest.search(/[.!?…](?=\s|$)/)
    if (end < 0 && !ended && rest.length < longestEnd) return undefined
    return end < 0 ? "" : rest.slice(end + 1)
  }

  // A long reply that is begun over is not read at every word.
  let readAgainAt = 0

  return (text, ended) => {
    if (!ended && text.length < readAgainAt) return undefined
    const all = Words.read(text)
    let whole = all[0] !== undefined && isPause(all[0]) ? all.slice(1) : all
    if (whole.length === 0) return ended ? "" : undefined
    const from = whence?.(text, whole, ended) ?? 0
    if (from === "undecided") {
      if (whole.length >= sameBeginning) readAgainAt = Math.max(text.length, spoken.length - longestTail)
      return undefined
    }
    if (from === "all") return ""
    whole = whole.slice(from)

    const found = repetition(past, whole, ended, isSpace.test(text))
    if (found === undefined) return undefined
    const isAnew = found === 1 && startsAnew(text, whole, tail, { open, past, ended })
    if (isAnew === undefined) return undefined
    const repeated = isAnew ? 0 : found
    if (repeated === "all") return ""
    if (repeated > 0) return after(text, whole[repeated - 1]!, ended)

    const note = remarks === 0 ? text : readNote(text, whole, ended, isOpen)
    if (note === undefined) return undefined
    if (note === declined) return declined
    if (note !== text) return note.trim() === "" ? "" : join(spoken, gap, bridge, remarks - 1)(note, ended)

    const known = announcedBy(text, whole, ended)
    if (known === undefined) return undefined
    const other = remarkBefore(text, whole.slice(known), { open, ended, mayBeLong: anew === wordless })
    if (other === undefined) return undefined
    const announced = known + other
    const next = whole.slice(announced)
    if (next.length === 0) {
      if (!ended) return undefined
      // After a whole sentence, a longer remark may be one of the reply's own.
      return isOpen || announced <= longestRemark ? "" : spaced(spoken, gap, text)
    }
    if (announced > 0) {
      const again = repetition(past, next, ended, false)
      if (again === undefined) return undefined
      if (again === "all") return ""
      if (again > 0) return after(text, next[again - 1]!, ended)
    }

    const sentence = isWider(next) ? wider : open
    const aligned = Align.align(sentence, next, ended)
    if (aligned === "undecided") return undefined
    if (aligned !== "other") {
      return after(text, next[aligned.words - 1]!, ended)
    }
    const rest = announced > 0 ? text.slice(next[0]!.start) : text
    const begins = beginsSentence(text, next, sentence, ended)
    if (begins === undefined) return undefined
    const again = isOpen && remarks > 0 ? beginsAgain(text, next, open, ended) : 0
    if (again === undefined) return undefined
    if (again > 0) return join(spoken, gap, bridge, remarks - 1)(text.slice(next[again]!.start), ended)
    if (isOpen && begins) return anew + rest.trimStart()
    // A remark before the rest of a sentence does not belong to it.
    return announced > 0 && !isOpen ? spaced(spoken, gap, text) : spaced(spoken, gap, rest)
  }
}

const isSpace = /^\s/

/** How many sentences about the message are removed, one after another. Bounds the work. */
const mostRemarks = 3

/** How many words must be the same for a text to begin a long reply over. */
const sameBeginning = 6

/**
 * Finds the end of a long reply in a text that begins the reply over: at which word what is compared begins. 0 if the
 * text does not begin it over, and "all" if it ends before that.
 */
const beginningOver = (spoken: string, past: ReadonlyArray<Word>) => {
  const beginning = Words.read(spoken.slice(0, longestTail)).slice(0, sameBeginning)
  // The first word of what is compared may be cut.
  const landmark = past.slice(1, 1 + sameBeginning)
  return (text: string, words: ReadonlyArray<Word>, ended: boolean): number | "all" | "undecided" => {
    const length = Math.min(words.length, beginning.length)
    for (let at = 0; at < length; at++) if (words[at]!.core !== beginning[at]!.core) return 0
    if (length < beginning.length) return ended ? 0 : "undecided"
    const found = words.findIndex((_, at) => landmark.every(({ core }, n) => words[at + n]?.core === core))
    if (found >= 0) return found
    if (ended) return text.length < spoken.length ? "all" : 0
    return text.length < spoken.length + longestEnd ? "undecided" : 0
  }
}

/** How many words at the beginning only announce the continuation, possibly more than once. */
const announcedBy = (text: string, words: ReadonlyArray<Word>, ended: boolean): number | undefined => {
  let announced = 0
  for (let more: number | undefined = 1; more > 0 && announced < words.length; announced += more) {
    more = Phrases.announced(text, words.slice(announced), ended)
    if (more === undefined) return undefined
  }
  return announced
}

/** The longest remark that is recognised in any language, in words. */
const longestRemark = 3
/**
 * The same in a language whose remarks are not known by their words, if a mark shows early that it is one. Until then, nothing
 * is said, so it is not longer than what a model writes in a quarter of a second.
 */
const longestUnknownRemark = 12

/** How many words at the beginning are a remark, in whatever language, after which the open sentence begins again. */
const remarkBefore = (
  text: string,
  words: ReadonlyArray<Word>,
  {
    ended,
    mayBeLong,
    open
  }: { readonly open: ReadonlyArray<Word>; readonly ended: boolean; readonly mayBeLong: boolean }
): number | undefined => {
  if (open.length < 2) return 0
  // French puts a space before some marks.
  const isMarked = ({ core, coreEnd, end }: Word) =>
    /[!.,:،。]$/.test(text.slice(coreEnd, end)) || /^[!?:;]$/.test(core)
  if (!words.slice(0, longestRemark).some(isMarked)) return 0
  const longest = mayBeLong && /^\s*\p{Lu}/u.test(text.slice(words[0]!.start)) ? longestUnknownRemark : longestRemark
  for (const [last, word] of words.slice(0, longest).entries()) {
    if (!isMarked(word)) continue
    const again = words.slice(last + 1, last + 3)
    if (again.some(({ core }, n) => core !== open[n]!.core)) continue
    if (again.length === 2) return last + 1
    return ended ? 0 : undefined
  }
  return ended || longest === longestRemark || words.length > longest ? 0 : undefined
}

/** The longest sentence of a remark after which the open sentence is looked for, in words. */
const longestSentence = 14

/** Index of the word at which the open sentence begins again behind a sentence or two of a remark; 0 if it does not. */
const beginsAgain = (
  text: string,
  words: ReadonlyArray<Word>,
  open: ReadonlyArray<Word>,
  ended: boolean
): number | undefined => {
  if (open.length < 2 || !/^[\s"'“‘(*_]*\p{Lu}/u.test(text.slice(words[0]!.start))) return 0
  for (let at = 1; at < words.length && at <= longestSentence; at++) {
    const { coreEnd, end } = words[at - 1]!
    if (!/[.!?:…]/.test(text.slice(coreEnd, end)) || words[at]!.core !== open[0]!.core) continue
    if (words[at + 1] === undefined) return ended ? 0 : undefined
    if (words[at + 1]!.core === open[1]!.core) return at
  }
  return ended || words.length > longestSentence ? 0 : undefined
}

/**
 * Whether a word that was spoken last begins a sentence in the text (`I can offer you` and `You can have …`), or the open
 * sentence over. Undefined until more text arrives.
 */
const startsAnew = (
  text: string,
  [first, second]: ReadonlyArray<Word>,
  tail: string,
  {
    ended,
    open,
    past
  }: { readonly open: ReadonlyArray<Word>; readonly past: ReadonlyArray<Word>; readonly ended: boolean }
): boolean | undefined => {
  if (past.length < 2 || first === undefined) return false
  const isCapital = /^\p{Lu}/u.test(text.slice(first.start)) && /^\p{Ll}/u.test(tail.slice(past.at(-1)!.start))
  if (!isCapital || isBeginner(first)) return isCapital
  if (first.core !== open[0]?.core) return false
  return second === undefined && !ended ? undefined : second?.core === open[1]?.core
}

/** Whether a text is English, by its small words and those of its neighbours. */
const isEnglish = (words: ReadonlyArray<Word>): boolean => {
  const only = words.filter(({ core }) => onlyEnglish.has(core) || contraction.test(core)).length
  const shared = words.filter(({ core }) => elsewhereToo.has(core)).length
  const foreign = words.filter(({ core }) => notEnglish.has(core)).length
  return 2 * only + shared > 3 * foreign && (only + shared > 1 || words.length <= 4)
}

const onlyEnglish: ReadonlySet<string> = new Set(
  (
    "the you your he she they our my this that these those there here with from while which who where why how and please " +
    "sorry yes then can could would should does did have not were what let by of it"
  ).split(" ")
)

/** Small English words that are written like a word of another language. */
const elsewhereToo: ReadonlySet<string> = new Set(
  "i a an is am are was we on in at for to so as or but no do has had will if when".split(" ")
)

/** Small words of languages that are written like English. */
const notEnglish: ReadonlySet<string> = new Set(
  (
    "der die das den dem und ist sind ein eine einen nicht ich ihr ihre sie wir uns zu zum zur mit für im vom von auf bei um kann " +
    "el la los las de del que y en un una es su sus por para con se lo le les des du et est pas je vous nous votre pour avec au " +
    "il gli che di per è sono suo una o os um uma não seu sua em na da het een van dat niet ik u uw wij kan voor op te med og är " +
    "och det att på jest nie na się w z"
  ).split(" ")
)

/** How much text to wait for to see another end of a sentence. */
const longestEnd = 120

const isPause = (word: Word) => /^(?:\.{2,}|…|[-–—]+)$/.test(word.core)

/** Index of the first word of the sentence that was broken off, or of the last one if it was whole. */
const sentenceStart = (text: string, words: ReadonlyArray<Word>, isOpen: boolean, marks = /[.!?…:]/): number => {
  for (let at = words.length - (isOpen ? 1 : 2); at >= 0; at--) {
    const { coreEnd, end } = words[at]!
    if (marks.test(text.slice(coreEnd, end))) return at + 1
  }
  return 0
}

/**
 * Returns how many words at the beginning repeat the end of the spoken text, be it the last words or all of it; "all"
 * if the text lies within the spoken text; undefined while undecided. Words match without regard to case and
 * punctuation.
 */
const repetition = (
  past: ReadonlyArray<Word>,
  next: ReadonlyArray<Word>,
  ended: boolean,
  exact: boolean
): number | "all" | undefined => {
  let overlap: number | undefined
  for (let start = 0; start < past.length; start++) {
    const length = Math.min(past.length - start, next.length)
    let same = 0
    while (same < length && past[start + same]!.core === next[same]!.core) same++
    if (same < length) continue
    if (past.length - start <= next.length) {
      overlap ??= length
      continue
    }
    if (!ended) return undefined
    // The whole text lies inside the spoken text.
    if (next.length > 1 && isRepetition(next, past, { whole: false, exact })) return "all"
  }
  if (overlap === undefined) return 0
  const following = next[overlap]
  // Whether a number is repeated shows in what follows it.
  if (following === undefined && !ended && !exact && next.slice(0, overlap).every(isNumeral)) return undefined
  const is = { whole: overlap === past.length, exact, following }
  return isRepetition(next.slice(0, overlap), past, is) ? overlap : 0
}

/** Whether words on both sides of the seam are a repetition, rather than said twice on purpose. */
const isRepetition = (
  overlap: ReadonlyArray<Word>,
  past: ReadonlyArray<Word>,
  {
    exact,
    following,
    whole
  }: { readonly whole: boolean; readonly exact: boolean; readonly following?: Word | undefined }
): boolean => {
  // A character of an unspaced script is a third of a word, and one of Chinese a half.
  const weight = overlap.reduce((sum, { core, spaced }) => sum + (spaced ? 3 : isHan.test(core) ? 1.5 : 1), 0)
  const distinct = new Set(overlap.map((word) => word.core)).size
  // A model that writes the space at the seam continues to the letter: only a long overlap speaks against it.
  if (exact) return weight >= 9 && distinct > 1
  if (whole) return overlap.length > 1 || !doubled.has(overlap[0]!.core)
  if (overlap.every(isInNumber)) return isNumberAgain(overlap, past, following)
  if (overlap.length === 1 && isPicture.test(overlap[0]!.core)) return true
  if (overlap.length === 1 && (doubled.has(overlap[0]!.core) || isDoubled(past))) return false
  // Words are repeated more often than doubled.
  return weight >= 3 && overlap.some((word) => (word.spaced ? /\p{L}{2}/u.test(word.core) : distinct > 1))
}

const isHan = /\p{Script=Han}/u

/** Whether a text ends in a word that it says twice already (`No, no,`): more of the same may follow. */
const isDoubled = (past: ReadonlyArray<Word>): boolean => past.length > 1 && past.at(-1)!.core === past.at(-2)!.core

/** Words that are said twice on purpose: losing one is worse than hearing it again. */
const doubled: ReadonlySet<string> = new Set(
  (
    "very really so too much many far long again never ever bye ha knock there hear " +
    "zero one two three four five six seven eight nine ten double triple hundred thousand million point dot dash"
  ).split(" ")
)

/** Digits in words, of which a number that is spelled out is made. */
const digits: ReadonlySet<string> = new Set("zero oh one two three four five six seven eight nine".split(" "))

const isPicture = /^\p{Extended_Pictographic}/u

const isSpelled = ({ core, spaced }: Word): boolean => spaced && /^(?:\d+|\p{L})$/u.test(core)

/** A digit, a number in digits, a spelled letter, or a digit in Chinese characters. */
const isNumeral = (word: Word): boolean =>
  isSpelled(word) || /^(?:\P{L}*\p{Nd}\P{L}*|[零〇一二三四五六七八九幺])$/u.test(word.core)

/** A numeral, or a digit in words. */
const isInNumber = (word: Word): boolean => isNumeral(word) || digits.has(word.core)

/**
 * Whether numerals are a number that is begun again. Single digits and spelled letters are doubled as often as they are
 * repeated. Two or more that are all that was spelled so far, from the first one on, are repeated, and so is a single one
 * that counts something (`2 tickets`), or the last one of a count (`1, 2,`). Longer numbers are rarely said twice.
 */
const isNumberAgain = (
  overlap: ReadonlyArray<Word>,
  past: ReadonlyArray<Word>,
  following: Word | undefined
): boolean => {
  const before = past[past.length - overlap.length - 1]
  const isRun = before !== undefined && isInNumber(before)
  if (overlap.length > 1) return !isRun
  const [{ core, coreEnd, end }] = overlap as readonly [Word]
  if (/\p{Nd}.*\p{Nd}/u.test(core)) return true
  if (!isRun)
    return /^\d$/.test(core) && following !== undefined && /^\p{L}{2}/u.test(following.core) && end === coreEnd
  const [last, next] = [Number(core), Number(following?.core)]
  return end > coreEnd && before.end > before.coreEnd && last === Number(before.core) + 1 && next === last + 1
}

/** Removes a first sentence that is about the message rather than part of it. */
const readNote = (
  text: string,
  words: ReadonlyArray<Word>,
  ended: boolean,
  isOpen: boolean
): string | typeof declined | undefined => {
  const mayBe = Phrases.mayBeNote(words, text, ended)
  if (mayBe === undefined) return undefined
  if (!mayBe) return text
  // A sentence that begins in lower case continues an open one.
  if (isOpen && /^\s*\p{Ll}/u.test(text)) return text
  const sentence = Phrases.firstSentence(text, ended)
  if (sentence === undefined) return words.length > mostNoteWords ? text : undefined
  if (Phrases.saysComplete(sentence)) return text.slice(sentence.length)
  return Phrases.declines(sentence) ? declined : text
}

const mostNoteWords = 16

/** Whether a text begins a new sentence instead of continuing the last one. Undefined until more text arrives. */
const beginsSentence = (
  text: string,
  next: ReadonlyArray<Word>,
  open: ReadonlyArray<Word>,
  ended: boolean
): boolean | undefined => {
  const [first] = next
  if (first === undefined || open.length < 2) return false
  if (!/^[\s"'“‘(*_]*\p{Lu}/u.test(text.slice(first.start))) return false
  if (isSpelled(first) && isSpelled(open.at(-1)!)) return false
  if (first.core === "the" && leads.has(open.at(-1)!.core)) {
    const [, second] = next
    if (second === undefined && !ended) return undefined
    // The name of a newspaper or a house goes on where a sentence with its verb does not.
    if (second !== undefined && /^["'“‘]?\p{Lu}/u.test(text.slice(second.start))) return false
  }
  if (isBeginner(first) || (open.length > 2 && first.core === open[0]!.core)) return true
  // Names are capitalised, too. A new sentence repeats the subject of the open one.
  const about = new Set(open.filter(isContent).map(({ core }) => core))
  const sentence = next.slice(0, next.findIndex(({ coreEnd, end }) => /[.!?]/.test(text.slice(coreEnd, end))) + 1 || 8)
  const same = sentence.filter((word) => isContent(word) && about.has(word.core)).length
  if (same >= 2 || (same === 1 && sentence.length >= 5 && (ended || sentence.length < next.length))) return true
  return ended || next.length >= 8 || /[.!?](?:\s|$)/.test(text) ? false : undefined
}

/** Words with a capital only at the beginning of a sentence. */
const beginners: ReadonlySet<string> = new Set(
  (
    "the a an we you your he she they it its it's our my this that these those there here in on at by for from with to of " +
    "if when while what which who where why how as so but and or please sorry yes no not then than can could would will " +
    "should do does did is are was were have has had let i'll i'd"
  ).split(" ")
)

/** Whether a word begins sentences, on its own or with a verb behind it (`that's`). */
const isBeginner = ({ core }: Word): boolean => beginners.has(core) || beginners.has(core.replace(contraction, ""))

const contraction = /['’](?:s|re|ll|ve|d|m)$/

/** Words after which a name may follow. */
const leads: ReadonlySet<string> = new Set("at by for from in of on to with is was called named".split(" "))

const isContent = ({ core }: Word): boolean => core.length >= 4 && !beginners.has(core)

const afterOverlap = (text: string, repeated: Word, last: Word): string =>
  // Punctuation after the word is new if the spoken word had none.
  text.slice(last.coreEnd === last.end ? repeated.coreEnd : repeated.end)

const spaced = (spoken: string, gap: string, text: string): string => {
  if (spoken.trim() === "" || /\s$/.test(spoken)) return text.trimStart()
  if (isSpace.test(text)) {
    // A line that breaks within a sentence is the model's, and not the reply's.
    const isOpen = !/[.!?…:]["'”’)\]]*\s*$/.test(spoken)
    const words = text.trimStart()
    const isBroken = text.slice(0, text.length - words.length).includes("\n")
    const breaks = (isBroken && /^\p{Ll}/u.test(words)) || (isOpen && /^[^\S\n]*\n[^\S\n]*\S/.test(text))
    return gap !== "" && !gap.includes("\n") && breaks ? gap + words : text
  }
  // Models often mark that they continue.
  const rest = gap === "" ? text : text.replace(/^(?:\.{2,}|…)\s*/, "")
  return /^(?:[,.;:!?%)\]}]|['’](?:s|t|re|ve|ll|d|m)\b)/iu.test(rest) ? rest : gap + rest
}
