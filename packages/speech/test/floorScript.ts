/**
 * Conversations written by hand: what happens and when, and what the floor did, as lines such as `1064 TurnStarted 1`.
 */
import * as AudioTime from "../src/AudioTime.ts"
import * as Floor from "../src/Floor.ts"
import type { FloorAction } from "../src/FloorAction.ts"
import type { FloorEvent } from "../src/FloorEvent.ts"
import * as FloorPolicy from "../src/FloorPolicy.ts"

const time = AudioTime.make

/** Speech from a time on: the voice detector needs two windows of 32 ms to be sure. */
export const speech = (from: number): FloorEvent => ({ _tag: "SpeechStarted", at: time(from + 64), from: time(from) })
/** Silence from a time on: the voice detector needs three windows of 32 ms to be sure. */
export const silence = (from: number): FloorEvent => ({ _tag: "SpeechEnded", at: time(from + 96), from: time(from) })
export const partial = (at: number, text: string): FloorEvent => ({
  _tag: "Transcript",
  at: time(at),
  text,
  final: false
})
export const final = (at: number, text: string, to?: number): FloorEvent => ({
  _tag: "Transcript",
  at: time(at),
  text,
  final: true,
  ...(to === undefined ? {} : { to: time(to) })
})
export const predict = (
  at: number,
  text: string,
  prediction: { readonly endOfTurn: number; readonly waitMs?: number; readonly backchannel?: number }
): FloorEvent => ({ _tag: "Predicted", at: time(at), text, ...prediction })
export const eagerEnd = (at: number, text: string): FloorEvent => ({ _tag: "SttEagerEnd", at: time(at), text })
export const sttResumed = (at: number): FloorEvent => ({ _tag: "SttResumed", at: time(at) })
export const sttEnded = (at: number, text: string): FloorEvent => ({ _tag: "SttTurnEnded", at: time(at), text })
export const thinks = (at: number, generation = 0): FloorEvent => ({ _tag: "AgentThinking", at: time(at), generation })
export const speaks = (at: number, generation = 0, interruptible = true): FloorEvent => ({
  _tag: "AgentSpeaking",
  at: time(at),
  generation,
  interruptible
})
export const heard = (at: number, generation = 0): FloorEvent => ({ _tag: "AgentHeard", at: time(at), generation })
export const said = (at: number, text: string): FloorEvent => ({ _tag: "AgentSaid", at: time(at), text })
export const quiet = (at: number, generation = 0): FloorEvent => ({ _tag: "AgentQuiet", at: time(at), generation })
export const tools = (at: number, run: boolean): FloorEvent => ({
  _tag: run ? "ToolsRunning" : "ToolsIdle",
  at: time(at)
})
export const dtmf = (at: number, digit: string): FloorEvent => ({ _tag: "Dtmf", at: time(at), digit })
export const pressed = (at: number): FloorEvent => ({ _tag: "TalkPressed", at: time(at) })
export const released = (at: number): FloorEvent => ({ _tag: "TalkReleased", at: time(at) })
export const tick = (at: number): FloorEvent => ({ _tag: "Tick", at: time(at) })

/** A policy that never asks or leaves a silent caller and says no fillers, so that scripts show turns only. */
export const still: FloorPolicy.FloorPolicy = { ...FloorPolicy.telephone, prompts: 0, leave: false, fillers: 0 }

const print = (at: number, action: FloorAction): string => {
  const { _tag, ...rest } = action
  const words = Object.entries(rest)
    .filter(([name]) => name !== "generation" || _tag === "Cut")
    .map(([, value]) => String(value))
  return [at, _tag, ...words].join(" ")
}

/** Plays a script, with ticks when they are due, until some time after its last event. */
export const play = (
  policy: FloorPolicy.FloorPolicy,
  events: ReadonlyArray<FloorEvent>,
  untilMs = (events.at(-1)?.at ?? 0) + 10_000
): { readonly lines: ReadonlyArray<string>; readonly floor: Floor.Floor } => {
  let floor = Floor.initial
  const lines: Array<string> = []
  const step = (event: FloorEvent) => {
    const [next, actions] = Floor.step(floor, event, policy)
    floor = next
    lines.push(...actions.map((action) => print(event.at, action)))
  }
  for (const event of [...events, tick(untilMs)]) {
    for (let due = Floor.due(floor, policy); due !== undefined && due <= event.at; due = Floor.due(floor, policy)) {
      step(tick(due))
    }
    step(event)
  }
  return { lines, floor }
}

/** What the floor did in a script. */
export const lines = (policy: FloorPolicy.FloorPolicy, ...events: ReadonlyArray<FloorEvent>): ReadonlyArray<string> =>
  play(policy, events).lines
