/**
 * A `LanguageModel` that plays a script: each request gets the next reply, with its delays on the `Clock`, and is kept.
 *
 * ```ts
 * const model = ScriptedModel.make([
 *   ScriptedModel.toolCall("weather", { city: "Oslo" }),
 *   [ScriptedModel.text("It rains"), ScriptedModel.delay("1 second"), ScriptedModel.text(" in Oslo.")]
 * ])
 * ```
 *
 * @since 0.1.0
 */
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import type * as Tool from "effect/ai/Tool"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import * as Asking from "../model/internal/asking.ts"
import * as ReplyContent from "../model/internal/provider/replyContent.ts"
import * as ModelSettings from "../model/ModelSettings.ts"

/** One act of a reply. A delta of text or reasoning belongs to the open block, or opens one. */
export type Act =
  | {
      readonly _tag: "Delta"
      readonly kind: "text" | "reasoning"
      readonly delta: string
      /** Of the block. It comes with the end of the block. */
      readonly metadata?: Response.ProviderMetadata | undefined
    }
  | { readonly _tag: "Parts"; readonly parts: Arr.NonEmptyReadonlyArray<Response.StreamPartEncoded> }
  | { readonly _tag: "Delay"; readonly duration: Duration.Input }
  | { readonly _tag: "Fail"; readonly reason: AiError.AiErrorReason }
  | { readonly _tag: "Stall" }

/** A piece of a reply. Pieces are played in order. */
export type Piece = ReadonlyArray<Act>

type Script = Piece | ReadonlyArray<Piece>

/** A reply, or a function of the request. */
export type Reply = Script | ((request: Request) => Script)

/** The contents of a request. */
export interface Request {
  readonly method: "generateText" | "generateObject" | "streamText"
  readonly prompt: Prompt.Prompt
  readonly tools: ReadonlyArray<Tool.Any>
  readonly toolChoice: LanguageModel.ProviderOptions["toolChoice"]
  readonly settings: ModelSettings.ModelSettings
}

/** A request and its outcome. `Interrupted` means that the reply was not taken to its end. */
export interface Played extends Request {
  readonly outcome: "Running" | "Finished" | "Failed" | "Interrupted"
  /** How many deltas, of text, reasoning, and tool arguments, were taken. */
  readonly deltas: number
}

/** A script, and the record of how it was played. */
export interface ScriptedModel {
  readonly layer: Layer.Layer<LanguageModel.LanguageModel>
  /** The requests so far, in the order in which they were made. */
  readonly prompts: Effect.Effect<ReadonlyArray<Played>>
  /** How many replies are left. */
  readonly unused: Effect.Effect<number>
}

/** Makes a model from replies, one per request. A request beyond them fails, and the error says which one it is. */
export const make = (replies: ReadonlyArray<Reply>): ScriptedModel => {
  const requests: Array<Running> = []

  const play = (method: Request["method"], { prompt, toolChoice, tools }: LanguageModel.ProviderOptions) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const request: Request = { method, prompt, tools, toolChoice, settings: yield* ModelSettings.Current }
        const running: Running = { request, outcome: "Running", deltas: 0 }
        const reply = replies[requests.push(running) - 1] ?? fail(noReply(requests.length, replies.length, request))
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            if (running.outcome === "Running") running.outcome = "Interrupted"
          })
        )
        const script = typeof reply === "function" ? reply(request) : reply
        return Stream.fromPull(Effect.succeed(pullOf(running, beatsOf(actsOf(script)))))
      })
    )

  return {
    layer: Layer.effect(
      LanguageModel.LanguageModel,
      Effect.tap(
        LanguageModel.make({
          streamText: (options) => play("streamText", options),
          generateText: (options) =>
            ReplyContent.gather(
              play(options.responseFormat.type === "json" ? "generateObject" : "generateText", options)
            )
        }),
        // A script for an agent that asks for an object is the text of the object.
        (model) => Effect.sync(() => Asking.setAble(model))
      )
    ),
    prompts: Effect.sync(() => requests.map(({ request, ...played }) => ({ ...request, ...played }))),
    unused: Effect.sync(() => Math.max(0, replies.length - requests.length))
  }
}

/** Dies if replies are left. Use it in a finalizer. */
export const assertUsed = (model: ScriptedModel): Effect.Effect<void> =>
  Effect.flatMap(model.unused, (unused) =>
    unused === 0 ? Effect.void : Effect.die(new Error(`no request has come for the last ${unused} scripted replies`))
  )

/**
 * Text, in one delta for each word and the white space before it. A list gives the deltas themselves. `every` is the time
 * before each of them.
 */
export const text = (
  content: string | ReadonlyArray<string>,
  options?: { readonly every?: Duration.Input | undefined }
): Piece =>
  deltasOf(content).flatMap((delta): Piece => [...wait(options?.every), { _tag: "Delta", kind: "text", delta }])

/** Reasoning, in deltas like those of text. The metadata, such as a signature, comes with its end. */
export const reasoning = (
  content: string | ReadonlyArray<string>,
  options?: {
    readonly every?: Duration.Input | undefined
    readonly metadata?: Response.ProviderMetadata | undefined
  }
): Piece =>
  deltasOf(content).flatMap((delta): Piece => [
    ...wait(options?.every),
    { _tag: "Delta", kind: "reasoning", delta, metadata: options?.metadata }
  ])

/**
 * A tool call, whole, or after the given fragments of its arguments. `every` is the time before each of them. Its id is
 * `call_` and the name by default.
 */
export const toolCall = (
  name: string,
  args: unknown,
  options?: {
    readonly id?: string | undefined
    readonly fragments?: ReadonlyArray<string> | undefined
    readonly every?: Duration.Input | undefined
  }
): Piece => {
  const id = options?.id ?? `call_${name}`
  const call = parts({ type: "tool-call", id, name, params: args })
  if (options?.fragments === undefined) return call
  return [
    ...parts({ type: "tool-params-start", id, name }),
    ...options.fragments.flatMap((delta) => [
      ...wait(options.every),
      ...parts({ type: "tool-params-delta", id, delta })
    ]),
    ...parts({ type: "tool-params-end", id }),
    ...call
  ]
}

/** Any parts, as a provider would send them, together. */
export const parts = (...parts: Arr.NonEmptyReadonlyArray<Response.StreamPartEncoded>): Piece => [
  { _tag: "Parts", parts }
]

/** A wait. */
export const delay = (duration: Duration.Input): Piece => [{ _tag: "Delay", duration }]

/** Silence for ever. */
export const stall: Piece = [{ _tag: "Stall" }]

/** A failure of the request. Nothing after it is played. */
export const fail = (reason: AiError.AiErrorReason): Piece => [{ _tag: "Fail", reason }]

/** The end of a reply, if it is not the usual one: `tool-calls` if the reply has some, else `stop`. */
export const finish = (reason: Response.FinishReason, usage: typeof Response.Usage.Encoded = unknownUsage): Piece =>
  parts({ type: "finish", reason, usage })

/** Makes a reply break off after this many deltas. By default the connection is lost. */
export const dieAfter = (deltas: number, reply: Script, reason: AiError.AiErrorReason = lost): Piece => {
  let left = deltas
  const acts = actsOf(reply)
  const end = acts.findIndex((act) => isDelta(act) && left-- === 0)
  return [...(end < 0 ? acts : acts.slice(0, end)), ...fail(reason)]
}

interface Running {
  readonly request: Request
  outcome: Played["outcome"]
  deltas: number
}

type Parts = Arr.NonEmptyReadonlyArray<Response.StreamPartEncoded>

/** The acts of a reply, with the beginnings and ends of blocks inserted. */
type Beat = Exclude<Act, { readonly _tag: "Delta" }>

const actsOf = (script: Script): Piece => script.flat()

const wait = (every: Duration.Input | undefined): Piece => (every === undefined ? [] : delay(every))

const deltasOf = (content: string | ReadonlyArray<string>): ReadonlyArray<string> =>
  typeof content === "string" ? (content.match(/\s*\S+|\s+$/g) ?? []) : content

const isDeltaPart = (part: Response.StreamPartEncoded) => part.type.endsWith("-delta")

const isDelta = (act: Act) => act._tag === "Delta" || (act._tag === "Parts" && act.parts.some(isDeltaPart))

const beatsOf = (acts: Piece): ReadonlyArray<Beat> => {
  const beats: Array<Beat> = []
  let open: Extract<Act, { readonly _tag: "Delta" }> | undefined
  let blocks = 0
  let calls = false
  const close = (): ReadonlyArray<Response.StreamPartEncoded> => {
    if (open === undefined) return []
    const { kind, metadata } = open
    open = undefined
    return [{ type: `${kind}-end`, id: `${blocks}`, metadata }]
  }
  const emit = (before: ReadonlyArray<Response.StreamPartEncoded>, parts: Parts) =>
    beats.push({ _tag: "Parts", parts: Arr.appendAll(before, parts) })

  for (const act of acts) {
    if (act._tag === "Delta") {
      const { delta, kind } = act
      const before = open?.kind === kind ? [] : [...close(), { type: `${kind}-start` as const, id: `${++blocks}` }]
      open = act
      emit(before, [{ type: `${kind}-delta`, id: `${blocks}`, delta }])
    } else if (act._tag === "Parts") {
      emit(close(), act.parts)
      if (act.parts.some(({ type }) => type === "finish")) return beats
      calls ||= act.parts.some((part) => part.type === "tool-call" && part.providerExecuted !== true)
    } else beats.push(act)
  }
  emit(close(), [{ type: "finish", reason: calls ? "tool-calls" : "stop", usage: unknownUsage }])
  return beats
}

const pullOf = (running: Running, beats: ReadonlyArray<Beat>): Pull.Pull<Parts, AiError.AiError> => {
  let at = 0
  const pull: Pull.Pull<Parts, AiError.AiError> = Effect.suspend(() => {
    const beat = beats[at++]
    switch (beat?._tag) {
      case undefined:
        return Cause.done()
      case "Delay":
        return Effect.andThen(Effect.sleep(beat.duration), pull)
      case "Stall":
        return Effect.never
      case "Fail": {
        running.outcome = "Failed"
        const { method } = running.request
        return Effect.fail(AiError.make({ module: "ScriptedModel", method, reason: beat.reason }))
      }
      case "Parts":
        running.deltas += beat.parts.filter(isDeltaPart).length
        if (at === beats.length) running.outcome = "Finished"
        return Effect.succeed(beat.parts)
    }
  })
  return pull
}

const unknownUsage: typeof Response.Usage.Encoded = {
  inputTokens: { uncached: undefined, total: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined }
}

const lost = new AiError.NetworkError({
  reason: "TransportError",
  method: "POST",
  url: "scripted:",
  description: "the script ended the connection"
})

const noReply = (request: number, replies: number, { method, prompt }: Request): AiError.AiErrorReason => {
  const last = prompt.content.at(-1)
  const end = last === undefined ? "an empty prompt" : `a prompt that ends with ${last.role}: ${sketch(last)}`
  return new AiError.InvalidRequestError({
    description: `the script has ${replies} replies, and none for request ${request}, a ${method} with ${end}`
  })
}

const sketch = ({ content }: Prompt.Message): string =>
  typeof content === "string"
    ? content
    : content.map((part) => (part.type === "text" ? part.text : part.type)).join(" ")
