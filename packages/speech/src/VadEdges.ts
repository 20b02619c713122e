/**
 * When somebody begins and stops to speak: edges, from the probabilities of a voice detector.
 *
 * Two thresholds and two counts keep a single loud or quiet window from being an edge. Data in, data out: no clock, no timer.
 *
 * @since 0.1.0
 */
import * as AudioTime from "./AudioTime.ts"
import type * as VadWindows from "./VadWindows.ts"

/** When a speaker counts as speaking, and as silent. */
export interface Policy {
  /** A window is loud from this probability on. */
  readonly onAt: number
  /** So many loud windows in a row begin speech. */
  readonly onWindows: number
  /** A window is quiet below this probability. What lies between the two thresholds changes nothing. */
  readonly offBelow: number
  /** So many quiet windows in a row end speech. */
  readonly offWindows: number
  /** How much sound before the first loud window belongs to the speech, in milliseconds: soft first sounds are often missed. */
  readonly preRollMs: number
}

/** On at 0.5 for two windows, off below 0.35 for three, with 300 ms before. */
export const defaultPolicy: Policy = { onAt: 0.5, onWindows: 2, offBelow: 0.35, offWindows: 3, preRollMs: 300 }

/** Somebody has begun or stopped to speak, as the floor is told. `at` is when that was known: the end of the window that decided it. */
export type Edge =
  | {
      readonly _tag: "SpeechStarted"
      readonly at: AudioTime.AudioTime
      /** Where the first loud window begins. */
      readonly from: AudioTime.AudioTime
      /** From here on the sound belongs to the speech: `from` less the pre-roll, but never within speech that was told before. */
      readonly soundFrom: AudioTime.AudioTime
    }
  | {
      readonly _tag: "SpeechEnded"
      readonly at: AudioTime.AudioTime
      /** Where the first quiet window begins. */
      readonly from: AudioTime.AudioTime
    }

/** What is remembered from one window to the next. */
export interface State {
  readonly speaking: boolean
  /** Windows in a row that speak for an edge, and where the first of them begins. */
  readonly count: number
  readonly since: AudioTime.AudioTime
  /** Nothing before this belongs to speech to come. */
  readonly earliest: AudioTime.AudioTime
}

/** Nobody has spoken yet. */
export const initial: State = { speaking: false, count: 0, since: AudioTime.zero, earliest: AudioTime.zero }

/** Takes the next window; tells of an edge if there is one. */
export const step = (
  state: State,
  window: VadWindows.Window,
  policy: Policy = defaultPolicy
): readonly [state: State, edge: Edge | undefined] => {
  const speaksForEdge = state.speaking ? window.probability < policy.offBelow : window.probability >= policy.onAt
  if (!speaksForEdge) return [state.count === 0 ? state : { ...state, count: 0 }, undefined]
  const count = state.count + 1
  const since = state.count === 0 ? window.from : state.since
  if (count < (state.speaking ? policy.offWindows : policy.onWindows)) return [{ ...state, count, since }, undefined]
  return state.speaking
    ? [
        { speaking: false, count: 0, since, earliest: window.to },
        { _tag: "SpeechEnded", at: window.to, from: since }
      ]
    : [
        { speaking: true, count: 0, since, earliest: state.earliest },
        { _tag: "SpeechStarted", at: window.to, from: since, soundFrom: preRolled(since, state.earliest, policy) }
      ]
}

/** The edges of several windows, in order. */
export const steps = (
  state: State,
  windows: ReadonlyArray<VadWindows.Window>,
  policy: Policy = defaultPolicy
): readonly [state: State, edges: ReadonlyArray<Edge>] => {
  const edges: Array<Edge> = []
  let current = state
  for (const window of windows) {
    const [next, edge] = step(current, window, policy)
    current = next
    if (edge !== undefined) edges.push(edge)
  }
  return [current, edges]
}

const preRolled = (from: AudioTime.AudioTime, earliest: AudioTime.AudioTime, policy: Policy): AudioTime.AudioTime =>
  AudioTime.make(Math.min(from, Math.max(earliest, from - policy.preRollMs)))
