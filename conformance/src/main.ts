/**
 * `npm run conformance [-- DIR]`: plays the recorded cases and our own, or those of `DIR` alone, and exits 1 where one
 * failed.
 *
 * @since 0.1.0
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import * as Compatibility from "./Compatibility.ts"
import * as Conformance from "./Conformance.ts"

/** Resolves a named folder from where the command was typed, which npm passes on. */
const resolve = (folder: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    for (const base of [process.env.INIT_CWD ?? ".", "."]) {
      const resolved = path.resolve(base, folder)
      if (yield* fs.exists(resolved)) return resolved
    }
    return undefined
  })

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const replacements = yield* Compatibility.load(Conformance.compatibility)
  const [named] = process.argv.slice(2)
  const played: Array<Conformance.Played> = []
  if (named !== undefined) {
    const folder = yield* resolve(named)
    if (folder === undefined) {
      yield* Console.error(`No folder ${named}.`)
      return false
    }
    played.push(...(yield* Conformance.playFolder(folder, { replacements })))
  } else {
    if (yield* fs.exists(Conformance.recordedCases)) {
      played.push(...(yield* Conformance.playFolder(Conformance.recordedCases, { replacements })))
    } else {
      yield* Console.log(`No recorded cases: there is no folder ${Conformance.recordedCases}.`)
    }
    played.push(...(yield* Conformance.playFolder(Conformance.ownCases, Conformance.exactly)))
  }
  for (const line of Conformance.report(played)) yield* Console.log(line)
  return Conformance.succeeded(played)
})

program.pipe(
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({
    // Servers of failed cases may still be stopping. The process does not wait for them, only for the report.
    teardown: (exit) => {
      const code = Exit.isSuccess(exit) && exit.value ? 0 : 1
      process.stdout.write("", () => process.exit(code))
    }
  })
)
