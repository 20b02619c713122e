/**
 * Makes the tools of a case's model agent from their descriptions in its file.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import * as AgentAsHandoff from "@antiphon/llm/tool/AgentAsHandoff"
import * as EndCall from "@antiphon/llm/tool/EndCall"
import * as HttpTool from "@antiphon/llm/tool/HttpTool"
import * as KnowledgeBase from "@antiphon/llm/tool/KnowledgeBase"
import * as SendDtmf from "@antiphon/llm/tool/SendDtmf"
import * as TransferCall from "@antiphon/llm/tool/TransferCall"
import * as Voicemail from "@antiphon/llm/tool/Voicemail"
import * as VoiceTool from "@antiphon/llm/tool/VoiceTool"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Case from "./Case.ts"
import * as Notation from "./Notation.ts"
import * as RulesAgent from "./RulesAgent.ts"

const optional = Schema.optionalKey
const text = optional(Schema.String)
const flag = optional(Schema.Boolean)
const Json = Schema.Record(Schema.String, Schema.Unknown)

/** A parameter of a tool, as a file describes it. */
export interface Param {
  readonly type?: "string" | "integer" | "number" | "boolean" | "array" | "object"
  readonly description?: string
  readonly title?: string
  readonly enum?: ReadonlyArray<string | number | boolean>
  readonly items?: Param
  readonly properties?: { readonly [name: string]: Param }
  readonly nullable?: boolean
  readonly default?: unknown
}
const Nested = Schema.suspend((): Schema.Codec<Param> => Param)
const Param: Schema.Codec<Param> = Schema.Struct({
  type: optional(Schema.Literals(["string", "integer", "number", "boolean", "array", "object"])),
  description: text,
  title: text,
  enum: optional(Schema.Array(Schema.Union([Schema.String, Schema.Number, Schema.Boolean]))),
  items: optional(Nested),
  properties: optional(Schema.Record(Schema.String, Nested)),
  nullable: flag,
  default: optional(Schema.Unknown)
})
const Params = Schema.Record(Schema.String, Param)

const steps = {
  result: optional(Schema.Unknown),
  emit: optional(Notation.Output),
  waitMs: optional(Case.Milliseconds),
  throw: text,
  note: text
}
const Step = Schema.Struct(steps).check(Case.exactlyOne(steps, "a step of a tool"))
type Step = typeof Step.Type

const Function = Schema.Struct({
  kind: Schema.Literal("function"),
  name: Schema.String,
  description: Schema.String,
  params: Params,
  background: flag,
  style: optional(Schema.Literals(["async", "sync", "generator"])),
  noteCancel: flag,
  steps: Schema.Array(Step)
})

const Handoff = Schema.Struct({
  kind: Schema.Literal("handoff"),
  name: Schema.String,
  description: Schema.String,
  params: Params,
  rules: Schema.Array(Case.Rule)
})

const speech = { description: text, interruptible: flag, active_turns: optional(Schema.Int) }
const builtin = <const N extends string, F extends Schema.Struct.Fields>(name: N, options: F) =>
  Schema.Struct({
    kind: Schema.Literal("builtin"),
    name: Schema.Literal(name),
    options: optional(Schema.Struct(options))
  })
const Builtin = Schema.Union([
  builtin("end_call", speech),
  builtin("voicemail", { ...speech, message: text }),
  builtin("transfer_call", { ...speech, target_phone_number: text, message: text }),
  builtin("send_dtmf", { description: text, active_turns: optional(Schema.Int) }),
  builtin("knowledge_base", {
    description: text,
    active_turns: optional(Schema.Int),
    filters: optional(Json),
    top_k: optional(Schema.Int),
    timeout_s: optional(Schema.Finite),
    is_background: flag
  })
])

const HttpServer = Schema.Struct({
  kind: Schema.Literal("httpServer"),
  spec: Schema.Struct({
    name: Schema.String,
    description: Schema.String,
    url: Schema.String,
    method: text,
    path_params_schema: optional(Json),
    query_params_schema: optional(Json),
    request_body_schema: optional(Json),
    auth: optional(Case.Texts),
    headers: optional(Case.Texts),
    content_type: text,
    timeout: optional(Schema.Finite),
    is_background: flag
  })
})

const AgentHandoff = <A extends Case.Agent>(agent: Schema.Codec<A, unknown>) =>
  Schema.Struct({
    kind: Schema.Literal("agentAsHandoff"),
    agent,
    name: text,
    description: text,
    handoffMessage: text,
    interruptible: flag,
    updateCall: optional(Schema.Struct({ voice_id: text, pronunciation_dict_id: text, language: text }))
  })

/** Schema for a tool that can hand off to these agents. */
export const of = <A extends Case.Agent>(agent: Schema.Codec<A, unknown>) =>
  Schema.Union([Function, Handoff, ...Builtin.members, HttpServer, AgentHandoff(agent)])

/** A tool of a case. */
export type CaseTool = ReturnType<typeof of<Case.Agent>>["Type"]

/** The surroundings that making a tool needs. */
export interface Stage {
  /** Receives the agent's notes. */
  readonly note: (note: unknown) => void
  /** Makes another agent of the case. */
  readonly factoryOf: (agent: Case.Agent) => Agent.Factory<unknown>
}

/** Makes a tool. */
export const make = (
  tool: CaseTool,
  stage: Stage
): Effect.Effect<VoiceTool.VoiceTool<HttpClient>, HttpTool.HttpToolError> => {
  switch (tool.kind) {
    case "function":
      return Effect.succeed(makeFunction(tool, stage))
    case "handoff":
      return Effect.succeed(
        VoiceTool.handoff(tool.name, { description: tool.description, parameters: fieldsOf(tool.params) }, (args) =>
          RulesAgent.make(tool.rules, { note: stage.note, args })
        )
      )
    case "builtin":
      return Effect.sync(() => makeBuiltin(tool))
    case "httpServer":
      return makeHttp(tool.spec)
    case "agentAsHandoff": {
      const { agent, kind: _, updateCall, ...options } = tool
      return Effect.succeed(
        // Without requirements: the model of the other agent is its own.
        AgentAsHandoff.make(stage.factoryOf(agent) as Agent.Factory<unknown>, {
          ...options,
          ...(updateCall === undefined ? {} : { updateCall: Notation.camelKeys(updateCall) })
        })
      )
    }
  }
}

/** The schema that an application would have written for a parameter. */
const schemaOf = (param: Param): Schema.Codec<unknown> => {
  const { default: value, description, nullable } = param
  const inner = valueOf(param)
  const whole = nullable === true ? Schema.NullOr(inner) : inner
  return whole.annotate({
    ...(description === undefined ? {} : { description }),
    ...(value === undefined || value === null ? {} : { default: value })
  }) as Schema.Codec<unknown>
}

const valueOf = (param: Param): Schema.Codec<unknown> => {
  if (param.enum !== undefined) return Schema.Literals([...param.enum])
  switch (param.type) {
    case "integer":
      return Schema.Int
    case "number":
      return Schema.Finite
    case "boolean":
      return Schema.Boolean
    case "array":
      return Schema.Array(param.items === undefined ? Schema.Unknown : schemaOf(param.items))
    case "object":
      return param.properties === undefined
        ? Json
        : (Schema.Struct(fieldsOf(param.properties)) as unknown as Schema.Codec<unknown>)
    default:
      return Schema.String
  }
}

const fieldsOf = (params: { readonly [name: string]: Param }): { readonly [name: string]: Schema.Codec<unknown> } =>
  Object.fromEntries(
    Object.entries(params).map(([name, param]) => {
      const schema = schemaOf(param)
      if (!("default" in param)) return [name, schema]
      return [name, Schema.withDecodingDefaultKey(Effect.succeed(param.default as never))(schema as never)]
    })
  )

type Args = { readonly [name: string]: unknown }

/** A tool that follows the steps of its file: a function that returns the first value, or a generator of all values. */
const makeFunction = (tool: typeof Function.Type, { note }: Stage): VoiceTool.VoiceTool => {
  const take = (step: Step, fill: (text: string) => string): Stream.Stream<unknown, Error> => {
    if (step.waitMs !== undefined) return Stream.fromEffectDrain(Effect.sleep(step.waitMs))
    if (step.throw !== undefined) return Stream.fail(new RulesAgent.Thrown(fill(step.throw)))
    if (step.note !== undefined) {
      const text = step.note
      return Stream.fromEffectDrain(Effect.sync(() => note(fill(text))))
    }
    if (step.emit !== undefined) return Stream.succeed<Event.Output>(Notation.mapTexts(step.emit, fill))
    return Stream.succeed(Notation.mapTexts(step.result, fill))
  }
  const values = (args: Args): Stream.Stream<unknown, Error> => {
    const fill = (text: string) => Notation.fill(text, Notation.argument(args))
    const all = Stream.flatMap(Stream.fromIterable(tool.steps), (step) => take(step, fill))
    if (tool.noteCancel !== true) return all
    return Stream.unwrap(
      Effect.as(
        Effect.addFinalizer((exit) =>
          Effect.sync(() => {
            if (exit._tag === "Failure") note(`cancelled tool: ${tool.name}`)
          })
        ),
        all
      )
    )
  }
  const make = tool.background === true ? VoiceTool.background : VoiceTool.loopback
  return make(
    tool.name,
    { description: tool.description, parameters: fieldsOf(tool.params) },
    (args): Stream.Stream<unknown, Error> | Effect.Effect<unknown, Error> =>
      tool.style === "generator"
        ? values(args)
        : Effect.map(Stream.runCollect(Stream.take(values(args), 1)), ([first = null]) => first)
  )
}

const makeBuiltin = (tool: typeof Builtin.Type): VoiceTool.VoiceTool<HttpClient> => {
  switch (tool.name) {
    case "end_call":
      return EndCall.make(Notation.camelKeys(tool.options))
    case "voicemail":
      return Voicemail.make(Notation.camelKeys(tool.options))
    case "transfer_call":
      return TransferCall.make(Notation.camelKeys(tool.options))
    case "send_dtmf":
      return SendDtmf.make(Notation.camelKeys(tool.options))
    case "knowledge_base": {
      const { filters, is_background, timeout_s, ...options } = tool.options ?? {}
      return KnowledgeBase.make({
        ...Notation.camelKeys(options),
        filters,
        background: is_background,
        timeout: timeout_s === undefined ? undefined : Duration.seconds(timeout_s)
      })
    }
  }
}

const makeHttp = ({
  auth,
  headers,
  is_background,
  path_params_schema,
  timeout,
  ...spec
}: (typeof HttpServer.Type)["spec"]) =>
  HttpTool.make({
    ...Notation.camelKeys(spec),
    auth,
    headers,
    pathParamsSchema: path_params_schema as HttpTool.Spec["pathParamsSchema"],
    background: is_background,
    timeout: timeout === undefined ? undefined : Duration.seconds(timeout),
    // The server of a case runs on this machine.
    allowPrivateAddresses: true
  } as HttpTool.Spec)
