/** The transport of one call over a carrier's media stream. */
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Entrance from "@antiphon/server/Entrance"
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import type * as Playback from "@antiphon/speech/Playback"
import type * as Transport from "@antiphon/speech/Transport"
import * as Arr from "effect/Array"
import type { Clock } from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import * as Tones from "./tones.ts"

/** Encodes messages to a carrier. */
export interface Codec {
  readonly media: (streamId: string, bytes: Uint8Array) => Entrance.Frame
  readonly mark?: ((streamId: string, name: string) => Entrance.Frame) | undefined
  readonly clear: (streamId: string) => Entrance.Frame
  readonly custom?: ((streamId: string, metadata: { readonly [key: string]: unknown }) => Entrance.Frame) | undefined
  /** Present if the other side presses keys, or transfers calls, itself. */
  readonly dtmf?: ((streamId: string, button: string) => Entrance.Frame) | undefined
  readonly transfer?: ((streamId: string, targetPhoneNumber: string) => Entrance.Frame) | undefined
  /** Time from sending a sample until it is heard, for carriers without marks. Milliseconds. */
  readonly latencyMs?: number | undefined
}

/** Requests to a carrier outside the stream. They log their own failures. */
export interface Control {
  readonly hangUp: Effect.Effect<void>
  readonly transfer?: ((targetPhoneNumber: string) => Effect.Effect<void>) | undefined
  /** Presses keys. If absent, keys are sent as tones. */
  readonly dtmf?: ((buttons: string) => Effect.Effect<void>) | undefined
}

/** The stream that a line currently uses. */
export interface Way {
  readonly visitor: Pick<Entrance.Visitor, "send" | "gone">
  readonly streamId: string
}

export interface Line extends Transport.Transport {
  /** Continues on another stream of the same call. */
  readonly attach: (stream: Way) => void
  /** Drops everything that is sent until the next `attach`. */
  readonly detach: () => void
  /** Handles a mark that came back. */
  readonly marked: (name: string) => void
  /** Why our side hung up, if it did. */
  readonly farewell: () => string | undefined
  readonly control: Control
}

/** How long to wait for the last mark after all audio should have been played. Milliseconds. */
const farewellMs = 1000
const lastMark = "hang-up"

/** Options for a line. */
export interface Options {
  readonly request: CallRequest
  readonly format: AudioFormat.AudioFormat
  readonly codec: Codec
  readonly control: Control
  /** Ends the call on our side after it was hung up. */
  readonly close: () => void
  readonly clock: Clock
  readonly log: Pick<Entrance.Visitor["log"], "sent" | "turn">
  readonly echoFree: boolean
  readonly incoming: Stream.Stream<Transport.Incoming, Transport.TransportError>
}

/** Makes the line of a call. */
export const make = (options: Options): Line => {
  const { codec, control, format } = options
  const hasMarks = codec.mark !== undefined
  const played = Deferred.makeUnsafe<void>()
  let stream: Way | undefined
  let playsUntil = 0
  let farewell: string | undefined
  const now = () => Number(options.clock.monotonicTimeNanosUnsafe()) / 1_000_000

  const send = (write: (streamId: string) => ReadonlyArray<Entrance.Frame>): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (stream === undefined) return Effect.void
      const frames = write(stream.streamId)
      if (!Arr.isReadonlyArrayNonEmpty(frames)) return Effect.void
      options.log.sent(frames.length)
      return stream.visitor.send(frames)
    })
  const play = (streamId: string, part: Uint8Array): Entrance.Frame => {
    // Carriers crackle on partial frames. With marks, added silence does not change what counts as heard.
    const bytes = hasMarks ? wholeFrames(format, part) : part
    playsUntil = Math.max(playsUntil, now()) + AudioFormat.durationMs(format, bytes.length)
    return codec.media(streamId, bytes)
  }
  const keys = (buttons: string): Effect.Effect<void> => {
    const { dtmf } = codec
    if (dtmf !== undefined) return send((streamId) => [...buttons].map((button) => dtmf(streamId, button)))
    return control.dtmf === undefined
      ? send((streamId) => tones(buttons, format).map((bytes) => play(streamId, bytes)))
      : control.dtmf(buttons)
  }
  const transfer =
    codec.transfer === undefined
      ? control.transfer
      : (target: string) => send((streamId) => [codec.transfer!(streamId, target)])

  return {
    request: options.request,
    format,
    capabilities: {
      heard: hasMarks ? "marks" : "estimate",
      ...(codec.latencyMs === undefined ? {} : { latencyMs: codec.latencyMs }),
      messageMs,
      echoFree: options.echoFree
    },
    incoming: options.incoming,
    send: (outputs) =>
      send((streamId) =>
        joined(outputs).flatMap((output) =>
          output._tag === "Audio"
            ? [play(streamId, output.bytes)]
            : codec.mark === undefined
              ? []
              : [codec.mark(streamId, output.name)]
        )
      ),
    clear: () =>
      send((streamId) => {
        playsUntil = now()
        return [codec.clear(streamId)]
      }),
    show: (shown) =>
      Effect.sync(() => {
        if (shown._tag === "AgentTurn" && shown.state === "Started") options.log.turn()
      }),
    dtmf: keys,
    ...(transfer === undefined ? {} : { transfer }),
    ...(codec.custom === undefined
      ? {}
      : { custom: (metadata: { readonly [key: string]: unknown }) => send((id) => [codec.custom!(id, metadata)]) }),
    hangUp: (reason) =>
      Effect.gen(function* () {
        if (farewell !== undefined) return
        farewell = reason
        const { mark } = codec
        if (stream !== undefined) {
          if (mark !== undefined) yield* send((streamId) => [mark(streamId, lastMark)])
          const all = hasMarks ? Deferred.await(played) : Effect.never
          const longest = Effect.sleep(Math.max(0, playsUntil - now()) + (hasMarks ? farewellMs : 0))
          yield* Effect.raceFirst(Effect.raceFirst(all, stream.visitor.gone), longest)
        }
        yield* control.hangUp
        options.close()
      }),
    attach: (next) => {
      stream = next
      playsUntil = 0
    },
    detach: () => {
      stream = undefined
    },
    marked: (name) => {
      if (name === lastMark) Deferred.doneUnsafe(played, Effect.void)
    },
    farewell: () => farewell,
    control
  }
}

const tones = (buttons: string, format: AudioFormat.AudioFormat): ReadonlyArray<Uint8Array> => {
  const bytes = Tones.of(buttons, format)
  return bytes.length === 0 ? [] : [bytes]
}

const frameMs = 20
/** Audio of a message. Each costs a write to the system, which takes longer than all else that is done with its audio. */
const messageMs = 5 * frameMs

/** Pads audio with silence to whole frames. */
const wholeFrames = (format: AudioFormat.AudioFormat, bytes: Uint8Array): Uint8Array => {
  const frameBytes = AudioFormat.bytesOf(format, frameMs)
  const length = Math.ceil(bytes.length / frameBytes) * frameBytes
  if (length === bytes.length) return bytes
  const whole = new Uint8Array(length).fill(AudioFormat.silentByte(format))
  whole.set(bytes)
  return whole
}

/** Joins audio that has no mark in between, because carriers want few messages of some length. */
const joined = (outputs: ReadonlyArray<Playback.Output>): ReadonlyArray<Playback.Output> => {
  const all: Array<Playback.Output> = []
  for (const output of outputs) {
    const last = all.at(-1)
    if (last?._tag === "Audio" && output._tag === "Audio") {
      all[all.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, output.bytes]) }
    } else all.push(output)
  }
  return all
}
