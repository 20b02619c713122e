/**
 * Runs the tool calls of a reply. Every call ends in exactly one recorded outcome (a result, an error, `success` where it
 * gave none, `cancelled`), recorded before the next prompt is built, and history keeps the order of the model.
 */
import type * as Agent from "@antiphon/core/Agent"
import { describe } from "@antiphon/core/CallError"
import type * as Event from "@antiphon/core/Event"
import * as EventId from "@antiphon/core/EventId"
import * as History from "@antiphon/core/History"
import * as JsonText from "@antiphon/core/JsonText"
import type * as Turn from "@antiphon/core/Turn"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Queue from "effect/Queue"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { isOutput, type VoiceTool } from "../VoiceTool.ts"
import * as BadArguments from "./badArguments.ts"

/** A call as the model made it. */
export interface Call {
  readonly id: string
  readonly name: string
  readonly args: unknown
}

export type Style = "antiphon" | "line"
type Outputs = ReadonlyArray<Event.Output>
type Args = { readonly [key: string]: unknown }

/** The tools of one agent at run time. */
export interface ToolRun<in out R> {
  /** An id for a call: the model's own, where no call before has had it. Some models count from 0 in each reply. */
  readonly claimId: (id: string, record: History.History) => string
  /** Runs the calls of one reply; afterwards `loop` says whether the model is to read their results. */
  readonly run: (
    calls: ReadonlyArray<Call>,
    options: {
      readonly tools: ReadonlyArray<VoiceTool<R>>
      readonly turn: Turn.Turn
      readonly loop: { asked: boolean }
    }
  ) => Stream.Stream<Event.Output, never, R>
  /** Takes the background results that have come and were not read yet. */
  readonly drain: () => Outputs
  /** Waits until a background result is there; false where no work is left that could bring one. */
  readonly awaitResult: Effect.Effect<boolean>
  /** The agent that has taken over, if one has and did not give the call back. */
  readonly target: () => Agent.Agent<unknown, R> | undefined
  /** Whether a call was made by this agent. The calls of an agent that it was handed from, or to, are not its own. */
  readonly owns: (toolCallId: string) => boolean
}

/** The arguments as events carry them. Those that were not JSON are shown as the model wrote them. */
/** A call whose turn to run has come. */
interface Started<R> {
  /** What is told before it runs. */
  readonly told: Outputs
  readonly stream: Stream.Stream<Event.Output, never, R>
  /** What the record is to have of it where the turn ends now. A call that goes on without its turn leaves no end. */
  readonly left: () => Outputs
}

/** The arguments as events carry them. Those that were not JSON are shown as the model wrote them. */
const argsOf = (args: unknown): Args => {
  const raw = BadArguments.rawOf(args)
  if (raw !== undefined) return { invalid_json: raw }
  return typeof args === "object" && args !== null && !Array.isArray(args) ? (args as Args) : {}
}

export const make = <R>(style: Style): Effect.Effect<ToolRun<R>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const callScope = yield* Effect.scope
    const nextId = yield* EventId.make
    const running = new Map<string, number>()
    const changed = yield* Latch.make(false)
    let results: Array<{ readonly outputs: Outputs; readonly turn: Turn.Turn }> = []
    // Results that no turn came to read: the record has them all the same.
    yield* Effect.addFinalizer(() =>
      Effect.forEach(results, ({ outputs, turn }) => turn.record(outputs.filter(isToolEvent)), { discard: true })
    )
    const own = new Set<string>()
    const claimed = new Set<string>()
    let target: Agent.Agent<unknown, R> | undefined

    const called = ({ args, name }: Call, toolCallId: string): Event.Output => {
      own.add(toolCallId)
      return { _tag: "AgentToolCalled", toolCallId, toolName: name, toolArgs: argsOf(args) }
    }
    const returned = (call: Call, toolCallId: string, result: unknown): Event.Output => ({
      ...(called(call, toolCallId) as Event.OutputOf<"AgentToolCalled">),
      _tag: "AgentToolReturned",
      result
    })

    /** The outcomes of one call: numbers its results, and knows whether the start was told already. */
    const outcomes = (call: Call) => {
      let count = 0
      const result = (value: unknown): Outputs => {
        const id = `${call.id}-${count++}`
        const pair = [called(call, id), returned(call, id, value)]
        return style === "antiphon" && count === 1 ? pair.slice(1) : pair
      }
      const bare = (value: string): Outputs =>
        style === "antiphon"
          ? [returned(call, `${call.id}-0`, value)]
          : [called(call, call.id), returned(call, call.id, value)]
      return {
        result,
        failed: (cause: Cause.Cause<unknown>) => result(`error: ${describe(cause)}`),
        /** How a call ends that gave no result. */
        ended: (): Outputs => (count++ === 0 ? bare("success") : []),
        cancelled: (): Outputs => (count++ === 0 ? bare("cancelled") : [])
      }
    }

    /** What a tool gives, as outputs: results become outcomes, failures too, and it ends in time. */
    const outputs = (call: Call, tool: VoiceTool<R>, params: unknown, turn: Turn.Turn, onResult: () => void) => {
      const outcome = outcomes(call)
      // Kept beside the stream, which loses what it has buffered when it is cut off.
      const given: Array<Event.Output> = []
      const give = (outputs: Outputs) => void given.push(...outputs)
      let taken = 0
      let over = false
      const catchFailure = Stream.catchCause((cause: Cause.Cause<unknown>) => {
        if (Cause.hasInterruptsOnly(cause)) return Stream.failCause(cause as Cause.Cause<never>)
        // Time that passes while nobody takes what it gave is not the tool's.
        if (over) return Stream.succeed(undefined)
        over = true
        onResult()
        return Stream.succeed(give(outcome.failed(cause)))
      })
      const values = tool.run(params, { turn, toolCallId: call.id }).pipe(
        Stream.map((value) => {
          if (isOutput(value)) return give([value])
          onResult()
          give(outcome.result(value))
        }),
        catchFailure,
        Stream.concat(
          Stream.sync(() => {
            over = true
            give(outcome.ended())
          })
        ),
        Stream.interruptWhen(
          Effect.andThen(
            Effect.sleep(tool.timeout),
            Effect.fail(new Error(`timed out after ${Duration.format(tool.timeout)}`))
          )
        ),
        catchFailure,
        Stream.map((): Outputs => {
          const outputs = given.slice(taken)
          taken = given.length
          return outputs
        })
      )
      return { values, outcome, given }
    }

    const foreground = (call: Call, tool: VoiceTool<R>, params: unknown, turn: Turn.Turn, loop: { asked: boolean }) => {
      const { given, outcome, values } = outputs(call, tool, params, turn, () => {
        loop.asked = true
      })
      const stream = values.pipe(Stream.flattenIterable, (stream) =>
        tool.interruption === "uninterruptible" ? turn.uninterruptible(stream) : stream
      )
      return { stream, left: () => [...given, ...outcome.cancelled()] }
    }

    /** Runs a tool beside the conversation. Each result waits to be read, and is announced as an event. */
    const background = (call: Call, tool: VoiceTool<R>, params: unknown, turn: Turn.Turn, key: string) => {
      const { outcome, values } = outputs(call, tool, params, turn, () => {})
      let begun = false
      const arrived = (outputs: Outputs) =>
        Effect.suspend(() => {
          if (outputs.length === 0) return Effect.void
          results.push({
            outputs: outputs.map((output) => ({
              ...output,
              respondingTo: output.respondingTo ?? turn.trigger.eventId
            })),
            turn
          })
          const announce =
            style === "antiphon" ? turn.background(tool.name, Effect.succeed(resultOf(outputs))) : Effect.void
          return Effect.andThen(announce, changed.open)
        })
      const work = Effect.suspend(() => {
        begun = true
        running.set(key, (running.get(key) ?? 0) + 1)
        return Stream.runForEach(values, arrived).pipe(
          Effect.onInterrupt(() => turn.record(outcome.cancelled())),
          Effect.ensuring(
            Effect.suspend(() => {
              const left = running.get(key)! - 1
              if (left === 0) running.delete(key)
              else running.set(key, left)
              return changed.open
            })
          ),
          Effect.forkIn(callScope, { startImmediately: true })
        )
      })
      return { stream: Stream.fromEffectDrain(work), left: () => (begun ? [] : outcome.cancelled()) }
    }

    /** Runs a tool in the turn for as long as the turn lives, and on in the background after that. */
    const finishing = (call: Call, tool: VoiceTool<R>, params: unknown, turn: Turn.Turn, loop: { asked: boolean }) => {
      const taken: Array<Event.Output> = []
      let begun = false
      let attached = true
      const { outcome, values } = outputs(call, tool, params, turn, () => {
        if (attached) loop.asked = true
      })
      const stream = Stream.unwrap(
        Effect.gen(function* () {
          begun = true
          const queue = yield* Queue.unbounded<Event.Output, Cause.Done>()
          yield* Stream.runForEach(values, (outputs): Effect.Effect<void> => {
            if (attached) {
              taken.push(...outputs)
              return Effect.asVoid(Queue.offerAll(queue, outputs))
            }
            results.push({ outputs, turn })
            return Effect.andThen(turn.background(tool.name, Effect.succeed(resultOf(outputs))), changed.open)
          }).pipe(
            Effect.onInterrupt(() => turn.record(outcome.cancelled())),
            Effect.ensuring(Queue.end(queue)),
            Effect.forkIn(callScope, { startImmediately: true })
          )
          return Stream.fromQueue(queue).pipe(
            Stream.onExit((exit) =>
              Exit.isFailure(exit)
                ? Effect.sync(() => {
                    attached = false
                  })
                : Effect.void
            )
          )
        })
      )
      return { stream, left: () => (begun ? taken : outcome.cancelled()) }
    }

    const handoff = (call: Call, tool: VoiceTool<R>, params: unknown, turn: Turn.Turn, loop: { asked: boolean }) => {
      const event: Event.Input = { _tag: "AgentHandedOff", eventId: nextId() }
      const given: Array<Event.Output> = []
      let taken: Agent.Agent<unknown, R> | undefined
      let wasGivenBack = false
      const giveBack = Effect.sync(() => {
        wasGivenBack = true
        if (target === taken) target = undefined
      })
      const told = History.make(() => [...turn.history.entries, { key: -1, turn: 0, item: event }])
      const handedTurn: Turn.Turn = { ...turn, trigger: event, history: told }
      const outcome = (result: string) => {
        const settled = returned(call, call.id, result)
        given.push(settled)
        return settled
      }
      const stream = Stream.unwrap(
        Effect.map(
          Effect.provideService(tool.target!(params, { turn, toolCallId: call.id, giveBack }), Scope.Scope, callScope),
          (agent) =>
            Stream.concat(
              agent(event, handedTurn),
              Stream.suspend(() => {
                if (wasGivenBack) loop.asked = true
                else target = taken = agent
                return Stream.succeed(outcome("success"))
              })
            )
        )
      ).pipe(
        Stream.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Stream.failCause(cause as Cause.Cause<never>)
            : Stream.succeed(outcome(`error: ${describe(cause)}`))
        )
      )
      return { stream, left: () => (given.length > 0 ? given : [returned(call, call.id, "cancelled")]) }
    }

    const start = (call: Call, { loop, tools, turn }: Parameters<ToolRun<R>["run"]>[1]): Started<R> => {
      const tool = tools.find(({ name }) => name === call.name)
      const told = tellOf(call, tool)
      const refuse = (message: string) => {
        loop.asked = true
        const error = `error: ${message}`
        const refused = tool?.kind === "handoff" ? [returned(call, call.id, error)] : outcomes(call).result(error)
        return { told, stream: Stream.fromIterable(refused), left: () => refused }
      }
      if (tool === undefined) {
        const names = tools.map(({ name }) => name).join(", ")
        return refuse(`there is no tool "${call.name}"${names === "" ? "" : `; there are: ${names}`}`)
      }
      if (BadArguments.rawOf(call.args) !== undefined) return refuse("the arguments are not valid JSON")
      const params = tool.decode(call.args)
      if (Result.isFailure(params)) return refuse(params.failure)
      switch (tool.kind) {
        case "handoff":
          return { told, ...handoff(call, tool, params.success, turn, loop) }
        case "background": {
          const key = `${tool.name} ${JsonText.stringify(call.args)}`
          if (tool.duplicates === "reject" && running.has(key))
            return refuse("this is already running; its result will come")
          return { told, ...background(call, tool, params.success, turn, key) }
        }
        case "foreground": {
          const run = tool.interruption === "finish" ? finishing : foreground
          return { told, ...run(call, tool, params.success, turn, loop) }
        }
      }
    }

    /** What is told of a call before it runs. */
    const tellOf = (call: Call, tool: VoiceTool<R> | undefined): Outputs => {
      if (tool?.kind === "handoff") return [called(call, call.id)]
      return style === "antiphon" ? [called(call, `${call.id}-0`)] : []
    }

    /**
     * Leaves an outcome on the record for each call of a reply that is interrupted: what it has given and nobody has
     * taken, else `cancelled`, also where its turn to run had not come.
     */
    const leave = (
      calls: ReadonlyArray<Call>,
      started: ReadonlyMap<Call, Started<R>>,
      { tools, turn }: Parameters<ToolRun<R>["run"]>[1]
    ) =>
      Effect.flatMap(turn.currentHistory, ({ entries }) => {
        const recorded = new Set(entries.flatMap(({ item }) => (isToolEvent(item) ? [keyOf(item)] : [])))
        const outputs = calls.flatMap((call): Outputs => {
          const begun = started.get(call)
          if (begun !== undefined) return [...begun.told, ...begun.left()]
          const tool = tools.find(({ name }) => name === call.name)
          const cancelled =
            tool?.kind === "handoff" ? [returned(call, call.id, "cancelled")] : outcomes(call).cancelled()
          return [...tellOf(call, tool), ...cancelled]
        })
        return turn.record(outputs.filter((output) => isToolEvent(output) && !recorded.has(keyOf(output))))
      })

    const isSequential = (call: Call, tools: ReadonlyArray<VoiceTool<R>>) => {
      const tool = tools.find(({ name }) => name === call.name)
      return style === "line" || tool?.kind === "handoff" || tool?.concurrency === "sequential"
    }

    /** Calls side by side; what they give goes out in the order of the calls. */
    const beside = (
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
              (queues) =>
                queues.reduce<Stream.Stream<Event.Output>>((all, one) => Stream.concat(all, one), Stream.empty)
            )
          )

    const run: ToolRun<R>["run"] = (calls, options) => {
      const groups: Array<Array<Call>> = []
      for (const call of calls) {
        const last = groups.at(-1)
        if (last === undefined || isSequential(call, options.tools) || isSequential(last[0]!, options.tools))
          groups.push([call])
        else last.push(call)
      }
      const started = new Map<Call, Started<R>>()
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
      claimId: (id, record) => {
        // The record also has the calls of other agents.
        const isTaken = (id: string) =>
          claimed.has(id) ||
          record.entries.some(
            ({ item }) =>
              item._tag === "AgentToolCalled" && (item.toolCallId === id || item.toolCallId.startsWith(`${id}-`))
          )
        let free = id
        for (let i = 2; isTaken(free); i++) free = `${id}_${i}`
        claimed.add(free)
        return free
      },
      run,
      drain: () => {
        const taken = results.flatMap(({ outputs }) => outputs)
        results = []
        return taken
      },
      awaitResult: Effect.suspend(function wait(): Effect.Effect<boolean> {
        if (results.length > 0) return Effect.succeed(true)
        if (running.size === 0) return Effect.succeed(false)
        changed.closeUnsafe()
        return Effect.andThen(changed.await, Effect.suspend(wait))
      }),
      target: () => target,
      owns: (toolCallId) => own.has(toolCallId)
    }
  })

type ToolEvent = Event.OutputOf<"AgentToolCalled" | "AgentToolReturned">

const isToolEvent = (item: History.Item): item is ToolEvent =>
  item._tag === "AgentToolCalled" || item._tag === "AgentToolReturned"

const keyOf = ({ _tag, toolCallId }: ToolEvent): string => `${_tag} ${toolCallId}`

const resultOf = (outputs: Outputs): unknown =>
  outputs.findLast((output) => output._tag === "AgentToolReturned")?.result ?? null
