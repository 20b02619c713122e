/** How a recording starts: its header, and the moment from which its times count. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as CallRequest from "../../CallRequest.ts"
import * as Recording from "../Recording.ts"

/** Makes a header with the current time. Draws the seed unless it is given. */
export const header = (options: {
  readonly request: CallRequest.CallRequest
  readonly seed: number | undefined
  readonly redacted: boolean
}): Effect.Effect<Recording.Header> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    return {
      _tag: "Recording",
      version: Recording.version,
      startedAt: DateTime.makeUnsafe(clock.currentTimeMillisUnsafe()),
      request: options.request,
      seed: options.seed ?? (yield* Random.nextIntBetween(0, 2 ** 32 - 1)),
      redacted: options.redacted
    }
  })

/** Returns a clock that counts milliseconds from now, to the microsecond. */
export const timer: Effect.Effect<() => number> = Effect.map(Clock.Clock, (clock) => {
  const start = Number(clock.monotonicTimeNanosUnsafe())
  return () => Math.round((Number(clock.monotonicTimeNanosUnsafe()) - start) / 1000) / 1000
})
