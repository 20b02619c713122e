/**
 * Tools of a voice agent: what the model sees, what runs when it calls, and what happens to the result.
 *
 * Each value that a handler returns is handled by itself: an output event goes to the caller (passthrough), anything
 * else is a result that the model reads (loopback), and one stream may mix both. A handoff returns the agent that takes
 * over.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Tool from "effect/ai/Tool"
import type * as Toolkit from "effect/ai/Toolkit"
import type * as Context_ from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as BeforeTool from "./internal/beforeTool.ts"
import * as ParameterNames from "./internal/parameterNames.ts"
import * as Parameters from "./internal/parameters.ts"
import { isOutput } from "./internal/givenOutput.ts"
import * as QuietResult from "./internal/quietResult.ts"
import * as StrictSchema from "./internal/strictSchema.ts"
import * as ToolTrace from "./internal/toolTrace.ts"
import * as ToolSchema from "../internal/toolSchema.ts"

/** The turn and the id of a call. */
export interface CallContext {
  readonly turn: Turn.Turn
  /** Id that the model gave the call. */
  readonly toolCallId: string
}

/** What a handler gets beside its parameters. */
export interface Context extends CallContext {
  /** Aborted when the tool is interrupted. For handlers that return a promise or an async iterable. */
  readonly signal: AbortSignal
}

/** What a handoff gets beside its parameters. */
export interface HandoffContext extends CallContext {
  /** Hands the call back to the first agent, which continues once the turn in progress has nothing more to say. */
  readonly giveBack: Effect.Effect<void>
}

/** A model, by the names of its provider and itself. */
export interface ModelName {
  readonly provider: string
  readonly model: string
}

/**
 * Runs before each tool, with the tool's name: to slow tools down, make them fail, count them, or forbid some. Its time
 * counts as the tool's, and if it fails, so does the tool call. By default nothing runs.
 */
export const Before: Context_.Reference<(name: string) => Effect.Effect<void, unknown>> = BeforeTool.Current

/**
 * What an interruption of the turn does to a running tool.
 *
 * - `cancel`: it is interrupted, and its outcome is `cancelled`.
 * - `finish`: it continues in the background, and its result comes back like that of a background tool.
 * - `uninterruptible`: the turn goes on until it is done, even if the caller speaks.
 */
export type Interruption = "cancel" | "finish" | "uninterruptible"

/** Options of a tool. */
export interface Options {
  /** Tells the model what the tool is for and when to use it. */
  readonly description?: string | undefined
  /**
   * Longest run, after which the model reads that the tool timed out. 30 seconds; 5 minutes in the background. For a handoff, the
   * longest wait for the other agent to be made.
   */
  readonly timeout?: Duration.Input | undefined
  /** `cancel` by default, and `finish` for a tool that finishes after the hang-up. */
  readonly interruption?: Interruption | undefined
  /**
   * What the end of the call does to the tool if it is running in the background. `cancel` (the default): it is
   * interrupted. `finish`: the call waits for it, within the `endGrace` of its agent, which must run on `CallEnded` as
   * it does by default. For callers who say "yes, book it, bye".
   */
  readonly afterHangUp?: "cancel" | "finish" | undefined
  /**
   * Said if the model calls a background tool without saying anything. By default the model is asked again for words,
   * with the result pending.
   */
  readonly announce?: string | undefined
  /** Whether a provider may enforce the schema strictly, if the schema allows that. True by default. */
  readonly strict?: boolean | undefined
  /**
   * Most characters of a result that the model reads. The rest is cut, and the model is told so. The agent's limit by
   * default.
   */
  readonly maxResultCharacters?: number | undefined
  /**
   * Whether it is harmless if the caller has not finished after all, because it only looks something up. Only safe
   * tools run in a tentative turn. False by default.
   */
  readonly safe?: boolean | undefined
  /** Whether it runs beside the other calls of a reply (the default), or waits for those before it. */
  readonly concurrency?: "concurrent" | "sequential" | undefined
  /**
   * What happens to a call while one with the same arguments is still running in the background. `reject` by default.
   */
  readonly duplicates?: "reject" | "allow" | undefined
  /**
   * Number of user turns, from the first of its agent, in which the model is offered the tool. Turns in which another
   * agent had the call count too. All by default.
   */
  readonly activeTurns?: number | undefined
}

/** A tool. `R` is what its handler requires. */
export interface VoiceTool<out R = never> {
  readonly name: string
  /** What the model sees. */
  readonly definition: Tool.Any
  /** Replaces the definition for a model that can do the same natively. Used only if no other tool is offered. */
  readonly native?: ((model: ModelName) => Tool.Any | undefined) | undefined
  readonly kind: "foreground" | "background" | "handoff"
  readonly timeout: Duration.Duration
  readonly interruption: Interruption
  readonly concurrency: "concurrent" | "sequential"
  readonly duplicates: "reject" | "allow"
  readonly activeTurns: number | undefined
  readonly safe: boolean
  readonly afterHangUp: "cancel" | "finish"
  readonly announce: string | undefined
  readonly maxResultCharacters: number | undefined
  /** Decodes the model's arguments. A failure is the message that the model reads. */
  readonly decode: Parameters.Decode
  /** Runs the tool: output events and results, in order. Empty for a handoff. */
  readonly run: (params: unknown, context: CallContext) => Stream.Stream<unknown, unknown, R>
  /** The agent that takes over; only for a handoff. */
  readonly target:
    | ((params: unknown, context: HandoffContext) => Effect.Effect<Agent.Agent<unknown, R>, unknown, R>)
    | undefined
}

/** What the handlers of tools require. */
export type Services<T> = T extends VoiceTool<infer R> ? R : never

type Fields = Schema.Struct.Fields
type Params<F extends Fields> = Schema.Struct<F>["Type"]
type Definition<F extends Fields> = Options & { readonly parameters?: F | undefined }

/**
 * What a handler may return. An Effect or a Stream is interrupted with its turn. A promise or an async iterable is told
 * by `signal` instead, and may fail with anything.
 */
export type Handled<A, E, R> = Effect.Effect<A, E, R> | Stream.Stream<A, E, R> | PromiseLike<A> | AsyncIterable<A>

/**
 * Marks a result that does not by itself cause another request: the model reads it with the next one. For tools that
 * tell the caller the outcome themselves.
 */
export const quiet = (result: unknown): unknown => QuietResult.make(result)

const isOutputs = (value: unknown): value is ReadonlyArray<Event.Output> =>
  Array.isArray(value) && value.length > 0 && value.every((item) => isOutput(item) || QuietResult.is(item))

const each = (value: unknown): Stream.Stream<unknown> =>
  isOutputs(value) ? Stream.fromIterable<unknown>(value) : Stream.succeed(value)

/** Runs a handler. A plain value, which the types do not allow, counts as a result. */
const elements = <A, E, R>(
  handler: (context: Context) => Handled<A, E, R>,
  call: CallContext
): Stream.Stream<unknown, unknown, R> =>
  Stream.suspend(() => {
    const controller = new AbortController()
    const abort = Effect.sync(() => controller.abort())
    return valuesOf<R>(handler({ ...call, signal: controller.signal }), abort)
  })

/** The values of what a handler has returned. An async function may return anything that a handler may. */
const valuesOf = <R>(handled: unknown, abort: Effect.Effect<void>): Stream.Stream<unknown, unknown, R> => {
  if (Stream.isStream(handled)) return handled as Stream.Stream<unknown, unknown, R>
  if (Effect.isEffect(handled)) {
    return Stream.flatMap(Stream.fromEffect(handled as Effect.Effect<unknown, unknown, R>), each)
  }
  if (Predicate.isPromiseLike(handled)) {
    const value = Effect.tryPromise({ try: () => Promise.resolve(handled), catch: (error) => error })
    return Stream.flatMap(Stream.fromEffect(Effect.onInterrupt(value, () => abort)), (value) =>
      valuesOf<R>(value, abort)
    )
  }
  if (Predicate.hasProperty(handled, Symbol.asyncIterator)) {
    const values = Stream.fromAsyncIterable(handled as AsyncIterable<unknown>, (error) => error)
    return Stream.ensuring(values, abort)
  }
  return each(handled)
}

const build = <R>(
  name: string,
  kind: VoiceTool["kind"],
  parameters: Schema.Top | JsonSchema.JsonSchema,
  options: Options,
  rest: Pick<VoiceTool<R>, "run" | "target">
): VoiceTool<R> => {
  const { description } = options
  const definition = Tool.dynamic(name, { description, parameters })
  const decode = Schema.isSchema(parameters) ? Parameters.decoder(parameters) : Result.succeed
  const renamed = ParameterNames.make(ToolSchema.ofTool(definition))
  if (renamed === undefined) return assemble(definition, kind, decode, options, rest)
  const { restore, schema } = renamed
  return assemble(
    Tool.dynamic(name, { description, parameters: schema }),
    kind,
    (args) => decode(restore(args)),
    options,
    rest
  )
}

const assemble = <R>(
  definition: Tool.Any,
  kind: VoiceTool["kind"],
  decode: Parameters.Decode,
  options: Options,
  rest: Pick<VoiceTool<R>, "run" | "target">
): VoiceTool<R> => {
  const { activeTurns, afterHangUp = "cancel", announce, concurrency, duplicates, maxResultCharacters } = options
  if (afterHangUp === "finish" && options.interruption === "cancel")
    throw new Error(`${definition.name}: a tool that finishes after the hang-up cannot be cancelled by the caller`)
  return {
    name: definition.name,
    kind,
    definition: shown(definition, options.strict ?? true),
    timeout: Duration.fromInputUnsafe(options.timeout ?? (kind === "background" ? "5 minutes" : "30 seconds")),
    interruption: options.interruption ?? (afterHangUp === "finish" ? "finish" : "cancel"),
    concurrency: concurrency ?? "concurrent",
    duplicates: duplicates ?? "reject",
    activeTurns,
    safe: options.safe ?? false,
    afterHangUp,
    announce,
    maxResultCharacters,
    decode,
    ...rest
  }
}

/** Makes the definition for the model: strict if that is allowed and the schema leaves nothing open. */
const shown = (definition: Tool.Any, strict: boolean): Tool.Any => {
  if (Tool.isProviderDefined(definition)) return definition
  return strict && StrictSchema.isStrict(ToolSchema.ofTool(definition))
    ? definition.annotate(Tool.Strict, true)
    : definition
}

/** Makes a tool whose result the model reads. Output events on the way go to the caller. */
export const loopback = <const F extends Fields, A, E = never, R = never>(
  name: string,
  options: Definition<F>,
  handler: (params: Params<F>, context: Context) => Handled<A, E, R>
): VoiceTool<R> =>
  build(name, "foreground", Schema.Struct(options.parameters ?? {}), options, {
    run: (params, context) => elements((context) => handler(params as Params<F>, context), context),
    target: undefined
  })

/** Makes a tool whose outputs go to the caller. The model is not asked again: without any outputs, the turn ends in silence. */
export const passthrough = <
  const F extends Fields,
  A extends Event.Output | ReadonlyArray<Event.Output>,
  E = never,
  R = never
>(
  name: string,
  options: Definition<F>,
  handler: (params: Params<F>, context: Context) => Handled<A, E, R>
): VoiceTool<R> => loopback(name, options, handler)

/**
 * Makes a tool that runs while the conversation goes on. Each result comes back as an event, and starts a turn once
 * nobody is speaking. In that turn it is read by the model of the agent that has the call by then.
 */
export const background = <const F extends Fields, A, E = never, R = never>(
  name: string,
  options: Definition<F>,
  handler: (params: Params<F>, context: Context) => Handled<A, E, R>
): VoiceTool<R> => ({ ...loopback(name, options, handler), ...inBackground(options) })

const inBackground = (options: Options) => ({
  kind: "background" as const,
  timeout: Duration.fromInputUnsafe(options.timeout ?? "5 minutes")
})

/** Makes a tool that hands the call to another agent, which gets `AgentHandedOff` and every later event. */
export const handoff = <const F extends Fields, E, R, E2 = never, R2 = never>(
  name: string,
  options: Definition<F>,
  handler: (params: Params<F>, context: HandoffContext) => Agent.Agent<E, R> | Effect.Effect<Agent.Agent<E, R>, E2, R2>
): VoiceTool<R | R2> =>
  build<R | R2>(name, "handoff", Schema.Struct(options.parameters ?? {}), options, {
    run: () => Stream.empty,
    target: (params, context) =>
      Effect.suspend((): Effect.Effect<Agent.Agent<unknown, R | R2>, unknown, R | R2> => {
        const target = handler(params as Params<F>, context)
        return Effect.isEffect(target) ? target : Effect.succeed(target)
      })
  })

/** Makes a tool from a JSON schema. Its handler gets the arguments unchecked. For tools that are defined elsewhere. */
export const dynamic = <A, E = never, R = never>(
  name: string,
  options: Options & { readonly parameters: JsonSchema.JsonSchema; readonly background?: boolean | undefined },
  handler: (args: unknown, context: Context) => Handled<A, E, R>
): VoiceTool<R> =>
  build(name, options.background === true ? "background" : "foreground", options.parameters, options, {
    run: (args, context) => elements((context) => handler(args, context), context),
    target: undefined
  })

/** Options for the tools of a toolkit: for all of them, and for each by its name. */
export interface ToolkitOptions<Names extends string = string> extends Omit<Options, "description"> {
  /** Whether the conversation goes on while they run. False by default. */
  readonly background?: boolean | undefined
  readonly tools?: { readonly [Name in Names]?: Omit<ToolkitOptions, "tools"> | undefined } | undefined
}

/**
 * Makes tools from a toolkit of `effect/ai`. Their handlers come from the toolkit's Layer (`toolkit.toLayer`), which
 * the agent then requires. The model reads a handler's failures.
 *
 * ```ts
 * const agent = LlmAgent.make({ tools: VoiceTool.fromToolkit(Orders, { timeout: "10 seconds" }) })
 * ```
 */
export const fromToolkit = <Tools extends Record<string, Tool.Any>>(
  toolkit: Toolkit.Toolkit<Tools>,
  options: ToolkitOptions<Extract<keyof Tools, string>> = {}
): ReadonlyArray<VoiceTool<Tool.HandlersFor<Tools> | Tool.HandlerServices<Tools[keyof Tools]>>> => {
  const { tools: named, ...all } = options
  return Object.values<Tool.Any>(toolkit.tools).map((tool) => {
    const own: Omit<ToolkitOptions, "tools"> = { ...all, ...named?.[tool.name as Extract<keyof Tools, string>] }
    const decode =
      Tool.isDynamic(tool) && tool.jsonSchema !== undefined
        ? Result.succeed
        : Parameters.decoder(tool.parametersSchema, { asGiven: true })
    return assemble(tool, own.background === true ? "background" : "foreground", decode, own, {
      run: (args, { toolCallId }) =>
        ToolTrace.withoutArguments(
          Stream.unwrap(Effect.flatMap(toolkit, ({ handle }) => handle(tool.name, args as never, toolCallId)))
        ).pipe(
          Stream.filter(({ preliminary }) => !preliminary),
          Stream.mapEffect(({ encodedResult, isFailure }) =>
            isFailure ? Effect.fail(encodedResult) : Effect.succeed(encodedResult)
          )
        ) as Stream.Stream<unknown, unknown, Tool.HandlersFor<Tools> | Tool.HandlerServices<Tools[keyof Tools]>>,
      target: undefined
    })
  })
}
