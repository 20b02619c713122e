/** A recogniser that follows a script. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioFrame from "../../AudioFrame.ts"
import type { SpeechError } from "../../SpeechError.ts"
import type { Capabilities, Event, SpeechToText } from "./service.ts"
import { wrongFormat } from "../../internal/wrongFormat.ts"

/** An event of the script, which happens once audio up to `at` (in milliseconds of the call) has arrived. */
export type Step =
  | { readonly at: number; readonly event: Event }
  /** The session fails. */
  | { readonly at: number; readonly fail: SpeechError }

/** Capabilities of the recogniser. */
export interface Options {
  /** Defaults to partials, without turns and word times. */
  readonly capabilities?: Capabilities | undefined
}

/** Makes the recogniser. */
export const make = (
  script: ReadonlyArray<Step>,
  { capabilities = { turns: false, partials: true, wordTimes: false } }: Options
): SpeechToText["Service"] => ({
  name: "scripted",
  capabilities,
  warmUp: Effect.void,
  open: (format) =>
    Effect.map(
      Effect.acquireRelease(Queue.unbounded<Event, SpeechError | Cause.Done>(), (queue) => Queue.shutdown(queue)),
      (queue) => {
        const steps = script.toSorted((a, b) => a.at - b.at)
        let next = 0
        return {
          send: (frame) =>
            Effect.sync(() => {
              if (!AudioFormat.equals(frame.format, format)) throw wrongFormat(format, frame.format)
              const end = AudioFrame.end(frame)
              for (let step = steps[next]; step !== undefined && step.at <= end; step = steps[++next]) {
                if ("event" in step) Queue.offerUnsafe(queue, step.event)
                else Queue.failCauseUnsafe(queue, Cause.fail(step.fail))
              }
            }),
          flush: Effect.void,
          end: Effect.asVoid(Queue.end(queue)),
          events: Stream.fromQueue(queue)
        }
      }
    )
})
