/**
 * Records calls into files, one for each call, on the file system of Node.
 *
 * Lines are handed to the system a few times a second, apart from the call: a slow disk delays nothing, and a failing
 * disk ends the recording, with one line in the log, but never the call. If the process is killed, the file is readable
 * but lacks the last moments; if it exits by itself or by an exception, the file is complete.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "@antiphon/core/CallRequest"
import * as Recorder from "@antiphon/core/recording/Recorder"
import type * as Redaction from "@antiphon/core/recording/Redaction"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as OutputFile from "./internal/outputFile.ts"
import * as WavFile from "./internal/wavFile.ts"

/** Where recordings go, and what is in them. */
export interface Options {
  readonly directory: string
  readonly redact?: Redaction.Redaction | undefined
  /**
   * Whether to keep the audio of voice calls, in a stereo WAV file beside the lines: the caller on the left, and on the
   * right what the caller heard of the agent. False by default. With `redact`, only if it also says `audio: true`.
   */
  readonly audio?: boolean | undefined
  /** Whether a call fails that cannot be recorded, by what the server hands in with the request. False by default. */
  readonly must?: boolean | undefined
}

/** Records calls into files of a directory, named after the time and the call's id. */
export const recorder =
  (options: Options) =>
  (
    request: CallRequest,
    /** Runs if the recording fails and has to be there. */
    onFailed: Effect.Effect<void> = Effect.void
  ): Effect.Effect<Recorder.Recorder, never, Scope.Scope> =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const { directory, redact } = options
      const name = nameOf(now, shownId(request, redact))
      const failed = options.must === true ? onFailed : undefined
      const file = yield* OutputFile.open({ directory, name, onFailed: failed })
      if (failed !== undefined) {
        yield* Effect.catch(file.create, ({ message }) =>
          Effect.andThen(Effect.logError(`The recording of a call could not be made: ${message}`), failed)
        )
      }
      const audio = options.audio === true ? yield* WavFile.track({ directory, name }) : undefined
      return yield* Recorder.make({ request, write: file.write, later: file.later, redact, audio })
    })

/** Ids come from outside, so nothing but word characters of an id gets into a path. */
const nameOf = (now: number, callId: string): string =>
  `${DateTime.formatIso(DateTime.makeUnsafe(now)).replaceAll(":", "")}-${callId.replace(/[^\w-]+/g, "_").slice(0, 80)}`

const shownId = (request: CallRequest, redact: Redaction.Redaction | undefined): string =>
  redact?.request === undefined
    ? request.callId
    : Result.getOrElse(
        Result.try(() => redact.request!(request).callId),
        () => "redacted"
      )
