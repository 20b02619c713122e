/** The folder for recordings: created and checked when the server starts, private, and limited by age and size. */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { Settings } from "../../Settings.ts"

/** Recordings cannot be created in the folder. */
export class FolderError extends Data.TaggedError("FolderError")<{ readonly message: string }> {}

/** The names of recordings made by `RecordingFile`: nothing else in the folder is touched. */
const recording = /^\d{4}-\d\d-\d\dT\d{6}\.\d{3}Z-[\w-]*\.(jsonl|wav)$/

/** Interval between checks of the folder. */
const every = Duration.minutes(1)
/** A file changed more recently may still be written by a call, in milliseconds. */
const freshMs = 60_000

/** Creates a folder and its parents, for the user of the process alone. */
export const make = (directory: string): void => {
  if (Fs.existsSync(directory)) return
  const parent = Path.dirname(Path.resolve(directory))
  // Step by step, because Node's own way never ends on a file system without folders, such as /proc.
  if (parent !== directory) make(parent)
  try {
    Fs.mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    // Another process may have created it first.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
  }
}

/** Creates the folder if necessary, and a file in it. Warns if others can read it. */
export const check = (directory: string): Effect.Effect<void, FolderError> =>
  Effect.try({
    try: () => {
      make(directory)
      const probe = Path.join(directory, `.antiphon-${process.pid}-${Math.trunc(performance.now() * 1000)}`)
      Fs.closeSync(Fs.openSync(probe, "wx", 0o600))
      Fs.unlinkSync(probe)
      return Fs.statSync(directory).mode & 0o077
    },
    catch: (error) =>
      new FolderError({
        message: `Calls cannot be recorded into ${directory} (ANTIPHON_RECORD_DIR): ${error instanceof Error ? error.message : String(error)}`
      })
  }).pipe(
    Effect.flatMap((others) =>
      others === 0
        ? Effect.void
        : Effect.logWarning(`Other users can read the folder for recordings, ${directory}: run chmod 700 on it.`)
    )
  )

interface File {
  readonly path: string
  readonly size: number
  readonly changedAt: number
}

/** The files to delete: those that are too old, and then the oldest until the rest is small enough. */
export const excess = (
  files: ReadonlyArray<File>,
  limits: { readonly maxAgeMs: number; readonly maxBytes: number },
  now: number
): ReadonlyArray<File> => {
  let bytes = files.reduce((sum, { size }) => sum + size, 0)
  return files
    .toSorted((a, b) => a.changedAt - b.changedAt)
    .filter(({ changedAt, size }) => {
      if (now - changedAt < freshMs) return false
      const tooOld = limits.maxAgeMs > 0 && now - changedAt > limits.maxAgeMs
      if (!tooOld && (limits.maxBytes === 0 || bytes <= limits.maxBytes)) return false
      bytes -= size
      return true
    })
}

const filesOf = async (directory: string): Promise<ReadonlyArray<File>> => {
  const names = (await Fs.promises.readdir(directory)).filter((name) => recording.test(name))
  const files: Array<File> = []
  for (const name of names) {
    const path = Path.join(directory, name)
    const stat = await Fs.promises.stat(path).catch(() => undefined)
    if (stat?.isFile() === true) files.push({ path, size: stat.size, changedAt: stat.mtimeMs })
  }
  return files
}

/** Regularly deletes recordings beyond the limits, until the scope closes. */
export const keep = (
  directory: string,
  { recordMaxAge, recordMaxBytes }: Pick<Settings, "recordMaxAge" | "recordMaxBytes">
): Effect.Effect<void, never, Scope.Scope> => {
  const limits = { maxAgeMs: Duration.toMillis(recordMaxAge), maxBytes: recordMaxBytes }
  if (limits.maxAgeMs === 0 && limits.maxBytes === 0) return Effect.void
  const tidy = Effect.gen(function* () {
    // Files have wall-clock times.
    const now = yield* Clock.currentTimeMillis
    const files = yield* Effect.tryPromise(() => filesOf(directory))
    const gone = excess(files, limits, now)
    for (const { path } of gone) yield* Effect.ignore(Effect.tryPromise(() => Fs.promises.unlink(path)))
    if (gone.length > 0) yield* Effect.logInfo(`${gone.length} recordings were removed: too old, or too many bytes.`)
  }).pipe(Effect.catchCause((cause) => Effect.logWarning("Old recordings could not be deleted.", cause)))
  return Effect.asVoid(Effect.forkScoped(Effect.forever(Effect.andThen(tidy, Effect.sleep(every)))))
}
