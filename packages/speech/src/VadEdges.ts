/**
 * Decides when somebody starts and stops speaking, from the probabilities of a voice detector.
 *
 * Hysteresis (two thresholds, two counts) keeps a single loud or quiet window from causing an edge. Pure functions over
 * data: no clock and no timer.
 *
 * @since 0.1.0
 */
import * as AudioTime from "./AudioTime.ts"
import type * as VadWindows from "./VadWindows.ts"

/** How many windows, and with which probability, it takes to start and to end speech. */
export interface Policy {
  /** A window with at least this probability counts as speech. */
  readonly onAt: number
  /** How many such windows in a row start speech. */
  readonly onWindows: number
  /** A window below this probability counts as silence. One between the thresholds interrupts a row of either kind. */
  readonly offBelow: number
  /** How many silent windows in a row end speech. */
  readonly offWindows: number
  /** How much audio before the detected start to include, in milliseconds: detectors miss soft first sounds. */
  readonly preRollMs: number
}

/** Starts after two windows at 0.5, ends after three below 0.35, and includes 300 ms before the start. */
export const defaultPolicy: Policy = { onAt: 0.5, onWindows: 2, offBelow: 0.35, offWindows: 3, preRollMs: 300 }

/**
 * Somebody started or stopped speaking. `at` is the end of the window that decided it. Every edge is also a
 * `FloorEvent`.
 */
export type Edge =
  | {
      readonly _tag: "SpeechStarted"
      readonly at: AudioTime.AudioTime
      /** The start of the first window of speech. */
      readonly from: AudioTime.AudioTime
      /** The audio to keep starts here: `from` minus the pre-roll, but never before the end of the previous speech. */
      readonly soundFrom: AudioTime.AudioTime
    }
  | {
      readonly _tag: "SpeechEnded"
      readonly at: AudioTime.AudioTime
      /** The start of the first silent window. */
      readonly from: AudioTime.AudioTime
    }

/** The state between two windows. */
export interface State {
  readonly speaking: boolean
  /** How many windows in a row have pointed to an edge, and where the first of them began. */
  readonly count: number
  readonly since: AudioTime.AudioTime
  /** The end of the previous speech, which no pre-roll goes back beyond. */
  readonly earliest: AudioTime.AudioTime
}

/** The state before anybody has spoken. */
export const initial: State = { speaking: false, count: 0, since: AudioTime.zero, earliest: AudioTime.zero }

/** Adds a window, and returns the edge it causes, if any. */
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

/** Adds several windows, and returns their edges in order. */
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
