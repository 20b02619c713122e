/** Reports when files of a project are saved. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { watch } from "chokidar"
import { relative, sep } from "node:path"

/** Whether a file is a source file of the project, as opposed to one that tools write. */
const isSource = (path: string): boolean =>
  /\.(?:[cm]?[jt]sx?|json|jsonl|md|txt|ya?ml|toml|sql|wav)$|(?:^|[\\/])\.env$/.test(path)
const isForeign = (name: string): boolean =>
  name === "node_modules" || name === "dist" || (name.startsWith(".") && name !== ".env")

/**
 * Emits the paths of files saved below a folder, relative to it. Files saved within a tenth of a second are emitted
 * together. Also notices files that an editor replaces instead of writing to them. Ends with its scope.
 */
export const changes = (folder: string): Stream.Stream<ReadonlyArray<string>> =>
  Stream.callback<string>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() =>
        watch(folder, {
          ignoreInitial: true,
          ignored: (path) => relative(folder, path).split(sep).some(isForeign)
        })
          .on("all", (_, path) => {
            if (isSource(path)) Queue.offerUnsafe(queue, relative(folder, path))
          })
          .on("error", (error) => void Queue.failCauseUnsafe(queue, Cause.die(error)))
      ),
      (watcher) => Effect.promise(() => watcher.close())
    )
  ).pipe(
    Stream.groupedWithin(1000, "100 millis"),
    Stream.map((paths) => [...new Set(paths)])
  )
