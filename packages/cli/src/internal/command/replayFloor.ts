/** `antiphon replay --floor`: replays the turn taking of a recorded call under another policy. */
import type * as Recording from "@antiphon/core/recording/Recording"
import * as FloorPolicy from "@antiphon/speech/FloorPolicy"
import * as FloorReplay from "@antiphon/speech/FloorReplay"
import * as Vad from "@antiphon/speech/Vad"
import * as Wav from "@antiphon/speech/Wav"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import { CliError } from "../../CliError.ts"
import * as Screen from "../screen.ts"

const out = process.stdout
const presets = Object.keys(FloorPolicy.presets)

/** The arguments. */
export interface Input {
  /** The recording's file. Its audio is expected beside it. */
  readonly file: string
  /** A preset, a file of settings, or settings as JSON. */
  readonly policy: string
  readonly json: boolean
}

/** Replays the turns of the call under the policy, and prints the results. */
export const run = Effect.fn("replay.floor")(function* (recording: Recording.Recording, input: Input) {
  const policy = yield* policyOf(input.policy)
  const known = FloorReplay.fromRecording(recording)
  const audio = input.file.replace(/(\.jsonl)?$/, ".wav")
  const recorded = known ?? (yield* fromAudio(recording, audio))
  const report = FloorReplay.replay(recorded, policy)
  const source = known === undefined ? "audio" : "recording"
  if (input.json) return yield* Console.log(JSON.stringify({ policy: input.policy, source, ...report }, undefined, 2))
  yield* Console.log(render(report, input.policy, source))
})

const policyOf = (text: string): Effect.Effect<FloorPolicy.FloorPolicy, CliError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const preset = Object.entries(FloorPolicy.presets).find(([name]) => name === text)
    if (preset !== undefined) return preset[1]
    const isInline = text.trimStart().startsWith("{")
    const source = isInline ? text : yield* settingsFile(text)
    const what = isInline ? "The settings of --floor" : text
    const json = yield* Effect.try({
      try: () => JSON.parse(source) as unknown,
      catch: () => new CliError({ message: `${what} cannot be read as JSON.` })
    })
    const settings = yield* Schema.decodeUnknownEffect(FloorPolicy.Settings)(json, { onExcessProperty: "error" }).pipe(
      Effect.mapError((error) => new CliError({ message: `${what} cannot be used: ${error.message}` }))
    )
    return yield* Effect.fromResult(FloorPolicy.fromSettings(settings)).pipe(
      Effect.mapError((error) => new CliError({ message: `${what} cannot be used: ${error.message}` }))
    )
  })

const settingsFile = (path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (files) => files.readFileString(path)).pipe(
    Effect.mapError(
      () =>
        new CliError({
          message: `--floor ${path} is neither a policy (${presets.join(", ")}), nor a file that can be read, nor settings such as '{"completeMs": 600}'.`
        })
    )
  )

const fromAudio = (recording: Recording.Recording, path: string) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const bytes = yield* files.readFile(path).pipe(
      Effect.mapError(
        () =>
          new CliError({
            message:
              `The recording contains no turn taking, and there is no audio beside it (${path}). Calls by voice are ` +
              "recorded with their turn taking; a call by text has none."
          })
      )
    )
    const wav = yield* Effect.fromResult(Wav.decode(bytes)).pipe(
      Effect.mapError(({ actual }) => new CliError({ message: `${path} cannot be used: ${actual}.` }))
    )
    const detector = yield* Effect.flatMap(Vad.Vad, (vad) => vad.make).pipe(
      Effect.provide(Vad.silero),
      Effect.mapError(({ message }) => new CliError({ message }))
    )
    const caller = wav.channels[0] ?? new Int16Array(0)
    return FloorReplay.fromAudio(recording, { sampleRateHz: wav.sampleRateHz, caller }, detector)
  }).pipe(Effect.scoped)

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`
const signed = (ms: number): string => `${ms > 0 ? "-" : "+"}${Math.abs(Math.round(ms))} ms`

/** Maximum number of a turn's words to show. */
const mostText = 44

const render = (report: FloorReplay.Report, policy: string, source: "audio" | "recording"): string => {
  const { bold, dim, green, red, yellow } = Screen.styles(out)
  const { cutOff, joined, medianSavedMs, totalSavedMs, turns } = report
  if (turns.length === 0) return `\n  ${yellow("The caller took no turn on this call.")}\n`
  const rows = turns.map(({ endedAt, outcome, savedMs, text, turn, wouldEndAt }) => {
    const what =
      outcome === "CutOff"
        ? red("cut off")
        : outcome === "Joined"
          ? yellow("joins the next")
          : savedMs === undefined
            ? yellow("does not end")
            : savedMs > 0
              ? green(signed(savedMs))
              : signed(savedMs)
    const shown = text.length > mostText ? `${text.slice(0, mostText - 1)}…` : text
    const would = wouldEndAt === undefined ? "-" : seconds(wouldEndAt)
    return `  ${String(turn).padStart(4)}  ${seconds(endedAt).padStart(9)}  ${would.padStart(9)}  ${what.padEnd(14)}  ${dim(shown)}`
  })
  const kept = turns.length - cutOff - joined
  const saved =
    kept === 0
      ? "none was kept"
      : `${kept} kept: ${medianSavedMs >= 0 ? "earlier" : "later"} by ${Math.abs(Math.round(medianSavedMs))} ms in the middle, ` +
        `${Math.abs(Math.round(totalSavedMs))} ms ${totalSavedMs >= 0 ? "saved" : "lost"} in all`
  const made =
    source === "audio"
      ? `\n  ${dim("Made out of the audio: the times of words are estimated, and judged by their text.")}\n`
      : ""
  return [
    "",
    `  ${bold(`Under ${policy}`)}: ${cutOff} of ${turns.length} turns cut off, ${joined} joined with the next, ${saved}.`,
    made,
    dim(`  turn      ended  would end  outcome         words`),
    ...rows,
    ""
  ].join("\n")
}
