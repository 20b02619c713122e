/** Runs the actions of exhausted budgets before the model is asked. */
import type * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Models from "../../model/Models.ts"
import * as Seam from "../../tool/internal/seam.ts"
import type * as Budget from "../Budget.ts"
import * as Spending from "./spending.ts"

type Out<E, R> = Stream.Stream<Event.Output, E, R>

/**
 * Returns what comes next, unless an exhausted budget ends the call. `spoke`: whether an action has said something.
 * Actions wait until it is certain that the turn takes place.
 */
export const next = <E, R>(
  spending: Spending.Spending,
  committed: Effect.Effect<void>,
  answer: (spoke: boolean) => Out<E, R>,
  spoke = false
): Out<E, R> =>
  spending.budgets.length === 0
    ? answer(spoke)
    : Stream.unwrap(
        Effect.gen(function* (): Effect.fn.Return<Out<E, R>> {
          const spent = yield* Spending.spent(spending)
          if (Spending.due(spending, spent) === undefined) {
            return spending.goodbye === undefined ? answer(spoke) : farewell(spending.goodbye)
          }
          yield* committed
          // Another turn or session may have acted in the meantime.
          const due = Spending.due(spending, spent)
          if (due === undefined) return next(spending, committed, answer, spoke)
          let isOver = false
          const seam = Seam.make()
          const noted = Stream.map(acted<R>(spending, due, spent), (output) => {
            spoke ||= output._tag === "AgentSendText"
            isOver ||= output._tag === "AgentEndCall" || output._tag === "AgentTransferCall"
            return output
          })
          const rest = Stream.suspend(() => (isOver ? Stream.empty : next(spending, committed, answer, spoke)))
          return Stream.concat(Seam.noting(seam)(noted), Seam.part(seam)(rest))
        })
      )

/**
 * Runs while nobody speaks: budgets whose time is up run their actions. During a turn they wait for its end, and while
 * the caller speaks, for the turn that answers.
 */
export const session =
  ({ call }: Spending.Spending) =>
  ({ history }: Agent.Session): Stream.Stream<Event.Output> => {
    call.watched = true
    const isBusy = Effect.map(history, ({ events }) => {
      const turn = events.findLast(({ _tag }) => userTurns.has(_tag))
      return call.running > 0 || turn?._tag === "UserTurnStarted"
    })
    const step = Effect.gen(function* (): Effect.fn.Return<Out<never, never>> {
      const spending = call.inForce!
      const { time: now } = yield* Spending.spent(spending)
      const time = Spending.nextTime(spending)
      const isUp = time === undefined ? Effect.never : Effect.sleep(Duration.subtract(time, now))
      yield* Effect.raceFirst(isUp, Spending.takenOver(spending))
      // A turn that is abandoned is answered by nobody else.
      while (call.inForce === spending && (yield* isBusy)) {
        call.overdue = true
        yield* Effect.sleep(lookAgain)
      }
      call.overdue = false
      return call.inForce === spending ? yield* late(call) : Stream.empty
    })
    return Stream.forever(Stream.unwrap(step))
  }

/** The actions of budgets that are exhausted now. */
const late = (call: Spending.Shared): Effect.Effect<Out<never, never>> => {
  const spending = call.inForce!
  return Effect.map(Spending.spent(spending), (spent) =>
    Spending.due(spending, spent) === undefined ? Stream.empty : next(spending, Effect.void, () => Stream.empty)
  )
}

/** How often a session looks whether it may speak now. */
const lookAgain = Duration.seconds(1)

const userTurns: ReadonlySet<string> = new Set(["UserTurnStarted", "UserTurnEnded", "UserTurnAbandoned"])

/** Runs a turn, and then the actions of budgets whose time ran out during it. */
export const turn = <E, R>({ call }: Spending.Spending, answer: Out<E, R>): Out<E, R> => {
  if (!call.watched) return answer
  const seam = Seam.make()
  return Stream.suspend(() => {
    call.running++
    return Stream.ensuring(
      Stream.concat(
        Seam.noting(seam)(answer),
        Stream.suspend(() => (call.overdue ? Seam.part(seam)(Stream.unwrap(late(call))) : Stream.empty))
      ),
      Effect.sync(() => void call.running--)
    )
  })
}

/**
 * Asks the current model, which a budget may have switched. If that model fails before it has said or done anything, the
 * agent's own answers the turn.
 */
export const asked = <E, R>({ model }: Spending.Spending, answer: Out<E, R>): Out<E, R> => {
  if (model === undefined) return answer
  const switched = Stream.updateContext(answer as Out<E, Names>, (context: Context.Context<Names>) =>
    // The names belong to the previous model.
    Context.merge(Context.omit(Model.ProviderName, Model.ModelName)(context), model as Context.Context<Names>)
  ) as Out<E, R>
  return Stream.suspend(() => {
    let begun = false
    const noted = Stream.map(switched, (output) => {
      begun ||= output._tag !== "LogMetric" && output._tag !== "LogMessage"
      return output
    })
    return Stream.catchIf(
      noted,
      () => !begun,
      (error) => Stream.concat(Stream.fromEffectDrain(Effect.logError(failedSwitch, error)), answer)
    )
  })
}

const failedSwitch = "The model that a budget switched to failed. The agent's own model answers this turn."

type Names = Model.ProviderName | Model.ModelName

/** Runs the action of a budget, once. One that is interrupted runs again. */
const acted = <R>(spending: Spending.Spending, { budget, limits }: Spending.Due, spent: Budget.Spent): Out<never, R> =>
  Stream.suspend(() => {
    const { used } = spending
    if (used.has(budget)) return Stream.empty
    used.add(budget)
    const all = Stream.concat(Stream.succeed(told(budget, limits)), act<R>(spending, budget, spent))
    const isDone = budget.action._tag === "Warn" || budget.action._tag === "SayGoodbye"
    if (isDone) return all
    return Stream.onExit(all, (exit) => Effect.sync(() => void (Exit.hasInterrupts(exit) && used.delete(budget))))
  })

const act = <R>(spending: Spending.Spending, { action }: Budget.Budget<never>, spent: Budget.Spent): Out<never, R> => {
  switch (action._tag) {
    case "Warn":
      spending.notes.push(action.words)
      return Stream.empty
    case "SayGoodbye":
      spending.goodbye = action.words
      return Stream.empty
    case "SwitchModel":
      return Stream.fromEffectDrain(switchTo(spending, action.model))
    case "Act": {
      const acted = Stream.suspend(() => action.act(spent)) as Out<unknown, R>
      return Stream.catchCause(withServices(spending, acted), (cause) =>
        Cause.hasInterruptsOnly(cause)
          ? Stream.failCause(cause as Cause.Cause<never>)
          : Stream.fromEffectDrain(Effect.logError("The action of an exhausted budget failed.", cause))
      )
    }
  }
}

/** The services of the agent whose action it is. A session belongs to the first agent. */
const withServices = <E, R>({ services }: Spending.Spending, acted: Out<E, R>): Out<E, R> =>
  services === undefined
    ? acted
    : Stream.updateContext(acted, (now: Context.Context<R>) => Context.merge(now, services) as Context.Context<R>)

const switchTo = (
  spending: Spending.Spending,
  model: string | Layer.Layer<LanguageModel.LanguageModel, unknown>
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const layer: Layer.Layer<never, unknown> = typeof model === "string" ? Models.fromString(model) : model
    return Layer.buildWithScope(layer, spending.scope)
  }).pipe(
    // The caller is waiting for the model that they have.
    Effect.timeout("5 seconds"),
    Effect.map((context) => {
      spending.model = context
    }),
    Effect.catchCause((cause) =>
      Cause.hasInterruptsOnly(cause)
        ? Effect.failCause(cause as Cause.Cause<never>)
        : Effect.logError("The model that a budget switches to could not be built.", cause)
    )
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
