/**
 * A line for tests: plays a caller's audio at the pace of time, behaves as a carrier does, and keeps what was played, sample by
 * sample. Runs on the clock in force, so that on virtual time each run is the same.
 *
 * @since 0.1.0
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Clock from "effect/Clock"
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../AudioFormat.ts"
import type * as Playback from "../Playback.ts"
import type { Incoming, Shown, Transport } from "../Transport.ts"
import { TransportError } from "../Transport.ts"

/** Something that the caller's side does at a time, in milliseconds of the call. */
export interface Act {
  readonly at: number
  readonly incoming: Incoming
}

/** How the line behaves. */
export interface Options {
  readonly request?: CallRequest.CallRequest | undefined
  /** `pcm_16000` by default. */
  readonly format?: AudioFormat.AudioFormat | undefined
  /** How it tells what was heard. `marks` by default. */
  readonly heard?: Playback.Report | undefined
  readonly echoFree?: boolean | undefined
  /** Length of the call; then the caller hangs up. */
  readonly length: Duration.Input
  /** The caller's audio, from the beginning of the call, in the format of the line. Silence where there is none. */
  readonly audio?: Uint8Array | undefined
  /** What the caller does beside. */
  readonly acts?: ReadonlyArray<Act> | undefined
  /** The length of what the line sends at once. 20 ms. */
  readonly chunk?: Duration.Input | undefined
  /** Times, in milliseconds, between which the line sends no audio. `late`: it sends it all afterwards. */
  readonly stalls?: ReadonlyArray<{ readonly from: number; readonly to: number; readonly late: boolean }> | undefined
  /** Sending fails from this time on, in milliseconds. */
  readonly breaksAt?: number | undefined
}

/** A stretch that was played to the caller. */
export interface Played {
  readonly at: number
  readonly generation: number
  readonly stream: number
  readonly bytes: Uint8Array
}

/** The line, and what it has seen. Times are milliseconds of the call. */
export interface TestLine {
  readonly transport: Transport
  /** What the caller heard, in order. A chunk that a clear cut short is here as far as it was played. */
  readonly played: ReadonlyArray<Played>
  /** When the line was cleared, and of which generation. */
  readonly clears: ReadonlyArray<{ readonly at: number; readonly generation: number; readonly stream: number }>
  /** Generations of audio that came after a clear of that generation or a later one. */
  readonly stale: ReadonlyArray<number>
  readonly shown: ReadonlyArray<Shown>
  readonly orders: ReadonlyArray<{
    readonly at: number
    readonly order: "hangUp" | "transfer" | "dtmf"
    readonly text: string
  }>
  /** Samples that the caller has heard that are not silent, as one recording without pauses. */
  readonly recording: () => Uint8Array
}

interface Waiting {
  readonly output: Playback.Output
  at: number
}

/** Makes a line. It begins when its audio is read. */
export const make = (options: Options): Effect.Effect<TestLine, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const { format = AudioFormat.pcm16000, heard = "marks" } = options
    const start = clock.currentTimeMillisUnsafe()
    const now = () => clock.currentTimeMillisUnsafe() - start
    const incoming = yield* Queue.unbounded<Incoming, TransportError | Cause.Done>()
    const played: Array<Played> = []
    const clears: Array<TestLine["clears"][number]> = []
    const stale: Array<number> = []
    const shown: Array<Shown> = []
    const orders: Array<TestLine["orders"][number]> = []
    let waiting: Array<Waiting> = []
    let playsUntil = 0
    let counted = { generation: 0, stream: 0, samples: 0 }
    const sampleBytes = AudioFormat.bytesPerSample(format)

    /** Plays what is due: a sample is heard once its time is over. */
    const play = (at: number): void => {
      while (waiting.length > 0) {
        const { at: from, output } = waiting[0]!
        if (output._tag === "Mark") {
          if (from > at) return
          waiting.shift()
          if (heard === "marks") Queue.offerUnsafe(incoming, { _tag: "Mark", name: output.name })
          continue
        }
        const end = from + AudioFormat.durationMs(format, output.bytes.length)
        if (end > at) return
        waiting.shift()
        hear(output, from, output.bytes)
      }
    }

    const hear = (
      output: Extract<Playback.Output, { readonly _tag: "Audio" }>,
      at: number,
      bytes: Uint8Array
    ): void => {
      const { generation, stream } = output
      played.push({ at, generation, stream, bytes })
      if (counted.stream !== stream) counted = { generation, stream, samples: 0 }
      counted.samples += bytes.length / sampleBytes
      if (heard === "position") Queue.offerUnsafe(incoming, { _tag: "Played", ...counted, isCleared: false })
    }

    const transport: Transport = {
      request: options.request ?? CallRequest.make({ callId: "test" }),
      format,
      capabilities: { heard, echoFree: options.echoFree ?? true },
      incoming: Stream.fromQueue(incoming),
      send: (outputs) =>
        Effect.suspend(() => {
          const at = now()
          if (at >= (options.breaksAt ?? Number.POSITIVE_INFINITY)) {
            return Effect.fail(new TransportError({ reason: "Lost", detail: "the test breaks it" }))
          }
          play(at)
          for (const output of outputs) {
            const last = clears.at(-1)
            if (last !== undefined && output.stream <= last.stream) stale.push(output.generation)
            playsUntil = Math.max(playsUntil, at)
            waiting.push({ output, at: playsUntil })
            if (output._tag === "Audio") playsUntil += AudioFormat.durationMs(format, output.bytes.length)
          }
          return Effect.void
        }),
      clear: ({ generation, stream }) =>
        Effect.sync(() => {
          const at = now()
          play(at)
          clears.push({ at, generation, stream })
          const [first] = waiting
          if (first !== undefined && first.output._tag === "Audio" && first.at < at) {
            const bytes = first.output.bytes.subarray(0, AudioFormat.bytesOf(format, at - first.at))
            hear(first.output, first.at, bytes)
          }
          if (heard === "marks") {
            for (const { output } of waiting) {
              if (output._tag === "Mark") Queue.offerUnsafe(incoming, { _tag: "Mark", name: output.name })
            }
          }
          if (heard === "position") {
            const samples = counted.stream === stream ? counted.samples : 0
            Queue.offerUnsafe(incoming, { _tag: "Played", generation, stream, samples, isCleared: true })
          }
          waiting = []
          playsUntil = at
        }),
      show: (event) => Effect.sync(() => void shown.push(event)),
      dtmf: (text) => Effect.sync(() => void orders.push({ at: now(), order: "dtmf", text })),
      transfer: (text) => Effect.sync(() => void orders.push({ at: now(), order: "transfer", text })),
      hangUp: (text) =>
        Effect.sync(() => {
          play(Number.POSITIVE_INFINITY)
          orders.push({ at: now(), order: "hangUp", text })
          Queue.endUnsafe(incoming)
        })
    }

    const chunkMs = Duration.toMillis(Duration.fromInputUnsafe(options.chunk ?? 20))
    const length = Duration.toMillis(Duration.fromInputUnsafe(options.length))
    const audio = options.audio ?? new Uint8Array(0)
    const acts = (options.acts ?? []).toSorted((a, b) => a.at - b.at)
    let nextAct = 0
    let sentTo = 0
    /** The caller's audio between two times. */
    const sound = (from: number, to: number): Uint8Array => {
      const first = AudioFormat.bytesOf(format, from)
      const bytes = new Uint8Array(AudioFormat.bytesOf(format, to) - first).fill(AudioFormat.silentByte(format))
      bytes.set(audio.subarray(first, first + bytes.length).subarray(0, bytes.length))
      return bytes
    }
    const beat = Effect.suspend(() => {
      const at = now()
      play(at)
      for (; nextAct < acts.length && acts[nextAct]!.at <= at; nextAct++) {
        Queue.offerUnsafe(incoming, acts[nextAct]!.incoming)
      }
      const stall = options.stalls?.find(({ from, to }) => at > from && at <= to)
      if (stall === undefined) {
        if (at > sentTo) Queue.offerUnsafe(incoming, { _tag: "Audio", bytes: sound(sentTo, at) })
        sentTo = at
      } else if (!stall.late) sentTo = at
      if (at >= length) Queue.endUnsafe(incoming)
      return Effect.sleep(chunkMs)
    })
    yield* Effect.forkScoped(Effect.forever(beat))

    return {
      transport,
      played,
      clears,
      stale,
      shown,
      orders,
      recording: () => {
        const parts = played.map(({ bytes }) => bytes)
        const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
        let at = 0
        for (const part of parts) {
          all.set(part, at)
          at += part.length
        }
        return all
      }
    }
  })
