/**
 * A `LanguageModel` on a bad day: latencies, failures, stalls and broken connections, drawn from a seed.
 *
 * It wraps another model, real or scripted, or answers by itself. What happens to a request depends only on the seed
 * and on its number, so a run can be repeated. Times are on the `Clock`.
 *
 * ```ts
 * const model = FaultyModel.wrap(ScriptedModel.make(replies).layer, {
 *   seed: 7,
 *   firstToken: { median: "400 millis", p99: "3 seconds" },
 *   failures: { RateLimitError: 0.05 },
 *   dies: 0.02
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Chance from "@antiphon/core/testing/Chance"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as PlanAsk from "../model/internal/plan/planAsk.ts"
import * as DrawnFailure from "./internal/drawnFailure.ts"
import * as LatencyDraw from "./internal/latencyDraw.ts"

/** A log-normal distribution of times, as with real providers, given by its median and its 99th percentile. */
export interface Latency {
  readonly median: Duration.Input
  readonly p99: Duration.Input
}

/** A kind of failure. */
export type FailureKind = AiError.AiErrorReason["_tag"]

/** How bad the day is. Anything missing does not happen. Probabilities are per request, and exclude each other. */
export interface Behaviour {
  /** Time to the first token, and to a failure that comes instead of it. */
  readonly firstToken?: Latency | undefined
  readonly betweenTokens?: Latency | undefined
  /** Requests with a different latency of the first token, such as those to a cold model. */
  readonly slowStart?: { readonly probability: number; readonly latency: Latency } | undefined
  /** Failures before the first token. */
  readonly failures?: { readonly [Kind in FailureKind]?: number | undefined } | undefined
  /** Silence for ever, before any of the first tokens. */
  readonly stalls?: number | undefined
  /** The connection is lost after any of the first tokens. */
  readonly dies?: number | undefined
  /** How many tokens count as the first. A shorter reply breaks at its end. 20. */
  readonly breaksWithin?: number | undefined
}

/** A behaviour, and the seed it is drawn from. */
export interface Options extends Behaviour {
  readonly seed: number
}

/** The fault drawn for a request. `after` is a number of tokens. */
export type Fate =
  | { readonly _tag: "Answers" }
  | { readonly _tag: "Fails"; readonly kind: FailureKind }
  | { readonly _tag: "Stalls"; readonly after: number }
  | { readonly _tag: "Dies"; readonly after: number }

/** The fault applied to a request. */
export interface Treated {
  readonly method: "generateText" | "generateObject" | "streamText"
  readonly prompt: Prompt.Prompt
  readonly fate: Fate
  readonly slowStart: boolean
  readonly firstTokenMs: number
  /** Tokens that were let through. */
  readonly tokens: number
  /** `Stalled` remains even if the request is interrupted. `Failed` includes failures of the wrapped model. */
  readonly outcome: "Running" | "Finished" | "Failed" | "Stalled" | "Interrupted"
}

/** A model, and the record of what it did. */
export interface FaultyModel<out E = never, out R = never> {
  readonly layer: Layer.Layer<LanguageModel.LanguageModel, E, R>
  /** The requests so far, in the order in which they were made. */
  readonly requests: Effect.Effect<ReadonlyArray<Treated>>
}

/** Makes the text of a reply. What is drawn from `chance` depends on the seed and the number of the request. */
export type Reply = (prompt: Prompt.Prompt, chance: Chance.Chance) => string

/** Wraps a model. */
export const wrap = <E, R>(
  model: Layer.Layer<LanguageModel.LanguageModel, E, R>,
  options: Options
): FaultyModel<E, R> => {
  const day = makeDay(options)
  const layer = Layer.effect(
    LanguageModel.LanguageModel,
    Effect.flatMap(LanguageModel.LanguageModel, (inner) =>
      modelOf(day, {
        stream: (options) => PlanAsk.stream(inner, options, options.prompt),
        generate: (options) => PlanAsk.generate(inner, options)
      })
    )
  )
  return { layer: Layer.provide(layer, model), requests: day.requests }
}

/** Makes a model that answers by itself. A token is a word with the space before it. */
export const make = (reply: Reply, options: Options): FaultyModel => {
  const day = makeDay(options)
  const layer = Layer.effect(
    LanguageModel.LanguageModel,
    modelOf(day, {
      stream: ({ prompt }, chance) => Stream.suspend(() => Stream.fromIterable(spoken(reply(prompt, chance)))),
      generate: ({ prompt }, chance) => Effect.sync(() => [{ type: "text", text: reply(prompt, chance) }, finish])
    })
  )
  return { layer, requests: day.requests }
}

/** The model that answers behind the faults, as a provider. */
interface Source {
  readonly stream: (
    options: LanguageModel.ProviderOptions,
    chance: Chance.Chance
  ) => Stream.Stream<Response.StreamPartEncoded, AiError.AiError>
  readonly generate: (
    options: LanguageModel.ProviderOptions,
    chance: Chance.Chance
  ) => Effect.Effect<Array<Response.PartEncoded>, AiError.AiError>
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Request {
  readonly treated: Mutable<Treated>
  readonly gapMs: () => number
  readonly reply: Chance.Chance
}

interface Day {
  readonly begin: (method: Treated["method"], prompt: Prompt.Prompt) => Request
  readonly requests: Effect.Effect<ReadonlyArray<Treated>>
}

const makeDay = (options: Options): Day => {
  check(options)
  const requests: Array<Mutable<Treated>> = []
  return {
    begin: (method, prompt) => {
      const chance = Chance.make(options.seed).split(`request ${requests.length}`)
      const fate = fateOf(options, chance.split("fate"))
      const start = chance.split("start")
      const { firstToken = none, slowStart } = options
      const slow = slowStart !== undefined && start.chance(slowStart.probability)
      const firstTokenMs = LatencyDraw.draw(slow ? slowStart.latency : firstToken, start)
      const gaps = chance.split("gaps")
      const treated: Mutable<Treated> = {
        method,
        prompt,
        fate,
        slowStart: slow,
        firstTokenMs,
        tokens: 0,
        outcome: "Running"
      }
      requests.push(treated)
      return {
        treated,
        gapMs: () => LatencyDraw.draw(options.betweenTokens ?? none, gaps),
        reply: chance.split("reply")
      }
    },
    requests: Effect.sync(() => requests.map((treated) => ({ ...treated })))
  }
}

const none: Latency = { median: 0, p99: 0 }

const check = ({
  betweenTokens,
  breaksWithin = 1,
  dies,
  failures = {},
  firstToken,
  slowStart,
  stalls
}: Options): void => {
  const shares = [...Object.values(failures), stalls, dies].map((share) => share ?? 0)
  for (const share of [...shares, slowStart?.probability ?? 0]) {
    if (!(share >= 0 && share <= 1)) throw new Error(`${share} is not a probability`)
  }
  const sum = shares.reduce((sum, share) => sum + share, 0)
  if (sum > 1 + 1e-9) throw new Error(`the probabilities of failures, stalls and deaths add up to ${sum}`)
  if (!(breaksWithin >= 1)) throw new Error("a reply breaks within at least one token")
  for (const latency of [firstToken, betweenTokens, slowStart?.latency]) {
    if (latency === undefined) continue
    const [median, p99] = [Duration.toMillis(latency.median), Duration.toMillis(latency.p99)]
    if (p99 < median || (median === 0 && p99 > 0))
      throw new Error(`no latency has a median of ${median} and a p99 of ${p99} ms`)
  }
}

const fateOf = ({ breaksWithin = 20, dies = 0, failures = {}, stalls = 0 }: Options, chance: Chance.Chance): Fate => {
  let left = chance.next()
  const hits = (share: number | undefined) => (left -= share ?? 0) < 0
  for (const kind of DrawnFailure.kinds) if (hits(failures[kind])) return { _tag: "Fails", kind }
  if (hits(stalls)) return { _tag: "Stalls", after: chance.int(0, breaksWithin - 1) }
  if (hits(dies)) return { _tag: "Dies", after: chance.int(1, breaksWithin) }
  return { _tag: "Answers" }
}

const modelOf = (day: Day, source: Source) =>
  LanguageModel.make({
    streamText: (options) =>
      Stream.unwrap(
        Effect.map(begin(day, "streamText", options.prompt), (request) => {
          const { treated, reply } = request
          return paced(source.stream(options, reply), request).pipe(
            Stream.tapError(() => Effect.sync(() => end(treated, "Failed"))),
            Stream.onEnd(Effect.sync(() => end(treated, "Finished")))
          )
        })
      ),
    generateText: (options) =>
      Effect.scoped(
        Effect.gen(function* () {
          const method = options.responseFormat.type === "json" ? "generateObject" : "generateText"
          const request = yield* begin(day, method, options.prompt)
          const { treated, reply } = request
          const answer = Effect.gen(function* () {
            const parts = yield* source.generate(options, reply)
            for (const part of parts) {
              const tokens = part.type === "text" ? wordsOf(part.text).length : part.type === "tool-call" ? 1 : 0
              for (let token = 0; token < tokens; token++) yield* beforeToken(request)
            }
            yield* beforeEnd(request)
            end(treated, "Finished")
            return parts
          })
          return yield* Effect.tapError(answer, () => Effect.sync(() => end(treated, "Failed")))
        })
      )
  })

const begin = (day: Day, method: Treated["method"], prompt: Prompt.Prompt) =>
  Effect.acquireRelease(
    Effect.sync(() => day.begin(method, prompt)),
    ({ treated }) => Effect.sync(() => end(treated, "Interrupted"))
  )

/** Only the first end counts. */
const end = (treated: Mutable<Treated>, outcome: Treated["outcome"]): void => {
  if (treated.outcome === "Running") treated.outcome = outcome
}

/** Lets parts through token by token. Other parts wait for the next token, so that only tokens are a sign of life. */
const paced = (
  parts: Stream.Stream<Response.StreamPartEncoded, AiError.AiError>,
  request: Request
): Stream.Stream<Response.StreamPartEncoded, AiError.AiError> => {
  let held: Array<Response.StreamPartEncoded> = []
  const release = (part: Response.StreamPartEncoded) => {
    const released = [...held, part]
    held = []
    return released
  }
  return parts.pipe(
    Stream.mapEffect((part) => {
      if (isToken(part)) return Effect.map(beforeToken(request), () => release(part))
      if (part.type === "finish") return Effect.map(beforeEnd(request), () => release(part))
      held.push(part)
      return Effect.succeed<Array<Response.StreamPartEncoded>>([])
    }),
    Stream.flattenIterable
  )
}

const isToken = ({ type }: Response.StreamPartEncoded): boolean => type.endsWith("-delta") || type === "tool-call"

const beforeToken = ({ gapMs, treated }: Request): Effect.Effect<void, AiError.AiError> =>
  Effect.suspend(() => {
    const { fate, firstTokenMs, method, tokens } = treated
    if (broken(treated)) return breakOff(treated)
    const first = tokens === 0
    return Effect.flatMap(Effect.sleep(first ? firstTokenMs : gapMs()), () => {
      if (first && fate._tag === "Fails") return fail(method, DrawnFailure.reasons[fate.kind]())
      treated.tokens++
      return Effect.void
    })
  })

const beforeEnd = (request: Request): Effect.Effect<void, AiError.AiError> =>
  Effect.suspend(() => {
    const { treated } = request
    const { fate, firstTokenMs, method, tokens } = treated
    if (fate._tag === "Stalls" || fate._tag === "Dies") return breakOff(treated)
    if (tokens > 0) return Effect.void
    const failure = fate._tag === "Fails" ? fail(method, DrawnFailure.reasons[fate.kind]()) : Effect.void
    return Effect.andThen(Effect.sleep(firstTokenMs), failure)
  })

const broken = ({ fate, tokens }: Treated): boolean => "after" in fate && fate.after === tokens

const breakOff = (treated: Mutable<Treated>): Effect.Effect<never, AiError.AiError> => {
  if (treated.fate._tag === "Dies") return fail(treated.method, DrawnFailure.lost)
  end(treated, "Stalled")
  return Effect.never
}

const fail = (method: string, reason: AiError.AiErrorReason): Effect.Effect<never, AiError.AiError> =>
  Effect.fail(AiError.make({ module: "FaultyModel", method, reason }))

const wordsOf = (text: string): ReadonlyArray<string> => text.match(/\s*\S+|\s+$/g) ?? []

const spoken = (text: string): ReadonlyArray<Response.StreamPartEncoded> => [
  { type: "text-start", id: "1" },
  ...wordsOf(text).map((delta): Response.StreamPartEncoded => ({ type: "text-delta", id: "1", delta })),
  { type: "text-end", id: "1" },
  finish
]

const finish: Response.FinishPartEncoded = {
  type: "finish",
  reason: "stop",
  usage: {
    inputTokens: { uncached: undefined, total: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: undefined, text: undefined, reasoning: undefined }
  }
}
