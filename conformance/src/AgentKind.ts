/**
 * The kinds of agent that a case can describe. To add a kind, add an entry to `kinds`.
 *
 * @since 0.1.0
 */
import * as Agent from "@antiphon/core/Agent"
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import type * as EventFilter from "@antiphon/core/EventFilter"
import * as WordBuffer from "@antiphon/core/agent/WordBuffer"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Case from "./Case.ts"
import * as ModelAgent from "./ModelAgent.ts"
import * as Notation from "./Notation.ts"
import * as RulesAgent from "./RulesAgent.ts"

/** The surroundings of an agent while its case is played. */
export interface Stage {
  /** Receives the agent's notes. */
  readonly note: (note: unknown) => void
  /** Address of the model. */
  readonly modelAddress: string
}

/** Makes the agent of a case, once for each call. */
type Make<A> = (
  agent: A,
  stage: Stage
) => (request: CallRequest) => Effect.Effect<Agent.Agent<unknown>, unknown, Scope.Scope>

/** One kind of agent: the schema of its description, and its constructor. */
export interface AgentKind<in out A extends Case.Agent = Case.Agent> {
  readonly schema: Schema.Codec<A, unknown>
  readonly make: Make<A>
}

const kind = <A extends Case.Agent>(schema: Schema.Codec<A, unknown>, make: Make<A>) =>
  ({ schema, make }) as unknown as AgentKind

const Rules = Schema.Struct({ ...Case.agentFields, kind: Schema.Literal("rules"), rules: Schema.Array(Case.Rule) })

/** The agents that a tool can hand off to. */
const Target = Schema.suspend((): Schema.Codec<Case.Agent> => Schema.Union([Rules, Model]))
const Model = ModelAgent.of(Target)

/** The known kinds, by name. */
export const kinds: { readonly [kind: string]: AgentKind } = {
  rules: kind(
    Rules,
    ({ rules }, { note }) =>
      () =>
        Effect.succeed(RulesAgent.make(rules, { note }))
  ),
  llm: kind(Model, (agent, stage) =>
    ModelAgent.make(agent, { ...stage, factoryOf: (target) => factory(target, kinds[target.kind]!, stage) })
  ),
  notCallable: kind(
    Schema.StructWithRest(Schema.Struct(Case.agentFields), [Schema.Record(Schema.String, Schema.Unknown)]),
    () => () => Effect.succeed("this is no agent" as never)
  )
}

/**
 * The policies that make our agents behave like Line's. A case ends too early to notice that no more time is given to
 * the end of its call.
 */
const policies = {
  turnFailure: "close",
  outputAfterEnd: "stop",
  backgroundDelivery: "nextTurn",
  endGrace: "1 second"
} as const

/** The factory of a case's agent, with the options that every kind has. */
export const factory =
  (agent: Case.Agent, kind: AgentKind, stage: Stage): Agent.Factory<unknown> =>
  (request) =>
    Effect.gen(function* () {
      if (agent.noteCall === true) {
        stage.note({ callRequest: Notation.describeRequest(request), env: Notation.describeEnvironment(request) })
      }
      if (agent.getAgentThrows !== undefined) return yield* Effect.fail(new Error(agent.getAgentThrows))
      const made = yield* kind.make(agent, stage)(request)
      return Agent.make(agent.wordBuffer === undefined ? made : yield* buffered(made, agent.wordBuffer), {
        ...policies,
        ...(agent.runFilter === undefined ? {} : { run: filter(agent.runFilter) }),
        ...(agent.cancelFilter === undefined ? {} : { cancel: filter(agent.cancelFilter) })
      })
    })

const buffered = (agent: Agent.Agent<unknown>, strategy: string) =>
  strategy === "auto" || strategy === "space"
    ? Effect.succeed(WordBuffer.agent(agent, { strategy }))
    : Effect.fail(new Error(`no word buffer strategy ${strategy}`))

const isTypes = (filter: Case.Filter): filter is ReadonlyArray<string> => Array.isArray(filter)

const filter = (filter: Case.Filter): EventFilter.Source =>
  isTypes(filter) ? Notation.inputs(filter) : (event) => holds(filter, event)

/** Whether an event meets all conditions of a predicate. */
export const holds = (predicate: Case.EventPredicate, event: Event.Input): boolean => {
  const { any, button, contentIncludes, metadataHas, type } = predicate
  if (type !== undefined && ![type].flat().includes(Notation.typeOf(event))) return false
  if (contentIncludes !== undefined && !("content" in event && Event.text(event).includes(contentIncludes)))
    return false
  if (button !== undefined && !("button" in event && event.button === button)) return false
  if (metadataHas !== undefined && !("metadata" in event && has(event.metadata, metadataHas))) return false
  return any === undefined || any.some((predicate) => holds(predicate, event))
}

const has = (metadata: { readonly [key: string]: unknown }, wanted: string | { readonly [key: string]: unknown }) =>
  typeof wanted === "string"
    ? wanted in metadata
    : Object.entries(wanted).every(([key, value]) => JSON.stringify(metadata[key]) === JSON.stringify(value))
