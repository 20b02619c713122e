/**
 * Fills the silence while an agent is thinking: "One moment, please."
 *
 * Silence is measured in what the agent sends, on the `Clock`. Background work that the turn started counts as
 * thinking: while fillers are left, the turn stays open for it. There are no fillers once the agent has asked to end or
 * transfer the call, nor after the end of the call.
 *
 * @since 0.1.0
 */
import * as Monotonic from "../Monotonic.ts"
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { dual } from "effect/Function"
import * as Agent from "../Agent.ts"
import * as Event from "../Event.ts"
import type * as Turn from "../Turn.ts"

/** What to say into the silence, and when. */
export interface Options {
  /** How long the agent may be silent. */
  readonly after: Duration.Input
  /** The fillers, said one after another; they start over if `limit` is greater than their number. */
  readonly texts: Arr.NonEmptyReadonlyArray<string>
  /** How long after a filler the next one follows in the same silence. By default none follows. */
  readonly every?: Duration.Input | undefined
  /** Most fillers per turn. By default each text is said once. */
  readonly limit?: number | undefined
  /** Whether to fill only the time to the first text of a turn (the default), or every silence in it. */
  readonly until?: "firstText" | "end" | undefined
}

/** Fills the silences of an agent. A filler never overtakes text, and white space separates it from what follows. */
export const agent: {
  (options: Options): Agent.Operator
  <E = never, R = never, R2 = never>(source: Agent.Made<E, R, R2>, options: Options): Agent.Factory<E, R, R2>
  <E, R>(agent: Agent.Agent<E, R>, options: Options): Agent.Agent<E, R>
} = dual(2, <R>(source: Agent.AgentSpec<unknown, R>, options: Options) =>
  Agent.map(source, (agent: Agent.Agent<unknown, R>): Agent.Agent<unknown, R> => filled(agent, options))
)

const filled =
  <E, R>(agent: Agent.Agent<E, R>, options: Options): Agent.Agent<E, R> =>
  (event, turn) => {
    if (event._tag === "CallEnded") return agent(event, turn)
    return Stream.suspend(() => {
      const work: Work = { running: 0, done: Latch.makeUnsafe(true) }
      return Stream.transformPull(agent(event, noting(turn, work)), (pull, scope) =>
        Effect.map(Clock.Clock, (clock) => fill(pull, options, work, clock, scope))
      )
    })
  }

/** Background work of a turn that is still running. */
interface Work {
  running: number
  /** Open while none runs. */
  readonly done: Latch.Latch
}

const noting = (turn: Turn.Turn, work: Work): Turn.Turn => ({
  ...turn,
  background: (name, effect, options) =>
    Effect.suspend(() => {
      work.running++
      work.done.closeUnsafe()
      const over = Effect.sync(() => {
        if (--work.running === 0) work.done.openUnsafe()
      })
      return turn.background(name, Effect.ensuring(effect, over), options)
    })
})

type Outputs = Arr.NonEmptyReadonlyArray<Event.Output>

const fill = <E, R>(
  pull: Pull.Pull<Outputs, E, void, R>,
  { after, every, limit, texts, until }: Options,
  work: Work,
  clock: Clock.Clock,
  scope: Scope.Scope
): Pull.Pull<Outputs, E, void, R> => {
  const patience = Duration.toMillis(after)
  const repeat = every === undefined ? Infinity : Duration.toMillis(every)
  let left = limit ?? texts.length
  let count = 0
  let due = Monotonic.millis(clock) + patience
  let gap = ""
  // What the agent is working on. It continues while a filler is said.
  let pending: Fiber.Fiber<Outputs, E | Cause.Done<void>> | undefined

  // How the agent ended, while its background work still runs.
  let over: Exit.Exit<Outputs, E | Cause.Done<void>> | undefined

  const arrived = (exit: Exit.Exit<Outputs, E | Cause.Done<void>>): Pull.Pull<Outputs, E, void, R> => {
    pending = undefined
    if (exit._tag === "Success") exit.value.forEach(look)
    else if (work.running > 0 && Pull.isDoneCause(exit.cause)) {
      over = exit
      return next
    }
    return exit
  }

  const look = (output: Event.Output) => {
    if (output._tag === "AgentEndCall" || output._tag === "AgentTransferCall") left = 0
    if (output._tag !== "AgentSendText" || output.text.trim() === "") return
    if (until !== "end") left = 0
    due = Monotonic.millis(clock) + patience
    gap = /\s$/.test(output.text) ? "" : " "
  }

  const say = (): Outputs => {
    const text = gap + texts[count++ % texts.length]!.trim() + " "
    left--
    due = Monotonic.millis(clock) + repeat
    gap = ""
    return [Event.sendText(text)]
  }

  const next: Pull.Pull<Outputs, E, void, R> = Effect.suspend((): Pull.Pull<Outputs, E, void, R> => {
    if (over !== undefined) {
      if (work.running === 0 || left <= 0 || due === Infinity) return over
      const silence = Duration.millis(Math.max(0, due - Monotonic.millis(clock)))
      return Effect.flatMap(Effect.timeoutOption(work.done.await, silence), (done): Pull.Pull<Outputs, E, void, R> =>
        Option.isSome(done) ? next : Effect.sync(say)
      )
    }
    if (pending === undefined && left <= 0) return pull
    const working =
      pending === undefined ? Effect.forkIn(pull, scope, { startImmediately: true }) : Effect.succeed(pending)
    return Effect.flatMap(working, (fiber) => {
      pending = fiber
      if (left <= 0 || due === Infinity) return Effect.flatMap(Fiber.await(fiber), arrived)
      const wait = Duration.millis(Math.max(0, due - Monotonic.millis(clock)))
      return Effect.flatMap(Effect.timeoutOption(Fiber.await(fiber), wait), (exit): Pull.Pull<Outputs, E, void, R> => {
        const done = Option.isSome(exit) ? exit.value : fiber.pollUnsafe()
        return done === undefined ? Effect.sync(say) : arrived(done)
      })
    })
  })
  return next
}
