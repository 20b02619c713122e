/** One turn of a model: prompt, reply, tools, and again, until the model has nothing more to ask. */
import * as Event from "@antiphon/core/Event"
import * as History from "@antiphon/core/History"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Turn from "@antiphon/core/Turn"
import type * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as Model from "effect/ai/Model"
import type * as Prompt from "effect/ai/Prompt"
import type * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Overrides } from "../LlmAgent.ts"
import type * as ModelSettings from "../../model/ModelSettings.ts"
import * as SpeechLeakGuard from "../SpeechLeakGuard.ts"
import * as Transcript from "../../Transcript.ts"
import type { VoiceTool } from "../../tool/VoiceTool.ts"
import * as ModelTap from "./modelTap.ts"
import * as OwnPrompt from "./ownPrompt.ts"
import type { Call } from "../../tool/internal/outcomes.ts"
import type { ToolRunner } from "../../tool/internal/toolRunner.ts"

export interface ModelTurn<R> {
  readonly event: Event.Input
  readonly turn: Turn.Turn
  readonly runs: ToolRunner<R>
  readonly read: Transcript.Reader
  readonly tools: ReadonlyArray<VoiceTool<R>>
  readonly systemPrompt: string
  readonly settings: ModelSettings.ModelSettings
  readonly overrides: Pick<Overrides<R>, "context" | "history">
  readonly maxToolIterations: number
  readonly limitMessage: string
  readonly describeEvent: Transcript.Options["describeEvent"]
  readonly interruptedMark: string | undefined
  readonly reasoning: Reasoning
  readonly speechLeakGuard: SpeechLeakGuard.Options | undefined
  /** Whether a turn stays open for the background work that it has started. */
  readonly staysOpen: boolean
}

/** What came with a call, by its id: thoughts before it and marks on it, which providers want back with the result. */
export type Reasoning = Map<
  string,
  {
    readonly thoughts: ReadonlyArray<Prompt.ReasoningPartEncoded>
    readonly marks: Prompt.ToolCallPartEncoded["options"]
  }
>

/** A measurement in milliseconds since a time of the clock in nanoseconds. */
export const metric = (name: string, start: bigint, clock: Clock.Clock): Event.Output =>
  Event.logMetric(name, Number(clock.currentTimeNanosUnsafe() - start) / 1e6)

type Out<R> = Stream.Stream<Event.Output, AiError.AiError, R | LanguageModel.LanguageModel>

export const run = <R>(options: ModelTurn<R>): Out<R> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const recorder = yield* Recorder.Current
      const firstTurn = yield* Turn.First
      const { maxToolIterations, runs, tools, turn } = options
      const first = { chunk: true, text: true, start: clock.currentTimeNanosUnsafe() }
      const shown = yield* definitions(tools)
      const toolkit = Toolkit.make(...shown)
      const guard = options.speechLeakGuard

      const iterate = (round: number): Out<R> =>
        Stream.concat(
          Stream.suspend(() => Stream.fromIterable(runs.drain())),
          ask(round)
        )

      const ask = (round: number, leaks = 0): Out<R> =>
        Stream.unwrap(
          Effect.map(turn.currentHistory, (now) => {
            const lines = [
              ...read(now, { ...options, firstTurn }),
              ...(leaks === 0 ? [] : [SpeechLeakGuard.note(guard!)])
            ]
            if (!Transcript.wantsAnswer(lines)) return Stream.empty
            const calls: Array<Call> = []
            const prompt = toPrompt(options.systemPrompt, lines, options.reasoning)
            const settings = leaks === 0 ? options.settings : SpeechLeakGuard.settings(guard!, options.settings)
            const reply = LanguageModel.streamText({
              prompt: OwnPrompt.make(prompt),
              toolkit,
              disableToolCallResolution: true,
              toolCallValidation: "deferred"
            }).pipe(
              ModelTap.streamed(recorder, settings, { turn: turn.id, prompt, tools: shown }),
              Stream.mapArray(collect(calls, { ...options, now }, first, clock)),
              Stream.flattenIterable
            ) as Out<R>
            const rest = Stream.suspend(() => settle(calls, round))
            if (guard === undefined) return Stream.concat(reply, rest)
            return Stream.concat(SpeechLeakGuard.outputs(reply, guard), rest).pipe(
              Stream.catchIf(SpeechLeakGuard.isSpeechLeak, (leak): Out<R> => {
                const again = leaks < (guard.maxRetries ?? 1)
                const said = SpeechLeakGuard.excuse(guard, { again, partlyHeard: leak.partlyHeard })
                return Stream.concat(Stream.fromIterable(said), again ? ask(round, leaks + 1) : Stream.empty)
              })
            )
          })
        )

      const settle = (calls: ReadonlyArray<Call>, round: number): Out<R> => {
        const loop = { asked: false }
        return Stream.concat(
          runs.run(calls, { tools, turn, loop }),
          Stream.suspend((): Out<R> => {
            if (loop.asked) return again(round)
            if (!options.staysOpen) return Stream.empty
            return Stream.unwrap(Effect.map(runs.awaitResult, (there): Out<R> => (there ? again(round) : Stream.empty)))
          })
        )
      }

      const again = (round: number): Out<R> => {
        if (round + 1 < maxToolIterations) return iterate(round + 1)
        return options.limitMessage === "" ? Stream.empty : Stream.succeed(Event.sendText(options.limitMessage))
      }

      return iterate(0)
    })
  )

/** What the model is shown of the tools: where it can do by itself what its only tool does, it is told so. */
const definitions = <R>(tools: ReadonlyArray<VoiceTool<R>>): Effect.Effect<ReadonlyArray<Tool.Any>> =>
  Effect.gen(function* () {
    const native = tools.length === 1 ? tools[0]!.native : undefined
    const provider = yield* Effect.serviceOption(Model.ProviderName)
    const model = yield* Effect.serviceOption(Model.ModelName)
    const own =
      native === undefined || Option.isNone(provider) || Option.isNone(model)
        ? undefined
        : native({ provider: provider.value, model: model.value })
    return own === undefined ? tools.map(({ definition }) => definition) : [own]
  })

const read = <R>(
  now: History.History,
  { firstTurn, overrides, read, runs, turn, ...options }: ModelTurn<R> & { readonly firstTurn: number }
): ReadonlyArray<Transcript.Line> => {
  const names = new Set(options.tools.map(({ name }) => name))
  const whose: Transcript.Options["whose"] = ({ toolCallId, toolName }, turn) => {
    if (runs.owns(toolCallId) || (turn < firstTurn && names.has(toolName))) return "own"
    return runs.inherits(toolCallId) ? "inherited" : "foreign"
  }
  const reading = { turn: turn.id, trigger: turn.trigger, whose, ...options }
  const context =
    typeof overrides.context === "string" ? [userLine(overrides.context)] : asLines(overrides.context, reading)
  if (overrides.history === undefined) return [...read(now, reading), ...context]
  // What this turn has done stays: a model that cannot see its tools' results asks for them again.
  const own = History.make(() => now.entries.filter((entry) => entry.turn === turn.id))
  return [
    ...asLines(overrides.history, reading),
    ...Transcript.lines(own, { ...reading, trigger: undefined }),
    ...context
  ]
}

const userLine = (text: string): Transcript.Line => ({ role: "user", text })

const asLines = (
  events: ReadonlyArray<History.HistoryEvent> | undefined,
  options: Transcript.Options
): ReadonlyArray<Transcript.Line> =>
  events === undefined
    ? []
    : Transcript.lines(
        History.make(() => events.map((item, key) => ({ key, turn: 0, item }))),
        { ...options, trigger: undefined }
      )

/** What the model reads, as `effect/ai` has it: each call in a message of its own, its result in the next. */
const toPrompt = (
  systemPrompt: string,
  lines: ReadonlyArray<Transcript.Line>,
  reasoning: Reasoning
): ReadonlyArray<Prompt.MessageEncoded> => {
  const system: ReadonlyArray<Prompt.MessageEncoded> =
    systemPrompt === "" ? [] : [{ role: "system", content: systemPrompt }]
  return [...system, ...lines.flatMap((line) => toMessages(line, reasoning))]
}

const toMessages = (line: Transcript.Line, reasoning: Reasoning): ReadonlyArray<Prompt.MessageEncoded> => {
  switch (line.role) {
    case "system":
      return [{ role: "system", content: line.text }]
    case "user":
      return [{ role: "user", content: [{ type: "text", text: line.text }] }]
    case "assistant":
      return [{ role: "assistant", content: [{ type: "text", text: line.text }] }]
    case "tool": {
      const { args, id, name, result } = line.call
      const kept = reasoning.get(id) ?? reasoning.get(id.replace(/-\d+$/, ""))
      const marks = kept?.marks === undefined ? {} : { options: kept.marks }
      return [
        {
          role: "assistant",
          content: [...(kept?.thoughts ?? []), { type: "tool-call", id, name, params: args, ...marks }]
        },
        { role: "tool", content: [{ type: "tool-result", id, name, isFailure: false, result }] }
      ]
    }
  }
}

type Part = {
  readonly type: string
  readonly id?: string
  readonly delta?: string
  readonly name?: string
  readonly params?: unknown
  readonly providerExecuted?: boolean
  readonly metadata?: Prompt.ReasoningPartEncoded["options"]
}

/** Turns parts of a reply into outputs, and keeps the calls and the thoughts before them. */
const collect = <R>(
  calls: Array<Call>,
  { now, reasoning, runs }: Pick<ModelTurn<R>, "reasoning" | "runs"> & { readonly now: History.History },
  first: { chunk: boolean; text: boolean; readonly start: bigint },
  clock: Clock.Clock
) => {
  const thoughts = new Map<
    string,
    { type: "reasoning"; text: string; options?: Prompt.ReasoningPartEncoded["options"] }
  >()
  return (parts: ReadonlyArray<unknown>): [ReadonlyArray<Event.Output>] => {
    const outputs: Array<Event.Output> = []
    for (const part of parts as ReadonlyArray<Part>) {
      switch (part.type) {
        case "reasoning-start":
        case "reasoning-delta":
        case "reasoning-end": {
          const thought = thoughts.get(part.id!) ?? { type: "reasoning", text: "" }
          thought.text += part.delta ?? ""
          if (part.metadata !== undefined) thought.options = { ...thought.options, ...part.metadata }
          thoughts.set(part.id!, thought)
          break
        }
        case "text-delta":
          if (part.delta === "") break
          if (first.chunk) outputs.push(metric("llm_first_chunk_ms", first.start, clock))
          if (first.text) outputs.push(metric("llm_first_text_ms", first.start, clock))
          first.chunk = first.text = false
          outputs.push(Event.sendText(part.delta!))
          break
        case "tool-params-start":
        case "tool-call": {
          if (part.providerExecuted === true) break
          if (first.chunk) outputs.push(metric("llm_first_chunk_ms", first.start, clock))
          first.chunk = false
          if (part.type === "tool-params-start") break
          const id = runs.claimId(part.id!, now)
          calls.push({ id, name: part.name!, args: part.params })
          if (thoughts.size > 0 || part.metadata !== undefined) {
            reasoning.set(id, { thoughts: [...thoughts.values()], marks: part.metadata })
            thoughts.clear()
          }
          break
        }
      }
    }
    return [outputs]
  }
}
