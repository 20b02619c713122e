/**
 * The outputs of a reply: one pull from the parts of a model to what a turn sends.
 *
 * It opens the request in a span and with its own services, limits how long the next word may take, and shows the parts to the
 * span, to the recorder and to the collector. Words arrive one by one, and every operator between the model and the caller is
 * paid for by each of them, so all of this is a single step. When the reply is over, its request is closed first.
 */
import type * as Event from "@antiphon/core/Event"
import type * as Recorder from "@antiphon/core/recording/Recorder"
import type * as Turn from "@antiphon/core/Turn"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import type * as Tool from "effect/ai/Tool"
import type * as Toolkit from "effect/ai/Toolkit"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as ModelTap from "../../internal/modelTap.ts"
import * as Opening from "../../internal/opening.ts"
import type * as Asking from "../../model/internal/asking.ts"
import * as Progress from "../../model/internal/plan/progress.ts"
import * as Resilience from "../../model/internal/plan/resilience.ts"
import * as EncodedStream from "../../model/internal/provider/encodedStream.ts"
import * as Waiting from "../../model/internal/provider/waiting.ts"
import * as ModelSettings from "../../model/ModelSettings.ts"
import type * as Usage from "../../model/Usage.ts"
import * as OwnPrompt from "./ownPrompt.ts"
import * as RequestTrace from "./requestTrace.ts"

/** A request to the model in the context of whoever pulls its outputs. */
export interface Sending {
  readonly turn: Pick<Turn.Turn, "id" | "request">
  readonly recorder: Recorder.Recorder | undefined
  readonly prompt: ReadonlyArray<Prompt.MessageEncoded>
  readonly tools: ReadonlyArray<Tool.Any>
  readonly toolkit: Toolkit.Toolkit<Record<string, Tool.Any>>
  readonly toolChoice: LanguageModel.ToolChoice<string> | undefined
  /** Take precedence over the settings in the context. */
  readonly settings: ModelSettings.ModelSettings
  readonly asking: Asking.Asking
  /** Receives the usage of the reply. */
  readonly observe: (report: Usage.Report) => Effect.Effect<void>
}

type Services = LanguageModel.LanguageModel
type Part = { readonly type: string }
type Parts<R = never> = Opening.ArrayPull<Part, AiError.AiError, R>

/**
 * Collects the outputs of the parts as they come. `end` runs once when the reply is over, also if it failed or was given up,
 * and before its end is passed on.
 */
export const make = (
  sending: Sending,
  collect: (parts: ReadonlyArray<Part>) => ReadonlyArray<Event.Output>,
  end: (isGivenUp: boolean) => Effect.Effect<void, never, Services>
): Stream.Stream<Event.Output, AiError.AiError, Services> =>
  Opening.stream((context: Context.Context<Services>, outer) => {
    let over = false
    let isRefused = false
    const ended = (isGivenUp: boolean) =>
      Effect.suspend(() => {
        if (over) return Effect.void
        over = true
        return Effect.provideContext(end(isGivenUp), context)
      })
    const outputs = (scope: Scope.Closeable, seen: RequestTrace.RequestTrace["seen"], parts: Parts) => {
      const close = (exit: Parameters<typeof Scope.close>[1]) =>
        Effect.andThen(Scope.close(scope, exit), Effect.uninterruptible(ended(false)))
      const next: Opening.ArrayPull<Event.Output, AiError.AiError> = Effect.matchCauseEffect(parts, {
        onSuccess: (parts) => {
          seen(parts)
          const outputs = collect(parts)
          return Arr.isReadonlyArrayNonEmpty(outputs) ? Effect.succeed(outputs) : next
        },
        onFailure: (cause) => Effect.andThen(close(Pull.doneExitFromCause(cause)), Effect.failCause(cause))
      })
      return next
    }
    // Released newest first: the request, its span, and then the end of the reply.
    const ending = Scope.addFinalizer(
      outer,
      Effect.suspend(() => ended(!isRefused))
    )
    return Effect.flatMap(Effect.andThen(ending, RequestTrace.start(sending.turn, context)), ({ end, seen, span }) => {
      const scope = Scope.forkUnsafe(outer)
      const sent = Effect.tapCause(send(sending, context, { scope, span }), (cause) =>
        Effect.sync(() => {
          isRefused = !Cause.hasInterrupts(cause)
        })
      )
      const opened = Effect.andThen(Scope.addFinalizerExit(scope, end), sent)
      return Effect.map(opened, (parts) => outputs(scope, seen, parts))
    })
  })

/** Sends the request within its span. Returns the pull of the reply's parts. */
const send = (
  { asking, observe, prompt, recorder, settings, toolChoice, toolkit, tools, turn }: Sending,
  context: Context.Context<Services>,
  { scope, span }: { readonly scope: Scope.Scope; readonly span: RequestTrace.RequestTrace["span"] }
): Effect.Effect<Parts> => {
  const request: ModelTap.Asked = { turn: turn.id, prompt, tools }
  const inForce = ModelTap.inForce(context, recorder, settings, { ...request, asking, observe, span })
  const model = Context.get(context, LanguageModel.LanguageModel)
  const bounds = Resilience.boundsOf(model, Context.get(inForce, ModelSettings.Current))
  const waiting = EncodedStream.get(model) === undefined ? undefined : new Waiting.Waiting()
  const services = Context.add(inForce, Waiting.Current, waiting)
  const within = <A, E>(effect: Effect.Effect<A, E, Services>): Effect.Effect<A, E> =>
    Effect.updateContext(effect, () => services)
  const reply = model.streamText({
    prompt: OwnPrompt.make(prompt),
    toolkit,
    ...(toolChoice === undefined ? undefined : { toolChoice }),
    disableToolCallResolution: true,
    toolCallValidation: "deferred"
  }) as Stream.Stream<Part, AiError.AiError, Services>
  return within(
    Effect.flatMap(Opening.pull(reply, scope), (pull) => {
      const parts: Parts<Services> = bounds === undefined ? pull : Progress.bounded(pull, { ...bounds, waiting })
      return Effect.map(
        recorder === undefined ? Effect.succeed(parts) : ModelTap.streamed(recorder, request, { pull: parts, scope }),
        within
      )
    })
  )
}
