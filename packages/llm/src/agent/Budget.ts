/**
 * What a call may use up, and what happens when it has: tokens, money, time, replies and tool calls.
 *
 * A budget is looked at before each request to the model. When it is used up, its action is taken once; the log of the call
 * says so. The agents that a call is handed to share what is used up with the agent that the call began with, and its budgets
 * unless they have their own.
 *
 * ```ts
 * LlmAgent.make({
 *   budgets: [
 *     Budget.make({ usd: 0.2 }, Budget.switchModel("openai/gpt-5-nano")),
 *     Budget.make({ time: "8 minutes" }, Budget.warn("Bring the conversation to an end now.")),
 *     Budget.make({ time: "10 minutes", toolCalls: 50 }, Budget.sayGoodbye("I have to go now. Goodbye!"))
 *   ]
 * })
 * ```
 *
 * @since 0.1.0
 */
import type * as Event from "@antiphon/core/Event"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Duration from "effect/Duration"
import type * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type * as Usage from "../model/Usage.ts"

/** What may be used up. A budget is used up when any of its limits is reached. */
export interface Limits {
  /** Tokens of all replies, read and written. */
  readonly tokens?: number | undefined
  /** Money for replies, in US dollars, as far as `Prices.Current` has a price. */
  readonly usd?: number | undefined
  /** Time since the agent was made, which is when the call began. */
  readonly time?: Duration.Input | undefined
  /** Replies of models. */
  readonly replies?: number | undefined
  readonly toolCalls?: number | undefined
}

/** What a call has used up. */
export interface Spent {
  /** Tokens read and written. */
  readonly tokens: number
  /** In US dollars, of the replies whose price is known. */
  readonly usd: number
  readonly time: Duration.Duration
  readonly replies: number
  readonly toolCalls: number
  /** The tokens by their kinds. */
  readonly usage: Usage.Tokens
  /** By `provider/model`. */
  readonly byModel: ReadonlyMap<string, Usage.Total>
  /** Replies that were interrupted. Their providers do not count them; their tokens are estimated, and are among the others. */
  readonly interrupted: number
}

/** What happens when a budget is used up. */
export type Action<R = never> =
  | { readonly _tag: "Warn"; readonly words: string }
  | { readonly _tag: "SwitchModel"; readonly model: string | Layer.Layer<LanguageModel.LanguageModel, unknown> }
  | { readonly _tag: "SayGoodbye"; readonly words: string }
  | { readonly _tag: "Act"; readonly act: (spent: Spent) => Stream.Stream<Event.Output, unknown, R> }

/** What a call may use up, and what happens then. */
export interface Budget<out R = never> {
  readonly limits: Limits
  readonly action: Action<R>
}

/** Makes a budget. */
export const make = <R = never>(limits: Limits, action: Action<R>): Budget<R> => ({ limits, action })

/** Tells the model something, behind the conversation, in all further requests. */
export const warn = (words: string): Action => ({ _tag: "Warn", words })

/**
 * Has another model answer: from the turn on that begins next, or in that turn if the budget is used up when it begins. A model
 * by its name is one of `Models.fromString`. If it cannot be made, the log says why and the call keeps its model.
 */
export const switchModel = (model: string | Layer.Layer<LanguageModel.LanguageModel, unknown>): Action => ({
  _tag: "SwitchModel",
  model
})

/** Says goodbye in place of an answer, uninterruptibly, and ends the call. */
export const sayGoodbye = (words: string): Action => ({ _tag: "SayGoodbye", words })

/**
 * Does what the application wants. What the stream gives goes out before the answer of the model; if it gives
 * `Event.endCall`, there is no answer. A failure is logged.
 */
export const act = <R>(run: (spent: Spent) => Stream.Stream<Event.Output, unknown, R>): Action<R> => ({
  _tag: "Act",
  act: run
})

/** The limits that are reached, in words. */
export const reached = (limits: Limits, spent: Spent): ReadonlyArray<string> => {
  const time = limits.time === undefined ? undefined : Duration.fromInputUnsafe(limits.time)
  return [
    ...(limits.tokens !== undefined && spent.tokens >= limits.tokens ? [`${limits.tokens} tokens`] : []),
    ...(limits.usd !== undefined && spent.usd >= limits.usd ? [`${limits.usd} US dollars`] : []),
    ...(time !== undefined && Duration.isGreaterThanOrEqualTo(spent.time, time) ? [Duration.format(time)] : []),
    ...(limits.replies !== undefined && spent.replies >= limits.replies ? [`${limits.replies} replies`] : []),
    ...(limits.toolCalls !== undefined && spent.toolCalls >= limits.toolCalls ? [`${limits.toolCalls} tool calls`] : [])
  ]
}
