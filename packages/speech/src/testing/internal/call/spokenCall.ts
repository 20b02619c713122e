/** Runs a watched call, and reads samples from its audio. */
import type * as Agent from "@antiphon/core/Agent"
import * as Effect from "effect/Effect"
import type * as AudioFormat from "../../../AudioFormat.ts"
import * as AudioTime from "../../../AudioTime.ts"
import * as Pcm from "../../../Pcm.ts"
import * as Speech from "../../../Speech.ts"
import * as Watcher from "../../../speech/internal/watcher.ts"
import type { Transport } from "../../../Transport.ts"

/** Runs a call with a watcher inside. */
export const run = (
  factory: Agent.Factory<unknown, never, never>,
  transport: Transport,
  options: Speech.Options,
  watcher: Watcher.Watcher
) => Effect.provideService(Speech.run(factory, transport, options), Watcher.Current, watcher)

/** The samples of a stretch, at the line's sample rate. */
export const samples = (format: AudioFormat.AudioFormat, { bytes }: { readonly bytes: Uint8Array }): Int16Array =>
  Pcm.decode({ format, bytes, time: AudioTime.zero })

/** Views bytes as 16-bit samples. */
export const samplesOf = (bytes: Uint8Array): Int16Array => new Int16Array(bytes.slice().buffer)
