/**
 * Makes a `LanguageModel` from a provider's request, reply and sender.
 *
 * @since 0.1.0
 */
import * as ErrorText from "@antiphon/core/ErrorText"
import * as AiError from "effect/ai/AiError"
import * as IdGenerator from "effect/ai/IdGenerator"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import type * as Tool from "effect/ai/Tool"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Opening from "../../../internal/opening.ts"
import * as ModelSettings from "../../ModelSettings.ts"
import * as Usage from "../../Usage.ts"
import { WarmUp } from "../../WarmUp.ts"
import * as Asking from "../asking.ts"
import * as ContextWindow from "../contextWindow.ts"
import * as ObjectTool from "../objectTool.ts"
import * as Acceptance from "../rules/acceptance.ts"
import * as Prefill from "../rules/prefill.ts"
import * as SoundPrompt from "../rules/soundPrompt.ts"
import * as Tokens from "../tokens.ts"
import * as AiErrors from "./aiErrors.ts"
import * as Charge from "./charge.ts"
import * as DirectModel from "./directModel.ts"
import * as EncodedStream from "./encodedStream.ts"
import * as PromptText from "./promptText.ts"
import { Refusals, type Asked } from "./refusals.ts"
import * as ReplyContent from "./replyContent.ts"
import * as ReplyStream from "./replyStream.ts"

/** Which model, and where. */
export interface Options {
  readonly model: string
  readonly apiKey?: Redacted.Redacted | undefined
  readonly baseUrl?: string | undefined
  readonly headers?: { readonly [name: string]: string } | undefined
  /** Settings of this model. Settings in the context of a request take precedence. */
  readonly settings?: ModelSettings.ModelSettings | undefined
}

/** The differences between providers. */
export interface Provider<Body> {
  readonly name: string
  readonly model: string
  readonly url: string
  readonly settings: ModelSettings.ModelSettings | undefined
  /** Builds the body; may throw if the provider cannot express a schema. */
  readonly request: (
    settings: ModelSettings.ModelSettings,
    options: LanguageModel.ProviderOptions & Asking.Asking
  ) => Body
  /** Whether a reply can be held to the schema of an object, with tools beside it or without. Never by default. */
  readonly holdsTo?: ((object: Tool.Any, tools: boolean) => boolean) | undefined
  readonly send: (body: Body, signal: AbortSignal) => Promise<Response>
  /** Sends a request that costs nothing over the connections of `send`. Ignores the answer. */
  readonly greet: (signal: AbortSignal) => Promise<Response>
  readonly reply: (options: LanguageModel.ProviderOptions, generateId: () => string) => ReplyStream.Reply
  readonly codecTransformer: LanguageModel.CodecTransformer
  /** Whether the model can continue a prefilled reply. */
  readonly prefills?: Prefill.Able | undefined
}

/** Makes the model, with its names and its warm-up. */
export const make = <Body>(
  provider: Provider<Body>
): Effect.Effect<Context.Context<LanguageModel.LanguageModel | Model.ProviderName | Model.ModelName>> => {
  const refusals = new Refusals()
  const stream = (method: string, asked: LanguageModel.ProviderOptions, generator: IdGenerator.Service | undefined) =>
    Opening.stream((context: Context.Context<never>, scope) =>
      Effect.flatMap(idsOf(generator, context), (generateId) => {
        const { cacheKey, object } = Context.get(context, Asking.Current)
        const given = { ...asked, prompt: SoundPrompt.prompt(asked.prompt) }
        const options = object === undefined ? given : ObjectTool.added(given, object)
        const canHold = object !== undefined && provider.holdsTo?.(object, asked.tools.length > 0) === true
        const settings = ModelSettings.merge(provider.settings ?? {}, Context.get(context, ModelSettings.Current))
        const source: AiErrors.Source = {
          module: fullName(provider),
          method,
          url: provider.url,
          model: provider.model,
          asked: {
            names: [provider.model, provider.name, ...options.tools.map(({ name }) => name)],
            text: () => PromptText.of(options.prompt)
          }
        }
        annotate(provider, settings, options)
        const names = { provider: provider.name, model: provider.model }
        const reply = provider.reply(options, generateId)
        const isHeld = () => canHold && !refusals.has(object)
        const asking = (): Asked => {
          const held = isHeld()
          const { toolChoice, tools } = held ? given : options
          const forced = Acceptance.isForced(toolChoice)
          return { settings, tools: tools.length > 0, forced, object: held ? object : undefined }
        }
        const made = () => {
          const asked = asking()
          const { object } = asked
          return provider.request(refusals.applied(asked), {
            ...(object === undefined ? options : given),
            ...(refusals.frees(asked) ? { toolChoice: "auto" } : undefined),
            cacheKey,
            object
          })
        }
        const send = (body: Body, signal: AbortSignal, left = mostRefusals): Promise<Response> =>
          provider.send(body, signal).catch((cause: unknown) => {
            const refused = left === 0 ? undefined : refusals.learn(cause, asking())
            if (refused === undefined) throw cause
            Effect.runSyncWith(context)(
              Effect.logWarning(`${fullName(provider)} refuses ${refused}: left out from now on`)
            )
            return send(made(), signal, left - 1)
          })
        const opened = (body: Body) =>
          ReplyStream.open(
            {
              source,
              open: (signal) => send(body, signal),
              reply: object === undefined ? reply : ObjectTool.reading(reply, object.name, () => !isHeld()),
              timeout: patience(settings.timeout),
              onFinish: (part) => Usage.tell(names, Usage.ofFinish(part.usage), { cost: Charge.of(part) }),
              onGivenUp: (characters) => {
                const input = Math.ceil(Tokens.ofText(JSON.stringify(body)))
                const tokens = { ...Usage.none, input, output: Math.ceil(characters / 4) }
                return Effect.provideContext(Usage.tell(names, tokens, { estimated: true }), context)
              }
            },
            scope
          )
        return Effect.map(Effect.try({ try: made, catch: (cause) => AiErrors.make(source, unsaid(cause)) }), opened)
      })
    )
  return Effect.gen(function* () {
    const generator = Option.getOrUndefined(yield* Effect.serviceOption(IdGenerator.IdGenerator))
    const encoded: EncodedStream.EncodedStream = (options) => stream("streamText", options, generator)
    const made = yield* LanguageModel.make({
      codecTransformer: provider.codecTransformer,
      supportsSystemMessagesInHistory: Effect.succeed(true),
      streamText: encoded,
      generateText: (options) => ReplyContent.gather(stream("generateText", options, generator))
    })
    const model = yield* DirectModel.make(made, encoded)
    EncodedStream.set(model, encoded)
    Asking.setAble(model)
    const window = ContextWindow.named({ provider: provider.name, model: provider.model }, provider.settings)
    ContextWindow.set(model, () => window)
    const { prefills } = provider
    if (prefills !== undefined) {
      Prefill.set(model, (settings) => prefills(ModelSettings.merge(provider.settings ?? {}, settings)))
    }
    return Context.make(LanguageModel.LanguageModel, model).pipe(
      Context.add(Model.ProviderName, provider.name),
      Context.add(Model.ModelName, provider.model),
      Context.add(WarmUp, warmUp(provider))
    )
  })
}

/** The model as errors and logs name it. */
const fullName = ({ model, name }: Pick<Provider<unknown>, "name" | "model">): string => `${name}/${model}`

/** How many settings of one request may be refused, one after the other. */
const mostRefusals = 5

/** Makes the ids of a reply's calls, for a provider that gives none. Nothing is drawn for the others. */
const idsOf = (
  generator: IdGenerator.Service | undefined,
  context: Context.Context<never>
): Effect.Effect<() => string> => {
  const numbered = (prefix: () => string) => {
    let ids = 0
    return () => `${prefix()}_${ids++}`
  }
  if (generator !== undefined) return Effect.map(generator.generateId(), (prefix) => numbered(() => prefix))
  let drawn: string | undefined
  const draw = () => Effect.runSyncWith(context)(IdGenerator.defaultIdGenerator.generateId())
  return Effect.succeed(numbered(() => (drawn ??= draw())))
}

/** A timeout of zero means none. */
const patience = (timeout: ModelSettings.ModelSettings["timeout"]): Duration.Duration | undefined => {
  const duration = timeout == null ? Duration.zero : Duration.fromInputUnsafe(timeout)
  return Duration.isZero(duration) ? undefined : duration
}

const warmUp = <Body>(provider: Provider<Body>): Effect.Effect<void, AiError.AiError> => {
  const source: AiErrors.Source = { module: fullName(provider), method: "warmUp", url: provider.url }
  // Only a body that was read to its end leaves the connection to the next request.
  const greeted = (signal: AbortSignal) => provider.greet(signal).then((response) => response.arrayBuffer())
  return Effect.tryPromise({ try: greeted, catch: (cause) => cause }).pipe(
    // A refusal came over an open connection too, and the SDKs have read it.
    Effect.catchIf(
      (cause) => AiErrors.hasStatus(cause),
      () => Effect.void
    ),
    Effect.mapError((cause) => AiErrors.make(source, AiErrors.fromRejection(source, cause))),
    Effect.asVoid
  )
}

const unsaid = (cause: unknown) => new AiError.UnsupportedSchemaError({ description: ErrorText.of(cause) })

const annotate = (
  provider: Pick<Provider<unknown>, "name" | "model">,
  settings: ModelSettings.ModelSettings,
  { span }: LanguageModel.ProviderOptions
): void => {
  span.attribute("gen_ai.provider.name", provider.name)
  span.attribute("gen_ai.operation.name", "chat")
  span.attribute("gen_ai.request.model", provider.model)
  if (settings.temperature != null) span.attribute("gen_ai.request.temperature", settings.temperature)
  if (settings.topP != null) span.attribute("gen_ai.request.top_p", settings.topP)
  if (settings.maxTokens != null) span.attribute("gen_ai.request.max_tokens", settings.maxTokens)
}
