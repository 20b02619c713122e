/** Creates a new file, and its folder if necessary. If the name is taken, the file gets a number. */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as RecordingFolder from "./recordingFolder.ts"

/** The folder. */
export interface Place {
  readonly directory: string
  readonly name: string
  /** The file name's extension, with its dot. */
  readonly extension: string
}

/** Maximum number of files of one name, because beyond that something must be wrong. */
const maxSameName = 1000

const pathOf = ({ directory, extension, name }: Place, number: number): string =>
  Path.join(directory, `${name}${number === 1 ? "" : `-${number}`}${extension}`)

/** Opens the file for writing, readable by its owner only. Returns its descriptor. */
export const open = (place: Place, number = 1): Effect.Effect<number, NodeJS.ErrnoException> => {
  const once = call<number>((done) => Fs.open(pathOf(place, number), "wx", 0o600, done))
  return Effect.catch(once, (error) => {
    if (error.code === "EEXIST" && number < maxSameName) return open(place, number + 1)
    if (error.code !== "ENOENT") return Effect.fail(error)
    const made = Effect.try({
      try: () => RecordingFolder.make(place.directory),
      catch: (error) => error as NodeJS.ErrnoException
    })
    return Effect.andThen(made, once)
  })
}

/** The synchronous version, for a process that is exiting. Throws if the name is taken. */
export const openSync = (place: Place): number => {
  RecordingFolder.make(place.directory)
  return Fs.openSync(pathOf(place, 1), "wx", 0o600)
}

/** Turns a callback-style Node function into an effect. */
export const call = <A>(
  start: (done: (error: NodeJS.ErrnoException | null | undefined, value?: A) => void) => void
): Effect.Effect<A, NodeJS.ErrnoException> =>
  Effect.callback((resume) =>
    start((error, value) => resume(error == null ? Effect.succeed(value as A) : Effect.fail(error)))
  )
