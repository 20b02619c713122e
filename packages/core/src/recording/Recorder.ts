/**
 * Writes the recording of a call while it goes.
 *
 * A call looks for the recorder of its context once, when it is made, and notes what happens; so does an agent that asks
 * models. Where the text goes (a file, memory) is up to whoever makes the recorder.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Random from "effect/Random"
import * as CallRequest from "../CallRequest.ts"
import * as LineText from "./internal/lineText.ts"
import * as Prompts from "./internal/prompts.ts"
import * as SeededRandom from "./internal/seededRandom.ts"
import * as Recording from "./Recording.ts"
import * as Redaction from "./Redaction.ts"

/** A request to a model, as it is made. */
export type Asked = Pick<Recording.ModelRequest, "turn" | "method" | "prompt" | "tools" | "settings">

/** The recording of one call in the making. Nothing that it is told ever fails. */
export interface Recorder {
  readonly header: Recording.Header
  /** Writes a line, at the time of the clock. */
  readonly note: (note: Recording.Note) => void
  /** Writes the line of a request to a model, and gives the number of the request. */
  readonly asked: (request: Asked) => number
}

/** Lines that wait to be text. With more of them, where their text is to go is too slow to wait for. */
const mostWaiting = 1024

/** What is to be a line: a note, or a request with its number. */
interface Waiting {
  readonly at: number
  readonly note: Recording.Note | undefined
  readonly asked: Asked | undefined
  readonly request: number
}

/** The recorder of the call in whose context it is asked for. None by default. */
export const Current: Context.Reference<Recorder | undefined> = Context.Reference<Recorder | undefined>(
  "@antiphon/core/recording/Recorder",
  { defaultValue: () => undefined }
)

/**
 * Makes a recorder. The header is written at once, and the times of all lines count from here.
 *
 * `write` gets text as it comes, and must not wait. Words that follow each other are on one line, which is open until another
 * line follows; what is there of it can be read. When `write` throws, nothing more is written.
 */
export const make = (options: {
  readonly request: CallRequest.CallRequest
  readonly write: (text: string) => void
  /**
   * Puts off the making of text: it is given what makes it, and calls `write`, whenever there is some to make. What is not
   * called is not written. At once by default: words that are made into text one by one cost three times as much.
   */
  readonly later?: ((flush: () => void) => void) | undefined
  /** What is blanked before it is written. */
  readonly redact?: Redaction.Redaction | undefined
  /** Seed of the `Random` of the call. Drawn where it is not given. */
  readonly seed?: number | undefined
}): Effect.Effect<Recorder> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const redactor = options.redact === undefined ? undefined : Redaction.redactor(options.redact)
    const header = yield* headerOf(options, redactor !== undefined)
    const now = timer(clock)
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
      const shown = redactor === undefined ? note : redactor.note(note)
      return shown === undefined ? undefined : text.add(at, shown)
    }
    const lineOf = ({ asked, at, note, request }: Waiting): string => {
      let line: string | undefined
      try {
        line = encode(note ?? prompts.add(request, asked!), at)
        if (line !== undefined) return line
      } catch {
        // What could not be blanked is not written.
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
    write(redactor === undefined ? Recording.encodeHeader(header) : blankedHeader(header, redactor))
    return {
      header,
      note: (note) => put({ at: now(), note, asked: undefined, request: 0 }),
      asked: (asked) => {
        const request = prompts.next()
        put({ at: now(), note: undefined, asked, request })
        return request
      }
    }
  })

/**
 * Makes a recorder that keeps the lines as they are, and gives the recording of what it was told by now. For tests, whose
 * calls are many and whose recordings are hardly ever read.
 */
export const collect = (options: {
  readonly request: CallRequest.CallRequest
  readonly seed?: number | undefined
}): Effect.Effect<{ readonly recorder: Recorder; readonly recording: () => Recording.Recording }> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const header = yield* headerOf(options, false)
    const now = timer(clock)
    const lines: Array<Recording.Line> = []
    const prompts = Prompts.make()
    const note = (note: Recording.Note) => void lines.push({ at: now(), ...note })
    return {
      recorder: {
        header,
        note,
        asked: (asked) => {
          const request = prompts.next()
          note(prompts.add(request, asked))
          return request
        }
      },
      recording: () => ({ header, lines: [...lines], truncated: false, skipped: 0 })
    }
  })

const headerOf = (
  { request, seed }: { readonly request: CallRequest.CallRequest; readonly seed?: number | undefined },
  redacted: boolean
) =>
  Effect.gen(function* (): Effect.fn.Return<Recording.Header> {
    const clock = yield* Clock.Clock
    return {
      _tag: "Recording",
      version: Recording.version,
      startedAt: DateTime.makeUnsafe(clock.currentTimeMillisUnsafe()),
      request,
      seed: seed ?? (yield* Random.nextIntBetween(0, 2 ** 32 - 1)),
      redacted
    }
  })

/** Milliseconds since it was made, to the microsecond. */
const timer = (clock: Clock.Clock) => {
  const start = Number(clock.monotonicTimeNanosUnsafe())
  return () => Math.round((Number(clock.monotonicTimeNanosUnsafe()) - start) / 1000) / 1000
}

/**
 * A source of random numbers that hangs on the seed of a recorder alone. `of` makes it another one: what a request to a model
 * draws is to hang on nothing that was drawn before, or it would be something else where another model answers.
 */
export const random = ({ header }: Recorder, of: readonly [number, number] = [0, 0]): Random.Random =>
  SeededRandom.make(header.seed, ...of)

/**
 * Records the call that an effect makes, and lets it run on the recorder's seed. Put it around the making of the agent as
 * well as that of the call, because both draw ids.
 */
export const provide: {
  (recorder: Recorder): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, recorder: Recorder): Effect.Effect<A, E, R>
} = dual(2, <A, E, R>(self: Effect.Effect<A, E, R>, recorder: Recorder): Effect.Effect<A, E, R> =>
  self.pipe(Effect.provideService(Current, recorder), Effect.provideService(Random.Random, random(recorder)))
)

/** The line of the header. If its request cannot be blanked, or is no request any more, it is not written. */
const blankedHeader = (header: Recording.Header, redactor: Redaction.Redactor): string => {
  try {
    return Recording.encodeHeader(redactor.header(header))
  } catch {
    return Recording.encodeHeader({ ...header, request: CallRequest.make() })
  }
}
