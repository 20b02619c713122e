/**
 * Tools of a voice agent: what the model is shown, what runs when it calls, and what becomes of the result.
 *
 * What a handler gives is told apart value by value: an output event goes to the caller (passthrough), anything else is a
 * result that the model reads (loopback), and one stream may mix both. A handoff gives the agent that takes over.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Tool from "effect/ai/Tool"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as StrictSchema from "./internal/strictSchema.ts"
import * as ToolSchema from "./internal/toolSchema.ts"

/** What a handler is handed beside its parameters. */
export interface Context {
  readonly turn: Turn.Turn
  /** Id that the model gave the call. */
  readonly toolCallId: string
}

/** What a handoff is handed beside its parameters. */
export interface HandoffContext extends Context {
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
  /** `cancel` by default. */
  readonly interruption?: Interruption | undefined
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
  /** What a model is shown instead that does the same by itself. Asked only where no other tool is offered. */
  readonly native?: ((model: ModelName) => Tool.Any | undefined) | undefined
  readonly kind: "foreground" | "background" | "handoff"
  readonly timeout: Duration.Duration
  readonly interruption: Interruption
  readonly concurrency: "concurrent" | "sequential"
  readonly duplicates: "reject" | "allow"
  readonly activeTurns: number | undefined
  /** Reads the arguments that the model gave; a failure is the message that the model reads. */
  readonly decode: (args: unknown) => Result.Result<unknown, string>
  /** Runs the tool: output events and results, in order. Empty for a handoff. */
  readonly run: (params: unknown, context: Context) => Stream.Stream<unknown, unknown, R>
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
type Handled<A, E, R> = Effect.Effect<A, E, R> | Stream.Stream<A, E, R>

/** Whether a value that a tool gave is for the caller and not for the model. */
export const isOutput: (value: unknown) => value is Event.Output = Schema.is(Event.Output)

const elements = <A, E, R>(handled: Handled<A, E, R>): Stream.Stream<unknown, E, R> =>
  Stream.isStream(handled)
    ? handled
    : Stream.flatMap(Stream.fromEffect(handled), (value) =>
        Array.isArray(value) && value.length > 0 && value.every(isOutput)
          ? Stream.fromIterable<unknown>(value)
          : Stream.succeed<unknown>(value)
      )

/** The message about wrong arguments: names each field, and never repeats what it held. */
const complaint = (error: { readonly message: string }): string =>
  `invalid arguments: ${error.message.replace(/\s*\n\s*/g, " ")}`

/** Of a tool without parameters. The schema of a struct without fields allows every value but null. */
const none = { type: "object", properties: {}, additionalProperties: false }
const isEmpty = (parameters: Schema.Top | JsonSchema.JsonSchema): boolean =>
  Schema.isSchema(parameters) && "fields" in parameters && Object.keys(parameters.fields as Fields).length === 0

const build = <R>(
  name: string,
  kind: VoiceTool["kind"],
  parameters: Schema.Top | JsonSchema.JsonSchema,
  options: Options,
  rest: Pick<VoiceTool<R>, "run" | "target">
): VoiceTool<R> => {
  const decode = Schema.isSchema(parameters)
    ? Schema.decodeUnknownResult(parameters as Schema.Codec<unknown>, { errors: "all" })
    : Result.succeed
  const definition = Tool.dynamic(name, {
    description: options.description,
    parameters: isEmpty(parameters) ? none : parameters
  })
  return {
    name,
    kind,
    definition: StrictSchema.isStrict(ToolSchema.ofTool(definition))
      ? definition.annotate(Tool.Strict, true)
      : definition,
    timeout: Duration.fromInputUnsafe(options.timeout ?? (kind === "background" ? "5 minutes" : "30 seconds")),
    interruption: options.interruption ?? "cancel",
    concurrency: options.concurrency ?? "concurrent",
    duplicates: options.duplicates ?? "reject",
    activeTurns: options.activeTurns,
    decode: (args) => Result.mapError(decode(args) as Result.Result<unknown, { readonly message: string }>, complaint),
    ...rest
  }
}

/** Makes a tool whose result the model reads. Output events that it gives on the way go to the caller. */
export const loopback = <const F extends Fields, A, E, R>(
  name: string,
  options: Definition<F>,
  handler: (params: Params<F>, context: Context) => Handled<A, E, R>
): VoiceTool<R> =>
  build(name, "foreground", Schema.Struct(options.parameters ?? {}), options, {
    run: (params, context) => Stream.suspend(() => elements(handler(params as Params<F>, context))),
    target: undefined
  })

/** Makes a tool whose outputs the caller gets. The model is not asked again. */
export const passthrough = <const F extends Fields, A extends Event.Output | ReadonlyArray<Event.Output>, E, R>(
  name: string,
  options: Definition<F>,
  handler: (params: Params<F>, context: Context) => Handled<A, E, R>
): VoiceTool<R> => loopback(name, options, handler)

/**
 * Makes a tool that runs on while the conversation does. Each result re-enters the call as an event and starts a turn once
 * nobody is speaking, in which the model reads it. Where another agent has the call by then, that one's model does.
 */
export const background = <const F extends Fields, A, E, R>(
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
export const dynamic = <A, E, R>(
  name: string,
  options: Options & { readonly parameters: JsonSchema.JsonSchema; readonly background?: boolean | undefined },
  handler: (args: unknown, context: Context) => Handled<A, E, R>
): VoiceTool<R> =>
  build(name, options.background === true ? "background" : "foreground", options.parameters, options, {
    run: (args, context) => Stream.suspend(() => elements(handler(args, context))),
    target: undefined
  })
