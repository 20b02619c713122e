/**
 * `antiphon replay`: replays a recorded call, forks it, or writes a test from it.
 *
 * @since 0.1.0
 */
import * as CallView from "@antiphon/console/CallView"
import * as ErrorText from "@antiphon/core/ErrorText"
import * as Printable from "@antiphon/core/Printable"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Comparison from "@antiphon/core/testing/Comparison"
import * as Played from "@antiphon/core/testing/Played"
import * as Replay from "@antiphon/core/testing/Replay"
import * as Timeline from "@antiphon/core/testing/Timeline"
import * as DemoModel from "@antiphon/llm/demo/DemoModel"
import * as Models from "@antiphon/llm/model/Models"
import * as PromptedModel from "@antiphon/llm/testing/PromptedModel"
import * as RealModel from "@antiphon/llm/testing/RealModel"
import * as RecordedModel from "@antiphon/llm/testing/RecordedModel"
import * as Cause from "effect/Cause"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Result from "effect/Result"
import * as AgentModule from "../agentModule.ts"
import { CliError, NotPassed } from "../../CliError.ts"
import * as Screen from "../screen.ts"
import * as TestFile from "../testFile.ts"
import * as ReplayFloor from "./replayFloor.ts"

const flags = (agent: string | undefined) => ({
  file: Argument.String("file").pipe(Argument.withDescription("The recording, a .jsonl file")),
  agent: Flag.String("agent").pipe(
    Flag.withDescription("Module whose default export is the agent"),
    agent === undefined ? Flag.optional : (flag) => Flag.optional(Flag.withDefault(flag, agent))
  ),
  fork: Flag.Int("fork").pipe(
    Flag.filter(
      (value) => value >= 1,
      () => "a number of at least 1"
    ),
    Flag.withDescription("Turn from which the agent continues on its own, counted from 1"),
    Flag.optional
  ),
  prompt: Flag.String("prompt").pipe(
    Flag.withDescription("System prompt from the fork on, instead of the recorded one"),
    Flag.optional
  ),
  model: Flag.String("model").pipe(
    Flag.withDescription("Model from the fork on, such as openai/gpt-4.1-mini; demo is the embedded one"),
    Flag.optional
  ),
  tolerance: Flag.Int("tolerance").pipe(
    Flag.filter(
      (value) => value >= 0,
      () => "a number that is not negative"
    ),
    Flag.withDescription("Milliseconds by which the same event may be early or late"),
    Flag.optional
  ),
  floor: Flag.String("floor").pipe(
    Flag.withDescription(
      "Only replay the caller's turn taking, under another policy: telephone, browser, patient, pushToTalk, a file, or JSON"
    ),
    Flag.optional
  ),
  json: Flag.Boolean("json").pipe(Flag.withDescription("With --floor: print JSON"), Flag.withDefault(false)),
  timeline: Flag.Boolean("timeline").pipe(Flag.withDescription("Show the whole call"), Flag.withDefault(false)),
  test: Flag.Boolean("test").pipe(
    Flag.withDescription("Write the call as a test instead of replaying it"),
    Flag.withDefault(false)
  )
})

type Input = Command.Command.Config.Infer<ReturnType<typeof flags>>

/** The command. `agent` is the module of the agent if the flag names none. */
export const make = (agent?: string | undefined) =>
  Command.make("replay", flags(agent), (input) =>
    Effect.gen(function* () {
      const recording = yield* read(input.file)
      if (input.test) return yield* writeTest(recording, input)
      if (Option.isSome(input.floor)) {
        return yield* ReplayFloor.run(recording, { file: input.file, policy: input.floor.value, json: input.json })
      }
      if (input.json)
        return yield* new CliError({ message: "--json needs a policy of turn taking: add --floor POLICY." })
      if (Option.isNone(input.agent)) {
        return yield* new CliError({ message: "Which agent? --agent names the module whose default export it is." })
      }
      const module = yield* AgentModule.load(input.agent.value)
      if (Option.isSome(input.fork)) return yield* fork(recording, module, input, input.fork.value)
      if (Option.isSome(input.prompt) || Option.isSome(input.model)) {
        return yield* new CliError({
          message: "--prompt and --model need a fork of the call: add --fork TURN."
        })
      }
      return yield* replay(recording, module, input)
    })
  ).pipe(
    Command.withDescription(
      "Replays a recorded call against its agent, or continues it with another one from a turn on"
    ),
    Command.withExamples([
      { command: "antiphon replay call.jsonl --agent ./agent.ts", description: "Does the agent still do the same?" },
      {
        command: 'antiphon replay call.jsonl --agent ./agent.ts --fork 3 --prompt "Be brief."',
        description: "How would the call have gone on with another prompt?"
      },
      {
        command: "antiphon replay call.jsonl --floor patient",
        description:
          "Which turns of the caller would a more patient agent have cut off, and how much later would it answer?"
      },
      { command: "antiphon replay call.jsonl --agent ./agent.ts --test", description: "Write a test of it" }
    ])
  )

/** Reads a recording. */
const read = Effect.fn("replay.read")(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* files.readFileString(path).pipe(
    Effect.mapError((error) => {
      if (error.reason._tag === "NotFound") return new CliError({ message: `There is no file ${path}.` })
      const cause = Printable.line(ErrorText.of(error.reason.cause ?? error))
      return new CliError({ message: `${path} cannot be read: ${cause}.` })
    })
  )
  return yield* Effect.fromResult(
    Result.mapError(Recording.decode(text), (error) => new CliError({ message: complaint(path, error) }))
  )
})

const complaint = (path: string, error: Recording.RecordingError): string => {
  switch (error.reason) {
    case "NoHeader":
      return `${path} is not a recording of a call.`
    case "Version":
      return `${path} was written by a newer version: ${Printable.line(error.detail)}.`
    default:
      return `${path} is damaged: ${Printable.line(error.message)}.`
  }
}

const writeTest = (recording: Recording.Recording, { agent }: Input) =>
  Effect.fromResult(TestFile.make(recording, { agent: Option.getOrElse(agent, () => "./agent.ts") })).pipe(
    Effect.mapError(({ message }) => new CliError({ message: `The recording has a gap: ${message}.` })),
    Effect.flatMap((source) => Console.log(Printable.escaped(source.trimEnd(), { keepLines: true })))
  )

const modelOf = (recording: Recording.Recording) =>
  Effect.fromResult(RecordedModel.make(recording)).pipe(
    Effect.mapError(({ message }) => new CliError({ message: `The recording has a gap: ${message}.` }))
  )

/** Hides the agent's log during the replay, and reports its defects. */
const played = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, CliError, R> =>
  effect.pipe(
    Effect.provideService(References.MinimumLogLevel, "None"),
    Effect.catchCause((cause) => {
      if (Cause.hasInterruptsOnly(cause)) return Effect.interrupt
      return Effect.fail(new CliError({ message: Printable.block(ErrorText.of(cause)) }))
    })
  )

const out = process.stdout

const replay = Effect.fn("replay.run")(function* (
  recording: Recording.Recording,
  { agent }: AgentModule.AgentModule,
  { tolerance, timeline }: Input
) {
  const { bold, dim, green, red } = Screen.styles(out)
  const width = Screen.width(out)
  const model = yield* modelOf(recording)
  const { comparison, played: call } = yield* Replay.run(recording, agent, {
    tolerance: Option.getOrUndefined(tolerance)
  }).pipe(Effect.provide(model.layer), played)
  yield* Console.log(summary(recording))
  if (timeline) yield* Console.log(`${Timeline.render(call.entries, { width })}\n`)
  switch (comparison._tag) {
    case "Identical":
      return yield* Console.log(
        `  ${green(bold("Identical."))} All ${comparison.lines} lines are the same, to the byte.\n`
      )
    case "Same": {
      const drift = `No line is off by more than ${comparison.drift} ms.`
      return yield* Console.log(
        `  ${green(bold("The same."))} ${comparison.lines} lines: the same words and actions in the same order. ${dim(drift)}\n`
      )
    }
    case "Different": {
      const redacted = recording.header.redacted
        ? `\n  ${dim("The recording is redacted: blanked values always differ.")}\n`
        : ""
      yield* Console.log(`  ${red(bold("Different."))}${redacted}`)
      yield* Console.log(`\n${Comparison.renderDifference(comparison.difference, call.entries, { width })}\n`)
      return yield* new NotPassed()
    }
  }
})

const summary = ({ header, lines, truncated }: Recording.Recording): string => {
  const { bold, dim, yellow } = Screen.styles(out)
  const seconds = ((lines.at(-1)?.at ?? 0) / 1000).toFixed(1)
  const turns = lines.filter(({ _tag }) => _tag === "TurnStarted").length
  const isCall = (line: Recording.Line) =>
    (line._tag === "Sent" || line._tag === "Kept") && line.output._tag === "AgentToolCalled"
  const facts = `${seconds} s, ${turns} turns, ${lines.filter(isCall).length} tool calls, ${lines.length + 1} lines`
  const broken = truncated ? `\n  ${yellow("The recording breaks off; only the part it has is compared.")}` : ""
  return `\n  ${bold(`Call ${Printable.line(header.request.callId)}`)}  ${dim(facts)}${broken}\n`
}

const fork = Effect.fn("replay.fork")(function* (
  recording: Recording.Recording,
  module: AgentModule.AgentModule,
  { model, prompt }: Input,
  turn: number
) {
  const { bold, dim } = Screen.styles(out)
  const layer = yield* forkModel(recording, module, { model, prompt })
  const call = yield* Replay.fork(recording, module.agent, { turn }).pipe(Effect.provide(layer), played)
  const { at } = call.entries.find((entry) => entry._tag === "TurnStarted" && entry.turn === turn) ?? { at: 0 }
  yield* Console.log(summary(recording))
  yield* Console.log(`  ${bold(`From turn ${turn} on`)}, ${(at / 1000).toFixed(1)} s into the call:\n`)
  yield* Console.log(
    Timeline.render(
      call.entries.filter((entry) => entry.at >= at),
      { width: Screen.width(out) }
    )
  )
  const before = Played.transcript({ ...call, entries: call.entries.filter((entry) => entry.at < at) }).length
  yield* Console.log(`\n  ${dim(`The ${before} utterances before it come from the recording.`)}\n`)
})

/** The model of the fork: from the command line, or else from the module, or else the embedded one. */
const forkModel = (
  recording: Recording.Recording,
  module: AgentModule.AgentModule,
  { model, prompt }: Pick<Input, "model" | "prompt">
): Effect.Effect<Layer.Layer<LanguageModel.LanguageModel, unknown>, CliError> =>
  Effect.gen(function* () {
    const named = Option.map(model, (name): Layer.Layer<LanguageModel.LanguageModel, unknown> =>
      name === "demo" ? DemoModel.layer() : RealModel.layer(Models.fromString(name))
    )
    const chosen = Option.getOrUndefined(named) ?? module.model ?? DemoModel.layer()
    if (Option.isNone(prompt)) return chosen
    const requests = yield* Effect.fromResult(Recording.modelRequests(recording)).pipe(
      Effect.mapError(({ message }) => new CliError({ message: `The recording has a gap: ${message}.` }))
    )
    return PromptedModel.layer(chosen, {
      systemPrompt: prompt.value,
      insteadOf: CallView.systemPromptOf(requests)
    })
  })
