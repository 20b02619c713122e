/**
 * A plan of models, so that replies survive a slow, busy or failing provider.
 *
 * A plan lists models in order of preference, and is a `LanguageModel` itself. If a step fails before its first word,
 * it is retried according to its schedule; then the next step is tried, whatever the error was. A slow step can be
 * raced against the next. If a model breaks off in the middle of a reply, the next attempt continues what has already
 * been sent, so that nothing is said twice and nothing is missing:
 *
 * - Text is sent in whole words. The last word waits until the next token shows that it is complete.
 * - Words that the next model repeats are dropped, and the white space at the seam is corrected.
 * - Reasoning and tool calls are sent once they are complete. A reply that breaks off after a complete tool call counts
 *   as finished, because its model would only have gone on after the result.
 * - A reply that ends without a `finish` part has broken off.
 *
 * A step that keeps failing is skipped by all requests for a while: see `Options.breaker`. The Layer holds that state,
 * so build it once per process and not per call.
 *
 * This is not built on `ExecutionPlan`, which can only restart a partial reply or forbid that, repeats on a retry what
 * was already sent, never runs steps side by side, and shares no state between runs.
 *
 * @since 0.1.0
 */
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import * as Asking from "./internal/asking.ts"
import * as ContextWindow from "./internal/contextWindow.ts"
import * as AiErrors from "./internal/provider/aiErrors.ts"
import * as DirectModel from "./internal/provider/directModel.ts"
import * as Ask from "./internal/plan/planAsk.ts"
import * as Attempt from "./internal/plan/planAttempt.ts"
import * as Race from "./internal/plan/planRace.ts"
import * as Resilience from "./internal/plan/resilience.ts"
import * as PlanStep from "./internal/plan/planStep.ts"
import * as PlanStream from "./internal/plan/planStream.ts"
import * as Seam from "./internal/plan/seam.ts"
import { WarmUp } from "./WarmUp.ts"

export { Event, Observer } from "./internal/plan/planEvent.ts"

/** A model of a plan, with its retries and deadlines. */
export interface Step<out E = never, out R = never> {
  /** Name in events, logs and metrics. Steps with the same name share a breaker. */
  readonly name: string
  readonly model: Layer.Layer<LanguageModel.LanguageModel, E, R>
  /**
   * When to retry the step after a transient error, never earlier than the provider asks for. No retries by default.
   */
  readonly schedule?: Schedule.Schedule<unknown, AiError.AiError> | undefined
  /**
   * Longest wait for the first word of a streamed reply, or the first piece of a tool call. Thoughts do not count. 10
   * seconds; 45 if the settings ask the model to think. Once the caller has heard nothing for 10 seconds, the steps that
   * are left share what remains of 30, and have 3 seconds each at least; the last one has its 10. Zero for no limit.
   */
  readonly firstTokenDeadline?: Duration.Input | undefined
  /**
   * Longest wait between two words of a streamed reply. 15 seconds; 45 if the model thinks. Zero for no limit. The
   * tool calls of a reply may take ten times as long together, but no more than 30 seconds if this is shorter than that.
   */
  readonly stallDeadline?: Duration.Input | undefined
  /** Longest wait for a reply that is not streamed. 2 minutes. Zero for no limit. */
  readonly replyDeadline?: Duration.Input | undefined
  /**
   * If no word comes within this time, the next step is started as well. The first word wins, and the loser is
   * interrupted.
   */
  readonly hedge?: Duration.Input | undefined
}

/** Steps in order of preference. */
export interface ModelPlan<out E = never, out R = never> {
  readonly steps: Arr.NonEmptyReadonlyArray<Step<E, R>>
}

/** How a plan treats failures. */
export interface Options {
  /**
   * Whether to try the next step after this error. Always by default: requests are built for each provider, so another
   * one may accept what one refuses.
   */
  readonly fallback?: ((error: AiError.AiError) => boolean) | undefined
  /**
   * The longest time that providers may ask one reply to wait, all its attempts together; a step that asks for more is
   * given up. 2 seconds, or 10 if no other step is left, and no more than the step may take for its first word.
   *
   * Whatever the reason, a step is not tried again once the caller has heard nothing for 10 seconds, or 30 if no other
   * step is left, or this time if it is longer.
   */
  readonly patience?: Duration.Input | undefined
  /**
   * A step with this many `failures` (5) in a row within the `window` (30 seconds) is skipped for the `cooldown` (15
   * seconds). Then one request tries it again. A provider that asks for time is skipped for that time. If all steps
   * would be skipped, one is tried anyway.
   */
  readonly breaker?:
    | {
        readonly failures?: number | undefined
        readonly window?: Duration.Input | undefined
        readonly cooldown?: Duration.Input | undefined
      }
    | undefined
  /** Tells a model to continue a reply. Sent as a user message, after the assistant message with the reply so far. */
  readonly instruction?: string | undefined
  /** Said before a sentence is repeated from its beginning, because the continuation does not fit. */
  readonly bridge?: string | undefined
}

type StepError<S> = S extends Step<infer E, infer _R> ? E : never
type StepServices<S> = S extends Step<infer _E, infer R> ? R : never

/** Makes a plan from its steps. */
export const make = <const Steps extends Arr.NonEmptyReadonlyArray<Step<unknown, unknown>>>(
  ...steps: Steps
): ModelPlan<StepError<Steps[number]>, StepServices<Steps[number]>> => ({
  steps: steps as Arr.NonEmptyReadonlyArray<Step<StepError<Steps[number]>, StepServices<Steps[number]>>>
})

/**
 * Layer that asks the models of a plan.
 *
 * It builds the Layers of all steps, so it has all their requirements and errors. A request fails with the last error
 * of the last step. Its warm-up is that of the first step that is not skipped, and of the steps that may be started
 * beside that one.
 */
export const layer = <E, R>(
  plan: ModelPlan<E, R>,
  options: Options = {}
): Layer.Layer<LanguageModel.LanguageModel, E, R> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const steps = yield* Effect.forEach(plan.steps, build)
      const built: PlanStep.Plan = {
        steps,
        fallback: options.fallback ?? (() => true),
        blames: (error) => isProviderFailure(error) && !badAnswers.has(error.reason._tag),
        patience: duration(options.patience),
        policy: {
          failures: options.breaker?.failures ?? 5,
          window: Duration.toMillis(options.breaker?.window ?? "30 seconds"),
          cooldown: Duration.toMillis(options.breaker?.cooldown ?? "15 seconds")
        },
        breakers: new Map()
      }
      const continuation = {
        instruction: options.instruction ?? instruction,
        bridge: options.bridge ?? Seam.defaultBridge
      }
      const stream = (request: LanguageModel.ProviderOptions) => PlanStream.make(built, continuation, request)
      const made = yield* LanguageModel.make({
        generateText: (request) => generate(built, request),
        streamText: stream,
        supportsSystemMessagesInHistory: systemMessages(steps)
      })
      const model = yield* DirectModel.make(made, stream)
      Resilience.setPatient(model)
      if (steps.every(({ model }) => Asking.isAble(model))) Asking.setAble(model)
      // The window of the step that is asked first. The others only stand in for it, and report themselves if a prompt
      // is too long.
      ContextWindow.set(model, () => ContextWindow.of(steps[0]!.model))
      return Context.make(LanguageModel.LanguageModel, model).pipe(Context.add(WarmUp, Attempt.warmUp(built)))
    })
  )

// A provider that answered, even badly, is not down.
const badAnswers: ReadonlySet<string> = new Set<AiError.AiErrorReason["_tag"]>([
  "InvalidOutputError",
  "StructuredOutputError",
  "ToolNotFoundError",
  "ToolParameterValidationError"
])

/**
 * Whether an error is the provider's fault: it could not be reached, was busy, refused the key, does not have the
 * model, or answered badly. Invalid requests and content refusals are not the provider's fault: every other provider
 * would fail the same way.
 */
export const isProviderFailure = (error: AiError.AiError): boolean => {
  switch (error.reason._tag) {
    case "AuthenticationError":
    case "QuotaExhaustedError":
    case "InvalidResponseError":
    case "UnknownError":
      return true
    case "InvalidRequestError":
      return AiErrors.details(error).kind === "NotFound"
    default:
      return error.isRetryable
  }
}

const instruction =
  "Your last message was cut off while it was being spoken. Continue it from exactly where it stops: write only the " +
  "words that are still to come. Do not repeat any of it, and do not mention the interruption. If it was already " +
  "complete, write nothing."

const build = <E, R>({ name, model, ...step }: Step<E, R>) =>
  Effect.map(Layer.build(model), (context): PlanStep.Step => ({
    name,
    model: Resilience.innermost(Context.get(context, LanguageModel.LanguageModel)),
    warmUp: Context.get(context, WarmUp),
    schedule: step.schedule,
    firstTokenDeadline: duration(step.firstTokenDeadline),
    stallDeadline: duration(step.stallDeadline),
    replyDeadline: duration(step.replyDeadline),
    hedge: duration(step.hedge)
  }))

const duration = (input: Duration.Input | undefined) =>
  input === undefined ? undefined : Duration.fromInputUnsafe(input)

const generate = (plan: PlanStep.Plan, options: LanguageModel.ProviderOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const request = Attempt.request(plan, yield* Effect.scope)
      const { attempt, value } = yield* Race.race(request, (step) => {
        const reply = Ask.generate(step.model, options)
        const longest = PlanStep.wholeDeadline(step)
        if (longest === undefined) return reply
        const reason = AiErrors.timedOut(`the reply of ${step.name}`)
        const late = AiError.make({ module: "ModelPlan", method: "generateText", reason })
        return Effect.timeoutOrElse(reply, { duration: longest, orElse: () => Effect.fail(late) })
      })
      yield* Attempt.succeeded(request, attempt)
      return value
    })
  )

/** Known only if all steps know it, because they all get the same prompt. */
const systemMessages = (steps: ReadonlyArray<PlanStep.Step>): Effect.Effect<boolean> | undefined => {
  const known = steps.flatMap(({ model }) => model.supportsSystemMessagesInHistory ?? [])
  return known.length < steps.length ? undefined : Effect.map(Effect.all(known), (all) => all.every(Boolean))
}
