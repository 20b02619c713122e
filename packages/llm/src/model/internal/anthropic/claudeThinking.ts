/**
 * Tells Claude in a request whether to think.
 *
 * @since 0.1.0
 */
import type Anthropic from "@anthropic-ai/sdk"
import type { ReasoningEffort } from "../../ModelSettings.ts"
import * as Acceptance from "../rules/acceptance.ts"
import type { Claude } from "../rules/claudeModels.ts"

/** The fields of a request that control thinking. */
export interface Thinking {
  readonly config: Anthropic.ThinkingConfigParam | undefined
  readonly effort: "low" | "medium" | "high" | "xhigh" | "max" | undefined
  /** Whether the model thinks before it answers. */
  readonly thinks: boolean
  /** Additional tokens for thinking, because thoughts count against the limit of the answer. */
  readonly room: number
}

type Thought = Exclude<ReasoningEffort, "none">

/** The provider rejects budgets below 1024. */
const rooms: { readonly [Effort in Thought]: number } = { ...Acceptance.room, minimal: 1024 }

const silent: Thinking = { config: undefined, effort: undefined, thinks: false, room: 0 }

/**
 * Decides how much to think. The default is as little as possible, because a caller is waiting for the first word. Null
 * leaves the decision to the provider.
 */
export const of = (
  claude: Claude,
  asked: ReasoningEffort | null | undefined,
  messages: ReadonlyArray<Anthropic.MessageParam>
): Thinking => {
  if (claude.thinking === "none") return silent
  if (asked === null)
    return { ...silent, thinks: claude.off !== "unasked", room: claude.off === "unasked" ? 0 : rooms.high }
  if (asked === undefined || asked === "none") return off(claude, messages)
  if (claude.thinking === "adaptive") {
    return {
      config: bound({ type: "adaptive" }, claude, messages),
      effort: asked === "minimal" ? "low" : asked,
      thinks: true,
      room: rooms[asked]
    }
  }
  // Thinking cannot start between a call and its result, and if another model made the call, there are no thoughts to
  // send along.
  if (continuesWithoutThoughts(messages)) return silent
  return {
    config: { type: "enabled", budget_tokens: rooms[asked] },
    effort: undefined,
    thinks: true,
    room: rooms[asked]
  }
}

const off = (claude: Claude, messages: ReadonlyArray<Anthropic.MessageParam>): Thinking => {
  switch (claude.off) {
    case "unasked":
      return silent
    case "disabled":
    case "between_tools":
      return { ...silent, config: { type: claude.off } }
    case "never": {
      const config =
        hasThoughts(messages) && claude.boundThoughts ? bound({ type: "adaptive" }, claude, messages) : undefined
      return { config, effort: "low", thinks: true, room: rooms.low }
    }
  }
}

/** Asks Anthropic to drop thoughts that no longer match the messages before them, instead of rejecting the request. */
const bound = (
  config: Anthropic.ThinkingConfigAdaptive,
  claude: Claude,
  messages: ReadonlyArray<Anthropic.MessageParam>
): Anthropic.ThinkingConfigAdaptive =>
  claude.boundThoughts && hasThoughts(messages)
    ? Object.assign(config, { block_binding: { prefix_mismatch_behavior: "drop_block" } })
    : config

const hasThoughts = (messages: ReadonlyArray<Anthropic.MessageParam>): boolean =>
  messages.some(({ content }) => typeof content !== "string" && content.some(({ type }) => type.endsWith("thinking")))

const continuesWithoutThoughts = (messages: ReadonlyArray<Anthropic.MessageParam>): boolean => {
  const last = messages.at(-1)
  const before = messages.at(-2)
  if (!Array.isArray(last?.content) || last.content[0]?.type !== "tool_result") return false
  const first = Array.isArray(before?.content) ? before.content[0] : undefined
  return first?.type !== "thinking" && first?.type !== "redacted_thinking"
}
