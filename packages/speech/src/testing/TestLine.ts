/**
 * A line for tests: sends a caller's audio in real time, behaves like a carrier, and keeps the agent's audio, sample by
 * sample. Uses the current `Clock`, so that on virtual time each run is the same.
 *
 * @since 0.1.0
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Clock from "effect/Clock"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../AudioFormat.ts"
import * as Joined from "../internal/joined.ts"
import type * as Playback from "../Playback.ts"
import type { Incoming, Shown, Transport } from "../Transport.ts"
import { TransportError } from "../Transport.ts"

/** An action of the caller's side at a time, in milliseconds of the call. */
export interface Act {
  readonly at: number
  readonly incoming: Incoming
}

/** Options of the line. */
export interface Options {
  readonly request?: CallRequest.CallRequest | undefined
  /** `pcm_16000` by default. */
  readonly format?: AudioFormat.AudioFormat | undefined
  /** How the line reports what was heard. `marks` by default. */
  readonly heard?: Playback.Report | undefined
  /** With `position`: the minimum time between two reports, apart from the answer to a clear. None by default. */
  readonly reportEvery?: Duration.Input | undefined
  /** Whether marks are returned. True by default; set it to false for a carrier that loses them. */
  readonly returnsMarks?: boolean | undefined
  readonly echoFree?: boolean | undefined
  /** How much audio the line prefers to get at once, in milliseconds, as pages and carriers do. One frame by default. */
  readonly messageMs?: number | undefined
  /** Length of the call, after which the caller hangs up. By default the call continues until either side hangs up. */
  readonly length?: Duration.Input | undefined
  /**
   * The caller's audio, from the beginning of the call, in the format of the line. Silence follows its end. A function
   * is called for each stretch once it is over, with times in milliseconds of the call.
   */
  readonly audio?: Uint8Array | ((from: number, to: number) => Uint8Array) | undefined
  /** The network between the caller and the line, see `Network`. By default, audio arrives at once. */
  readonly carry?: ((stretch: Stretch) => Carried) | undefined
  /** Other actions of the caller. */
  readonly acts?: ReadonlyArray<Act> | undefined
  /** The duration of one packet of the line. 20 ms by default. */
  readonly chunk?: Duration.Input | undefined
  /** Intervals, in milliseconds, in which the line sends no audio. `late`: it sends the audio afterwards. */
  readonly stalls?: ReadonlyArray<{ readonly from: number; readonly to: number; readonly late: boolean }> | undefined
  /** The time from which sending fails, in milliseconds. */
  readonly breaksAt?: number | undefined
  /** Whether to keep the audio played and the events shown. True by default; turn it off for calls of several hours. */
  readonly keeps?: boolean | undefined
}

/** A stretch of the microphone's audio. Times are milliseconds of the call. */
export interface Stretch {
  readonly index: number
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
}

/** The audio that arrives for a stretch, and its delay. Stretches never overtake each other. */
export interface Carried {
  readonly delayMs: number
  /** Undefined if nothing arrives. */
  readonly incoming: Incoming | undefined
}

/** A stretch that was played to the caller. */
export interface Played {
  readonly at: number
  readonly generation: number
  readonly stream: number
  readonly bytes: Uint8Array
}

/** The line, and its observations. Times are milliseconds of the call. */
export interface TestLine {
  readonly transport: Transport
  /** The audio that the caller heard, in order. A chunk cut short by a clear is included up to the clear. */
  readonly played: ReadonlyArray<Played>
  /** When the line was cleared, and for which generation. */
  readonly clears: ReadonlyArray<{ readonly at: number; readonly generation: number; readonly stream: number }>
  /** Generations of audio that arrived after a clear of that generation or a later one. */
  readonly stale: ReadonlyArray<number>
  readonly shown: ReadonlyArray<Shown>
  readonly orders: ReadonlyArray<{
    readonly at: number
    readonly order: "hangUp" | "transfer" | "dtmf"
    readonly text: string
  }>
  /** The samples that the caller has heard, without silence. */
  readonly recording: () => Uint8Array
  /** Sends an input of the caller's side at once, such as a key or a message. */
  readonly bring: (incoming: Incoming) => void
  /** The caller hangs up, or the line breaks. */
  readonly end: (how?: "hangUp" | "break") => void
  /** Whether audio is being played, or is waiting to be played. */
  readonly isPlaying: () => boolean
}

/** Callbacks of a line, called at once. */
export interface Told {
  /** A stretch was heard to its end, or until a clear. */
  readonly heard?: ((played: Played) => void) | undefined
  /** A stretch of the caller's audio has arrived, or was lost. */
  readonly arrived?: ((stretch: Stretch, isLost: boolean) => void) | undefined
  readonly ordered?: ((order: TestLine["orders"][number]) => void) | undefined
}

interface Waiting {
  readonly output: Playback.Output
  at: number
}

/** Makes a line, and starts it. */
export const make = (options: Options, told: Told = {}): Effect.Effect<TestLine, never, Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const { format = AudioFormat.pcm16000, heard = "marks", keeps = true, returnsMarks = true } = options
    const start = clock.monotonicTimeNanosUnsafe()
    const now = () => Number(clock.monotonicTimeNanosUnsafe() - start) / 1_000_000
    const incoming = yield* Queue.unbounded<Incoming, TransportError | Cause.Done>()
    const played: Array<Played> = []
    const clears: Array<TestLine["clears"][number]> = []
    const stale: Array<number> = []
    const shown: Array<Shown> = []
    const orders: Array<TestLine["orders"][number]> = []
    let waiting: Array<Waiting> = []
    let playsUntil = 0
    let reportedAt = Number.NEGATIVE_INFINITY
    const reportEvery = Duration.toMillis(Duration.fromInputUnsafe(options.reportEvery ?? 0))
    let counted = { generation: 0, stream: 0, samples: 0 }
    const sampleBytes = AudioFormat.bytesPerSample(format)

    /** Plays the audio that is due: a sample counts as heard once its time is over. */
    const play = (at: number): void => {
      while (waiting.length > 0) {
        const { at: from, output } = waiting[0]!
        if (output._tag === "Mark") {
          if (from > at) return
          waiting.shift()
          if (heard === "marks" && returnsMarks) Queue.offerUnsafe(incoming, { _tag: "Mark", name: output.name })
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
      const stretch = { at, generation, stream, bytes }
      if (keeps) played.push(stretch)
      told.heard?.(stretch)
      if (counted.stream !== stream) counted = { generation, stream, samples: 0 }
      counted.samples += bytes.length / sampleBytes
      if (heard !== "position" || now() - reportedAt < reportEvery) return
      reportedAt = now()
      Queue.offerUnsafe(incoming, { _tag: "Played", ...counted, isCleared: false })
    }

    const order = (order: TestLine["orders"][number]["order"], text: string): void => {
      const given = { at: now(), order, text }
      orders.push(given)
      told.ordered?.(given)
    }

    const transport: Transport = {
      request: options.request ?? CallRequest.make({ callId: "test" }),
      format,
      capabilities: { heard, messageMs: options.messageMs, echoFree: options.echoFree ?? true },
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
          if (heard === "marks" && returnsMarks) {
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
      show: (event) => Effect.sync(() => void (keeps && shown.push(event))),
      dtmf: (text) => Effect.sync(() => order("dtmf", text)),
      transfer: (text) => Effect.sync(() => order("transfer", text)),
      hangUp: (text) =>
        Effect.sync(() => {
          play(Number.POSITIVE_INFINITY)
          order("hangUp", text)
          Queue.endUnsafe(incoming)
        })
    }

    const chunkMs = Duration.toMillis(Duration.fromInputUnsafe(options.chunk ?? 20))
    const length =
      options.length === undefined
        ? Number.POSITIVE_INFINITY
        : Duration.toMillis(Duration.fromInputUnsafe(options.length))
    const { audio = new Uint8Array(0), carry } = options
    const acts = (options.acts ?? []).toSorted((a, b) => a.at - b.at)
    let nextAct = 0
    let sentTo = 0
    let index = 0
    let onTheWay: Array<{ readonly at: number; readonly stretch: Stretch; readonly incoming: Incoming | undefined }> =
      []
    /** Returns the caller's audio between two times. */
    const sound = (from: number, to: number): Uint8Array => {
      if (typeof audio === "function") return audio(from, to)
      const first = AudioFormat.bytesOf(format, from)
      const bytes = new Uint8Array(AudioFormat.bytesOf(format, to) - first).fill(AudioFormat.silentByte(format))
      bytes.set(audio.subarray(first, first + bytes.length).subarray(0, bytes.length))
      return bytes
    }
    const leave = (from: number, to: number): void => {
      const stretch: Stretch = { index: index++, from, to, bytes: sound(from, to) }
      const { delayMs, incoming } = carry?.(stretch) ?? {
        delayMs: 0,
        incoming: { _tag: "Audio", bytes: stretch.bytes } as const
      }
      onTheWay.push({ at: Math.max(to + delayMs, onTheWay.at(-1)?.at ?? 0), stretch, incoming })
    }
    const arrive = (at: number): void => {
      const due = onTheWay.findIndex((each) => each.at > at)
      const arrived = due < 0 ? onTheWay : onTheWay.slice(0, due)
      onTheWay = due < 0 ? [] : onTheWay.slice(due)
      for (const each of arrived) {
        if (each.incoming !== undefined) Queue.offerUnsafe(incoming, each.incoming)
        const isWhole = each.incoming?._tag === "Audio" && each.incoming.bytes === each.stretch.bytes
        told.arrived?.(each.stretch, !isWhole)
      }
    }
    const beat = Effect.suspend(() => {
      const at = now()
      play(at)
      for (; nextAct < acts.length && acts[nextAct]!.at <= at; nextAct++) {
        Queue.offerUnsafe(incoming, acts[nextAct]!.incoming)
      }
      const stall = options.stalls?.find(({ from, to }) => at > from && at <= to)
      if (stall === undefined) {
        if (at > sentTo) leave(sentTo, at)
        sentTo = at
      } else if (!stall.late) sentTo = at
      arrive(at)
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
      bring: (one) => void Queue.offerUnsafe(incoming, one),
      end: (how = "hangUp") => {
        play(now())
        if (how === "hangUp") return void Queue.endUnsafe(incoming)
        const lost = new TransportError({ reason: "Lost", detail: "the test loses the connection" })
        Queue.failCauseUnsafe(incoming, Cause.fail(lost))
      },
      isPlaying: () => waiting.some(({ output }) => output._tag === "Audio"),
      recording: () => Joined.bytes(played.map(({ bytes }) => bytes))
    }
  })
