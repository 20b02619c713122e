/**
 * Decides who has the floor: a pure function of the state, an event and its time.
 *
 * No timers and no clock: each event carries its audio time, and {@link due} says when a tick is wanted. The caller is
 * never talked over, never waits in silence without a reason, and never hears a reply that was retracted;
 * `testing/FloorLaws` states this as laws. The pipeline carries out the actions.
 *
 * ```ts
 * let [state, actions] = Floor.step(Floor.initial, { _tag: "SpeechStarted", at, from }, FloorPolicy.telephone)
 * // actions: [{ _tag: "TurnStarted", turn: 1, from }]
 * ```
 *
 * @since 0.1.0
 */
import * as AudioTime from "./AudioTime.ts"
import type { FloorAction } from "./FloorAction.ts"
import type { FloorEvent } from "./FloorEvent.ts"
import type { FloorPolicy } from "./FloorPolicy.ts"
import * as Events from "./floor/internal/events.ts"
import * as Rules from "./floor/internal/rules.ts"
import * as State from "./floor/internal/state.ts"

/** Everything the floor knows. Plain data: it can be printed, compared and stored; only its readers here are stable. */
export interface Floor extends State.State {}

/** What the user is doing. `Pausing`: silent, in a turn that is not over. */
export type User = "Silent" | "Speaking" | "Pausing"

/** What the agent is doing. `Paused`: it stays silent until it is clear whether the user wants to speak. */
export type Agent = State.Agent

/** The beginning of a call: both sides are silent. */
export const initial: Floor = State.initial

/**
 * Handles one event. Returns the next state, and the actions in order. An event from the past counts as happening now.
 */
export const step = (
  floor: Floor,
  event: FloorEvent,
  policy: FloorPolicy
): readonly [Floor, ReadonlyArray<FloorAction>] => {
  const draft = State.begin(floor, State.later(floor.now, event.at))
  Events.apply(draft, event, policy)
  Rules.settle(draft, policy)
  return [State.end(draft), draft.out]
}

/** When time alone would change something: the time of the next tick. Always later than the last event. */
export const due = (floor: Floor, policy: FloorPolicy): AudioTime.AudioTime | undefined => {
  const next = Rules.next(floor, policy)
  return next === undefined ? undefined : AudioTime.make(next.at)
}

/** What the user is doing. */
export const user = (floor: Floor): User => {
  if (!State.isSilent(floor)) return "Speaking"
  return floor.turn?.phase === "Started" || floor.turn?.phase === "Tentative" ? "Pausing" : "Silent"
}

/** What the agent is doing. */
export const agent = (floor: Floor): Agent => floor.agent

/** The current generation of audio. Audio of older ones was cut. */
export const generation = (floor: Floor): number => floor.generation

/** The words of the current turn so far, for a `TurnDetector` to judge. Undefined if there is no turn. */
export const transcript = (floor: Floor): string | undefined =>
  floor.turn === undefined ? undefined : State.textOf(floor.turn)

/** Milliseconds since the user was last heard. 0 while they speak. */
export const silenceMs = (floor: Floor): number => {
  if (!State.isSilent(floor)) return 0
  const from = floor.turn === undefined ? floor.silentFrom : State.quietSince(floor, floor.turn)
  return Math.max(0, floor.now - from)
}
