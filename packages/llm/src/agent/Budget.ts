/**
 * Limits what a call may spend: tokens, money, time, replies and tool calls.
 *
 * Budgets are checked before each model request, and budgets of time also while nobody speaks. When a budget is
 * exhausted, its action runs once, and is logged; one that the caller interrupts runs again. Agents that take over the
 * call share the usage of the first agent, and its budgets unless they have their own.
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

/**
 * The limits of a budget. A budget is exhausted when any of them is reached; zero is reached from the start. An agent
 * with a negative limit, or one that is not a number, cannot be made.
 */
export interface Limits {
  /** Tokens of all replies, input and output, those that tools ask for included. */
  readonly tokens?: number | undefined
  /** Cost of replies in US dollars, if `Prices.Current` has a price or the provider tells it. */
  readonly usd?: number | undefined
  /** Time since the agent was made, which is when the call began. */
  readonly time?: Duration.Input | undefined
  /** Replies of the agents' models, summaries included. */
  readonly replies?: number | undefined
  readonly toolCalls?: number | undefined
}

/** The usage of a call. */
export interface Spent {
  /** Input and output tokens. */
  readonly tokens: number
  /** In US dollars, for replies whose price is known. */
  readonly usd: number
  readonly time: Duration.Duration
  readonly replies: number
  readonly toolCalls: number
  /** Tokens by kind. */
  readonly usage: Usage.Tokens
  /** By `provider/model`. */
  readonly byModel: ReadonlyMap<string, Usage.Total>
  /**
   * Replies that were interrupted, that broke off, or that lost a race. Providers do not count their tokens, so they are
   * estimated, and included in the totals.
   */
  readonly interrupted: number
}

/** The action when a budget is exhausted. */
export type Action<R = never> =
  | { readonly _tag: "Warn"; readonly words: string }
  | { readonly _tag: "SwitchModel"; readonly model: string | Layer.Layer<LanguageModel.LanguageModel, unknown> }
  | { readonly _tag: "SayGoodbye"; readonly words: string }
  | { readonly _tag: "Act"; readonly act: (spent: Spent) => Stream.Stream<Event.Output, unknown, R> }

/** A budget: its limits and its action. */
export interface Budget<out R = never> {
  readonly limits: Limits
  readonly action: Action<R>
}

/** Makes a budget. */
export const make = <R = never>(limits: Limits, action: Action<R>): Budget<R> => ({ limits, action })

/** Adds a note for the model after the conversation, in all further requests. */
export const warn = (words: string): Action => ({ _tag: "Warn", words })

/**
 * Switches to another model from the next turn on, or in a turn that begins with an exhausted budget. A name is
 * resolved by `Models.fromString`. If the model cannot be made, the call keeps its model; if it fails before it has said
 * anything, the agent's own answers the turn. The log says why.
 */
export const switchModel = (model: string | Layer.Layer<LanguageModel.LanguageModel, unknown>): Action => ({
  _tag: "SwitchModel",
  model
})

/** Says goodbye instead of an answer, uninterruptibly, and ends the call. */
export const sayGoodbye = (words: string): Action => ({ _tag: "SayGoodbye", words })

/**
 * Runs a custom action. The outputs of its stream precede the model's answer; if it emits `Event.endCall`, there is no
 * answer. A failure is logged.
 */
export const act = <R>(run: (spent: Spent) => Stream.Stream<Event.Output, unknown, R>): Action<R> => ({
  _tag: "Act",
  act: run
})
