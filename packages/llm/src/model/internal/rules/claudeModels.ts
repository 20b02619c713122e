/**
 * What Claude accepts, by generation.
 *
 * @since 0.1.0
 */

/** How a generation is told to think, and what else it accepts. */
export interface Claude {
  /** A budget of tokens, an effort at the model's own discretion, or not at all. */
  readonly thinking: "none" | "budget" | "adaptive"
  /**
   * How to turn thinking off: not needed, because it is off by default; by a configuration; or not possible, so that a
   * low effort must do.
   */
  readonly off: "unasked" | "disabled" | "between_tools" | "never"
  /** Whether temperature and top_p are accepted if the model does not think. */
  readonly sampling: boolean
  /** Whether they are accepted together. */
  readonly bothSampling: boolean
  /** Whether a reply may be prefilled. */
  readonly prefill: boolean
  /** Whether a tool call may be required without thinking. */
  readonly forcedCalls: boolean
  /** Whether a reply can be held to a schema. */
  readonly objects: boolean
  /** Whether thoughts are bound to everything that was before them. */
  readonly boundThoughts: boolean
}

interface Row {
  readonly models: RegExp
  readonly says: Partial<Claude>
  readonly source: string
}

const docs = "https://platform.claude.com/docs/en"

const unknown: Claude = {
  thinking: "budget",
  off: "unasked",
  sampling: true,
  bothSampling: true,
  prefill: false,
  forcedCalls: true,
  objects: false,
  boundThoughts: false
}

/** Merged in order, as in the other tables. */
const rows: ReadonlyArray<Row> = [
  {
    models: /^claude-/,
    // Models not listed below count as the newest.
    says: {
      thinking: "adaptive",
      off: "never",
      sampling: false,
      bothSampling: false,
      forcedCalls: false,
      objects: true
    },
    source: `${docs}/build-with-claude/structured-outputs (from 4.5 on), ${docs}/build-with-claude/thinking, as of the newest models`
  },
  {
    models: /^claude-(2|3|instant)|-4(-[015])?(-\d{8}|-latest)?$/,
    says: { thinking: "budget", off: "unasked", sampling: true, prefill: true, forcedCalls: true, objects: false },
    source: `${docs}/build-with-claude/extended-thinking; prefill up to 4.5: ${docs}/about-claude/models/migration-guide`
  },
  {
    models: /^claude-(2|instant|3(?!-7))/,
    says: { thinking: "none" },
    source: `${docs}/build-with-claude/extended-thinking (from Sonnet 3.7 on)`
  },
  {
    models: /^claude-(opus-4-1|(opus|sonnet|haiku)-4-5)/,
    says: { objects: true },
    source: `${docs}/build-with-claude/structured-outputs`
  },
  {
    models: /^claude-(opus|sonnet)-4-[6-8]/,
    says: { off: "unasked", forcedCalls: true },
    source: `${docs}/build-with-claude/adaptive-thinking`
  },
  {
    models: /^claude-(opus|sonnet)-4-6/,
    says: { sampling: true },
    source: `${docs}/about-claude/models/migration-guide (sampling parameters are refused from Opus 4.7 on)`
  },
  {
    models: /^claude-(opus|sonnet)-5(-\d{8})?$/,
    says: { off: "disabled", forcedCalls: true },
    source: `${docs}/build-with-claude/thinking (adaptive by default, can be disabled)`
  },
  {
    models: /^claude-(haiku|sonnet|opus|fable|mythos)-5-\d(?!\d)/,
    says: { boundThoughts: true, forcedCalls: false },
    source: `${docs}/models/opus-5-5/whats-new-opus-5-5 (thinking blocks are tied to the conversation; no forced tool use)`
  },
  {
    models: /^claude-haiku-5-5/,
    says: { off: "disabled" },
    source: `${docs}/models/haiku-5-5/migration-guide`
  },
  {
    models: /^claude-sonnet-5-5/,
    says: { off: "between_tools" },
    source: `${docs}/models/sonnet-5-5/whats-new-sonnet-5-5 ("turn off up-front thinking with between_tools")`
  }
]

/**
 * Claude's own name for a model that has another name on a cloud: `us.anthropic.claude-haiku-4-5-20251001-v1:0`,
 * `claude-haiku-4-5@20251001`, or with a router: `claude-haiku-4.5`.
 */
export const nameOf = (model: string): string =>
  model
    .toLowerCase()
    .replace(/^.*\//, "")
    .replace(/^(?:[a-z-]+\.)?anthropic\./, "")
    .replace(/-v\d+(?::\w+)*$/, "")
    .replace("@", "-")
    .replace(/(\d)\.(?=\d)/g, "$1-")

/** Whether a name is one of Claude's. */
export const isClaude = (model: string): boolean => nameOf(model).startsWith("claude-")

/** Returns what a model accepts. For names that are not Claude's, assumes only what has always been accepted. */
export const of = (model: string): Claude => {
  const name = nameOf(model)
  let claude = unknown
  for (const { models, says } of rows) if (models.test(name)) claude = { ...claude, ...says }
  return claude
}

/** The rows that hold for a model, each with its source. */
export const sourcesOf = (model: string): ReadonlyArray<string> => {
  const name = nameOf(model)
  return rows.flatMap(({ models, source }) => (models.test(name) ? [source] : []))
}
