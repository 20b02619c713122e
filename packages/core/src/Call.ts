/**
 * Runs one call: events in, events out, one turn at a time.
 *
 * A call knows no socket and no wall clock. The harness around it (a server, a console, a test, a replay) reports what
 * happens and carries out what the agent wants. `receive` records an event, asks the filters, and starts or stops the
 * turn before it returns; the turn hands its outputs to the harness from its own fiber.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import type { AgentSpec } from "./Agent.ts"
import type { CallError } from "./CallError.ts"
import * as CallLimits from "./CallLimits.ts"
import * as CallRequest from "./CallRequest.ts"
import type * as Event from "./Event.ts"
import * as EventId from "./EventId.ts"
import type * as History from "./History.ts"
import type * as Harness from "./Harness.ts"
import * as CallTrace from "./internal/call/callTrace.ts"
import * as Limits from "./internal/call/limits.ts"
import * as Listener from "./internal/call/listener.ts"
import * as Mailbox from "./internal/call/mailbox.ts"
import * as Run from "./internal/call/callRun.ts"
import type * as CallState from "./internal/call/callState.ts"
import * as Outputs from "./internal/call/outputs.ts"
import type { Line } from "./internal/call/turnOutputs.ts"

/** A call in progress. */
export interface Call {
  /**
   * Takes a report of the harness. Never waits for a turn or a filter. Call this from a single fiber, so that reports
   * keep their order. Reports after `end` are dropped.
   */
  readonly receive: (report: Event.Report) => Effect.Effect<Harness.Receipt>
  /**
   * Ends the call: nothing more is sent, the turn in progress is stopped, and the agent handles `CallEnded` within its
   * grace, if its filter runs on that. Returns once no turn and no background work is left. Ending is idempotent, and
   * continues even if the fiber that asked for it is interrupted. Within the call's own work (a harness that ends the
   * call from `send`, a filter, background work) it does not wait.
   */
  readonly end: Effect.Effect<void>
  /** The call up to now. */
  readonly history: Effect.Effect<History.History>
  /** The span of the call. What a harness measures hangs below it. */
  readonly span: Tracer.AnySpan
}

/**
 * Starts a call: the agent sees `CallStarted` before anything else. The call is recorded if its context has a
 * `Recorder`. If the scope closes before `end`, the call is cut off: its turn is interrupted, and the agent does not
 * see `CallEnded`. If the end has already begun, the scope waits for it.
 */
export const make = <E, R>(
  spec: AgentSpec<E, R>,
  options: { readonly harness: Harness.Harness; readonly request?: CallRequest.CallRequest | undefined }
): Effect.Effect<Call, never, Exclude<R, Scope.Scope> | Scope.Scope> => {
  const { harness } = options
  return open(spec, options.request, {
    deliver: (_turn, lines, { handedOver, taken }) =>
      Effect.suspend(() => {
        for (const line of lines) handedOver(line, "Offered")
        const sent = harness.send(outputsOf(lines))
        const lasting = lines.filter(({ item }) => Outputs.isLasting(item))
        return lasting.length === 0
          ? sent
          : Effect.andThen(
              sent,
              Effect.sync(() => lasting.forEach(taken))
            )
      }),
    drained: () => Effect.void,
    turn: (change) => harness.turn?.(change),
    fail: harness.fail
  })
}

/**
 * Runs a call as a function from a stream of reports to a stream of outputs. The call ends when the reports end or when
 * nobody takes the outputs any more; the agent handles `CallEnded` either way.
 *
 * Outputs are emitted one by one. Once a turn is cancelled, none of its outputs are emitted, and those that were not
 * emitted do not count as sent.
 */
export const run = <E, R, E2 = never, R2 = never>(
  spec: AgentSpec<E, R>,
  reports: Stream.Stream<Event.Report, E2, R2>,
  options?: {
    readonly request?: CallRequest.CallRequest | undefined
    /** How many outputs may wait for the consumer before the agent is slowed down. 16 by default. */
    readonly bufferSize?: number | undefined
  }
): Stream.Stream<Event.Output, CallError | E2, Exclude<R, Scope.Scope> | R2> =>
  Stream.fromPull(
    Effect.gen(function* () {
      const mailbox = Mailbox.make<CallError | E2>(options?.bufferSize ?? 16)
      const call = yield* open(spec, options?.request, {
        deliver: (turn, lines, { handedOver }) => {
          let next = 0
          return mailbox.put(turn, outputsOf(lines), () => handedOver(lines[next++]!, "Taken"))
        },
        drained: mailbox.drained,
        turn: (change) => {
          // One that never started has put nothing into the box.
          if (change._tag === "Cancelled" && change.turn > 0) mailbox.purge(change.turn)
        },
        fail: (error) => mailbox.close(Exit.fail(error))
      })
      yield* Effect.addFinalizer(() => Effect.andThen(mailbox.close(Exit.void), call.end))
      yield* Stream.runForEach(reports, call.receive).pipe(
        Effect.andThen(call.end),
        Effect.exit,
        Effect.flatMap((exit: Exit.Exit<void, E2>) => mailbox.close(exit)),
        Effect.forkScoped
      )
      return Effect.map(mailbox.take, (output) => [output] as const)
    })
  ).pipe(Stream.scoped) as Stream.Stream<Event.Output, CallError | E2, Exclude<R, Scope.Scope> | R2>

const outputsOf = (lines: ReadonlyArray<Line>) =>
  lines.map(({ item }) => item) as ReadonlyArray<Event.Output> as Arr.NonEmptyReadonlyArray<Event.Output>

const open = <R>(
  spec: AgentSpec<unknown, R>,
  request: CallRequest.CallRequest = CallRequest.make(),
  outlet: CallState.Outlet
): Effect.Effect<Call, never, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.gen(function* () {
    // Plain JavaScript may give nothing. It is refused here, because nothing before the first turn would notice.
    if (typeof (spec as unknown) !== "object" || (spec as unknown) === null) {
      return yield* Effect.die(new TypeError("a call needs the spec of an agent"))
    }
    const limited = yield* Limits.apply(spec)
    const context = yield* Effect.context<R>()
    const scope = yield* Effect.scope
    const trace = yield* CallTrace.make(request)
    const call = Run.make({
      spec: limited,
      outlet,
      request,
      nextId: yield* EventId.make,
      recorder: Listener.both(trace, yield* Listener.Current),
      // Calls within the call, such as those of a tool, have no limits but their own.
      context: trace.provide(limited === spec ? context : Context.add(context, CallLimits.Current, undefined))
    })
    yield* Scope.addFinalizer(scope, Effect.ensuring(call.close, trace.end))
    yield* call.start
    return { receive: call.receive, end: call.end, history: call.history, span: trace.span }
  }) as Effect.Effect<Call, never, Exclude<R, Scope.Scope> | Scope.Scope>
