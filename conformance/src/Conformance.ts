/**
 * Plays the cases of a folder against a real server and says how each came out.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type * as PlatformError from "effect/PlatformError"
import * as Result from "effect/Result"
import { fileURLToPath } from "node:url"
import * as AgentKind from "./AgentKind.ts"
import * as Case from "./Case.ts"
import * as Compatibility from "./Compatibility.ts"
import * as Play from "./Play.ts"

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The folder of the repository's own cases. */
export const ownCases = here("../cases")
/** The folder of recorded cases that is played if none is named. A clone may lack it. */
export const recordedCases = here("../../../shared/conformance")
/** The document that lists what differs on purpose. */
export const compatibility = here("../../docs/compatibility.md")

/** The result of a case. */
export type Outcome = Data.TaggedEnum<{
  Passed: {}
  /** Our own case was played in its place, and passed. */
  OnPurpose: { readonly file: string }
  /** The first difference, or why the file is not a case. */
  Failed: { readonly reason: string }
  /** The kind of its agent is unknown here. */
  NotRun: { readonly kind: string }
}>
export const Outcome = Data.taggedEnum<Outcome>()

/** A case that was played, or could not be. */
export interface Played {
  readonly name: string
  readonly file: string
  readonly outcome: Outcome
}

/** How cases are played. */
export interface Options extends Play.Options {
  /** Our own cases that replace recorded ones, by name. None by default. */
  readonly replacements?: Compatibility.Replacements | undefined
  /**
   * Number of cases played at once. 16 by default: most of their time is spent waiting to see that nothing more comes.
   */
  readonly concurrency?: number | undefined
}

type Needs = FileSystem.FileSystem | Path.Path

/** The files of a folder, or the single file that is named instead. */
export const files = (path: string): Effect.Effect<ReadonlyArray<string>, PlatformError.PlatformError, Needs> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { join } = yield* Path.Path
    if ((yield* fs.stat(path)).type !== "Directory") return [path]
    const names = yield* fs.readDirectory(path)
    return names
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => join(path, name))
  })

/** Plays each case of a folder, several at once. They are reported in the order of their files. */
export const playFolder = (
  folder: string,
  options: Options = {}
): Effect.Effect<ReadonlyArray<Played>, PlatformError.PlatformError, Needs> =>
  Effect.flatMap(files(folder), (files) =>
    Effect.forEach(files, (file) => playFile(file, options), { concurrency: options.concurrency ?? 16 })
  )

const parseJson = (text: string): Result.Result<unknown, Case.CaseError> => {
  try {
    return Result.succeed(JSON.parse(text))
  } catch (error) {
    return Result.fail(new Case.CaseError({ message: `not JSON: ${String(error)}` }))
  }
}

const nameOf = (json: unknown, fallback: string): string =>
  typeof json === "object" && json !== null && "name" in json && typeof json.name === "string" ? json.name : fallback

/** Plays the case of a file, or the one that takes its place. */
export const playFile = (file: string, options: Options = {}): Effect.Effect<Played, never, Needs> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const json = yield* fs.readFileString(file).pipe(
      Effect.map(parseJson),
      Effect.catch((error) => Effect.succeed(Result.fail(new Case.CaseError({ message: error.message }))))
    )
    const name = nameOf(Result.getOrUndefined(json), path.basename(file, ".json"))
    const replacement = options.replacements?.get(name)
    if (replacement === undefined) return { name, file, outcome: yield* outcomeOf(json, options) }
    const { outcome } = yield* playFile(path.join(ownCases, replacement), {
      ...exactly,
      ...options,
      replacements: undefined
    })
    return { name, file, outcome: Outcome.$is("Passed")(outcome) ? Outcome.OnPurpose({ file: replacement }) : outcome }
  })

/** How cases are played that specify every character on the wire, as our own do. */
export const exactly: Options = { exactTexts: true }

const outcomeOf = (json: Result.Result<unknown, Case.CaseError>, options: Options): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const expanded = Case.expandRepeats(yield* Effect.fromResult(json))
    const kindName = yield* Effect.fromResult(Case.kindOf(expanded))
    const kind = Object.hasOwn(AgentKind.kinds, kindName) ? AgentKind.kinds[kindName] : undefined
    if (kind === undefined) return Outcome.NotRun({ kind: kindName })
    const theCase = yield* Effect.fromResult(Case.decode(expanded, kind.schema))
    yield* Play.play(theCase, kind, options)
    return Outcome.Passed()
  }).pipe(
    Effect.catch((error) => Effect.succeed(Outcome.Failed({ reason: error.message }))),
    Effect.catchDefect((defect) => Effect.succeed(Outcome.Failed({ reason: `the case broke off: ${String(defect)}` })))
  )

/** Describes the cases that were played: a line for each failure, and the counts last. */
export const report = (played: ReadonlyArray<Played>): ReadonlyArray<string> => {
  const count = (tag: Outcome["_tag"]) => played.filter(({ outcome }) => outcome._tag === tag).length
  const failures = played.flatMap(({ file, name, outcome }) =>
    outcome._tag === "Failed" ? [`FAIL ${name}: ${outcome.reason} (${file})`] : []
  )
  const notRun = new Map<string, number>()
  for (const { outcome } of played) {
    if (outcome._tag === "NotRun") notRun.set(outcome.kind, (notRun.get(outcome.kind) ?? 0) + 1)
  }
  const kinds = [...notRun].map(([kind, count]) => `${count} of kind ${kind}`).join(", ")
  return [
    ...failures.map((line) => line.replace(/\s*\n\s*/g, " ")),
    ...(notRun.size === 0 ? [] : [`${count("NotRun")} not run, their agent is of a kind not known yet: ${kinds}`]),
    `${count("Passed")} passed, ${count("Failed")} failed, ${count("OnPurpose")} on purpose`
  ]
}

/** Whether no case failed. */
export const succeeded = (played: ReadonlyArray<Played>): boolean =>
  played.every(({ outcome }) => outcome._tag !== "Failed")
