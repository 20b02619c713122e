/**
 * Tools of a voice agent: what the model is shown, what runs when it calls, and what becomes of the result.
 *
 * What a handler gives is told apart value by value: an output event goes to the caller (passthrough), anything else is a
 * result that the model reads (loopback), and one stream may mix both. A handoff gives the agent that takes over.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Tool from "effect/ai/Tool"
import type * as Toolkit from "effect/ai/Toolkit"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
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

/** What a handler is handed beside its parameters. */
export interface Context extends CallContext {
  /** Aborted when the tool is interrupted: for handlers that give a promise or an async iterable. */
  readonly signal: AbortSignal
}

/** What a handoff is handed beside its parameters. */
export interface HandoffContext extends CallContext {
  /** Gives the call back to the agent that handed it off. That one goes on once the turn in progress has nothing more. */
  readonly giveBack: Effect.Effect<void>
}

/** A model by the names of its provider and its own. */
export interface ModelName {
  readonly provider: string
  readonly model: string
}

/**
 * What interruption of the turn does to a running tool.
 *
 * - `cancel`: it is interrupted, and its outcome is `cancelled`.
 * - `finish`: it runs on in the background, and its result comes back as that of a background tool.
 * - `uninterruptible`: the turn goes on until it is done, even when the caller speaks.
 */
export type Interruption = "cancel" | "finish" | "uninterruptible"

/** What can be said about a tool beside its name. */
export interface Options {
  /** Tells the model what the tool is for and when to use it. */
  readonly description?: string | undefined
  /** Longest run. After it the model reads that the tool timed out. 30 seconds; 5 minutes in the background. */
  readonly timeout?: Duration.Input | undefined
  /** `cancel` by default, and `finish` for a tool that finishes after the hang-up. */
  readonly interruption?: Interruption | undefined
  /**
   * What the end of the call does to the tool if it runs in the background then, or runs on there. `cancel` (the default):
   * it is interrupted. `finish`: the call waits for it, within the `endGrace` of its agent, which must run on `CallEnded`
   * as it does by default. For "yes, book it, bye".
   */
  readonly afterHangUp?: "cancel" | "finish" | undefined
  /**
   * Said when the model calls a background tool without a word. If missing, the model is asked for words itself, with the
   * result pending.
   */
  readonly announce?: string | undefined
  /**
   * Whether a provider may be told to hold the model to the schema word for word, if the schema allows it. True by
   * default.
   */
  readonly strict?: boolean | undefined
  /** Characters of a result that the model reads; what is behind them is cut, and the model is told. The agent's by default. */
  readonly maxResultCharacters?: number | undefined
  /**
   * Whether it does nothing that matters if the caller has not finished after all: it only looks something up. Only such a
   * tool runs while the caller has probably finished and may go on. False by default.
   */
  readonly safe?: boolean | undefined
  /** Whether it runs beside the other calls of one reply (the default), or waits for those before it. */
  readonly concurrency?: "concurrent" | "sequential" | undefined
  /** What a call does while one with the same arguments still runs in the background. `reject` by default. */
  readonly duplicates?: "reject" | "allow" | undefined
  /**
   * Turns of the user, counted from the first that its agent lived through, in which the model is offered the tool. Those
   * in which another agent had the call count too. All by default.
   */
  readonly activeTurns?: number | undefined
}

/** A tool. `R` is what its handler needs. */
export interface VoiceTool<out R = never> {
  readonly name: string
  /** What the model is shown. */
  readonly definition: Tool.Any
  /** What a model is shown instead that does the same by itself. Asked only if no other tool is offered. */
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
  /** Reads the arguments that the model gave; a failure is the message that the model reads. */
  readonly decode: Parameters.Decode
  /** Runs the tool: output events and results, in order. Empty for a handoff. */
  readonly run: (params: unknown, context: CallContext) => Stream.Stream<unknown, unknown, R>
  /** The agent that takes over; only for a handoff. */
  readonly target:
    | ((params: unknown, context: HandoffContext) => Effect.Effect<Agent.Agent<unknown, R>, unknown, R>)
    | undefined
}

/** What the handlers of tools need. */
export type Services<T> = T extends VoiceTool<infer R> ? R : never

type Fields = Schema.Struct.Fields
type Params<F extends Fields> = Schema.Struct<F>["Type"]
type Definition<F extends Fields> = Options & { readonly parameters?: F | undefined }

/**
 * What a handler may give. An Effect or a Stream is interrupted with its turn. A promise or an async iterable is not, but
 * is told by `signal`; it may fail with anything.
 */
export type Handled<A, E, R> = Effect.Effect<A, E, R> | Stream.Stream<A, E, R> | PromiseLike<A> | AsyncIterable<A>

/**
 * A result that the model reads when it is next asked anything: it is not asked because of it. For a tool that has told
 * the caller by itself how it went.
 */
export const quiet = (result: unknown): unknown => QuietResult.make(result)

const isOutputs = (value: unknown): value is ReadonlyArray<Event.Output> =>
  Array.isArray(value) && value.length > 0 && value.every((item) => isOutput(item) || QuietResult.is(item))

const each = (value: unknown): Stream.Stream<unknown> =>
  isOutputs(value) ? Stream.fromIterable<unknown>(value) : Stream.succeed(value)

/** Runs a handler. One that breaks the types and gives a plain value has given a result. */
const elements = <A, E, R>(
  handler: (context: Context) => Handled<A, E, R>,
  call: CallContext
): Stream.Stream<unknown, unknown, R> =>
  Stream.suspend((): Stream.Stream<unknown, unknown, R> => {
    const controller = new AbortController()
    const handled: unknown = handler({ ...call, signal: controller.signal })
    if (Stream.isStream(handled)) return handled as Stream.Stream<unknown, unknown, R>
    if (Effect.isEffect(handled)) return Stream.flatMap(Stream.fromEffect(handled as Effect.Effect<A, E, R>), each)
    const abort = Effect.sync(() => controller.abort())
    if (Predicate.isPromiseLike(handled)) {
      const value = Effect.tryPromise({ try: () => Promise.resolve(handled), catch: (error) => error })
      return Stream.flatMap(Stream.fromEffect(Effect.onInterrupt(value, () => abort)), each)
    }
    if (Predicate.hasProperty(handled, Symbol.asyncIterator)) {
      const values = Stream.fromAsyncIterable(handled as AsyncIterable<unknown>, (error) => error)
      return Stream.ensuring(values, abort)
    }
    return each(handled)
  })

const build = <R>(
  name: string,
  kind: VoiceTool["kind"],
  parameters: Schema.Top | JsonSchema.JsonSchema,
  options: Options,
  rest: Pick<VoiceTool<R>, "run" | "target">
): VoiceTool<R> =>
  assemble(
    Tool.dynamic(name, {
      description: options.description,
      parameters: isEmpty(parameters) ? none : parameters
    }),
    kind,
    Schema.isSchema(parameters) ? Parameters.decoder(parameters) : Result.succeed,
    options,
    rest
  )

/** Of a tool without parameters. The schema of a struct without fields allows every value but null. */
const none = { type: "object", properties: {}, additionalProperties: false }
const isEmpty = (parameters: Schema.Top | JsonSchema.JsonSchema): boolean =>
  Schema.isSchema(parameters) && "fields" in parameters && Object.keys(parameters.fields as Fields).length === 0

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

/** A tool as the model is shown it: strict, if it may be and if nothing in its schema is left open. */
const shown = (definition: Tool.Any, strict: boolean): Tool.Any => {
  if (Tool.isProviderDefined(definition)) return definition
  return strict && StrictSchema.isStrict(ToolSchema.ofTool(definition))
    ? definition.annotate(Tool.Strict, true)
    : definition
}

/** Makes a tool whose result the model reads. Output events that it gives on the way go to the caller. */
export const loopback = <const F extends Fields, A, E = never, R = never>(
  name: string,
  options: Definition<F>,
  handler: (params: Params<F>, context: Context) => Handled<A, E, R>
): VoiceTool<R> =>
  build(name, "foreground", Schema.Struct(options.parameters ?? {}), options, {
    run: (params, context) => elements((context) => handler(params as Params<F>, context), context),
    target: undefined
  })

/** Makes a tool whose outputs the caller gets. The model is not asked again. */
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
 * Makes a tool that runs on while the conversation does. Each result re-enters the call as an event and starts a turn once
 * nobody is speaking, in which the model reads it: the model of whichever agent has the call by then.
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

/** Makes a tool that hands the call to another agent, which is told by `AgentHandedOff` and gets every later event. */
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

/** Makes a tool from a JSON schema: its handler gets the arguments as they are. For tools that come from elsewhere. */
export const dynamic = <A, E = never, R = never>(
  name: string,
  options: Options & { readonly parameters: JsonSchema.JsonSchema; readonly background?: boolean | undefined },
  handler: (args: unknown, context: Context) => Handled<A, E, R>
): VoiceTool<R> =>
  build(name, options.background === true ? "background" : "foreground", options.parameters, options, {
    run: (args, context) => elements((context) => handler(args, context), context),
    target: undefined
  })

/** What can be said about the tools of a toolkit: about all of them, and about each by its name. */
export interface ToolkitOptions<Names extends string = string> extends Omit<Options, "description"> {
  /** Whether the conversation goes on while they run. False by default. */
  readonly background?: boolean | undefined
  readonly tools?: { readonly [Name in Names]?: Omit<ToolkitOptions, "tools"> | undefined } | undefined
}

/**
 * Makes the tools of a toolkit of `effect/ai`. Their handlers come from the toolkit's Layer (`toolkit.toLayer`), which the
 * agent then needs; what a handler fails with is read by the model.
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
