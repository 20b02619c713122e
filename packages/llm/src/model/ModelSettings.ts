/**
 * How a model should answer: settings that provider layers read on each request.
 *
 * They are a single reference, so they can be set for a process, a call or one turn. A missing field falls back to the
 * surrounding settings.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/**
 * How much a model thinks before it answers. A model that does not support a level gets the nearest one it supports.
 */
export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max"

/**
 * Settings of a request. Undefined means not set; null means the provider's own default, even if the surrounding
 * settings say otherwise.
 *
 * A setting that the model is known to refuse is left out of the request.
 */
export interface ModelSettings {
  readonly temperature?: number | null | undefined
  /** Limit for the answer. A model that thinks gets additional room for its thoughts. */
  readonly maxTokens?: number | null | undefined
  readonly topP?: number | null | undefined
  /** The answer ends before the first of these texts. */
  readonly stop?: string | ReadonlyArray<string> | null | undefined
  readonly seed?: number | null | undefined
  readonly presencePenalty?: number | null | undefined
  readonly frequencyPenalty?: number | null | undefined
  /** If not set, a model that can answer without thinking is asked to. */
  readonly reasoningEffort?: ReasoningEffort | null | undefined
  /**
   * The longest silence of the provider, before its first byte and between two bytes. Never cuts off a reply in
   * progress.
   */
  readonly timeout?: Duration.Input | null | undefined
  /**
   * Size of the model's context window in tokens, for prompt and reply together. Known for many models by their names;
   * set it for a model on your own server. It is not sent to the provider: an agent uses it to limit its prompts.
   */
  readonly contextWindow?: number | null | undefined
  /** Fields of the request body in the provider's own names, merged in last. */
  readonly extra?: { readonly [field: string]: unknown } | null | undefined
}

/** The current settings. Empty by default. */
export const Current: Context.Reference<ModelSettings> = Context.Reference("@antiphon/llm/model/ModelSettings", {
  defaultValue: (): ModelSettings => ({})
})

/** Merges settings field by field. The first ones take precedence. */
export const merge = (self: ModelSettings, over: ModelSettings): ModelSettings => {
  const merged: Record<string, unknown> = { ...self }
  for (const [field, value] of Object.entries(over)) {
    if (value !== undefined) merged[field] = value
  }
  return merged
}

/** An Effect or a Stream, as the plain kind of its type. */
type Plain<T> =
  T extends Stream.Stream<infer A, infer E, infer R>
    ? Stream.Stream<A, E, R>
    : T extends Effect.Effect<infer A, infer E, infer R>
      ? Effect.Effect<A, E, R>
      : never

/** Adds settings for one Effect or Stream. They take precedence over the surrounding ones. */
export const override =
  (settings: ModelSettings) =>
  <T extends Effect.Effect<unknown, unknown, unknown> | Stream.Stream<unknown, unknown, unknown>>(
    self: T
  ): Plain<T> => {
    const update = (outer: ModelSettings) => merge(outer, settings)
    return (
      Stream.isStream(self) ? Stream.updateService(self, Current, update) : Effect.updateService(self, Current, update)
    ) as Plain<T>
  }
