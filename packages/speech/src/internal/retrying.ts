/** Retries at a provider: not what would fail again, and not before the provider has asked for it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { SpeechError } from "../SpeechError.ts"

/** Retries on a schedule. A provider that asks for a longer wait gets it, up to `mostMs`. */
export const retrying = (schedule: Schedule.Schedule<unknown, SpeechError>, mostMs: number) => ({
  schedule: Schedule.modifyDelay(schedule, ({ duration, input }) =>
    Effect.succeed(Duration.max(duration, Duration.millis(Math.min(input.retryAfterMs, mostMs))))
  ),
  while: (error: SpeechError) => error.isRetryable
})
