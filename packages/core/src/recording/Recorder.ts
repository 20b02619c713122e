/**
 * Writes the recording of a call while the call goes on.
 *
 * A call looks for a recorder in its context once, when it is made, and notes what happens; so does an agent that asks
 * models. The maker of the recorder decides where the text goes: to a file, or to memory.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Random from "effect/Random"
import * as CallRequest from "../CallRequest.ts"
import * as Listener from "../internal/call/listener.ts"
import * as LineText from "./internal/lineText.ts"
import * as Prompts from "./internal/prompts.ts"
import * as Redacted from "./internal/redacted.ts"
import * as SeededRandom from "./internal/seededRandom.ts"
import * as Start from "./internal/start.ts"
import * as Recording from "./Recording.ts"
import type * as Redaction from "./Redaction.ts"

/** A request to a model, at the moment it is made. */
export type Asked = Prompts.Asked

/**
 * Takes the audio of a call: samples of 16 bits, little-endian, in two channels, the caller on the left and what the caller
 * heard of the agent on the right. Never waits and never fails.
 */
export interface AudioTrack {
  (sampleRateHz: number): (samples: Uint8Array) => void
}

/** The recording of one call while it is written. Its functions never fail. */
export interface Recorder {
  readonly header: Recording.Header
  /** Begins to take the audio of the call, if it should be kept. */
  readonly audio?: AudioTrack | undefined
  /** Writes a line with the current time. */
  readonly note: (note: Recording.Note) => void
  /** Writes the line of a request to a model, and returns the number of the request. */
  readonly asked: (request: Asked) => number
}

/**
 * Most lines that wait to become text. If there are more, the writer is too slow, and the lines become text at once.
 */
const mostWaiting = 1024

/** A future line: a note, or a request with its number. */
interface Waiting {
  readonly at: number
  readonly note: Recording.Note | undefined
  readonly asked: Asked | undefined
  readonly request: number
}

/** The recorder of the current call. There is none by default. */
export const Current: Context.Reference<Recorder | undefined> = Listener.Current as Context.Reference<
  Recorder | undefined
>

/**
 * Makes a recorder. It writes the header at once, and the times of all lines count from then.
 *
 * `write` gets text as it comes, and must not wait. Successive words share one line, which stays open until another
 * line follows; an open line is readable. If `write` throws, nothing more is written.
 */
export const make = (options: {
  readonly request: CallRequest.CallRequest
  readonly write: (text: string) => void
  /**
   * Defers making text. It gets a function that turns the waiting lines into text and calls `write`; lines are lost if
   * that function is never called. By default each line becomes text at once, which costs three times as much.
   */
  readonly later?: ((flush: () => void) => void) | undefined
  /** What to blank before a line is written. */
  readonly redact?: Redaction.Redaction | undefined
  /** Seed of the call's `Random`. Drawn by default. */
  readonly seed?: number | undefined
  /** Where the audio of a call goes. By default it is not kept. It is not kept either if `redact` blanks text without `audio`. */
  readonly audio?: AudioTrack | undefined
}): Effect.Effect<Recorder> =>
  Effect.gen(function* () {
    const redacted = options.redact === undefined ? undefined : Redacted.make(options.redact)
    const { request, seed } = options
    const header = yield* Start.header({ request, seed, redacted: redacted !== undefined })
    const now = yield* Start.timer
    const text = LineText.make()
    let broken = false

    const write = (more: string) => {
      if (broken) return
      try {
        options.write(more)
      } catch {
        broken = true
      }
    }

    const prompts = Prompts.make()
    const encode = (note: Recording.Note, at: number): string | undefined => {
      const shown = redacted === undefined ? note : redacted.note(note)
      return shown === undefined ? undefined : text.add(at, shown)
    }
    const lineOf = ({ asked, at, note, request }: Waiting): string => {
      let line: string | undefined
      try {
        line = encode(note ?? prompts.add(request, asked!), at)
        if (line !== undefined) return line
      } catch {
        // A line that cannot be blanked must not be written.
        line = text.add(at, { _tag: "Lost", kind: note?._tag ?? "ModelRequested" })
      }
      if (asked !== undefined) prompts.forget(request)
      return line ?? ""
    }

    let waiting: Array<Waiting> = []
    const flush = () => {
      const lines = waiting
      waiting = []
      let more = ""
      for (const line of lines) more += lineOf(line)
      if (more !== "") write(more)
    }
    const put = (line: Waiting) => {
      const count = waiting.push(line)
      if (options.later === undefined || count === mostWaiting) flush()
      else if (count === 1) options.later(flush)
    }
    write(redacted === undefined ? Recording.encodeHeader(header) : blankedHeader(header, redacted))
    const keepsAudio = options.redact === undefined || options.redact.audio === true
    return {
      header,
      audio: keepsAudio ? options.audio : undefined,
      note: (note) => put({ at: now(), note, asked: undefined, request: 0 }),
      asked: (asked) => {
        const request = prompts.next()
        put({ at: now(), note: undefined, asked, request })
        return request
      }
    }
  })

/**
 * Makes a source of random numbers that depends only on the recorder's seed and on `of`. Each request to a model has
 * its own source: with a shared one, a replay in which another model answers would draw other numbers.
 */
export const random = ({ header }: Recorder, of: readonly [number, number] = [0, 0]): Random.Random =>
  SeededRandom.make(header.seed, ...of)

/**
 * Records the call that an effect makes, and gives it the recorder's seed. The effect must make the agent as well as the
 * call, because both draw ids.
 */
export const provide: {
  (recorder: Recorder): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, recorder: Recorder): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, recorder: Recorder): Effect.Effect<A, E, R> =>
  self.pipe(Effect.provideService(Current, recorder), Effect.provideService(Random.Random, random(recorder)))
)

/** Writes the header. Leaves out the request if it cannot be blanked, or is no longer a request after blanking. */
const blankedHeader = (header: Recording.Header, redacted: Redacted.Redacted): string => {
  try {
    return Recording.encodeHeader(redacted.header(header))
  } catch {
    return Recording.encodeHeader({ ...header, request: CallRequest.make() })
  }
}
