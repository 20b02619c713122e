/**
 * Notes requests to a model and their replies for the recorder of a call, as the agent sees them, after retries and
 * failovers.
 */
import type { Json } from "@antiphon/core/JsonText"
import * as Recorder from "@antiphon/core/recording/Recorder"
import type * as Recording from "@antiphon/core/recording/Recording"
import * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import * as Tool from "effect/ai/Tool"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pull from "effect/Pull"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as ModelSettings from "../model/ModelSettings.ts"
import * as Usage from "../model/Usage.ts"
import * as Asking from "../model/internal/asking.ts"
import * as PlanAsk from "../model/internal/plan/planAsk.ts"
import type * as Opening from "./opening.ts"
import * as ToolSchema from "./toolSchema.ts"

/** What is known about a request before its settings. */
export interface Asked {
  readonly turn: number
  readonly prompt: ReadonlyArray<Prompt.MessageEncoded>
  readonly tools: ReadonlyArray<Tool.Any>
}

type Outcome = Pick<Recording.LineOf<"ModelEnded">, "outcome" | "error">

/** What a request is made with, besides its settings. */
interface Around {
  /** Receives the usage of the reply. */
  readonly observe?: ((report: Usage.Report) => Effect.Effect<void>) | undefined
  readonly asking?: Asking.Asking | undefined
  /** Span of the request, which becomes the current one. */
  readonly span?: Tracer.Span | undefined
}

/** The services of a request, with its settings over the current ones. */
export const inForce = <R>(
  context: Context.Context<R>,
  recorder: Recorder.Recorder | undefined,
  settings: ModelSettings.ModelSettings,
  { asking, observe, span, ...request }: Asked & Around
): Context.Context<R> => {
  const set = ModelSettings.merge(Context.get(context, ModelSettings.Current), settings)
  const told = Context.add(context, ModelSettings.Current, set)
  const asked = asking === undefined ? told : Context.add(told, Asking.Current, asking)
  const observed = observe === undefined ? asked : Context.add(asked, Usage.Observer, observe)
  const within = span === undefined ? observed : Context.add(observed, Tracer.ParentSpan, span)
  return (
    recorder === undefined ? within : Context.add(within, Random.Random, ownRandom(recorder, request))
  ) as Context.Context<R>
}

/** Notes a request with the current settings, and what is pulled of its reply. */
export const streamed = <P, E, R>(
  recorder: Recorder.Recorder,
  request: Asked,
  { pull, scope }: { readonly pull: Opening.ArrayPull<P, E, R>; readonly scope: Scope.Scope }
): Effect.Effect<Opening.ArrayPull<P, E, R>> =>
  Effect.gen(function* () {
    const number = yield* ask(recorder, "streamText", request)
    let over = false
    const end = (outcome: Outcome) => {
      if (!over) recorder.note({ _tag: "ModelEnded", request: number, ...outcome })
      over = true
    }
    yield* Scope.addFinalizer(
      scope,
      Effect.sync(() => end({ outcome: "Interrupted" }))
    )
    // One step per pull, because separate operators for parts, end and failure would cost more than everything
    // written.
    return Effect.matchCauseEffect(pull, {
      onSuccess: (parts) => {
        recorder.note({ _tag: "ModelReplied", request: number, parts: encodeStreamed(parts) })
        return Effect.succeed(parts)
      },
      onFailure: (cause) => {
        end(Pull.isDoneCause(cause) ? { outcome: "Finished" } : failed(cause))
        return Effect.failCause(cause)
      }
    })
  })

/** Notes a request whose reply is not streamed. */
export const generated =
  (recorder: Recorder.Recorder | undefined, asked: Asked) =>
  <A extends LanguageModel.GenerateTextResponse<{}>, E, R>(reply: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    recorder === undefined
      ? reply
      : Effect.flatMap(ask(recorder, "generateText", asked), (request) =>
          Effect.onExit(Effect.provideService(reply, Random.Random, ownRandom(recorder, asked)), (exit) =>
            Effect.sync(() => {
              if (Exit.isSuccess(exit)) {
                recorder.note({ _tag: "ModelReplied", request, parts: exit.value.content.map(encodePart) })
              }
              const outcome: Outcome = Exit.isSuccess(exit) ? { outcome: "Finished" } : failed(exit.cause)
              recorder.note({ _tag: "ModelEnded", request, ...outcome })
            })
          )
        )

const ask = (recorder: Recorder.Recorder, method: Recording.ModelRequest["method"], { prompt, tools, turn }: Asked) =>
  Effect.map(ModelSettings.Current, (settings) =>
    recorder.asked({
      turn,
      method,
      prompt: prompt as ReadonlyArray<Json & Prompt.MessageEncoded>,
      tools: tools.map(encodeTool),
      settings: encodeSettings(settings)
    })
  )

const ownRandom = (recorder: Recorder.Recorder, { prompt, turn }: Asked): Random.Random =>
  Recorder.random(recorder, [turn, prompt.length])

const failed = (cause: Cause.Cause<unknown>): Outcome => {
  if (Cause.hasInterruptsOnly(cause)) return { outcome: "Interrupted" }
  const error = Cause.squash(cause)
  return { outcome: "Failed", ...(AiError.isAiError(error) ? { error: encodeError(error) } : {}) }
}

const encodeAiError = Schema.encodeUnknownResult(AiError.AiError)

/** Leaves out the HTTP exchange with the provider: headers and address may contain a key. */
const encodeError = (error: AiError.AiError): Json => {
  const encoded = encodeAiError(error)
  if (Result.isFailure(encoded)) {
    const { message, method, module } = error
    return { _tag: "AiError", module, method, reason: { _tag: "UnknownError", description: message } }
  }
  const { cause: _, http: __, ...reason } = encoded.success.reason as Json
  const { url } = reason
  return {
    ...encoded.success,
    reason: typeof url === "string" ? { ...reason, url: url.replace(/[?#].*$/s, "") } : reason
  }
}

type Part = Parameters<typeof PlanAsk.encode>[0]

/** The form a provider would send, without empty fields and headers. JSON encodes times and addresses. */
const encodePart = (part: Part): Json => {
  const encoded = part.type === "file" || part.type === "tool-result" ? PlanAsk.encode(part) : part
  const { "~effect/ai/Response/Part": _, metadata, response: __, ...rest } = encoded as unknown as Json
  return isEmpty(metadata) ? rest : { ...rest, metadata }
}

const isEmpty = (metadata: unknown): boolean => {
  if (typeof metadata !== "object") return true
  for (const _ in metadata) return false
  return true
}

const encodeStreamed = (parts: ReadonlyArray<unknown>): ReadonlyArray<Json> =>
  (parts as ReadonlyArray<Part>).map((part) =>
    // Nearly all parts are words, and this is a complete one.
    part.type === "text-delta" && isEmpty(part.metadata)
      ? { type: part.type, id: part.id, delta: part.delta }
      : encodePart(part)
  )

/** A tool as shown to a model. */
export const encodeTool = (tool: Tool.Any): Recording.Tool => {
  const known = tools.get(tool)
  if (known !== undefined) return known
  const description = Tool.getDescription(tool)
  const encoded: Recording.Tool = {
    name: tool.name,
    ...(description === undefined ? {} : { description }),
    parameters: Tool.isProviderDefined(tool) ? { id: tool.id, args: tool.args } : ToolSchema.ofTool(tool)
  }
  tools.set(tool, encoded)
  return encoded
}

// Making a schema takes a thousand times as long as writing it.
const tools = new WeakMap<Tool.Any, Recording.Tool>()

/** Settings as JSON, without unset fields, and with the timeout in milliseconds. */
export const encodeSettings = ({ timeout, ...settings }: ModelSettings.ModelSettings): Json =>
  Object.fromEntries(
    Object.entries({
      ...settings,
      timeout: timeout == null ? timeout : Duration.toMillis(timeout)
    }).filter(([, value]) => value !== undefined)
  )
