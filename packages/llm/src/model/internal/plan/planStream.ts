/**
 * Streams one reply from the steps of a plan, each going on where the one before it broke off.
 */
import * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Prompt from "effect/ai/Prompt"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AiErrors from "../provider/aiErrors.ts"
import * as Ask from "./planAsk.ts"
import * as Attempt from "./planAttempt.ts"
import { Event, tell } from "./planEvent.ts"
import * as Race from "./planRace.ts"
import { type Part, Reply } from "./splicedReply.ts"

type Parts = Arr.NonEmptyReadonlyArray<Part>
type PartPull = Pull.Pull<Parts, AiError.AiError>

/** The beginning of an answer, up to its first token, and the rest. */
interface Answer {
  readonly head: ReadonlyArray<Part>
  readonly rest: PartPull
}

/** Streams the reply. `instruction` asks a model to go on with a reply that was cut off. */
export const make = (
  plan: Attempt.Plan,
  instruction: string,
  options: LanguageModel.ProviderOptions
): Stream.Stream<Part, AiError.AiError> =>
  Stream.unwrap(
    Effect.map(Effect.scope, (scope) =>
      Stream.fromPull(Effect.succeed(makePull(Attempt.request(plan, scope), instruction, options)))
    )
  )

const makePull = (request: Attempt.Request, instruction: string, options: LanguageModel.ProviderOptions): PartPull => {
  const reply = new Reply()
  let current: Race.Won<Answer> | undefined
  let resume: Race.Resume | undefined
  let failure: AiError.AiError | undefined

  const open: Race.Open<Answer> = (step) =>
    within(
      Effect.flatMap(
        Stream.toPull(Ask.stream(step.model, options, promptOf(options.prompt, reply, instruction))),
        untilToken
      ),
      step.firstTokenDeadline,
      `the first token of ${step.name}`
    )

  const begin: PartPull = Effect.gen(function* () {
    const won = yield* Race.race(request, open, resume)
    current = won
    if (isBegun(reply)) {
      yield* tell(Event.Continued({ step: won.attempt.step.name, character: reply.spoken.length }))
    }
    return yield* take(won, won.value.head)
  })

  const take = (won: Race.Won<Answer>, parts: ReadonlyArray<Part>): PartPull => {
    const out: Array<Part> = []
    if (!reply.accept(parts, out)) failure = reported(parts)
    const emit = Arr.isArrayNonEmpty(out) ? Effect.succeed(out) : pull
    return reply.finished ? Effect.andThen(Attempt.succeeded(request, won.attempt), emit) : emit
  }

  const goOn = (won: Race.Won<Answer>): PartPull => {
    const { stallDeadline, name } = won.attempt.step
    return Effect.matchCauseEffect(within(won.value.rest, stallDeadline, `the next token of ${name}`), {
      onSuccess: (parts) => take(won, parts),
      onFailure: (cause) => {
        const error = Cause.findError(cause)
        if (Result.isFailure(error)) return Effect.failCause(error.failure)
        return breakOff(won, Cause.isDone(error.success) ? endedEarly : error.success)
      }
    })
  }

  const breakOff = (won: Race.Won<Answer>, error: AiError.AiError): PartPull =>
    Effect.gen(function* () {
      current = undefined
      failure = undefined
      const { step } = won.attempt
      yield* Attempt.failed(request, won.attempt, error, reply.spoken.length)
      yield* Scope.close(won.scope, Exit.void)
      if (!request.plan.fallback(error)) return yield* Effect.fail(error)
      const out: Array<Part> = []
      reply.cut(out)
      if (!reply.finished) resume = { error, step, delay: yield* Attempt.retry(request, step, error) }
      return Arr.isArrayNonEmpty(out) ? out : yield* pull
    })

  const pull: PartPull = Effect.suspend(() => {
    if (reply.finished) return current === undefined ? Cause.done() : drain(current.value.rest)
    if (current === undefined) return begin
    return failure === undefined ? goOn(current) : breakOff(current, failure)
  })
  return pull
}

/** Reads on until there is something to say. Before that, another step can take the place of this one. */
const untilToken = (pull: PartPull): Effect.Effect<Answer, AiError.AiError> => {
  const head: Array<Part> = []
  const read: PartPull = Effect.flatMap(pull, (parts) => {
    const token = parts.findIndex(isToken)
    const failed = parts.findIndex(isFailure)
    if (failed >= 0 && (token < 0 || failed < token)) return Effect.fail(reported(parts))
    head.push(...parts)
    return token >= 0 ? Effect.succeed(parts) : read
  })
  return read.pipe(
    Effect.as({ head, rest: pull }),
    Pull.catchDone(() => Effect.fail(endedEarly))
  )
}

const isToken = (part: Part): boolean => {
  switch (part.type) {
    case "text-start":
    case "text-end":
    case "reasoning-start":
    case "reasoning-end":
    case "response-metadata":
    case "error":
      return false
    case "text-delta":
    case "reasoning-delta":
      return part.delta !== ""
    case "finish":
      return part.reason !== "error"
    default:
      return true
  }
}

const isFailure = (part: Part) => part.type === "error" || (part.type === "finish" && part.reason === "error")

/** What a model has said about its own failure. */
const reported = (parts: ReadonlyArray<Part>): AiError.AiError => {
  const part = parts.find(isFailure)
  const error = part?.type === "error" ? part.error : undefined
  if (AiError.isAiError(error)) return error
  return failureOf(
    AiError.isAiErrorReason(error)
      ? error
      : new AiError.InternalProviderError({ description: "the provider reported an error in its reply" })
  )
}

const failureOf = (reason: AiError.AiErrorReason) => AiError.make({ module: "ModelPlan", method: "streamText", reason })

// A connection that is closed in good order in the middle of a reply looks like its end, but for this.
const endedEarly = failureOf(
  new AiError.InternalProviderError({ description: "the reply ended without saying that it was finished" })
)

const within = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  deadline: Duration.Duration | undefined,
  what: string
): Effect.Effect<A, E | AiError.AiError, R> =>
  deadline === undefined
    ? self
    : Effect.timeoutOrElse(self, {
        duration: deadline,
        orElse: () => Effect.fail(failureOf(AiErrors.timedOut(what)))
      })

/** Lets a provider read the end of its message, so that the connection can serve again. */
const drain = (pull: PartPull): PartPull =>
  Effect.forever(pull, { disableYield: true }).pipe(
    Effect.ignore,
    Effect.timeoutOption("100 millis"),
    Effect.andThen(Cause.done())
  )

const isBegun = (reply: Reply) => reply.spoken.trim() !== ""

/** The prompt of an attempt: where the reply has begun, it ends with the beginning and the wish to go on from there. */
const promptOf = (prompt: Prompt.Prompt, reply: Reply, instruction: string): Prompt.Prompt => {
  if (!isBegun(reply)) return prompt
  const begun = Prompt.makePart("text", { text: reply.spoken })
  const last = prompt.content.at(-1)
  const history =
    last?.role === "assistant"
      ? [
          ...prompt.content.slice(0, -1),
          Prompt.makeMessage("assistant", { ...last, content: [...last.content, begun] })
        ]
      : [...prompt.content, Prompt.makeMessage("assistant", { content: [begun] })]
  const wish = Prompt.makeMessage("user", { content: [Prompt.makePart("text", { text: instruction })] })
  return Prompt.fromMessages([...history, wish])
}
