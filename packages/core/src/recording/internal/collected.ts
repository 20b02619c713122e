/** Keeps a recording as lines instead of text, for tests, which make many calls and rarely read the recordings. */
import * as Effect from "effect/Effect"
import type * as CallRequest from "../../CallRequest.ts"
import type { Recorder } from "../Recorder.ts"
import type * as Recording from "../Recording.ts"
import * as Prompts from "./prompts.ts"
import * as Start from "./start.ts"

/** Makes a recorder, and a function that returns its recording so far. */
export const make = (options: {
  readonly request: CallRequest.CallRequest
  readonly seed?: number | undefined
}): Effect.Effect<{ readonly recorder: Recorder; readonly recording: () => Recording.Recording }> =>
  Effect.gen(function* () {
    const header = yield* Start.header({ request: options.request, seed: options.seed, redacted: false })
    const now = yield* Start.timer
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
