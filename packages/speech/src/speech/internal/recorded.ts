/** Records the audio of a line in both directions. */
import type * as Recorder from "@antiphon/core/recording/Recorder"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Transport } from "../../Transport.ts"
import * as CallAudio from "./callAudio.ts"

/** Returns the same line with its audio recorded. `now`: milliseconds of the monotonic clock. */
export const line = (
  transport: Transport,
  track: Recorder.AudioTrack,
  now: () => number
): Effect.Effect<Transport, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => CallAudio.make(transport.format, track(transport.format.sampleRateHz), now())),
      (audio) => Effect.sync(() => audio.end(now()))
    ),
    (audio): Transport => ({
      ...transport,
      incoming: Stream.tap(transport.incoming, (incoming) => Effect.sync(() => audio.incoming(incoming, now()))),
      send: (outputs) =>
        Effect.suspend(() => {
          audio.sent(outputs, now())
          return transport.send(outputs)
        }),
      clear: (of) =>
        Effect.suspend(() => {
          audio.cleared(of.stream, now())
          return transport.clear(of)
        })
    })
  )
