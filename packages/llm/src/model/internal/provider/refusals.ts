/**
 * What a model has refused, and is not sent again.
 *
 * The table of rules knows models that existed when it was written. A provider that names the setting which it does not take is
 * believed: the request goes out again without it, and so do all later ones.
 *
 * @since 0.1.0
 */
import type * as Tool from "effect/ai/Tool"
import * as ModelSettings from "../../ModelSettings.ts"
import type { ReasoningEffort } from "../../ModelSettings.ts"
import * as Acceptance from "../rules/acceptance.ts"
import * as AiErrors from "./aiErrors.ts"
import * as ErrorNames from "./errorNames.ts"
import * as ProviderSentence from "./providerSentence.ts"

/** A setting that can be left out. */
export type Setting = Exclude<keyof ModelSettings.ModelSettings, "timeout" | "contextWindow" | "extra">

/** What a request asks for beside its prompt. */
export interface Asked {
  readonly settings: ModelSettings.ModelSettings
  readonly tools: boolean
  /** Whether a call is required. */
  readonly forced: boolean
  /** The object whose schema the reply is held to. */
  readonly object: Tool.Any | undefined
}

/** A refusal: the setting, and for an effort those that the model takes, if the provider lists them. */
export interface Refusal {
  readonly setting: Setting
  readonly efforts: ReadonlyArray<ReasoningEffort>
}

/** The settings by the names that providers have for them. The first that a sentence names is the one to go. */
const names: ReadonlyArray<readonly [Setting, RegExp]> = [
  ["topP", /\btop_?p\b/i],
  ["temperature", /\btemperature\b/i],
  ["presencePenalty", /\bpresence_?penalty\b/i],
  ["frequencyPenalty", /\bfrequency_?penalty\b/i],
  ["stop", /\bstop(?:_?sequences?)?\b/i],
  ["seed", /\b(?:random_)?seed\b/i],
  ["maxTokens", /\bmax_?(?:completion_|output_|new_)?tokens\b/i],
  ["reasoningEffort", /\b(?:reasoning|think|enable_thinking|output_config|chat_template_kwargs)/i]
]

/** The names that providers have for the schema of a reply. */
const schema =
  /\bresponse[ _]?(?:format|(?:json[ _]?)?schema|mime[ _]?type)\b|\bjson_?schema\b|\b(?:text|output_config)\.format\b|\boutput_?format\b|\bstructured outputs?\b|\bguided_json\b/i

/** The names that providers have for a call that is required. */
const forcing = /\btool[ _]?choice\b|\bfunction_calling_config\b|\bforc\w{0,3} (?:a )?(?:tool|function)/i

const refuses =
  /unsupported|not? (?:be |a |an )?(?:currently )?(?:support|allow|permit|enabl|available|accept|compatible)|n[o']t support|cannot (?:both )?be (?:both )?(?:specified|used|set|disabled|combined|changed|turned)|unrecognized|unknown (?:name|field|parameter|argument)|unexpected keyword|extra (?:inputs|fields)|deprecated|mandatory|must be|only (?:set |the default |[\w.=]{1,30} is allowed)|incompatible|invalid (?:value|option|parameter|argument|type)|should be set|removed/i

const listing =
  /(?:(?:supported|allowed|valid|accepted|possible|permitted) (?:values|options|levels|efforts)|(?:expected|be|choose|use|is) one of|\bset \w+ to\b)(.{0,200})/i

const effort = /\b(?:none|minimal|low|medium|high|xhigh|max)\b/gi

/** How much of a sentence to read. */
const longest = 1000

/** Reads a provider's error about a setting. Undefined if it is about anything else. */
export const of = (sentence: string, parameter = ""): Refusal | undefined => {
  const said = sentence.slice(0, longest)
  if (!refuses.test(said)) return undefined
  const find = (text: string) => names.find(([, name]) => name.test(text))?.[0]
  const setting = find(parameter) ?? find(said)
  if (setting === undefined) return undefined
  const listed = setting === "reasoningEffort" ? (listing.exec(said)?.[1]?.match(effort) ?? []) : []
  return { setting, efforts: listed.map((name) => name.toLowerCase() as ReasoningEffort) }
}

/** What a request is sent without. */
export type Refused = Setting | "the schema of its reply" | "calls that are required"

/** What one model has refused. */
export class Refusals {
  // A model may take less beside tools, or while it thinks.
  readonly #learnt = new Map<string, ModelSettings.ModelSettings>()
  readonly #objects = new WeakSet<Tool.Any>()
  readonly #forced = new Set<string>()

  /** The settings without the refused ones. */
  applied({ settings, tools }: Asked): ModelSettings.ModelSettings {
    const learnt = this.#learnt.size === 0 ? undefined : this.#learnt.get(keyOf(settings, tools))
    return learnt === undefined ? settings : ModelSettings.merge(settings, learnt)
  }

  /** Whether the model has refused to be held to the schema of an object. */
  has(object: Tool.Any): boolean {
    return this.#objects.has(object)
  }

  /** Whether the model has refused that a call be required. */
  frees({ forced, settings, tools }: Asked): boolean {
    return forced && this.#forced.has(keyOf(settings, tools))
  }

  /** Learns from the rejection of a request. Returns what it will be sent without, or undefined for nothing new. */
  learn(cause: unknown, asked: Asked): Refused | undefined {
    const { object, settings, tools } = asked
    if (!AiErrors.hasStatus(cause) || (cause.status !== 400 && cause.status !== 422)) return undefined
    const body = AiErrors.bodyOf(cause)
    const { code = "", param = "" } = ErrorNames.of(body)
    const sentence = (ProviderSentence.raw(body) ?? "").slice(0, longest)
    if (object !== undefined && (schema.test(param) || schema.test(sentence))) {
      this.#objects.add(object)
      return "the schema of its reply"
    }
    if (asked.forced && !this.frees(asked) && (forcing.test(param) || forcing.test(sentence))) {
      this.#forced.add(keyOf(settings, tools))
      return "calls that are required"
    }
    const refusal = of(`${sentence} ${code}`, param)
    if (refusal === undefined) return undefined
    const { setting } = refusal
    const key = keyOf(settings, tools)
    const learnt = this.#learnt.get(key) ?? {}
    const next =
      setting === "reasoningEffort"
        ? lessWrong(refusal.efforts, settings.reasoningEffort, learnt.reasoningEffort)
        : null
    if (next === learnt[setting] || (setting !== "reasoningEffort" && settings[setting] == null)) return undefined
    this.#learnt.set(key, { ...learnt, [setting]: next })
    return setting
  }
}

const keyOf = ({ reasoningEffort }: ModelSettings.ModelSettings, tools: boolean): string =>
  `${reasoningEffort ?? ""} ${tools}`

/** The effort to try next: one that the provider lists, or that nearly all take, and then the provider's own. */
const lessWrong = (
  efforts: ReadonlyArray<ReasoningEffort>,
  asked: ReasoningEffort | null | undefined,
  tried: ReasoningEffort | null | undefined
): ReasoningEffort | null => {
  if (tried !== undefined) return null
  return Acceptance.nearest(efforts, asked ?? "none") ?? "low"
}
