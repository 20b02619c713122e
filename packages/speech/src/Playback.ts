/**
 * Plays audio to the caller: queues it with its words, sends it a little ahead of real time, pauses and cuts it, and
 * tracks what was heard.
 *
 * Pure: each function takes the time, and returns the next playback. How exactly it knows what was heard depends on the
 * line: `position` is exact, because a page counts its samples; with `marks` a carrier returns marks; `estimate` uses
 * the time at which each sample must have been played.
 *
 * Every frame and mark carries its generation, which a cut replaces, and its stream, which both a cut and a pause
 * replace. After either, the line is cleared; reports about an old stream only tell how much of it was heard.
 *
 * @since 0.1.0
 */
import * as AudioFormat from "./AudioFormat.ts"
import * as AudioTime from "./AudioTime.ts"
import type { SpokenWord } from "./SpokenAudio.ts"
import * as Tape from "./playback/internal/tape.ts"

type Time = AudioTime.AudioTime

/** How the line reports what was heard. */
export type Report = "marks" | "position" | "estimate"

/** How a call is played. */
export interface Options {
  readonly format: AudioFormat.AudioFormat
  readonly report: Report
  /** How much audio may be on its way. 100 ms by default, and at least one frame. */
  readonly leadMs?: number | undefined
  /** The length of a frame. 20 ms by default. */
  readonly frameMs?: number | undefined
  /** How much to send at once, while audio is still on its way. One frame by default, and never more than the lead. */
  readonly messageMs?: number | undefined
  /** With `estimate`: the delay from sending a sample until it is heard, if known. 0 by default. */
  readonly latencyMs?: number | undefined
}

/** A word in the audio of a reply: times from the reply's first sample, and its place in the text of the reply. */
export type Word = SpokenWord

/**
 * Audio of a reply. The chunks of an utterance follow one another. Words may come with the chunk they are in, before it, or
 * after it with empty `bytes`.
 */
export interface Chunk {
  readonly generation: number
  /** What the audio belongs to, such as the id of the agent's turn. */
  readonly reply: string
  /**
   * The part of the reply that was synthesised in one go; word times count from its first sample. The whole reply by
   * default.
   */
  readonly utterance?: string | undefined
  readonly bytes: Uint8Array
  readonly words: ReadonlyArray<Word>
  readonly interruptible: boolean
}

/** Something to send. */
export type Output =
  | {
      readonly _tag: "Audio"
      readonly generation: number
      readonly stream: number
      /** When its first sample is played, if the line is on time. */
      readonly at: Time
      readonly bytes: Uint8Array
    }
  | { readonly _tag: "Mark"; readonly generation: number; readonly stream: number; readonly name: string }

/** A word that was heard to its end. */
export interface HeardWord {
  readonly text: string
  readonly reply: string
  readonly from: number | undefined
  readonly to: number | undefined
}

/** What was heard since the last report. `began`: replies whose first sample was heard. */
export interface Heard {
  readonly words: ReadonlyArray<HeardWord>
  readonly began: ReadonlyArray<string>
}

/** A stretch that was sent, and when it is played. */
interface Flight {
  readonly from: number
  readonly to: number
  readonly at: Time
}

/** A stream that was cleared, until the line has reported how much of it was heard. `sent`: the end of what it was given. */
interface Cleared {
  readonly stream: number
  readonly start: number
  readonly sent: number
  readonly estimate: number
  readonly at: Time
}

/** What a cut dropped, until it is known how much of it was heard after all. */
interface Remains {
  readonly tape: Tape.Tape
  readonly heard: number
  readonly begun: string | undefined
  readonly streams: ReadonlyArray<Cleared>
}

/** The playback of a call. Plain data. */
export interface Playback {
  readonly format: AudioFormat.AudioFormat
  readonly report: Report
  readonly leadMs: number
  readonly frameMs: number
  readonly messageMs: number
  readonly latencyMs: number
  readonly generation: number
  readonly stream: number
  readonly tape: Tape.Tape
  /** Positions on the tape: the first sample of this stream, the next to send, the next to be heard. */
  readonly start: number
  readonly sent: number
  readonly heard: number
  readonly flights: ReadonlyArray<Flight>
  readonly nextAt: Time
  readonly markedAt: number
  readonly isPaused: boolean
  readonly begun: string | undefined
  /** Streams of this tape that were cleared by a pause. */
  readonly cleared: ReadonlyArray<Cleared>
  readonly remains: ReadonlyArray<Remains>
}

/** If a line reports nothing for this long, audio counts as heard at the time it must have been played. */
const silentLineMs = 2000
/** How long a line may take to report how much of a cleared stream was heard. */
const answerMs = 500
/** Maximum duration of audio without the end of a word, and so without a mark. */
const markEveryMs = 200

/** Number of utterances for which words may still arrive. */
const mostOrigins = 8

/** Makes the playback of a call. */
export const make = (options: Options): Playback => ({
  format: options.format,
  report: options.report,
  leadMs: options.leadMs ?? 100,
  frameMs: options.frameMs ?? 20,
  messageMs: options.messageMs ?? 0,
  latencyMs: options.latencyMs ?? 0,
  generation: 0,
  stream: 0,
  tape: Tape.empty,
  start: 0,
  sent: 0,
  heard: 0,
  flights: [],
  nextAt: AudioTime.zero,
  markedAt: 0,
  isPaused: false,
  begun: undefined,
  cleared: [],
  remains: []
})

/** Queues audio. Interruptible audio of an old generation is dropped, because it was cut before it came. */
export const push = (playback: Playback, chunk: Chunk): Playback => {
  if (chunk.interruptible && chunk.generation < playback.generation) return playback
  const { tape, format } = playback
  const samples = Math.floor(chunk.bytes.length / AudioFormat.bytesPerSample(format))
  const utterance = chunk.utterance ?? chunk.reply
  const known = tape.origins.find((each) => each.utterance === utterance)
  // Audio that does not follow directly, because of a cut, moves the words that come with it.
  const moved = known === undefined || samples === 0 ? 0 : tape.end - known.end
  const at = (known?.at ?? tape.end) + moved
  const origin: Tape.Origin = { utterance, at, end: samples === 0 ? (known?.end ?? at) : tape.end + samples }
  const place = (ms: number) => origin.at + AudioTime.toSamples(AudioTime.make(ms), format.sampleRateHz)
  const words = chunk.words.map(({ text, end, from, to }): Tape.Word => ({
    text,
    end: Math.max(1, place(end)),
    reply: chunk.reply,
    from,
    to
  }))
  const stretch: Tape.Stretch = {
    from: tape.end,
    to: tape.end + samples,
    bytes: chunk.bytes,
    reply: chunk.reply,
    utterance,
    interruptible: chunk.interruptible
  }
  return {
    ...playback,
    tape: {
      stretches: samples === 0 ? tape.stretches : [...tape.stretches, stretch],
      words: Tape.insert(tape.words, words),
      end: stretch.to,
      origins:
        known === undefined
          ? [...tape.origins, origin].slice(-mostOrigins)
          : tape.origins.map((each) => (each === known ? origin : each))
    }
  }
}

/**
 * Takes the frames and marks to send now: never more than the lead ahead of what is being played, and nothing until a whole message
 * fits in, unless the line would run dry or the audio ends before.
 */
export const pull = (playback: Playback, now: Time): readonly [Playback, ReadonlyArray<Output>] => {
  if (playback.isPaused || playback.sent === playback.tape.end) return [playback, []]
  const { format, tape, generation, stream } = playback
  const frame = AudioTime.toSamples(AudioTime.make(playback.frameMs), format.sampleRateHz)
  const horizon = now + Math.max(playback.leadMs, playback.frameMs)
  let nextAt = playback.nextAt < now ? now : playback.nextAt
  const roomMs = horizon - nextAt
  if (nextAt > now && roomMs + 1e-6 < Math.min(playback.messageMs, bufferedMs(playback))) return [playback, []]
  const outputs: Array<Output> = []
  const flights = [...playback.flights]
  let { sent, markedAt } = playback
  while (sent < tape.end) {
    const to = Math.min(sent + frame, tape.end)
    // An incomplete frame waits for more audio, as long as that causes no gap.
    if (to - sent < frame && nextAt > now) break
    const end = AudioTime.plus(nextAt, ((to - sent) * 1000) / format.sampleRateHz)
    if (end > horizon + 1e-6) break
    const bytes = Tape.read(tape, sent, to, AudioFormat.bytesPerSample(format))
    outputs.push({ _tag: "Audio", generation, stream, at: nextAt, bytes })
    if (playback.report === "marks" && wantsMark(playback, sent, to, markedAt)) {
      outputs.push({ _tag: "Mark", generation, stream, name: markName(generation, stream, to) })
      markedAt = to
    }
    flights.push({ from: sent, to, at: nextAt })
    sent = to
    nextAt = end
  }
  return outputs.length === 0 ? [playback, outputs] : [{ ...playback, sent, nextAt, flights, markedAt }, outputs]
}

const wantsMark = (playback: Playback, from: number, to: number, markedAt: number): boolean => {
  const { tape, format } = playback
  const isFirst = tape.stretches.some(
    (stretch, index) =>
      stretch.from >= from && stretch.from < to && (index === 0 || tape.stretches[index - 1]!.reply !== stretch.reply)
  )
  const endsWord = tape.words.some((word) => word.end > from && word.end <= to)
  return isFirst || endsWord || to === tape.end || ((to - markedAt) * 1000) / format.sampleRateHz >= markEveryMs
}

const markName = (generation: number, stream: number, sample: number): string => `${generation}.${stream}.${sample}`

/** Returns what has been heard by now. */
export const heard = (playback: Playback, now: Time): readonly [Playback, Heard] => {
  const [settled, late] = settle(playback, now)
  const [advanced, news] = advance(settled, estimate(settled, now))
  return [advanced, merge(late, news)]
}

/**
 * Handles a mark that came back: everything sent before it was heard. Marks of an old stream come back unheard, and are
 * ignored.
 */
export const marked = (playback: Playback, name: string): readonly [Playback, Heard] => {
  const [generation, stream, sample] = name.split(".").map(Number)
  const isCurrent = generation === playback.generation && stream === playback.stream
  return isCurrent && Number.isSafeInteger(sample) ? advance(playback, sample!) : [playback, nothing]
}

/**
 * Handles the line's report of how many samples of a stream it has played. The answer to a clear (`isCleared`) is
 * exact: paused audio continues from there, and words that were heard before a cut are reported.
 */
export const played = (
  playback: Playback,
  report: { readonly stream: number; readonly samples: number; readonly isCleared?: boolean | undefined }
): readonly [Playback, Heard] => {
  if (report.stream === playback.stream) return advance(playback, playback.start + report.samples)
  const cleared = allCleared(playback).find((each) => each.stream === report.stream)
  return cleared === undefined
    ? [playback, nothing]
    : answered(playback, cleared, Math.min(cleared.start + report.samples, cleared.sent), report.isCleared === true)
}

/**
 * Takes back what was sent and not heard, and sends nothing until `resume`. The line must be cleared.
 *
 * Returns what was heard. Playback continues from the next unheard sample, as exactly as the line reports it.
 */
export const pause = (playback: Playback, now: Time): readonly [Playback, Heard] => {
  if (playback.isPaused) return [playback, nothing]
  const [at, news] = heard(playback, now)
  const paused = { ...restart(at, at.heard, now), isPaused: true }
  return [paused, news]
}

/** Resumes where it was paused. */
export const resume = (playback: Playback, now: Time): Playback =>
  playback.isPaused ? { ...playback, isPaused: false, nextAt: now } : playback

/**
 * Drops unheard interruptible audio, and begins a new generation. The line must be cleared. Uninterruptible audio is
 * sent again from its first unheard sample.
 *
 * Returns what was heard, to the word. If the line counts samples, it may still report words that were heard.
 */
export const cut = (playback: Playback, now: Time, generation: number): readonly [Playback, Heard] => {
  const [at, news] = heard(playback, now)
  const { end } = at.tape
  const closed = restart(at, end, now)
  const remains: Remains = { tape: Tape.dropped(at.tape), heard: at.heard, begun: at.begun, streams: closed.cleared }
  return [
    {
      ...closed,
      generation,
      tape: Tape.cut(at.tape, at.heard, AudioFormat.bytesPerSample(at.format)),
      heard: end,
      nextAt: now,
      isPaused: false,
      cleared: [],
      remains: closed.cleared.length === 0 ? at.remains : [...at.remains, remains]
    },
    news
  ]
}

/** Whether nothing is queued or on its way. */
export const isIdle = (playback: Playback): boolean => playback.heard === playback.tape.end

/** Milliseconds of audio that are queued but not sent. If it is too little, pull more from the voice. */
export const bufferedMs = (playback: Playback): number =>
  ((playback.tape.end - playback.sent) * 1000) / playback.format.sampleRateHz

/** Whether the audio that plays next can be interrupted. Undefined if there is none. */
export const isInterruptible = (playback: Playback): boolean | undefined =>
  Tape.at(playback.tape, playback.heard)?.interruptible

const nothing: Heard = { words: [], began: [] }

const merge = (first: Heard, second: Heard): Heard =>
  first === nothing ? second : { words: [...first.words, ...second.words], began: [...first.began, ...second.began] }

/** Starts another stream at a sample of the tape, and remembers the previous one until the line has reported on it. */
const restart = (playback: Playback, start: number, now: Time): Playback => {
  const { stream, cleared } = playback
  const isAwaited = playback.report === "position" && playback.sent > playback.heard
  return {
    ...playback,
    stream: stream + 1,
    start,
    sent: start,
    flights: [],
    markedAt: start,
    cleared: isAwaited
      ? [...cleared, { stream, start: playback.start, sent: playback.sent, estimate: byTime(playback, now), at: now }]
      : cleared
  }
}

const allCleared = (playback: Playback): ReadonlyArray<Cleared> => [
  ...playback.cleared,
  ...playback.remains.flatMap((remains) => remains.streams)
]

/** Handles how much of a cleared stream was heard. `isLast`: no more of it will be. */
const answered = (
  playback: Playback,
  cleared: Cleared,
  sample: number,
  isLast: boolean
): readonly [Playback, Heard] => {
  if (playback.cleared.includes(cleared)) {
    const others = isLast ? playback.cleared.filter((each) => each !== cleared) : playback.cleared
    return advance({ ...playback, cleared: others }, sample, playback.tape.end)
  }
  let news = nothing
  const remains = playback.remains.flatMap((each): ReadonlyArray<Remains> => {
    if (!each.streams.includes(cleared)) return [each]
    const streams = isLast ? each.streams.filter((stream) => stream !== cleared) : each.streams
    const [heard, words, begun] = passed(each.tape, each.heard, sample, each.begun)
    news = heard
    const next = { tape: { ...each.tape, words }, heard: Math.max(each.heard, sample), begun, streams }
    return streams.length === 0 ? [] : [next]
  })
  return [{ ...playback, remains }, news]
}

/** Stops waiting for a line that does not answer. */
const settle = (playback: Playback, now: Time): readonly [Playback, Heard] => {
  if (playback.cleared.length === 0 && playback.remains.length === 0) return [playback, nothing]
  return allCleared(playback).reduce<readonly [Playback, Heard]>(
    ([known, before], cleared) => {
      if (now - cleared.at < answerMs) return [known, before]
      const [next, news] = answered(known, cleared, cleared.estimate, true)
      return [next, merge(before, news)]
    },
    [playback, nothing]
  )
}

/** The sample that must be playing by now. */
const byTime = (playback: Playback, now: Time): number => {
  let sample = playback.heard
  for (const { from, to, at } of playback.flights) {
    const played = Math.floor(((now - at - playback.latencyMs) * playback.format.sampleRateHz) / 1000 + 1e-6)
    if (played <= 0) break
    sample = Math.max(sample, Math.min(to, from + played))
  }
  return sample
}

const estimate = (playback: Playback, now: Time): number =>
  byTime(playback, playback.report === "estimate" ? now : AudioTime.plus(now, -silentLineMs))

/** The words and replies between two samples. */
const passed = (
  tape: Tape.Tape,
  from: number,
  to: number,
  begun: string | undefined
): readonly [Heard, ReadonlyArray<Tape.Word>, string | undefined] => {
  const count = tape.words.findIndex((word) => word.end > to)
  const words = count === -1 ? tape.words : tape.words.slice(0, count)
  const began: Array<string> = []
  let last = begun
  for (const stretch of tape.stretches) {
    if (stretch.from >= to) break
    if (stretch.to <= from || stretch.reply === last) continue
    last = stretch.reply
    began.push(stretch.reply)
  }
  const heard = words.map(({ text, reply, from, to }): HeardWord => ({ text, reply, from, to }))
  return [{ words: heard, began }, words.length === 0 ? tape.words : tape.words.slice(words.length), last]
}

/**
 * Marks sent samples as heard.
 *
 * What was sent before a pause is known to be heard from the answer to the clear, up to `known`. If the answer arrives
 * while the agent is still paused, playback resumes from there; otherwise the audio is already being repeated, and only
 * its words are reported.
 */
const advance = (playback: Playback, sample: number, known = playback.sent): readonly [Playback, Heard] => {
  const { tape } = playback
  const told = Math.max(Math.min(sample, known), playback.heard)
  const hasWord = tape.words[0] !== undefined && tape.words[0].end <= told
  if (told <= playback.heard && !hasWord) return [playback, nothing]
  const at = playback.isPaused ? told : Math.max(playback.heard, Math.min(told, playback.sent))
  const [news, words, begun] = passed(tape, playback.heard, told, playback.begun)
  const first = tape.stretches.findIndex((stretch) => stretch.to > at)
  const next: Playback = {
    ...playback,
    heard: at,
    begun,
    flights: playback.flights.filter((flight) => flight.to > at),
    tape: { ...tape, words, stretches: first === -1 ? [] : tape.stretches.slice(first) }
  }
  return [playback.isPaused ? { ...next, start: at, sent: at } : next, news]
}
