/**
 * Keeps the outcomes of an agent's tool calls: each call starts once and has exactly one outcome (a result, an error,
 * `success` if it gave none, `cancelled`), recorded before the next prompt is built.
 */
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Effect from "effect/Effect"
import * as Transcript from "../../internal/transcript.ts"
import type { VoiceTool } from "../VoiceTool.ts"
import * as ResultText from "../../internal/resultText.ts"
import * as ToolCall from "./toolCall.ts"
import type { ToolFailure } from "./toolFailure.ts"

/** How calls are reported: `antiphon` reports start and end, `line` only each result. */
export type Style = "antiphon" | "line"
export type Outputs = ReadonlyArray<Event.Output>
type Kind = VoiceTool["kind"]

/** The outputs reported about a call so far. */
export interface Outcome {
  readonly call: ToolCall.Call
  readonly own: ToolCall.OwnCalls
  readonly style: Style
  readonly kind: Kind | undefined
  /** Maximum length of a result, in characters. */
  readonly limit: number
  /** Results so far. */
  results: number
}

/** A call about which nothing was reported yet. `kind` is undefined if there is no such tool. */
export const make = (given: Omit<Outcome, "results">): Outcome => ({ ...given, results: 0 })

/** The outputs before a call runs. */
export const begun = (outcome: Outcome): Outputs => {
  const { call, kind, style } = outcome
  if (kind === "handoff") return [called(outcome, call.id)]
  return style === "antiphon" ? [called(outcome, `${call.id}-0`)] : []
}

/** Adds a result of the call. One that is too long is truncated. */
export const result = (outcome: Outcome, value: unknown): Outputs => {
  const { call, kind, limit, results, style } = outcome
  // A handoff is reported before it runs in either style, and has one outcome.
  const once = kind === "handoff"
  const id = once ? call.id : `${call.id}-${results}`
  const isTold = once || (style === "antiphon" && results === 0)
  outcome.results++
  const { cut, text } = ResultText.bounded(value, limit)
  const told = returned(outcome, id, cut ? text : value)
  return isTold ? [told] : [called(outcome, id), told]
}

/** The call has failed. */
export const failed = (outcome: Outcome, { message }: ToolFailure): Outputs => result(outcome, `error: ${message}`)

/** The call has ended: `success`, if it returned no result. */
export const ended = (outcome: Outcome): Outputs => bare(outcome, "success")

/** The call is abandoned: `cancelled`, if it returned no result. */
export const cancelled = (outcome: Outcome): Outputs => bare(outcome, "cancelled")

const bare = (outcome: Outcome, value: string): Outputs => {
  const { call, kind, results, style } = outcome
  if (results > 0) return []
  if (kind === "handoff" || style === "antiphon") return result(outcome, value)
  outcome.results++
  return [called(outcome, call.id), returned(outcome, call.id, value)]
}

const event = ({ call, own }: Outcome, toolCallId: string) => {
  own.told.add(toolCallId)
  return { toolCallId, toolName: call.name, toolArgs: ToolCall.argsOf(call.args) }
}
const called = (outcome: Outcome, id: string): Event.Output => ({ _tag: "AgentToolCalled", ...event(outcome, id) })
const returned = (outcome: Outcome, id: string, result: unknown): Event.Output => ({
  _tag: "AgentToolReturned",
  ...event(outcome, id),
  result
})

/** Records what an interrupted turn has reported about its calls, except for what is already recorded. */
export const leave = (turn: Turn.Turn, outputs: Outputs): Effect.Effect<void> =>
  Effect.flatMap(turn.currentHistory, ({ entries }) => {
    const known = new Set(entries.flatMap(({ item }) => (Transcript.isToolItem(item) ? [keyOf(item)] : [])))
    return turn.record(outputs.filter((output) => Transcript.isToolItem(output) && !known.has(keyOf(output))))
  })

const keyOf = ({ _tag, toolCallId }: Transcript.ToolItem): string => `${_tag} ${toolCallId}`
