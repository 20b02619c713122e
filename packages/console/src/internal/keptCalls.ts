/** The calls of a console: recorded in memory, or read from a folder. */
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Recording from "@antiphon/core/recording/Recording"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Result from "effect/Result"
import type * as LiveAudio from "./liveAudio.ts"

/** A store of calls. Ids are the console's own, because callers may reuse the id of a call. */
export interface KeptCalls {
  /** The calls by id, newest first. Leaves out unreadable ones. */
  readonly all: Effect.Effect<ReadonlyArray<readonly [id: string, recording: Recording.Recording]>>
  /** The text of a recording, or undefined. */
  readonly text: (id: string) => Effect.Effect<string | undefined>
}

/** Calls in memory, and their recorder. */
export interface InMemory extends KeptCalls {
  readonly record: (request: CallRequest) => Effect.Effect<Recorder.Recorder>
}

/** Limits of the store. */
export interface Limits {
  /** Number of calls. The oldest is dropped. */
  readonly calls: number
  /** Characters per call. Longer recordings are cut off. */
  readonly length: number
}

/** Keeps calls in memory. Their audio goes to those who listen. */
export const inMemory = (limits: Limits, live: Pick<LiveAudio.LiveAudio, "over" | "track">): InMemory => {
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
      const recorder = Recorder.make({
        request,
        audio: live.track(id),
        write: (text) => {
          length += text.length
          if (length <= limits.length) pieces.push(text)
        }
      })
      return Effect.map(recorder, (recorder) => ({
        ...recorder,
        note: (note) => {
          recorder.note(note)
          if (note._tag === "CallClosed") live.over(id)
        }
      }))
    },
    all: Effect.sync(() => [...texts].reverse().flatMap(([id, pieces]) => read(id, pieces.join("")))),
    text: (id) => Effect.sync(() => texts.get(id)?.join(""))
  }
}

/** Reads the recordings in a folder. Leaves out those beyond the limits. */
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
      // Only files listed in the folder, so that an id is never used as a path.
      text: (id) => Effect.flatMap(names, (names) => (names.includes(id) ? readable(id) : Effect.succeed(undefined)))
    }
  })

const isRecording = (name: string): boolean => name.endsWith(".jsonl")

const read = (id: string, text: string): ReadonlyArray<readonly [string, Recording.Recording]> =>
  Option.match(Result.getSuccess(Recording.decode(text)), {
    onNone: () => [],
    onSome: (recording) => [[id, recording] as const]
  })
