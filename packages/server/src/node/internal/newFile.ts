/** A file that is new, in a folder that may have to be made: beside one of the same name it gets a number. */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as RecordingFolder from "./recordingFolder.ts"

/** Where it is to be. */
export interface Place {
  readonly directory: string
  readonly name: string
  /** With its dot. */
  readonly extension: string
}

/** The most files of one name: at some point they are a mistake. */
const maxSameName = 1000

const pathOf = ({ directory, extension, name }: Place, number: number): string =>
  Path.join(directory, `${name}${number === 1 ? "" : `-${number}`}${extension}`)

/** Opens it for writing, readable by its owner only. Gives its descriptor. */
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

/** The same at once, for a process that exits. Throws if there is one of that name. */
export const openSync = (place: Place): number => {
  RecordingFolder.make(place.directory)
  return Fs.openSync(pathOf(place, 1), "wx", 0o600)
}

/** A function of Node's that takes a callback, as an effect. */
export const call = <A>(
  start: (done: (error: NodeJS.ErrnoException | null | undefined, value?: A) => void) => void
): Effect.Effect<A, NodeJS.ErrnoException> =>
  Effect.callback((resume) =>
    start((error, value) => resume(error == null ? Effect.succeed(value as A) : Effect.fail(error)))
  )
