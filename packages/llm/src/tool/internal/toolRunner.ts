/** Runs the tool calls of a reply, each as its tool wants it; history keeps the order of the model. */
import type * as Agent from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Transcript from "../../Transcript.ts"
import type { VoiceTool } from "../VoiceTool.ts"
import * as BadArguments from "./badArguments.ts"
import * as BackgroundTools from "./backgroundTools.ts"
import * as Backlog from "./backlog.ts"
import * as Lead from "./lead.ts"
import * as ToolValues from "./toolValues.ts"
import * as Outcomes from "./outcomes.ts"

/** What the calls of one reply are run with. */
export interface Options<R> {
  readonly tools: ReadonlyArray<VoiceTool<R>>
  readonly turn: Turn.Turn
  /** Says afterwards whether the model is to read the results. */
  readonly loop: { asked: boolean }
}

/** The tools of one agent at run time. */
export interface ToolRunner<in out R> extends Pick<Outcomes.OwnCalls, "claimId" | "owns"> {
  readonly run: (calls: ReadonlyArray<Outcomes.Call>, options: Options<R>) => Stream.Stream<Event.Output, never, R>
  /** Takes the background results that have come and were not read yet, also those that another agent asked for. */
  readonly drain: () => Outcomes.Outputs
  /** Whether this agent was the one to read the result of another agent's call. */
  readonly inherits: (toolCallId: string) => boolean
  /** Waits until a background result is there; false where no work is left that could bring one. */
  readonly awaitResult: Effect.Effect<boolean>
  /** The agent that has taken over, if one has and did not give the call back. */
  readonly target: () => Agent.Agent<unknown, R> | undefined
}

/** A call whose turn to run has come. */
interface Started<R> extends ToolValues.Running<R> {
  /** What is told before it runs. */
  readonly told: Outcomes.Outputs
}

export const make = <R>(style: Outcomes.Style): Effect.Effect<ToolRunner<R>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const record = Outcomes.make(style)
    const shared = style === "antiphon" ? yield* Backlog.Shared : undefined
    const backlog = shared ?? (yield* Backlog.make)
    // Made between the backlog and the call, and so closed after the call and before the backlog: what is added to the call's
    // own scope later would end while the call still takes results.
    const callScope = yield* Scope.fork(yield* Effect.scope)
    const background = yield* BackgroundTools.make<R>(record, backlog, callScope)
    const handoff = yield* Lead.make<R>(record, backlog, callScope)
    const inherited = new Set<string>()

    const start = (call: Outcomes.Call, { loop, tools, turn }: Options<R>): Started<R> => {
      const tool = named(tools, call)
      const told = record.begun(call, tool?.kind)
      const refuse = (message: string) => {
        loop.asked = true
        const refused = record.outcomes(call, tool?.kind).result(`error: ${message}`)
        return { told, stream: Stream.fromIterable(refused), left: () => refused }
      }
      if (tool === undefined) {
        const names = tools.map(({ name }) => name).join(", ")
        return refuse(`there is no tool "${call.name}"${names === "" ? "" : `; there are: ${names}`}`)
      }
      if (BadArguments.rawOf(call.args) !== undefined) return refuse("the arguments are not valid JSON")
      const params = tool.decode(call.args)
      if (Result.isFailure(params)) return refuse(params.failure)
      const invocation = { call, tool, params: params.success, turn, loop }
      switch (tool.kind) {
        case "handoff":
          return { told, ...handoff.start(invocation) }
        case "background":
          return tool.duplicates === "reject" && background.isRunning(tool.name, call.args)
            ? refuse("this is already running; its result will come")
            : { told, ...background.start(invocation) }
        case "foreground":
          return { told, ...inForeground(invocation) }
        default:
          return tool.kind satisfies never
      }
    }

    /** Starts a tool of the turn, which ends with it or not, as the tool's interruption policy says. */
    const inForeground = (invocation: ToolValues.Invocation<R>): ToolValues.Running<R> => {
      const { interruption } = invocation.tool
      switch (interruption) {
        case "cancel":
          return foreground(record, invocation, (stream) => stream)
        case "uninterruptible":
          return foreground(record, invocation, invocation.turn.uninterruptible)
        case "finish":
          return background.startInTurn(invocation)
        default:
          return interruption satisfies never
      }
    }

    /** Leaves an outcome for each call, also where its turn to run had not come. */
    const leave = (
      calls: ReadonlyArray<Outcomes.Call>,
      started: ReadonlyMap<Outcomes.Call, Started<R>>,
      { tools, turn }: Options<R>
    ) =>
      Effect.suspend(() => {
        const outputs = calls.flatMap((call): Outcomes.Outputs => {
          const begun = started.get(call)
          if (begun !== undefined) return [...begun.told, ...begun.left()]
          const kind = named(tools, call)?.kind
          return [...record.begun(call, kind), ...record.outcomes(call, kind).cancelled()]
        })
        return Outcomes.leave(turn, outputs)
      })

    const isSequential = (call: Outcomes.Call, tools: ReadonlyArray<VoiceTool<R>>) => {
      const tool = named(tools, call)
      return style === "line" || tool?.kind === "handoff" || tool?.concurrency === "sequential"
    }

    const run: ToolRunner<R>["run"] = (calls, options) => {
      const groups: Array<Array<Outcomes.Call>> = []
      for (const call of calls) {
        const last = groups.at(-1)
        if (last === undefined || isSequential(call, options.tools) || isSequential(last[0]!, options.tools))
          groups.push([call])
        else last.push(call)
      }
      const started = new Map<Outcomes.Call, Started<R>>()
      const stream = groups
        .map((group) =>
          Stream.suspend(() => {
            const begun = group.map((call) => start(call, options))
            group.forEach((call, i) => started.set(call, begun[i]!))
            return Stream.concat(
              Stream.fromIterable(begun.flatMap(({ told }) => told)),
              beside(begun.map(({ stream }) => stream))
            )
          })
        )
        .reduce<Stream.Stream<Event.Output, never, R>>((all, one) => Stream.concat(all, one), Stream.empty)
      // A finalizer of the scope, not of the stream: it is to run after those of the tools, which may still give something.
      let ended = false
      const leaving = Effect.acquireRelease(Effect.void, () =>
        Effect.suspend(() => (ended ? Effect.void : leave(calls, started, options)))
      )
      const end = Effect.sync(() => {
        ended = true
      })
      return calls.length === 0
        ? Stream.empty
        : Stream.concat(Stream.unwrap(Effect.as(leaving, stream)), Stream.fromEffectDrain(end))
    }

    return {
      claimId: record.claimId,
      owns: record.owns,
      run,
      drain: () =>
        backlog.take().flatMap(({ outputs, owner }) => {
          for (const output of outputs)
            if (owner !== record && Transcript.isToolItem(output)) inherited.add(output.toolCallId)
          return outputs
        }),
      inherits: (toolCallId) => inherited.has(toolCallId),
      awaitResult: background.awaitResult,
      target: handoff.target
    }
  })

const named = <R>(tools: ReadonlyArray<VoiceTool<R>>, { name }: Outcomes.Call) =>
  tools.find((tool) => tool.name === name)

/** Runs a tool in the turn, and no longer. */
const foreground = <R>(
  record: Outcomes.OwnCalls,
  invocation: ToolValues.Invocation<R>,
  hold: (stream: Stream.Stream<Event.Output, never, R>) => Stream.Stream<Event.Output, never, R>
): ToolValues.Running<R> => {
  const { given, outcome, values } = ToolValues.make(record, invocation, () => {
    invocation.loop.asked = true
  })
  return { stream: hold(Stream.flattenIterable(values)), left: () => [...given, ...outcome.cancelled()] }
}

/** Calls side by side; what they give goes out in the order of the calls. */
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
