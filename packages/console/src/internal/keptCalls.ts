/** The calls of a console: those that are recorded into memory, or the files of a folder. */
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Result from "effect/Result"

/** Where calls are kept. Ids are the console's own: callers may use an id of a call twice. */
export interface KeptCalls {
  /** The calls by id, the newest first. What cannot be read is left out. */
  readonly all: Effect.Effect<ReadonlyArray<readonly [id: string, recording: Recording.Recording]>>
  /** The text of a recording, or undefined. */
  readonly text: (id: string) => Effect.Effect<string | undefined>
}

/** Calls in memory, and what records them. */
export interface InMemory extends KeptCalls {
  readonly record: (request: CallRequest) => Effect.Effect<Recorder.Recorder>
}

/** How much is kept. */
export interface Limits {
  /** Calls; the oldest gives way. */
  readonly calls: number
  /** Characters of each; the recording of a longer call breaks off. */
  readonly length: number
}

/** Keeps calls in memory. */
export const inMemory = (limits: Limits): InMemory => {
  const texts = new Map<string, Array<string>>()
  let made = 0
  return {
    record: (request) => {
      const id = String(++made)
      const pieces: Array<string> = []
      let length = 0
      texts.set(id, pieces)
      const [oldest] = texts.keys()
      if (texts.size > limits.calls && oldest !== undefined) texts.delete(oldest)
      return Recorder.make({
        request,
        write: (text) => {
          length += text.length
          if (length <= limits.length) pieces.push(text)
        }
      })
    },
    all: Effect.sync(() => [...texts].reverse().flatMap(([id, pieces]) => read(id, pieces.join("")))),
    text: (id) => Effect.sync(() => texts.get(id)?.join(""))
  }
}

/** Reads the recordings of a folder. The longer ones, and older ones than so many, are left out. */
export const inFolder = (
  folder: string,
  limits: Limits
): Effect.Effect<KeptCalls, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const readable = (id: string) =>
      Effect.gen(function* () {
        const file = path.join(folder, id)
        if ((yield* files.stat(file)).size > limits.length) return undefined
        return yield* files.readFileString(file)
      }).pipe(Effect.orElseSucceed(() => undefined))
    const names = Effect.map(
      Effect.orElseSucceed(files.readDirectory(folder), () => []),
      // Names begin with the time.
      (names) => names.filter(isRecording).toSorted().reverse().slice(0, limits.calls)
    )
    return {
      all: Effect.flatMap(names, (names) =>
        Effect.map(
          Effect.forEach(
            names,
            (id) => Effect.map(readable(id), (text) => (text === undefined ? [] : read(id, text))),
            {
              concurrency: 8
            }
          ),
          (all) => all.flat()
        )
      ),
      // Only what the folder lists: an id is no path.
      text: (id) => Effect.flatMap(names, (names) => (names.includes(id) ? readable(id) : Effect.succeed(undefined)))
    }
  })

const isRecording = (name: string): boolean => name.endsWith(".jsonl")

const read = (id: string, text: string): ReadonlyArray<readonly [string, Recording.Recording]> =>
  Option.match(Result.getSuccess(Recording.decode(text)), {
    onNone: () => [],
    onSome: (recording) => [[id, recording] as const]
  })
