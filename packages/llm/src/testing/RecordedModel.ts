/**
 * A `LanguageModel` that repeats the replies of a recorded call: the n-th request gets the n-th reply, with its parts
 * at their times after the request, and its end, even if that was a failure.
 *
 * Requests are compared with the recorded ones, and the differences are kept as data: a changed agent asks differently,
 * and the test decides whether that is wrong.
 *
 * @since 0.1.0
 */
import type { Json } from "@antiphon/core/JsonText"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Pace from "@antiphon/core/testing/Pace"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import type * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as ModelTap from "../internal/modelTap.ts"
import * as Asking from "../model/internal/asking.ts"
import * as ContextWindow from "../model/internal/contextWindow.ts"
import * as PlanAsk from "../model/internal/plan/planAsk.ts"
import * as ReplyContent from "../model/internal/provider/replyContent.ts"
import * as ModelSettings from "../model/ModelSettings.ts"

/** A difference between a request and the recorded one. Undefined means that a side has nothing there. */
export interface Difference {
  /** Which request, from 1. */
  readonly request: number
  /** A message of the prompt by its place, a tool by its name, a setting by its name, or the method. */
  readonly where: `prompt[${number}]` | `tools.${string}` | `settings.${string}` | "method"
  readonly recorded: unknown
  readonly asked: unknown
}

/** A model with the replies of a recorded call, and what it was asked. */
export interface RecordedModel<E = never, R = never> {
  readonly layer: Layer.Layer<LanguageModel.LanguageModel, E, R>
  /** How the requests so far differ from the recorded ones, in order. */
  readonly differences: Effect.Effect<ReadonlyArray<Difference>>
  /** How many recorded replies are left. */
  readonly unused: Effect.Effect<number>
}

/** Another model, which takes over at a request. */
export interface Fork<E = never, R = never> {
  /** The first request that it answers, from 1. By default the first one after the recording. */
  readonly from?: number | undefined
  readonly model: Layer.Layer<LanguageModel.LanguageModel, E, R>
}

/** How long an interrupted reply stays silent if it is not interrupted again. */
const silence = "1 second"

/**
 * Makes a model from a recording. A request beyond the recorded ones fails, and the error says which one it is, unless
 * there is a fork.
 *
 * A reply that was interrupted on the recorded call ends in silence, in which the agent should interrupt it again, and
 * then in a failure, because its rest is unknown.
 */
export const make = <E = never, R = never>(
  recording: Pick<Recording.Recording, "lines">,
  options: { readonly fork?: Fork<E, R> | undefined } = {}
): Result.Result<RecordedModel<E, R>, Recording.RecordingError> =>
  Result.map(Recording.modelRequests(recording), (requests) => {
    const { fork } = options
    const from = fork?.from ?? requests.length + 1
    const differences: Array<Difference> = []
    let count = 0

    const play = (request: number, method: Method, given: LanguageModel.ProviderOptions) => {
      const recorded = requests[request - 1]
      if (recorded === undefined) return Effect.fail(tooMany(request, requests.length, method))
      return Effect.map(ModelSettings.Current, (settings) => {
        differences.push(...compare(request, recorded, { method, given, settings }))
        return recorded
      })
    }

    const provider = (other: LanguageModel.LanguageModel | undefined): Provider => ({
      streamText: (given) =>
        Stream.suspend(() => {
          const request = ++count
          if (other !== undefined && request >= from) return PlanAsk.stream(other, given, given.prompt)
          return Stream.unwrap(Effect.map(play(request, "streamText", given), streamOf))
        }),
      generateText: (given) =>
        Effect.suspend(() => {
          const request = ++count
          if (other !== undefined && request >= from) return PlanAsk.generate(other, given)
          return Effect.flatMap(play(request, "generateText", given), wholeOf)
        })
    })

    return {
      layer: Layer.effect(
        LanguageModel.LanguageModel,
        Effect.gen(function* () {
          const other =
            fork === undefined ? undefined : Context.get(yield* Layer.build(fork.model), LanguageModel.LanguageModel)
          const model = yield* LanguageModel.make(provider(other))
          if (other === undefined || Asking.isAble(other)) Asking.setAble(model)
          // An agent keeps its prompts within the window of the model that was recorded.
          ContextWindow.set(model, () => windowOf(requests[count]) ?? (other && ContextWindow.of(other)))
          return model
        })
      ),
      differences: Effect.sync(() => [...differences]),
      unused: Effect.sync(() => Math.max(0, Math.min(requests.length, from - 1) - count))
    }
  })

const windowOf = (recorded: Recording.ModelRequest | undefined): number | undefined => {
  const window = (recorded?.settings as Json | undefined)?.["contextWindow"]
  return typeof window === "number" ? window : undefined
}

type Provider = Parameters<typeof LanguageModel.make>[0]
type Method = Recording.ModelRequest["method"]
type Parts = Arr.NonEmptyReadonlyArray<Response.AnyPartEncoded>

/** The reply in its original pieces. */
const piecesOf = (recorded: Recording.ModelRequest): Stream.Stream<Response.AnyPartEncoded, AiError.AiError> =>
  Stream.unwrap(Effect.map(Clock.Clock, (clock) => Stream.fromPull(Effect.succeed(pullOf(recorded, clock)))))

const streamOf = (recorded: Recording.ModelRequest): Stream.Stream<Response.StreamPartEncoded, AiError.AiError> =>
  Stream.mapArray(piecesOf(recorded), (parts) => Arr.flatMap(parts, streamed))

const wholeOf = (recorded: Recording.ModelRequest): Effect.Effect<Array<Response.PartEncoded>, AiError.AiError> =>
  ReplyContent.gather(streamOf(recorded))

/** A part as a stream has it, even if it came as a whole. */
const streamed = (part: Response.AnyPartEncoded): Arr.NonEmptyReadonlyArray<Response.StreamPartEncoded> => {
  if (part.type !== "text" && part.type !== "reasoning") return [part]
  // Its own block, which is over before the next one begins.
  const id = part.type
  return [
    { type: `${part.type}-start`, id },
    { type: `${part.type}-delta`, id, delta: part.text },
    { type: `${part.type}-end`, id, ...(part.metadata === undefined ? {} : { metadata: part.metadata }) }
  ]
}

const pullOf = (recorded: Recording.ModelRequest, clock: Clock.Clock): Pull.Pull<Parts, AiError.AiError> => {
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const start = now()
  let at = 0

  /** Waits until a time of the recorded call. Times are whole microseconds. */
  const until = (time: number): Effect.Effect<void> => {
    const wait = Math.round((time - recorded.at - (now() - start)) * 1000) / 1000
    return wait > 0 ? Effect.sleep(wait) : Effect.void
  }

  const pull: Pull.Pull<Parts, AiError.AiError> = Effect.suspend(() => {
    const reply = recorded.replies[at++]
    if (reply === undefined) return end
    const parts = reply.parts as ReadonlyArray<unknown> as Parts
    // A redacted reply may have lost all parts of a piece.
    return parts.length === 0 ? pull : Effect.as(Effect.andThen(until(reply.at), Pace.until(reply)), parts)
  })

  const end: Pull.Pull<never, AiError.AiError> = Effect.suspend(() => {
    const { end } = recorded
    if (end === undefined || end.outcome === "Interrupted") {
      const wait = Effect.andThen(until(end?.at ?? recorded.replies.at(-1)?.at ?? recorded.at), Effect.sleep(silence))
      return Effect.andThen(wait, Effect.fail(cutOff(recorded)))
    }
    const ending: Pull.Pull<never, AiError.AiError> =
      end.outcome === "Finished" ? Cause.done() : Effect.fail(failureOf(end, recorded))
    return Effect.andThen(Effect.andThen(until(end.at), Pace.until(end)), ending)
  })

  return pull
}

const fail = (method: Method, reason: AiError.AiErrorReason) =>
  AiError.make({ module: "RecordedModel", method, reason })

const tooMany = (request: number, recorded: number, method: Method) =>
  fail(
    method,
    new AiError.InvalidRequestError({
      description: `the recording has ${recorded} requests to models, and no reply for request ${request}`
    })
  )

const cutOff = ({ method, request }: Recording.ModelRequest) =>
  fail(
    method,
    new AiError.InvalidRequestError({
      description: `the recorded reply to request ${request} was interrupted, so there is no end to play`
    })
  )

const decodeError = Schema.decodeUnknownResult(AiError.AiError)

const failureOf = (end: Recording.LineOf<"ModelEnded">, { method }: Recording.ModelRequest): AiError.AiError =>
  Result.getOrElse(decodeError(end.error), () =>
    fail(method, new AiError.UnknownError({ description: "the recording does not say why the request failed" }))
  )

const compare = (
  request: number,
  recorded: Recording.ModelRequest,
  {
    given,
    method,
    settings
  }: {
    readonly method: Method
    readonly given: LanguageModel.ProviderOptions
    readonly settings: ModelSettings.ModelSettings
  }
): ReadonlyArray<Difference> => {
  const differences: Array<Difference> = []
  const hold = (where: Difference["where"], recorded: unknown, asked: unknown) => {
    if (!Equal.equals(recorded, asked)) differences.push({ request, where, recorded, asked })
  }
  const holdAll = (kind: "tools" | "settings", recorded: Json, asked: Json) => {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(asked)])) {
      hold(`${kind}.${name}`, recorded[name], asked[name])
    }
  }
  hold("method", recorded.method, method)
  const [before, now] = [normalMessages(recorded.prompt), normalMessages(encodePrompt(given.prompt).content)]
  for (let place = 0; place < Math.max(before.length, now.length); place++) {
    hold(`prompt[${place}]`, before[place], now[place])
  }
  holdAll("tools", byName(recorded.tools), byName(given.tools.map(ModelTap.encodeTool)))
  holdAll("settings", plain(recorded.settings) as Json, plain(ModelTap.encodeSettings(settings)) as Json)
  return differences
}

const byName = (tools: ReadonlyArray<Recording.Tool>): Json =>
  Object.fromEntries(tools.map((tool) => [tool.name, plain(tool)]))

const encodePrompt = Schema.encodeSync(Prompt.Prompt)
const decodePrompt = Schema.decodeUnknownResult(Prompt.Prompt)

/** Messages in one form: text as a string and text as a list of one part are the same to every model. */
const normalMessages = (content: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const decoded = decodePrompt({ content: plain(content) })
  return plain(Result.isSuccess(decoded) ? encodePrompt(decoded.success).content : content) as ReadonlyArray<unknown>
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
