/** Runs the actions of exhausted budgets before the model is asked. */
import type * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Models from "../../model/Models.ts"
import * as Seam from "../../tool/internal/seam.ts"
import type * as Budget from "../Budget.ts"
import * as Spending from "./spending.ts"

type Out<E, R> = Stream.Stream<Event.Output, E, R>

/**
 * Returns what comes next, unless an exhausted budget ends the call. `spoke`: whether its action has said something.
 */
export const next = <E, R>(
  spending: Spending.Spending,
  callScope: Scope.Scope,
  answer: (spoke: boolean) => Out<E, R>
): Out<E, R> =>
  spending.budgets.length === 0
    ? answer(false)
    : Stream.unwrap(
        Effect.gen(function* () {
          const spent = yield* Spending.spent(spending)
          const before: Array<Out<never, R>> = []
          for (const { budget, limits } of Spending.newlyUsed(spending, spent)) {
            before.push(Stream.make(told(budget, limits)), yield* act<R>(spending, callScope, budget, spent))
          }
          if (spending.goodbye !== undefined) before.push(farewell(spending.goodbye))
          let isOver = spending.goodbye !== undefined
          let spoke = false
          const first = before.reduce<Out<never, R>>((all, one) => Stream.concat(all, one), Stream.empty)
          const noted = Stream.map(first, (output) => {
            spoke ||= output._tag === "AgentSendText"
            isOver ||= output._tag === "AgentEndCall" || output._tag === "AgentTransferCall"
            return output
          })
          return Stream.concat(
            noted,
            Stream.suspend((): Out<E, R> => (isOver ? Stream.empty : answer(spoke)))
          )
        })
      )

/**
 * Runs while nobody speaks: budgets whose time is up run their actions. During a turn they wait for its end, and while
 * the caller speaks, for the turn that answers.
 */
export const session =
  (spending: Spending.Spending, callScope: Scope.Scope) =>
  (call: Agent.Session): Stream.Stream<Event.Output> => {
    const times = spending.budgets.flatMap(({ limits: { time } }) =>
      time === undefined ? [] : [Duration.fromInputUnsafe(time)]
    )
    const isBusy = Effect.map(call.history, ({ events }) => {
      const turn = events.findLast(({ _tag }) => userTurns.has(_tag))
      return spending.running > 0 || turn?._tag === "UserTurnStarted"
    })
    const due = (time: Duration.Duration) =>
      Stream.unwrap(
        Effect.gen(function* () {
          const spent = yield* Spending.spent(spending)
          yield* Effect.sleep(Duration.subtract(time, spent.time))
          // A turn that is abandoned is answered by nobody else.
          while (yield* isBusy) {
            spending.overdue = true
            yield* Effect.sleep(lookAgain)
          }
          spending.overdue = false
          // Another agent may have taken over the call, with budgets of its own.
          const isDue = Spending.isInForce(spending) && Spending.isNewlyUsed(spending, yield* Spending.spent(spending))
          return isDue ? next<never, never>(spending, callScope, () => Stream.empty) : Stream.empty
        })
      )
    return times
      .toSorted((a, b) => Duration.toMillis(a) - Duration.toMillis(b))
      .reduce<Stream.Stream<Event.Output>>((all, time) => Stream.concat(all, due(time)), Stream.empty)
  }

/** How often a session looks whether it may speak now. */
const lookAgain = Duration.seconds(1)

const userTurns: ReadonlySet<string> = new Set(["UserTurnStarted", "UserTurnEnded", "UserTurnAbandoned"])

/** Runs a turn, and then the actions of budgets whose time ran out during it. */
export const turn = <E, R>(spending: Spending.Spending, callScope: Scope.Scope, answer: Out<E, R>): Out<E, R> => {
  if (spending.budgets.every(({ limits }) => limits.time === undefined)) return answer
  const seam = Seam.make()
  const late = Stream.unwrap(
    Effect.map(Spending.spent(spending), (spent): Out<E, R> => {
      const isDue = spending.overdue && Spending.isInForce(spending) && Spending.isNewlyUsed(spending, spent)
      return isDue ? Seam.part(seam)(next<E, R>(spending, callScope, () => Stream.empty)) : Stream.empty
    })
  )
  return Stream.suspend(() => {
    spending.running++
    return Stream.ensuring(
      Stream.concat(Seam.noting(seam)(answer), late),
      Effect.sync(() => void spending.running--)
    )
  })
}

/** Asks the current model, which a budget may have switched. */
export const asked = <E, R>({ model }: Spending.Spending, answer: Out<E, R>): Out<E, R> =>
  model === undefined
    ? answer
    : (Stream.updateContext(answer as Out<E, Names>, (context: Context.Context<Names>) =>
        // The names belong to the previous model.
        Context.merge(Context.omit(Model.ProviderName, Model.ModelName)(context), model as Context.Context<Names>)
      ) as Out<E, R>)

type Names = Model.ProviderName | Model.ModelName

const act = <R>(
  spending: Spending.Spending,
  callScope: Scope.Scope,
  { action }: Budget.Budget<never>,
  spent: Budget.Spent
): Effect.Effect<Out<never, R>> => {
  switch (action._tag) {
    case "Warn":
      spending.notes.push(action.words)
      return Effect.succeed(Stream.empty)
    case "SayGoodbye":
      spending.goodbye = action.words
      return Effect.succeed(Stream.empty)
    case "SwitchModel":
      return Effect.as(switchTo(spending, callScope, action.model), Stream.empty)
    case "Act": {
      const acted = Stream.suspend(() => action.act(spent)) as Out<unknown, R>
      return Effect.succeed(
        Stream.catchCause(acted, (cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Stream.failCause(cause as Cause.Cause<never>)
            : Stream.fromEffectDrain(Effect.logError("The action of an exhausted budget failed.", cause))
        )
      )
    }
  }
}

const switchTo = (
  spending: Spending.Spending,
  callScope: Scope.Scope,
  model: string | Layer.Layer<LanguageModel.LanguageModel, unknown>
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const layer: Layer.Layer<never, unknown> = typeof model === "string" ? Models.fromString(model) : model
    return Layer.buildWithScope(layer, callScope)
  }).pipe(
    // The caller is waiting for the model that they have.
    Effect.timeout("5 seconds"),
    Effect.map((context) => {
      spending.model = context
    }),
    Effect.catchCause((cause) => Effect.logError("The model that a budget switches to could not be built.", cause))
  )

const farewell = (words: string): Stream.Stream<Event.Output> =>
  Stream.make<ReadonlyArray<Event.Output>>(
    Event.sendText(words, { interruptible: false }),
    Event.endCall({ reason: "budget" })
  )

const told = ({ action }: Budget.Budget<never>, limits: ReadonlyArray<string>): Event.Output =>
  Event.logMessage("budget", `The call has used up ${limits.join(" and ")}: ${done[action._tag]}.`, {
    metadata: { limits, action: action._tag }
  })

const done: { readonly [Tag in Budget.Action["_tag"]]: string } = {
  Warn: "the model is told",
  SwitchModel: "another model answers",
  SayGoodbye: "it says goodbye and ends",
  Act: "the application acts"
}
