/** Runs the tool calls of a reply, each according to its tool. The history keeps the model's order. */
import type * as Event from "@antiphon/core/Event"
import * as EventId from "@antiphon/core/EventId"
import type * as History from "@antiphon/core/History"
import type * as Turn from "@antiphon/core/Turn"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Transcript from "../../internal/transcript.ts"
import type { VoiceTool } from "../VoiceTool.ts"
import * as Background from "./background.ts"
import * as Backlog from "./backlog.ts"
import * as BadArguments from "../../internal/badArguments.ts"
import * as Handoff from "./handoff.ts"
import * as Interruption from "./interruption.ts"
import * as Job from "./job.ts"
import * as Lead from "./lead.ts"
import * as Outcomes from "./outcomes.ts"
import * as ToolCall from "./toolCall.ts"
import * as ToolTrace from "./toolTrace.ts"

/** The tools of one agent at run time. */
export interface ToolRunner {
  readonly style: Outcomes.Style
  /** Characters of a result that the model reads, if the tool does not say so itself. */
  readonly limit: number
  readonly own: ToolCall.OwnCalls
  /** Results of other agents' calls that this agent was the one to read. */
  readonly inherited: Set<string>
  readonly background: Background.Background
  readonly place: Lead.Place
  readonly nextId: EventId.EventId
}

/** State shared by the calls of one reply. */
export interface Options<R> {
  readonly tools: ReadonlyArray<VoiceTool<R>>
  readonly turn: Turn.Turn
  readonly round: Job.Round
}

export const make = (style: Outcomes.Style, limit: number): Effect.Effect<ToolRunner, never, Scope.Scope> =>
  Effect.gen(function* () {
    const shared = style === "antiphon" ? yield* Backlog.Shared : undefined
    const backlog = shared ?? (yield* Backlog.make)
    // Created between the backlog and the call, so that it is closed after the call and before the backlog. Anything added to
    // the call's own scope later would end while the call still takes results.
    const scope = yield* Scope.fork(yield* Effect.scope)
    return {
      style,
      limit,
      own: ToolCall.none(),
      inherited: new Set(),
      background: Background.make({ backlog, scope, style }),
      place: (yield* Lead.Given) ?? Lead.first(),
      nextId: yield* EventId.make
    }
  })

/** An id for a call that the model has made. */
export const claimId = ({ own }: ToolRunner, id: string, history: History.History): string =>
  ToolCall.claimId(own, id, history)

/** Says to which agent a call belongs: calls of the agents before and after a handoff are not this agent's own. */
export const whose = ({ inherited, own }: ToolRunner, toolCallId: string): Transcript.Ownership =>
  own.told.has(toolCallId) ? "own" : inherited.has(toolCallId) ? "inherited" : "foreign"

/** Takes unsent background results, including those of other agents' calls. */
export const drain = ({ background, inherited, own }: ToolRunner): Outcomes.Outputs =>
  Backlog.take(background.backlog).flatMap(({ outputs, owner }) => {
    for (const output of outputs) if (owner !== own && Transcript.isToolItem(output)) inherited.add(output.toolCallId)
    return outputs
  })

/** Runs calls, and leaves an outcome for each of them. */
export const run = <R>(
  runner: ToolRunner,
  calls: ReadonlyArray<ToolCall.Call>,
  options: Options<R>
): Stream.Stream<Event.Output, never, R> => {
  if (calls.length === 0) return Stream.empty
  const started = new Map<ToolCall.Call, Started<R>>()
  const stream = grouped(runner, calls, options.tools)
    .map((group) =>
      Stream.suspend(() => {
        const begun = group.map((call) => start(runner, call, options))
        group.forEach((call, i) => started.set(call, begun[i]!))
        return Stream.concat(
          Stream.fromIterable(begun.flatMap(({ told }) => told)),
          beside(begun.map(({ stream }) => stream))
        )
      })
    )
    .reduce<Stream.Stream<Event.Output, never, R>>((all, one) => Stream.concat(all, one), Stream.empty)
  // A finalizer of the scope, not of the stream: it must run after those of the tools, which may still give something.
  let ended = false
  const leaving = Effect.acquireRelease(Effect.void, () =>
    Effect.suspend(() => (ended ? Effect.void : leave(runner, calls, started, options)))
  )
  const end = Effect.sync(() => {
    ended = true
  })
  return Stream.concat(Stream.unwrap(Effect.as(leaving, stream)), Stream.fromEffectDrain(end))
}

/** A call that may run now. */
interface Started<R> extends Job.Running<R> {
  /** The outputs before it runs. */
  readonly told: Outcomes.Outputs
}

const start = <R>(runner: ToolRunner, call: ToolCall.Call, { round, tools, turn }: Options<R>): Started<R> => {
  const { background, nextId, place } = runner
  const tool = named(tools, call)
  const outcome = outcomeOf(runner, call, tool)
  const told = Outcomes.begun(outcome)
  const refuse = (message: string): Started<R> => {
    round.asked = true
    const refused = Outcomes.result(outcome, `error: ${message}`)
    return { told, stream: ToolTrace.refused(tool, Stream.fromIterable(refused)), left: () => refused }
  }
  if (tool === undefined) {
    const names = tools.map(({ name }) => name).join(", ")
    return refuse(`there is no tool "${call.name}"${names === "" ? "" : `; there are: ${names}`}`)
  }
  if (BadArguments.rawOf(call.args) !== undefined) return refuse("the arguments are not valid JSON")
  const params = tool.decode(call.args)
  if (Result.isFailure(params)) return refuse(params.failure)
  const job = Job.make({ tool, params: params.success, turn, round, outcome })
  if (tool.kind === "handoff") return { told, ...Handoff.start(background, place, nextId, job) }
  const policy = Interruption.of(tool)
  if (!policy.inTurn) {
    return tool.duplicates === "reject" && Background.isRunning(background, tool.name, call.args)
      ? refuse("this is already running; its result will come")
      : { told, ...Background.start(background, job) }
  }
  if (policy.onInterruption === "detach") return { told, ...Background.startInTurn(background, job) }
  const stream = Job.inTurn(job)
  return {
    told,
    stream: policy.onInterruption === "hold" ? turn.uninterruptible(stream) : stream,
    left: () => Job.leave(job)
  }
}

const outcomeOf = <R>({ limit, own, style }: ToolRunner, call: ToolCall.Call, tool: VoiceTool<R> | undefined) =>
  Outcomes.make({ call, own, style, kind: tool?.kind, limit: tool?.maxResultCharacters ?? limit })

/** Records an outcome for each call, even if it never ran. */
const leave = <R>(
  runner: ToolRunner,
  calls: ReadonlyArray<ToolCall.Call>,
  started: ReadonlyMap<ToolCall.Call, Started<R>>,
  { tools, turn }: Options<R>
) =>
  Effect.suspend(() => {
    const outputs = calls.flatMap((call): Outcomes.Outputs => {
      const begun = started.get(call)
      if (begun !== undefined) return [...begun.told, ...begun.left()]
      const outcome = outcomeOf(runner, call, named(tools, call))
      return [...Outcomes.begun(outcome), ...Outcomes.cancelled(outcome)]
    })
    return Outcomes.leave(turn, outputs)
  })

const named = <R>(tools: ReadonlyArray<VoiceTool<R>>, { name }: ToolCall.Call) =>
  tools.find((tool) => tool.name === name)

/** Runs the calls of a reply, one group after another. The calls of a group run side by side. */
const grouped = <R>(
  { style }: ToolRunner,
  calls: ReadonlyArray<ToolCall.Call>,
  tools: ReadonlyArray<VoiceTool<R>>
): ReadonlyArray<ReadonlyArray<ToolCall.Call>> => {
  const isSequential = (call: ToolCall.Call) => {
    const tool = named(tools, call)
    return style === "line" || tool?.kind === "handoff" || tool?.concurrency === "sequential"
  }
  const groups: Array<Array<ToolCall.Call>> = []
  for (const call of calls) {
    const last = groups.at(-1)
    if (last === undefined || isSequential(call) || isSequential(last[0]!)) groups.push([call])
    else last.push(call)
  }
  return groups
}

/** Runs calls side by side, and emits their outputs in the order of the calls. */
const beside = <R>(
  streams: ReadonlyArray<Stream.Stream<Event.Output, never, R>>
): Stream.Stream<Event.Output, never, R> =>
  streams.length === 1
    ? streams[0]!
    : Stream.unwrap(
        Effect.map(
          Effect.forEach(streams, (stream) =>
            Effect.gen(function* () {
              const queue = yield* Queue.unbounded<Event.Output, Cause.Done>()
              yield* Stream.runForEach(stream, (output) => Queue.offer(queue, output)).pipe(
                Effect.ensuring(Queue.end(queue)),
                Effect.forkScoped
              )
              return Stream.fromQueue(queue)
            })
          ),
          (queues) => queues.reduce<Stream.Stream<Event.Output>>((all, one) => Stream.concat(all, one), Stream.empty)
        )
      )
