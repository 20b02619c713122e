/**
 * Replays the turn taking of a recorded call under another policy, to see which of the caller's turns would have been
 * cut off, and how much earlier or later the others would have ended.
 *
 * The caller's behaviour is taken from the recording (who spoke when, the words as they became known, the judgements on
 * them) or, if a recording lacks these, from its audio. The agent's behaviour is left out, because nobody knows what it
 * would have said at another time. Pure.
 *
 * @since 0.1.0
 */
import type * as Recording from "@antiphon/core/recording/Recording"
import * as Result from "effect/Result"
import * as AudioFormat from "./AudioFormat.ts"
import * as AudioTime from "./AudioTime.ts"
import * as Floor from "./Floor.ts"
import type { FloorEvent } from "./FloorEvent.ts"
import type { FloorPolicy } from "./FloorPolicy.ts"
import * as Pcm from "./Pcm.ts"
import * as Reframe from "./Reframe.ts"
import * as FloorNote from "./speech/internal/floorNote.ts"
import * as TurnDetector from "./TurnDetector.ts"
import type * as Vad from "./Vad.ts"
import * as VadEdges from "./VadEdges.ts"
import * as VadWindows from "./VadWindows.ts"

/** The caller's behaviour, and the ends of their turns under the recorded policy. Times are audio times. */
export interface Recorded {
  readonly events: ReadonlyArray<FloorEvent>
  readonly turns: ReadonlyArray<RecordedTurn>
}

/** A turn of the caller, and its outcome under the other policy. */
export interface RecordedTurn {
  /** Counts from 1. */
  readonly turn: number
  readonly startedAt: number
  readonly endedAt: number
}

/** The outcome of a turn. */
export interface Turn extends RecordedTurn {
  /** The words the other policy would have answered. */
  readonly text: string
  /** When it would have ended. Undefined if it would not have ended within the recording. */
  readonly wouldEndAt: number | undefined
  /**
   * `CutOff`: the caller continued after it. `Joined`: it would have continued into the next turn. `Kept`: it would
   * have been the same turn, ended earlier or later.
   */
  readonly outcome: "Kept" | "CutOff" | "Joined"
  /** How much earlier it would have ended, in milliseconds; negative if later. Only for a turn that is kept. */
  readonly savedMs: number | undefined
}

/** The outcome of all turns. */
export interface Report {
  readonly turns: ReadonlyArray<Turn>
  readonly cutOff: number
  readonly joined: number
  /** The median and the sum of what the kept turns would have saved, in milliseconds. */
  readonly medianSavedMs: number
  readonly totalSavedMs: number
}

/** The floor's events from the caller's side. */
const isCallers = ({ _tag }: FloorEvent): boolean =>
  !_tag.startsWith("Agent") && !_tag.startsWith("Tools") && _tag !== "Tick"

/**
 * Reads the caller's behaviour from the lines of a recording. Undefined if it has no turn taking, because it is not a
 * voice call or an old one.
 */
export const fromRecording = ({ lines }: Pick<Recording.Recording, "lines">): Recorded | undefined => {
  const floor = lines.filter((line) => line._tag === "Floor")
  if (floor.length === 0) return undefined
  const turns = new Map<number, { startedAt: number; endedAt: number | undefined }>()
  for (const { actions = [], event } of floor) {
    for (const { kind, turn } of actions) {
      if (turn === undefined) continue
      const known = turns.get(turn) ?? { startedAt: event.at, endedAt: undefined }
      if (kind === "TurnEnded" || kind === "TurnCommitted") known.endedAt = event.at
      if (kind === "TurnResumed" || kind === "TurnAbandoned") known.endedAt = undefined
      turns.set(turn, known)
    }
  }
  const events = floor.flatMap((line) => FloorNote.event(line) ?? []).filter(isCallers)
  return { events, turns: numbered([...turns.values()]) }
}

const numbered = (
  turns: ReadonlyArray<{ readonly startedAt: number; readonly endedAt: number | undefined }>
): ReadonlyArray<RecordedTurn> =>
  turns
    .flatMap(({ endedAt, startedAt }) => (endedAt === undefined ? [] : [{ startedAt, endedAt }]))
    .map((turn, index) => ({ turn: index + 1, ...turn }))

/**
 * Reconstructs from a call's audio what its recording lacks. The voice detector determines who spoke when. The words of
 * each turn are known from the lines, and are spread evenly over its speech; `TurnDetector` judges them.
 */
export const fromAudio = (
  { lines }: Pick<Recording.Recording, "lines">,
  audio: { readonly sampleRateHz: AudioFormat.SampleRateHz; readonly caller: Int16Array },
  detector: Vad.Detector
): Recorded => {
  const edges = edgesOf(audio, detector)
  const stretches = edges.flatMap((edge, index) => {
    const end = edges[index + 1]
    return edge._tag === "SpeechStarted" ? [{ from: edge.from, to: end?.from ?? edge.from }] : []
  })
  const events: Array<FloorEvent> = [...edges]
  const turns: Array<{ startedAt: number; endedAt: number }> = []
  let before = 0
  for (const { at: endedAt, text } of saidTurns(lines)) {
    const own = stretches.filter(({ from, to }) => to > before && from < endedAt)
    if (own.length > 0 && text.trim() !== "") {
      turns.push({ startedAt: own[0]!.from, endedAt })
      events.push(...wordsOver(text, own))
    }
    before = endedAt
  }
  return { events: events.toSorted((a, b) => a.at - b.at), turns: numbered(turns) }
}

/** Assumed delay of recognised words, if it was not recorded. Milliseconds. */
const recognisedMs = 150
const frameMs = 20

const edgesOf = (
  { caller, sampleRateHz }: { readonly sampleRateHz: AudioFormat.SampleRateHz; readonly caller: Int16Array },
  detector: Vad.Detector
): ReadonlyArray<VadEdges.Edge> => {
  const format = AudioFormat.make("pcm_s16le", sampleRateHz)
  const windows = VadWindows.make(detector, format)
  const [, frames] = Reframe.push(Reframe.make(format), Pcm.encode(format, caller))
  const edges: Array<VadEdges.Edge> = []
  let state = VadEdges.initial
  for (const frame of frames) {
    const [next, found] = VadEdges.steps(state, Result.getOrThrow(windows.push(frame)), VadEdges.defaultPolicy)
    state = next
    edges.push(...found)
  }
  return edges
}

/** The ends of the caller's turns in the lines of a recording, with their words. */
const saidTurns = (
  lines: ReadonlyArray<Recording.Line>
): ReadonlyArray<{ readonly at: number; readonly text: string }> => {
  const turns: Array<{ at: number; text: string }> = []
  let texts: Array<string> = []
  /** The words of a tentative turn. */
  let probable: string | undefined
  for (const line of lines) {
    if (line._tag !== "Reported") continue
    const { at, report } = line
    switch (report._tag) {
      case "UserTurnStarted":
        texts = []
        break
      case "UserTextSent":
        texts.push(report.content)
        break
      case "UserTurnEnded": {
        const text = typeof report.content === "string" ? report.content : texts.join(" ")
        if (report.tentative === true) probable = text
        else turns.push({ at, text })
        break
      }
      case "UserTurnCommitted":
        if (probable !== undefined) turns.push({ at, text: probable })
        break
      case "UserTurnWithdrawn":
        turns.pop()
        break
      default:
    }
  }
  return turns
}

const wordsOver = (
  text: string,
  stretches: ReadonlyArray<{ readonly from: number; readonly to: number }>
): ReadonlyArray<FloorEvent> => {
  const words = text.match(/\S+/gu) ?? []
  const total = stretches.reduce((sum, { from, to }) => sum + to - from, 0)
  const each = total / words.length
  return words.flatMap((_, index): ReadonlyArray<FloorEvent> => {
    let left = each * (index + 1)
    const stretch = stretches.find(({ from, to }) => (left -= to - from) <= 1e-6) ?? stretches.at(-1)!
    const at = AudioTime.make(stretch.to + Math.min(0, left) + recognisedMs)
    const said = words.slice(0, index + 1).join(" ")
    const final = index === words.length - 1
    return [
      { _tag: "Transcript", at, text: said, final },
      {
        _tag: "Predicted",
        at,
        text: said,
        endOfTurn: TurnDetector.judgeText({ transcript: said, history: [] })
      }
    ]
  })
}

/** Replays the turns of a recorded call under another policy. */
export const replay = ({ events, turns }: Recorded, policy: FloorPolicy): Report => {
  const taken = turns.map((turn, index) => take(events, turn, turns[index + 1], policy))
  const saved = taken.flatMap(({ savedMs }) => (savedMs === undefined ? [] : [savedMs])).toSorted((a, b) => a - b)
  return {
    turns: taken,
    cutOff: taken.filter(({ outcome }) => outcome === "CutOff").length,
    joined: taken.filter(({ outcome }) => outcome === "Joined").length,
    medianSavedMs: saved[Math.floor(saved.length / 2)] ?? 0,
    totalSavedMs: saved.reduce((sum, ms) => sum + ms, 0)
  }
}

/** The first event of a turn: the onset of the speech it started with. */
const firstOf = (events: ReadonlyArray<FloorEvent>, { startedAt }: RecordedTurn): number => {
  const begun = events.findIndex(({ at }) => at >= startedAt)
  const from = begun < 0 ? events.length : begun
  const speech = events
    .slice(0, from + 1)
    .findLastIndex(({ _tag }) => _tag === "SpeechStarted" || _tag === "TalkPressed")
  const ended = events.slice(0, from).findLastIndex(({ _tag }) => _tag === "SpeechEnded" || _tag === "TalkReleased")
  return speech >= 0 && speech > ended ? speech : from
}

const isOnset = ({ _tag }: FloorEvent): boolean => _tag === "SpeechStarted" || _tag === "TalkPressed"
const hasWords = (event: FloorEvent): boolean =>
  "text" in event && event._tag !== "Predicted" && /[\p{L}\p{N}]/u.test(event.text)

const take = (
  events: ReadonlyArray<FloorEvent>,
  turn: RecordedTurn,
  next: RecordedTurn | undefined,
  policy: FloorPolicy
): Turn => {
  const from = firstOf(events, turn)
  const nextFrom = next === undefined ? events.length : firstOf(events, next)
  let floor = Floor.initial
  let end: { readonly at: number; readonly text: string } | undefined
  const step = (event: FloorEvent): void => {
    const [after, actions] = Floor.step(floor, event, policy)
    floor = after
    for (const action of actions) {
      if (action._tag === "TurnEnded" || action._tag === "TurnCommitted") end ??= { at: event.at, text: action.text }
    }
  }
  /** Frames produce ticks. */
  const pass = (until: number): void => {
    for (let due = Floor.due(floor, policy); due !== undefined && end === undefined; due = Floor.due(floor, policy)) {
      const at = Math.max(Math.ceil(due / frameMs) * frameMs, floor.now)
      if (at > until) return
      step({ _tag: "Tick", at: AudioTime.make(at) })
    }
  }
  let index = from
  for (; index < events.length && end === undefined; index++) {
    const event = events[index]!
    pass(event.at - 1e-6)
    if (end !== undefined) break
    step(event)
  }
  if (end === undefined) pass(Math.max(floor.now, turn.endedAt) + lastSilenceMs)

  const { at: wouldEndAt, text } = end ?? { at: undefined, text: Floor.transcript(floor)?.trim() ?? "" }
  const nextAt = events[nextFrom]?.at ?? Number.POSITIVE_INFINITY
  const isJoined = wouldEndAt === undefined ? next !== undefined : wouldEndAt > nextAt
  const goesOn =
    wouldEndAt !== undefined &&
    events.some(
      (event, place) =>
        place >= from &&
        place < nextFrom &&
        isOnset(event) &&
        event.at > wouldEndAt &&
        event.at <= turn.endedAt &&
        events.slice(place, nextFrom).some((later) => hasWords(later))
    )
  const outcome = goesOn ? "CutOff" : isJoined ? "Joined" : "Kept"
  const savedMs = outcome === "Kept" && wouldEndAt !== undefined ? turn.endedAt - wouldEndAt : undefined
  return { ...turn, text, wouldEndAt, outcome, savedMs }
}

/** Silence added after the last event of a recording, in which its last turn may end. */
const lastSilenceMs = 10_000
