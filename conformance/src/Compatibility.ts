/**
 * The differences from Line that are on purpose, as the table in `docs/compatibility.md` has them: a recorded case, and the
 * case of ours that takes its place.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"

/** The files of our own cases, by the name of the recorded case whose place they take. */
export type Replacements = ReadonlyMap<string, string>

/** The table cannot be read. */
export class CompatibilityError extends Data.TaggedError("CompatibilityError")<{ readonly message: string }> {}

const header = /^\|\s*case\s*\|\s*our case file\s*\|/
const row = /^\|\s*`([^`|]+)`\s*\|\s*`([^`|]+)`\s*\|\s*[^|\s]/
const ruler = /^\|[\s|:-]+$/

/** Reads the table out of the document: its header names the columns, its first column holds a name in backticks. */
export const parse = (document: string): Effect.Effect<Replacements, CompatibilityError> =>
  Effect.suspend(() => {
    const lines = document.split("\n").map((line) => line.trim())
    const start = lines.findIndex((line) => header.test(line))
    if (start < 0) return Effect.fail(new CompatibilityError({ message: "no table of cases and our case files" }))
    const replacements = new Map<string, string>()
    for (const line of lines.slice(start + 1)) {
      if (!line.startsWith("|")) break
      if (ruler.test(line)) continue
      const [, name, file] = row.exec(line) ?? []
      if (name === undefined || file === undefined) {
        return Effect.fail(new CompatibilityError({ message: `a row without case, file and reason: ${line}` }))
      }
      replacements.set(name, file)
    }
    return Effect.succeed(replacements)
  })

/** Reads the table of a file. */
export const load = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    return yield* parse(yield* Effect.orDie(fs.readFileString(file)))
  })
