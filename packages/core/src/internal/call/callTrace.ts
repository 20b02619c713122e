/**
 * What an operator sees of a call: its span, the spans of its turns and background work, and its metrics.
 *
 * It listens to the call like a recorder, and decides nothing. Of reports and outputs it only reads the kind and the
 * time.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { CallRequest } from "../../CallRequest.ts"
import type * as Event from "../../Event.ts"
import * as Trace from "../../Trace.ts"
import * as CallMetrics from "./callMetrics.ts"
import type { Listener, Note } from "./listener.ts"

/** The trace of the current call. */
const Current = Context.Reference<CallTrace | undefined>("@antiphon/core/internal/call/callTrace", {
  defaultValue: () => undefined
})

/** A running turn. */
interface Open {
  readonly span: Tracer.Span
  /** When the caller finished the turn that this one answers; undefined if it answers nothing the caller said. */
  readonly askedAt: number | undefined
  said: boolean
}

/** Starts the trace of a call, which lasts until `end`. */
export const make = (request: CallRequest): Effect.Effect<CallTrace> =>
  Effect.gen(function* () {
    const outer = yield* Effect.option(Effect.currentParentSpan)
    const callId = Trace.callId(request)
    const span = yield* Effect.makeSpan("call", {
      root: true,
      kind: "server",
      attributes: { "gen_ai.conversation.id": callId },
      links: Option.match(outer, { onNone: () => [], onSome: (span) => [{ span, attributes: {} }] })
    })
    return new CallTrace(callId, span, yield* Effect.context<never>())
  })

/** The trace of one call. Times are seconds of the monotonic clock. */
export class CallTrace implements Listener {
  readonly callId: string
  readonly #span: Tracer.Span
  readonly #context: Context.Context<never>
  readonly #clock: Clock.Clock
  readonly #openedAt: number
  /** Running turns. Undefined when there are none, because most calls are idle most of the time. */
  #open: Map<number, Open> | undefined
  #turns = 0
  #ending = false
  #failed: string | undefined
  /** Whether the caller is hearing the agent. */
  #speaking = false
  /** When the caller last finished speaking, unless they have continued since. */
  #askedAt: number | undefined
  /** The answer whose first word was sent but not heard yet. */
  #unheard: { readonly turn: number; readonly askedAt: number } | undefined

  constructor(callId: string, span: Tracer.Span, context: Context.Context<never>) {
    this.callId = callId
    this.#span = span
    this.#context = context
    this.#clock = Context.get(context, Clock.Clock)
    this.#openedAt = this.#now()
    CallMetrics.opened(this.#context)
  }

  #now(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe()) / 1e9
  }

  /** Ends the span of the call. */
  get end(): Effect.Effect<void> {
    return Effect.sync(() => {
      const exit = this.#failed === undefined ? Exit.void : Trace.failedWith(this.#span, this.#failed)
      this.#span.end(this.#clock.currentTimeNanosUnsafe(), exit)
    })
  }

  /** The span of the call. */
  get span(): Tracer.Span {
    return this.#span
  }

  /** Adds the call's span to a context. */
  provide<R>(context: Context.Context<R>): Context.Context<R> {
    return context.pipe(
      Context.add(Tracer.ParentSpan, this.#span),
      Context.add(Trace.Call, this.#span),
      Context.add(Current, this)
    ) as Context.Context<R>
  }

  note(note: Note): void {
    switch (note._tag) {
      case "Reported":
        return this.#reported(note.report)
      case "Sent":
        return this.#sent(note.turn, note.output)
      case "Happened":
        return this.#happened(note.event)
      case "CallFailed":
        this.#failed = note.reason
        return
      case "CallClosed":
        this.#span.attribute("antiphon.call.how", note.how)
        this.#span.attribute("antiphon.call.turns", this.#turns)
        return CallMetrics.closed(
          this.#context,
          this.#failed === undefined ? note.how : "Failed",
          this.#now() - this.#openedAt
        )
      case "TurnStarted":
      case "TurnEnded":
      case "Kept":
        return
      default:
        note satisfies never
    }
  }

  #happened(event: Event.Input): void {
    if (event._tag === "CallEnded") this.#ending = true
    if (event._tag === "BackgroundReturned") CallMetrics.background(this.#context, event.outcome)
    if (event._tag === "AnswerOverdue") CallMetrics.overdue(this.#context)
  }

  #reported(report: Event.Report): void {
    switch (report._tag) {
      case "UserTurnStarted":
        if (this.#speaking || this.#isAnswering()) CallMetrics.interrupted(this.#context)
        this.#askedAt = undefined
        this.#unheard = undefined
        return
      case "UserTurnEnded":
        this.#askedAt = this.#now()
        return
      case "AgentTurnStarted":
        this.#speaking = true
        return this.#heard()
      case "AgentTextSent":
        return this.#heard()
      case "AgentTurnEnded":
        this.#speaking = false
    }
  }

  #isAnswering(): boolean {
    for (const { said } of this.#open?.values() ?? []) if (said) return true
    return false
  }

  #sent(turn: number, output: Event.Output): void {
    if (output._tag !== "AgentSendText") return
    const answer = this.#open?.get(turn)
    if (answer === undefined || answer.said || !/\S/u.test(output.text)) return
    answer.said = true
    if (answer.askedAt === undefined) return
    const waited = this.#now() - answer.askedAt
    CallMetrics.firstWord(this.#context, waited)
    answer.span.attribute("antiphon.turn.time_to_first_word", waited)
    this.#unheard = { turn, askedAt: answer.askedAt }
  }

  /** The caller hears the answer. The wait gets its own span, because the turn may have ended long ago. */
  #heard(): void {
    if (this.#unheard === undefined) return
    const { askedAt, turn } = this.#unheard
    this.#unheard = undefined
    const waited = this.#now() - askedAt
    CallMetrics.heard(this.#context, waited)
    const attributes = { "gen_ai.conversation.id": this.callId, "antiphon.turn.id": turn }
    Effect.runSyncWith(this.#context)(Trace.past("heard", { parent: this.#span, seconds: waited, attributes }))
  }

  /** Notes the start of a turn. Returns a function to call with its end. */
  turn(id: number, { _tag: trigger }: Event.Input, span: Tracer.Span): (exit: Exit.Exit<unknown, unknown>) => void {
    const startedAt = this.#now()
    this.#turns++
    const askedAt = trigger === "UserTurnEnded" ? (this.#askedAt ?? startedAt) : undefined
    this.#open ??= new Map()
    this.#open.set(id, { span, askedAt, said: false })
    return (exit) => {
      this.#open?.delete(id)
      if (this.#open?.size === 0) this.#open = undefined
      const outcome = outcomeOf(exit, this.#ending)
      if (outcome !== "failed") span.attribute("gen_ai.agent.invocation.end_reason", outcome)
      CallMetrics.turn(this.#context, trigger, outcome, this.#now() - startedAt)
    }
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>, ending: boolean): CallMetrics.Outcome => {
  if (Exit.isSuccess(exit)) return "completed"
  if (!Cause.hasInterruptsOnly(exit.cause)) return "failed"
  return ending ? "session_closed" : "interrupted"
}

/** Runs a turn in its span. */
export const turn =
  (id: number, trigger: Event.Input, tentative: boolean) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Current, (trace) => {
      if (trace === undefined) return self
      const attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.conversation.id": trace.callId,
        "antiphon.turn.id": id,
        "antiphon.turn.trigger": trigger._tag,
        ...(tentative && { "antiphon.turn.tentative": true })
      }
      return Effect.acquireUseRelease(
        Effect.map(Trace.start("turn", { attributes }), (span) => ({ span, ended: trace.turn(id, trigger, span) })),
        ({ span }) => Effect.provideService(self, Tracer.ParentSpan, span),
        ({ ended, span }, exit) => {
          ended(exit)
          return Trace.end(span, exit)
        }
      ) as Effect.Effect<A, E, R>
    })

/** Runs background work in a span linked to the turn that asked for it. */
export const background =
  (name: string) =>
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Current, (trace) => {
      if (trace === undefined) return self
      const attributes = { "gen_ai.conversation.id": trace.callId, "antiphon.background.name": name }
      return Trace.within("background", { attributes, beside: true }, () => self)
    })
