/**
 * A plan of models: replies that survive a slow, busy, or dying provider.
 *
 * A plan is steps in order of preference, each a Layer of a `LanguageModel`, and is itself such a Layer. A step that fails
 * before its first word is retried as its schedule says, and then given up for the next step, whatever the error; one that is slow can be
 * raced with the next. When a model breaks off in the middle of a reply, the next attempt is given what has already left
 * and asked to continue it, so nothing is said twice and nothing is missing:
 *
 * - text leaves in whole words. The last word waits until what follows shows that it is complete, which costs one token;
 * - what the next model repeats of the words before, if only the last ones, is dropped, and the white space between the
 *   two is put right;
 * - reasoning and tool calls leave when they are complete. A reply that breaks off after a complete tool call is finished
 *   there, as its model would have gone on only after the result;
 * - a reply that ends without a `finish` part has broken off.
 *
 * A step that keeps failing is left alone for a while by all requests: see `Options.breaker`. That state belongs to the
 * Layer, so build it once for a process and not for each call.
 *
 * This does not build on `ExecutionPlan`: it can only start a partial reply over, or forbid that; retries of a step repeat
 * what had already left; steps never run beside each other, and runs share no state.
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
import * as ContextWindow from "./internal/contextWindow.ts"
import * as AiErrors from "./internal/provider/aiErrors.ts"
import * as Ask from "./internal/plan/planAsk.ts"
import * as Attempt from "./internal/plan/planAttempt.ts"
import * as Race from "./internal/plan/planRace.ts"
import * as Resilience from "./internal/plan/resilience.ts"
import * as PlanStep from "./internal/plan/planStep.ts"
import * as PlanStream from "./internal/plan/planStream.ts"
import * as Seam from "./internal/plan/seam.ts"
import { WarmUp } from "./WarmUp.ts"

export { Event, Observer } from "./internal/plan/planEvent.ts"

/** A model of a plan, and how patient the plan is with it. */
export interface Step<out E = never, out R = never> {
  /** Name in events, logs and metrics. Steps of one name share a breaker. */
  readonly name: string
  readonly model: Layer.Layer<LanguageModel.LanguageModel, E, R>
  /** When the step is tried again after an error that may pass, never before the provider asks for it. Not by default. */
  readonly schedule?: Schedule.Schedule<unknown, AiError.AiError> | undefined
  /**
   * Longest wait for the first word of a streamed reply, or the first piece of a tool call. Thoughts are no words. 10
   * seconds; 45 if the settings ask the model to think. Zero waits without end.
   */
  readonly firstTokenDeadline?: Duration.Input | undefined
  /** Longest wait between two words of a streamed reply. 15 seconds; 45 if the model thinks. Zero: without end. */
  readonly stallDeadline?: Duration.Input | undefined
  /** Longest wait for a reply that is not streamed. 2 minutes. Zero: without end. */
  readonly replyDeadline?: Duration.Input | undefined
  /** When no word came within this time the next step is started too. The first word wins, the loser is interrupted. */
  readonly hedge?: Duration.Input | undefined
}

/** Steps in order of preference. */
export interface ModelPlan<out E = never, out R = never> {
  readonly steps: Arr.NonEmptyReadonlyArray<Step<E, R>>
}

/** How a plan treats failures. */
export interface Options {
  /**
   * Whether the next step is tried after this error. Always, by default: requests are built for each provider, so what one
   * refuses another may take.
   */
  readonly fallback?: ((error: AiError.AiError) => boolean) | undefined
  /** The longest time that a provider may ask to wait for without being given up. 2 seconds, or 10 if no other step is left. */
  readonly patience?: Duration.Input | undefined
  /**
   * A step with so many `failures` (5) within the `window` (30 seconds), and no success between them, is skipped for the
   * `cooldown` (15 seconds). Then one request tries it. A provider that asks for time is skipped for that time. If all
   * steps are skipped, one is tried all the same.
   */
  readonly breaker?:
    | {
        readonly failures?: number | undefined
        readonly window?: Duration.Input | undefined
        readonly cooldown?: Duration.Input | undefined
      }
    | undefined
  /**
   * What a model is told when it should continue a reply. It follows, as a user message, the assistant message with the
   * reply so far.
   */
  readonly instruction?: string | undefined
  /** What is said before a sentence is said anew, because what a model went on with does not fit its beginning. */
  readonly bridge?: string | undefined
}

type StepError<S> = S extends Step<infer E, infer _R> ? E : never
type StepServices<S> = S extends Step<infer _E, infer R> ? R : never

/** Makes a plan of its steps. */
export const make = <const Steps extends Arr.NonEmptyReadonlyArray<Step<unknown, unknown>>>(
  ...steps: Steps
): ModelPlan<StepError<Steps[number]>, StepServices<Steps[number]>> => ({
  steps: steps as Arr.NonEmptyReadonlyArray<Step<StepError<Steps[number]>, StepServices<Steps[number]>>>
})

/**
 * Layer that asks the models of a plan.
 *
 * It builds the Layers of all steps: what they need and what they fail with is needed and failed with by it. A request
 * fails with the last error of the last step. Its warm-up is that of the first step that is not left alone, and of those
 * that may be started beside it.
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
      const model = yield* LanguageModel.make({
        generateText: (request) => generate(built, request),
        streamText: (request) => PlanStream.make(built, continuation, request),
        supportsSystemMessagesInHistory: systemMessages(steps)
      })
      Resilience.setPatient(model)
      // Of the step that is asked first: the others are there for when it fails, and say so themselves if a prompt is too long.
      ContextWindow.set(model, () => ContextWindow.of(steps[0]!.model))
      return Context.make(LanguageModel.LanguageModel, model).pipe(Context.add(WarmUp, Attempt.warmUp(built)))
    })
  )

// A provider that was reached and answered badly is not unwell.
const badAnswers: ReadonlySet<string> = new Set<AiError.AiErrorReason["_tag"]>([
  "InvalidOutputError",
  "StructuredOutputError",
  "ToolNotFoundError",
  "ToolParameterValidationError"
])

/**
 * Whether an error is the provider's own: it could not be reached, was busy, refused the key, does not have the model, or
 * answered badly. A request that is wrong, or was refused for what it says, is no reason to stay away from a provider.
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

/** Known only if all steps know it: the prompt is the same for all. */
const systemMessages = (steps: ReadonlyArray<PlanStep.Step>): Effect.Effect<boolean> | undefined => {
  const known = steps.flatMap(({ model }) => model.supportsSystemMessagesInHistory ?? [])
  return known.length < steps.length ? undefined : Effect.map(Effect.all(known), (all) => all.every(Boolean))
}
