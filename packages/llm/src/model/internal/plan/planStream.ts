/** Streams one reply from the steps of a plan, each continuing where the previous one broke off. */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Opening from "../../../internal/opening.ts"
import * as ModelSettings from "../../ModelSettings.ts"
import * as Asking from "../asking.ts"
import * as AiErrors from "../provider/aiErrors.ts"
import * as EncodedStream from "../provider/encodedStream.ts"
import * as Waiting from "../provider/waiting.ts"
import * as Alarm from "./alarm.ts"
import * as Ask from "./planAsk.ts"
import * as Attempt from "./planAttempt.ts"
import { Event, tell } from "./planEvent.ts"
import * as PlanPrompt from "./planPrompt.ts"
import * as Race from "./planRace.ts"
import * as Retry from "./planRetry.ts"
import * as Step from "./planStep.ts"
import * as Progress from "./progress.ts"
import { SplicedReply } from "./splicedReply.ts"

type Part = Progress.Part
type PartPull = Progress.PartPull

/** The beginning of an answer, up to its first word, and the rest. */
interface Answer {
  readonly head: ReadonlyArray<Part>
  readonly rest: PartPull
  /** Whether the rest does not wait long for the end of the provider's message. */
  readonly endsSoon: boolean
}

/** How to continue a reply that was cut off. */
export interface Continuation {
  /** The instruction for a model that cannot continue natively. */
  readonly instruction: string
  /** Said before a sentence is repeated. */
  readonly bridge: string
}

/** Streams the reply. */
export const make = (
  plan: Step.Plan,
  continuation: Continuation,
  options: LanguageModel.ProviderOptions
): Stream.Stream<Part, AiError.AiError> =>
  Opening.stream((context: Context.Context<never>, scope) =>
    Effect.map(Monotonic.now, (now) => {
      const request = Attempt.request(plan, scope, now)
      // An incomplete object cannot be continued.
      const goesOn = Context.get(context, Asking.Current).object === undefined
      const settings = Context.get(context, ModelSettings.Current)
      return makePull(request, { ...continuation, goesOn }, settings, options)
    })
  )

const makePull = (
  request: Attempt.Request,
  continuation: Continuation & { readonly goesOn: boolean },
  settings: ModelSettings.ModelSettings,
  options: LanguageModel.ProviderOptions
): PartPull => {
  const reply = new SplicedReply(continuation.bridge)
  let current: { readonly answer: Answer; readonly goOn: PartPull } | undefined
  let resume: Race.Resume | undefined
  let breaks = 0

  const open: Race.Open<Answer> = (step) => {
    const prompt = PlanPrompt.of(step.model, options.prompt, reply.spoken, { settings, ...continuation })
    const waiting = EncodedStream.get(step.model) === undefined ? undefined : new Waiting.Waiting()
    const whose = { waiting, alarm: new Alarm.Alarm() }
    const next = { ...whose, limits: Step.next(step, settings), what: `the next word of ${step.name}` }
    return Effect.contextWith((context: Context.Context<Scope.Scope>) => {
      // The rest is pulled elsewhere than the beginning.
      const services = Context.add(context, Waiting.Current, waiting)
      const stream = Ask.stream(step.model, options, prompt)
      return Effect.flatMap(Opening.pull(stream, Context.get(context, Scope.Scope)), (pulled) => {
        const pull: PartPull = Effect.updateContext(pulled, () => services)
        return Effect.flatMap(Attempt.wait(request), (wait) => {
          const limits = Step.first(step, settings, wait)
          const bounded = Progress.bounded(pull, { ...whose, limits, what: `the first word of ${step.name}` })
          return Effect.map(untilWord(bounded, reply), (head) => ({
            head,
            rest: Progress.bounded(pull, next),
            endsSoon: waiting !== undefined
          }))
        })
      })
    })
  }

  const begin: PartPull = Effect.gen(function* () {
    const won = yield* Race.race(request, open, resume)
    current = { answer: won.value, goOn: goOn(won) }
    if (reply.begun) {
      yield* tell(Event.Continued({ step: won.attempt.step.name, character: reply.spoken.length }))
    }
    return yield* take(won, won.value.head)
  })

  const take = (won: Race.Won<Answer>, parts: ReadonlyArray<Part>): PartPull => {
    const out: Array<Part> = []
    const failure = stumbled(reply.accept(parts, out), parts)
    if (failure !== undefined) current = { answer: won.value, goOn: breakOff(won, failure) }
    const emit = Arr.isArrayNonEmpty(out) ? Effect.succeed(out) : pull
    return reply.finished ? Effect.andThen(Attempt.succeeded(request, won.attempt), emit) : emit
  }

  const goOn = (won: Race.Won<Answer>): PartPull =>
    Effect.matchCauseEffect(won.value.rest, {
      onSuccess: (parts) => take(won, parts),
      onFailure: (cause) => {
        const error = Cause.findError(cause)
        if (Result.isFailure(error)) return Effect.failCause(error.failure)
        return breakOff(won, Cause.isDone(error.success) ? endedEarly : error.success)
      }
    })

  const breakOff = (won: Race.Won<Answer>, error: AiError.AiError): PartPull =>
    Effect.gen(function* () {
      current = undefined
      request.silentSince = yield* Monotonic.now
      const { step } = won.attempt
      const resumes = error === pausedTurn || error === tooLong
      const atOnceAgain = resumes && breaks++ < mostBreaks
      if (resumes) yield* Attempt.succeeded(request, won.attempt)
      else yield* Attempt.failed(request, won.attempt, error, reply.spoken.length)
      yield* Scope.close(won.scope, Exit.void)
      const out: Array<Part> = []
      if (!continuation.goesOn && reply.begun) return yield* Effect.fail(error)
      if (error === tooLong && !atOnceAgain) {
        reply.endShort(out)
        return Arr.isArrayNonEmpty(out) ? out : yield* pull
      }
      if (!request.plan.fallback(error)) return yield* Effect.fail(error)
      reply.cut(out)
      if (!reply.finished) {
        const again = atOnceAgain ? atOnce : yield* Retry.retry(request, step, error)
        resume = { error, step, retry: again }
      }
      return Arr.isArrayNonEmpty(out) ? out : yield* pull
    })

  const pull: PartPull = Effect.suspend(() => {
    if (reply.finished) return current === undefined ? Cause.done() : drain(current.answer)
    return current === undefined ? begin : current.goOn
  })
  return pull
}

/** Reads until there is something to say. Before that, another step can replace this one. */
const untilWord = (pull: PartPull, reply: SplicedReply): Effect.Effect<ReadonlyArray<Part>, AiError.AiError> => {
  const head: Array<Part> = []
  const read: PartPull = Effect.flatMap(pull, (parts) => {
    const failed = parts.findIndex(Progress.isFailure)
    const word = parts.findIndex(Progress.isProgress)
    if (failed >= 0 && (word < 0 || failed < word)) return Effect.fail(Progress.reported(parts))
    head.push(...parts)
    if (word >= 0) return Effect.succeed(parts)
    const finish = parts.find((part) => part.type === "finish")
    if (finish === undefined) return read
    // Having nothing more to say is a proper end of a reply that has begun. A pause is continued.
    if (reply.begun || finish.reason === "pause") return Effect.succeed(parts)
    return Effect.fail(Progress.failureOf(AiErrors.emptyReply(finish.reason)))
  })
  return read.pipe(
    Effect.as(head),
    Pull.catchDone(() => Effect.fail(endedEarly))
  )
}

/** Says why an attempt cannot be continued, if so. */
const stumbled = (
  accepted: ReturnType<SplicedReply["accept"]>,
  parts: ReadonlyArray<Part>
): AiError.AiError | undefined => {
  switch (accepted) {
    case "accepted":
      return undefined
    case "failed":
      return Progress.reported(parts)
    case "paused":
      return pausedTurn
    case "length":
      return tooLong
    case "filtered":
      return filtered
    case "declined":
      return declined
  }
}

/** How often to continue a reply that its provider has cut short. */
const mostBreaks = 2
const atOnce: Retry.Retry = { delay: Duration.zero, invited: true }

const pausedTurn = Progress.failureOf(
  new AiError.InternalProviderError({ description: "the provider paused its turn, and did not take it up again" })
)

const tooLong = Progress.failureOf(
  new AiError.InvalidOutputError({ description: "the reply was cut short by the limit of its length" })
)

const filtered = Progress.failureOf(new AiError.ContentPolicyError({ description: "the provider cut the reply short" }))

const declined = Progress.failureOf(
  new AiError.InvalidOutputError({ description: "the model would not go on with the reply" })
)

// Detects a connection that was closed properly in the middle of a reply, which looks like its end otherwise.
const endedEarly = Progress.failureOf(
  new AiError.InternalProviderError({ description: "the reply ended without saying that it was finished" })
)

/** Lets a provider read the end of its message, so that the connection can serve again. */
const drain = ({ endsSoon, rest }: Answer): PartPull => {
  const end = Effect.ignore(Effect.forever(rest, { disableYield: true }))
  return Effect.andThen(endsSoon ? end : Effect.timeoutOption(end, "100 millis"), Cause.done())
}
