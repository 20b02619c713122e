/**
 * The agent of a case that answers with a model: an `LlmAgent` with the policies that make it behave like Line's, on our
 * OpenAI provider.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import type * as Turn from "@antiphon/core/Turn"
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import type * as ModelSettings from "@antiphon/llm/model/ModelSettings"
import * as OpenAi from "@antiphon/llm/model/OpenAi"
import type { LanguageModel } from "effect/ai/LanguageModel"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Case from "./Case.ts"
import * as CaseTool from "./CaseTool.ts"
import * as Notation from "./Notation.ts"

const optional = Schema.optionalKey
const orNull = <S extends Schema.Top>(schema: S) => optional(Schema.NullOr(schema))
const Json = Schema.Record(Schema.String, Schema.Unknown)

const settings = {
  temperature: orNull(Schema.Finite),
  max_tokens: orNull(Schema.Int),
  top_p: orNull(Schema.Finite),
  stop: orNull(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  seed: orNull(Schema.Int),
  presence_penalty: orNull(Schema.Finite),
  frequency_penalty: orNull(Schema.Finite),
  reasoning_effort: orNull(Schema.Literals(["none", "minimal", "low", "medium", "high"])),
  extra: orNull(Json),
  /** Seconds. */
  timeout: orNull(Schema.Finite),
  // How a client treats failures. Here a plan of models decides that rather than a setting of the agent; no case sets it.
  num_retries: orNull(Schema.Int),
  fallbacks: orNull(Schema.Array(Schema.String))
}

const Config = Schema.Struct({
  system_prompt: optional(Schema.String),
  introduction: orNull(Schema.String),
  ...settings
})
type Config = typeof Config.Type

const FromCallRequest = Schema.Struct({
  fallback_system_prompt: optional(Schema.String),
  fallback_introduction: optional(Schema.String),
  ...settings
})

const anchors = { before: optional(Json), after: optional(Json) }
const entry = { content: Schema.String, role: optional(Schema.Literals(["user", "system"])) }
const Events = Schema.Array(Notation.HistoryEvent)

const changes = <A extends Case.Agent>(agent: Schema.Codec<A, unknown>) => ({
  addEntry: optional(Schema.Struct({ ...entry, ...anchors })),
  update: optional(Schema.Struct({ events: Events, start: optional(Json), end: optional(Json) })),
  setTools: optional(Schema.Array(CaseTool.of(agent))),
  setConfig: optional(Config)
})

const Change = <A extends Case.Agent>(agent: Schema.Codec<A, unknown>) =>
  Schema.Struct(changes(agent)).check(Case.exactlyOne(changes(agent), "a change"))

/** Before the call there are no events to anchor to. */
const initial = {
  addEntry: optional(Schema.Struct(entry)),
  update: optional(Schema.Struct({ events: Events }))
}

const OneTurn = <A extends Case.Agent>(agent: Schema.Codec<A, unknown>) =>
  Schema.Struct({
    before: optional(Schema.Array(Change(agent))),
    process: optional(
      Schema.Struct({
        config: optional(Config),
        tools: optional(Schema.Array(CaseTool.of(agent))),
        context: optional(Schema.Union([Schema.String, Events])),
        history: optional(Events)
      })
    )
  })

/** Schema for the agent, whose tools can hand off to these agents. */
export const of = <A extends Case.Agent>(agent: Schema.Codec<A, unknown>) =>
  Schema.Struct({
    ...Case.agentFields,
    kind: Schema.Literal("llm"),
    config: optional(Config),
    fromCallRequest: optional(FromCallRequest),
    model: optional(Schema.String),
    maxToolIterations: optional(Schema.Int),
    tools: optional(Schema.Array(CaseTool.of(agent))),
    init: optional(Schema.Array(Schema.Struct(initial).check(Case.exactlyOne(initial, "a change before the call")))),
    turns: optional(Schema.Record(Schema.String, OneTurn(agent)))
  }).check(
    Schema.makeFilter(
      ({ config, fromCallRequest }) =>
        config === undefined || fromCallRequest === undefined || "config and fromCallRequest exclude each other"
    )
  )

/** The agent of a case. */
export type ModelAgent = ReturnType<typeof of<Case.Agent>>["Type"]
type Change = ReturnType<typeof Change<Case.Agent>>["Type"]

/** The surroundings that making the agent needs. */
export interface Stage extends CaseTool.Stage {
  /** Address of the model. */
  readonly modelAddress: string
}

type Services = LanguageModel | HttpClient

/** OpenAI's own prompt format at another address: Line leaves adapting prompts for other models to its provider. */
const asOpenAi: OpenAi.Preset = {
  name: "openai",
  baseUrl: undefined,
  baseUrlVariables: [],
  keyVariables: [],
  keyless: true,
  maxTokensField: "max_tokens",
  streamOptions: true
}

/** Makes the agent of a call. */
export const make = (
  agent: ModelAgent,
  stage: Stage
): ((request: CallRequest) => Effect.Effect<Agent.Agent<unknown>, unknown, Scope.Scope>) => {
  const toolsOf = (tools: ReadonlyArray<CaseTool.CaseTool> = []) =>
    Effect.forEach(tools, (tool) => CaseTool.make(tool, stage))
  const services = Layer.merge(
    FetchHttpClient.layer,
    OpenAi.layer({
      model: (agent.model ?? "gpt-4o").replace(/^openai\//, ""),
      preset: asOpenAi,
      baseUrl: stage.modelAddress,
      apiKey: Redacted.make("none")
    })
  )

  /** Makes a change to the agent or its history. */
  const apply = (change: Change, llm: LlmAgent.LlmAgent<Services>, turn: Turn.Turn) =>
    Effect.gen(function* () {
      const { events } = yield* turn.currentHistory
      if (change.addEntry !== undefined) {
        const { after, before, content, role } = change.addEntry
        yield* turn.addEntry(content, { role, ...(yield* anchorsOf({ after, before }, events)) })
      } else if (change.update !== undefined) {
        const { end, events: written, start } = change.update
        yield* turn.updateHistory(written.map(Notation.historyEvent), yield* anchorsOf({ end, start }, events))
      } else if (change.setTools !== undefined) {
        const tools = yield* toolsOf(change.setTools)
        yield* llm.configure((config) => ({ ...config, tools }))
      } else if (change.setConfig !== undefined) {
        const { setConfig } = change
        yield* llm.configure(({ tools }) => ({
          tools,
          systemPrompt: setConfig.system_prompt ?? "",
          settings: settingsOf(setConfig)
        }))
      }
    })

  return (request) =>
    Effect.gen(function* () {
      const context = yield* Layer.build(services)
      const llm = yield* LlmAgent.makeAgent<Services>({
        ...told(agent, request),
        settings: settingsOf(agent.fromCallRequest ?? agent.config),
        tools: yield* toolsOf(agent.tools),
        maxToolIterations: agent.maxToolIterations,
        ...policies
      })
      let turns = 0
      let begun = false
      const answer = (event: Event.Input, turn: Turn.Turn) =>
        Effect.gen(function* () {
          if (!begun) yield* turn.updateHistory(initialEvents(agent))
          begun = true
          const now = isResponse(event) ? agent.turns?.[++turns] : undefined
          for (const change of now?.before ?? []) yield* apply(change, llm, turn)
          const { config, context, history, tools } = now?.process ?? {}
          return llm.respond(event, turn, {
            systemPrompt: config?.system_prompt,
            settings: config === undefined ? undefined : settingsOf(config),
            tools: tools === undefined ? undefined : yield* toolsOf(tools),
            context: typeof context === "string" ? context : context?.map(Notation.historyEvent),
            history: history?.map(Notation.historyEvent)
          })
        })
      return (event, turn) =>
        Stream.unwrap(answer(event, turn)).pipe(Stream.filter(isOfLine), Stream.provideContext(context))
    })
}

/** The policies that make our agent behave like Line's. */
const policies = {
  toolStyle: "line",
  onModelFailure: "fail",
  limitMessage: "",
  maxResultCharacters: Infinity,
  markdown: "keep",
  // In Line, models see words only, and no other events.
  describeEvent: () => ""
} as const

/** Prompt and introduction. */
const told = ({ config = {}, fromCallRequest }: ModelAgent, request: CallRequest) =>
  fromCallRequest === undefined
    ? { systemPrompt: config.system_prompt ?? "", introduction: config.introduction ?? undefined }
    : LlmAgent.fromCallRequest(request, {
        systemPrompt: fromCallRequest.fallback_system_prompt,
        introduction: fromCallRequest.fallback_introduction
      })

const settingsOf = ({
  fallbacks: _,
  num_retries: __,
  timeout,
  ...config
}: Omit<Config, "system_prompt" | "introduction"> = {}): ModelSettings.ModelSettings => ({
  ...Notation.camelKeys(config),
  timeout: typeof timeout === "number" ? Duration.seconds(timeout) : timeout
})

/** Line has no metrics of usage. */
const isOfLine = (output: Event.Output) =>
  output._tag !== "LogMetric" || (output.name !== "llm_usage" && output.name !== "llm_call_usage")

const isResponse = ({ _tag }: Event.Input) =>
  _tag !== "CallStarted" && _tag !== "CallEnded" && _tag !== "AgentHandedOff"

/** Fills the history before the call: entries go after its existing content, updates before it. */
const initialEvents = ({ init = [] }: ModelAgent): ReadonlyArray<History.HistoryEvent> =>
  init.reduce<ReadonlyArray<History.HistoryEvent>>(
    (events, { addEntry, update }) =>
      addEntry === undefined
        ? [...(update?.events ?? []).map(Notation.historyEvent), ...events]
        : [...events, Notation.historyEvent({ type: "custom_history_entry", role: "user", ...addEntry })],
    []
  )

type Anchors = { readonly [name: string]: { readonly [field: string]: unknown } | undefined }

/** The first events that have the fields of the anchors. */
const anchorsOf = (anchors: Anchors, events: ReadonlyArray<History.HistoryEvent>) =>
  Effect.gen(function* () {
    const found: { [name: string]: History.HistoryEvent } = {}
    for (const [name, fields] of Object.entries(anchors)) {
      if (fields === undefined) continue
      const event = events.find((event) => {
        const described = Notation.describe(event, { ids: true })
        return Object.entries(fields).every(([field, value]) => described[field] === value)
      })
      if (event === undefined) return yield* Effect.fail(new Error(`no event for the anchor ${JSON.stringify(fields)}`))
      found[name] = event
    }
    return found
  })
