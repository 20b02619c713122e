/**
 * What the tool calls of an agent leave on the record: each begins once and ends in exactly one outcome (a result, an error,
 * `success` where it gave none, `cancelled`), recorded before the next prompt is built.
 */
import { describe } from "@antiphon/core/CallError"
import type * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import type * as Turn from "@antiphon/core/Turn"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Transcript from "../../Transcript.ts"
import type { VoiceTool } from "../VoiceTool.ts"
import * as BadArguments from "./badArguments.ts"

/** A call as the model made it. */
export interface Call {
  readonly id: string
  readonly name: string
  readonly args: unknown
}

export type Style = "antiphon" | "line"
export type Outputs = ReadonlyArray<Event.Output>
type Kind = VoiceTool["kind"]

/** The outcomes of one call, as they come. Each makes the outputs that tell it. */
export interface Outcome {
  readonly result: (value: unknown) => Outputs
  readonly failed: (cause: Cause.Cause<unknown>) => Outputs
  /** The call has come to its end: `success`, where it gave no result. */
  readonly ended: () => Outputs
  /** The call is given up: `cancelled`, where it gave no result. */
  readonly cancelled: () => Outputs
}

/** The calls of one agent. */
export interface OwnCalls {
  readonly style: Style
  /** An id for a call: the model's own, where no call before has had it. Some models count from 0 in each reply. */
  readonly claimId: (id: string, record: History.History) => string
  /** Whether a call was made by this agent. The calls of an agent that it was handed from, or to, are not its own. */
  readonly owns: (toolCallId: string) => boolean
  /** What is told of a call before it runs. */
  readonly begun: (call: Call, kind: Kind | undefined) => Outputs
  readonly outcomes: (call: Call, kind?: Kind) => Outcome
}

type Args = { readonly [key: string]: unknown }

/** The arguments as events carry them. Those that were not JSON are shown as the model wrote them. */
const argsOf = (args: unknown): Args => {
  const raw = BadArguments.rawOf(args)
  if (raw !== undefined) return { invalid_json: raw }
  return typeof args === "object" && args !== null && !Array.isArray(args) ? (args as Args) : {}
}

export const make = (style: Style): OwnCalls => {
  const own = new Set<string>()
  const claimed = new Set<string>()

  const event = ({ args, name }: Call, toolCallId: string) => {
    own.add(toolCallId)
    return { toolCallId, toolName: name, toolArgs: argsOf(args) }
  }
  const called = (call: Call, id: string): Event.Output => ({ _tag: "AgentToolCalled", ...event(call, id) })
  const returned = (call: Call, id: string, result: unknown): Event.Output => ({
    _tag: "AgentToolReturned",
    ...event(call, id),
    result
  })

  const outcomes = (call: Call, kind?: Kind): Outcome => {
    let count = 0
    // A handoff is told before it runs in either style, and has one outcome.
    const once = kind === "handoff"
    const result = (value: unknown): Outputs => {
      const id = once ? call.id : `${call.id}-${count}`
      const isTold = once || (style === "antiphon" && count === 0)
      count++
      return isTold ? [returned(call, id, value)] : [called(call, id), returned(call, id, value)]
    }
    const bare = (value: string): Outputs => {
      if (count > 0) return []
      if (once || style === "antiphon") return result(value)
      count++
      return [called(call, call.id), returned(call, call.id, value)]
    }
    return {
      result,
      failed: (cause) => result(`error: ${describe(cause)}`),
      ended: () => bare("success"),
      cancelled: () => bare("cancelled")
    }
  }

  return {
    style,
    claimId: (id, { entries }) => {
      // The record also has the calls of other agents.
      const isTaken = (id: string) =>
        claimed.has(id) ||
        entries.some(
          ({ item }) =>
            item._tag === "AgentToolCalled" && (item.toolCallId === id || item.toolCallId.startsWith(`${id}-`))
        )
      let free = id
      for (let i = 2; isTaken(free); i++) free = `${id}_${i}`
      claimed.add(free)
      return free
    },
    owns: (toolCallId) => own.has(toolCallId),
    begun: (call, kind) => {
      if (kind === "handoff") return [called(call, call.id)]
      return style === "antiphon" ? [called(call, `${call.id}-0`)] : []
    },
    outcomes
  }
}

/** Puts what an interrupted turn has told of its calls on the record, but for what is there already. */
export const leave = (turn: Turn.Turn, outputs: Outputs): Effect.Effect<void> =>
  Effect.flatMap(turn.currentHistory, ({ entries }) => {
    const recorded = new Set(entries.flatMap(({ item }) => (Transcript.isToolItem(item) ? [keyOf(item)] : [])))
    return turn.record(outputs.filter((output) => Transcript.isToolItem(output) && !recorded.has(keyOf(output))))
  })

const keyOf = ({ _tag, toolCallId }: Transcript.ToolItem): string => `${_tag} ${toolCallId}`
