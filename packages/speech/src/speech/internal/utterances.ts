/** Turns text into utterances, and passes their clauses to the voice as soon as they are complete. */
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as Clauses from "../../Clauses.ts"
import * as Floor from "../../Floor.ts"
import * as Playback from "../../Playback.ts"
import type * as SpeechText from "../../SpeechText.ts"
import type { SpokenAudio, SpokenWord } from "../../SpokenAudio.ts"
import * as SharedTime from "../../tts/internal/sharedTime.ts"
import * as WordPlaces from "../../tts/internal/wordPlaces.ts"
import type { Draft, Reply, Utterance } from "./state.ts"
import * as State from "./state.ts"
import * as Timing from "./timing.ts"

/** Number of cut utterances to remember, because a line may still report on them. */
const mostCut = 16

/** Opens an utterance and its voice, so that the voice is ready for the first words. */
export const open = (
  draft: Draft,
  options: {
    readonly reply: Reply | undefined
    readonly interruptible: boolean
    /** Whether it precedes utterances that have no words yet. */
    readonly isUrgent?: boolean | undefined
  }
): Utterance => {
  const { reply } = options
  const number = ++draft.numbers
  const utterance: Utterance = {
    id: `u${number}`,
    number,
    reply: reply?.id,
    generation: reply?.generation ?? Floor.generation(draft.floor),
    interruptible: options.interruptible,
    voice: draft.voice,
    base: reply?.length ?? 0,
    text: "",
    filter: draft.settings.filter(draft.voice.language),
    pieces: [],
    clauses: Clauses.make(draft.settings.clauses),
    spoken: "",
    isClosed: false,
    isPulling: false,
    waitsFrom: draft.now,
    held: [],
    audioMs: 0,
    wordedMs: 0,
    isVoiced: false,
    attempt: 1,
    resumedAt: 0,
    voicedTo: 0,
    heardTo: 0,
    isBegun: false
  }
  const wordless = options.isUrgent === true ? draft.utterances.findIndex((each) => each.text === "") : -1
  draft.utterances =
    wordless < 0 ? [...draft.utterances, utterance] : draft.utterances.toSpliced(wordless, 0, utterance)
  State.want(draft, { _tag: "OpenVoice", utterance: utterance.id, attempt: 1, voice: utterance.voice })
  return utterance
}

/** The open utterance of a reply. */
const current = (draft: Draft, reply: string): Utterance | undefined =>
  draft.utterances.find((each) => each.reply === reply && !each.isClosed)

/** Adds text of the agent to a reply. */
export const add = (draft: Draft, reply: Reply, text: string, interruptible: boolean): void => {
  const base = reply.length
  State.changeReply(draft, reply.id, { length: base + text.length })
  if (reply.isCut && interruptible) return close(draft, reply.id)
  let utterance = current(draft, reply.id)
  if (utterance !== undefined && utterance.interruptible !== interruptible && utterance.text !== "") {
    close(draft, reply.id)
    utterance = undefined
  }
  utterance ??= open(draft, { reply, interruptible })
  if (utterance.text === "") {
    State.changeUtterance(draft, utterance.id, { base, interruptible, generation: Floor.generation(draft.floor) })
  }
  say(draft, utterance.id, text)
  // If the turn is already over, as with words that bridge the wait, this is all the text: nothing else would close the
  // utterance.
  if (reply.isLoose || reply.isOver) close(draft, reply.id)
}

/** Says an utterance of the pipeline itself. */
export const sayOwn = (draft: Draft, text: string): void => {
  if (text.trim() === "") return
  const { id } = open(draft, { reply: undefined, interruptible: true, isUrgent: true })
  say(draft, id, text)
  closeOne(draft, id)
}

const find = (draft: Draft, id: string): Utterance => draft.utterances.find((each) => each.id === id)!

const say = (draft: Draft, id: string, text: string): void => {
  const utterance = find(draft, id)
  State.changeUtterance(draft, id, { text: utterance.text + text })
  speak(draft, id, utterance.filter.push(text))
}

const speak = (draft: Draft, id: string, pieces: ReadonlyArray<SpeechText.Spoken>): void => {
  const utterance = find(draft, id)
  const [clauses, complete] = Clauses.push(utterance.clauses, pieces.map((piece) => piece.text).join(""))
  State.changeUtterance(draft, id, { pieces: [...utterance.pieces, ...pieces], clauses })
  voice(draft, id, complete)
}

/** Passes clauses to the voice. */
const voice = (draft: Draft, id: string, clauses: ReadonlyArray<Clauses.Clause>): void => {
  const text = clauses.map((clause) => clause.text).join("")
  if (text === "") return
  const utterance = find(draft, id)
  const isFirst = utterance.spoken.length === utterance.voicedTo
  State.changeUtterance(draft, id, {
    spoken: utterance.spoken + text,
    ...(isFirst ? { waitsFrom: draft.now } : {})
  })
  State.want(draft, { _tag: "Say", utterance: id, text })
  mark(draft, utterance.reply, "firstClause")
}

/** Passes the first clause to the voice, even if it is incomplete. */
export const hurry = (draft: Draft, reply: string): boolean => {
  const utterance = current(draft, reply)
  if (utterance === undefined || utterance.spoken !== "" || utterance.clauses.held.trim() === "") return false
  const [clauses, held] = Clauses.flush(utterance.clauses)
  State.changeUtterance(draft, utterance.id, { clauses })
  voice(draft, utterance.id, held)
  return true
}

/** Ends the open utterance of a reply. */
export const close = (draft: Draft, reply: string): void => {
  const utterance = current(draft, reply)
  if (utterance !== undefined) closeOne(draft, utterance.id)
}

const closeOne = (draft: Draft, id: string): void => {
  speak(draft, id, find(draft, id).filter.end())
  const [clauses, held] = Clauses.flush(find(draft, id).clauses)
  State.changeUtterance(draft, id, { clauses, isClosed: true })
  voice(draft, id, held)
  if (find(draft, id).spoken.trim() !== "") return State.want(draft, { _tag: "EndVoice", utterance: id })
  // Nothing in it can be spoken, such as an emoji or a rule of Markdown.
  State.changeUtterance(draft, id, { isVoiced: true })
  State.want(draft, { _tag: "CancelVoice", utterance: id })
}

/** Drops utterances: stops their voices, and ignores audio that still arrives. */
export const drop = (draft: Draft, isDropped: (utterance: Utterance) => boolean): void => {
  const dropped = draft.utterances.filter(isDropped)
  if (dropped.length === 0) return
  draft.utterances = draft.utterances.filter((each) => !dropped.includes(each))
  draft.cut = [...draft.cut, ...dropped.filter((each) => each.spoken !== "")].slice(-mostCut)
  for (const { id, isVoiced } of dropped) if (!isVoiced) State.want(draft, { _tag: "CancelVoice", utterance: id })
}

/** The utterance being voiced; those after it wait. */
const head = (draft: Draft): Utterance | undefined => draft.utterances.find((each) => !each.isVoiced)

/** Asks the voice for more audio, if too little is queued. */
export const pull = (draft: Draft): void => {
  const first = head(draft)
  if (first === undefined) return
  if (first.held.length > 0) {
    State.changeUtterance(draft, first.id, { held: [] })
    for (const part of first.held) play(draft, first.id, part)
  }
  if (first.isPulling || Playback.bufferedMs(draft.playback) >= draft.settings.aheadMs) return
  State.changeUtterance(draft, first.id, { isPulling: true, waitsFrom: draft.now })
  State.want(draft, { _tag: "PullVoice", utterance: first.id })
}

/** Takes a part of the audio. */
export const voiced = (draft: Draft, id: string, attempt: number, part: SpokenAudio): void => {
  const utterance = draft.utterances.find((each) => each.id === id && each.attempt === attempt)
  if (utterance === undefined) return
  State.changeUtterance(draft, id, { isPulling: false, waitsFrom: draft.now })
  mark(draft, utterance.reply, "firstAudio")
  if (utterance === head(draft)) play(draft, id, part)
  else State.changeUtterance(draft, id, { held: [...utterance.held, part] })
}

const play = (draft: Draft, id: string, part: SpokenAudio): void => {
  const utterance = find(draft, id)
  let at = utterance.voicedTo
  const words = part.words
    .toSorted((a, b) => a.start - b.start)
    .map((word): SpokenWord => {
      const { end, start, text } = word
      const place = placeOf(utterance, word, at)
      at = Math.max(at, place?.to ?? 0)
      return { text, start, end, ...place }
    })
  draft.voiceFailures = 0
  push(draft, id, part.audio.bytes, words)
  State.changeUtterance(draft, id, {
    voicedTo: at,
    audioMs: utterance.audioMs + AudioFormat.durationMs(draft.settings.format, part.audio.bytes.length),
    wordedMs: words.reduce((latest, { end }) => Math.max(latest, end), utterance.wordedMs)
  })
}

const push = (draft: Draft, id: string, bytes: Uint8Array, words: ReadonlyArray<SpokenWord>): void => {
  const { attempt, generation, interruptible } = find(draft, id)
  const utterance = `${id}.${attempt}`
  draft.playback = Playback.push(draft.playback, { generation, reply: id, utterance, bytes, words, interruptible })
}

/** The position of a word in the text given to the voice. A word that is said differently has none. */
const placeOf = (
  { resumedAt, spoken }: Utterance,
  word: { readonly text: string; readonly from?: number | undefined; readonly to?: number | undefined },
  after: number
): WordPlaces.Place | undefined =>
  word.from !== undefined && word.to !== undefined
    ? { from: word.from + resumedAt, to: word.to + resumedAt }
    : WordPlaces.find(spoken, word.text, after)

/**
 * Gives words without times a share of the audio behind the last word with one. Before the end of the voice (`isEnd`), that is a guess by
 * the usual pace, and only for a voice that has told no times.
 */
export const reckon = (draft: Draft, id: string, isEnd: boolean): void => {
  const { audioMs, spoken, voicedTo, wordedMs } = find(draft, id)
  if (wordedMs >= audioMs || (!isEnd && draft.settings.wordTimes && wordedMs > 0)) return
  const divide = isEnd ? SharedTime.share : SharedTime.paced
  const words = divide(spoken.slice(voicedTo), voicedTo, AudioTime.make(wordedMs), AudioTime.make(audioMs))
  const last = words.at(-1)
  if (last?.to === undefined) return
  push(draft, id, new Uint8Array(), words)
  State.changeUtterance(draft, id, { voicedTo: last.to, wordedMs: last.end })
}

/** Whether the voice has words to say. */
export const hasWords = ({ spoken, voicedTo }: Utterance): boolean => /[\p{L}\p{N}]/u.test(spoken.slice(voicedTo))

/** Handles the end of a voice: it has said the whole utterance, or ended too early. */
export const ended = (draft: Draft, id: string, attempt: number): void => {
  const utterance = draft.utterances.find((each) => each.id === id && each.attempt === attempt)
  if (utterance === undefined || utterance.isVoiced) return
  // A voice that has given nothing at all has not said the text.
  const isSilent = utterance.audioMs === 0 && utterance.held.length === 0 && hasWords(utterance)
  if (!utterance.isClosed || isSilent) return failed(draft, id, attempt)
  if (utterance.held.length === 0) reckon(draft, id, true)
  State.changeUtterance(draft, id, { isVoiced: true, isPulling: false })
}

/**
 * The call ends after this many consecutive utterances that no voice could speak, because a silent line helps no one.
 */
export const mostFailures = 3

/** Handles a failed voice: another one continues after the last word received. */
export const failed = (draft: Draft, id: string, attempt: number): void => {
  const utterance = draft.utterances.find((each) => each.id === id && each.attempt === attempt)
  if (utterance === undefined || utterance.isVoiced) return
  reckon(draft, id, false)
  const { isClosed, spoken, voicedTo } = find(draft, id)
  const rest = spoken.slice(voicedTo)
  if (utterance.attempt >= draft.settings.voiceAttempts) {
    draft.voiceFailures++
    State.changeUtterance(draft, id, { isVoiced: true, isClosed: true, isPulling: false })
    State.want(draft, { _tag: "CancelVoice", utterance: id })
    return
  }
  const next = attempt + 1
  State.changeUtterance(draft, id, {
    attempt: next,
    resumedAt: voicedTo,
    audioMs: 0,
    wordedMs: 0,
    isPulling: false,
    waitsFrom: draft.now
  })
  State.want(draft, { _tag: "OpenVoice", utterance: id, attempt: next, voice: utterance.voice })
  if (rest !== "") State.want(draft, { _tag: "Say", utterance: id, text: rest })
  if (isClosed) State.want(draft, { _tag: "EndVoice", utterance: id })
}

/** Treats a voice whose audio is overdue as failed. */
export const overdue = (draft: Draft): void => {
  const first = head(draft)
  if (first === undefined || !first.isPulling || !hasWords(first)) return
  if (AudioTime.elapsed(first.waitsFrom, draft.now) < draft.settings.voiceMs) return
  State.want(draft, { _tag: "CancelVoice", utterance: first.id })
  failed(draft, first.id, first.attempt)
}

/** Notes that the answer being measured has reached a stage. */
export const mark = (draft: Draft, reply: string | undefined, stage: Timing.Stage): void => {
  if (draft.timing === undefined || draft.timing.reply !== reply) return
  draft.timing = Timing.reached(draft.timing, stage, draft.at)
}
