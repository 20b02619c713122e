/** The audio of open calls, for those who listen in. None of it is kept. */
import type * as Recorder from "@antiphon/core/recording/Recorder"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

/** A call from now on: a WAV file without an end, with the caller on the left and what they heard of the agent on the right. */
export type Heard = Stream.Stream<Uint8Array>

/** The calls that have audio. */
export interface LiveAudio {
  /** Begins to take the audio of a call. */
  readonly track: (id: string) => Recorder.AudioTrack
  /** The call is over. Its last audio may still come. */
  readonly over: (id: string) => void
  readonly has: (id: string) => boolean
  /** Undefined if the call has no audio, or as many listeners as it may have. */
  readonly listen: (id: string) => Heard | undefined
}

interface Live {
  readonly sampleRateHz: number
  readonly listeners: Set<Queue.Queue<Uint8Array>>
  readonly over: Deferred.Deferred<void>
}

/** How many may listen to one call. */
const mostListeners = 8
/** How many pieces wait for a listener who does not keep up: ten seconds. Older ones are dropped. */
const mostWaiting = 50
/** How long after the end of a call its last audio may come, because it is known late how much was heard. */
const lastAudio = "2 seconds"

/** Makes a place for the audio of calls. */
export const make = (): LiveAudio => {
  const calls = new Map<string, Live>()

  const heard = (live: Live): Heard =>
    Stream.unwrap(
      Effect.gen(function* () {
        const queue = yield* Queue.sliding<Uint8Array>(mostWaiting)
        yield* Effect.acquireRelease(
          Effect.sync(() => live.listeners.add(queue)),
          () => Effect.sync(() => live.listeners.delete(queue))
        )
        return Stream.concat(Stream.succeed(headOf(live.sampleRateHz)), Stream.fromQueue(queue)).pipe(
          Stream.interruptWhen(Effect.delay(Deferred.await(live.over), lastAudio))
        )
      })
    )

  return {
    track: (id) => (sampleRateHz) => {
      const live: Live = { sampleRateHz, listeners: new Set(), over: Deferred.makeUnsafe<void>() }
      calls.set(id, live)
      return (samples) => {
        for (const queue of live.listeners) Queue.offerUnsafe(queue, samples)
      }
    },
    over: (id) => {
      const live = calls.get(id)
      if (live !== undefined) Deferred.doneUnsafe(live.over, Effect.void)
      calls.delete(id)
    },
    has: (id) => calls.has(id),
    listen: (id) => {
      const live = calls.get(id)
      return live === undefined || live.listeners.size >= mostListeners ? undefined : heard(live)
    }
  }
}

/** The head of a WAV file of 16-bit stereo whose length is not known. */
const headOf = (sampleRateHz: number): Uint8Array => {
  const head = Buffer.alloc(44)
  head.write("RIFF", 0)
  head.writeUInt32LE(0xff_ff_ff_ff, 4)
  head.write("WAVEfmt ", 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(2, 22)
  head.writeUInt32LE(sampleRateHz, 24)
  head.writeUInt32LE(4 * sampleRateHz, 28)
  head.writeUInt16LE(4, 32)
  head.writeUInt16LE(16, 34)
  head.write("data", 36)
  head.writeUInt32LE(0xff_ff_ff_ff, 40)
  return head
}
