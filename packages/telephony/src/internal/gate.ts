/**
 * Decides what each message of a carrier means for the call. Pure. Useless messages are dropped with a reason, and usable samples
 * are never lost.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import type { Incoming } from "@antiphon/speech/Transport"
import type { Message, Started } from "./message.ts"
import * as Sequence from "./sequence.ts"

/** Messages of audio that are kept until the call starts: two seconds, in messages of 20 ms. */
const mostEarly = 100
/** The same in bytes, for larger messages: two seconds of 16 bits at 48 kHz. */
const mostEarlyBytes = 192_000
/** How far audio may run ahead of real time. More would make the call's clock, which counts samples, run away. */
const mostAheadMs = 5000

export interface Gate {
  /** Undefined until the stream has started. */
  readonly format: AudioFormat.AudioFormat | undefined
  readonly isStopped: boolean
  readonly sequence: Sequence.Sequence
  /** Audio that arrived before the start. */
  readonly early: ReadonlyArray<Extract<Message, { readonly _tag: "Media" }>>
  /** The first byte of a sample whose second byte has not arrived yet. */
  readonly half: number | undefined
  readonly startedAt: number
  readonly audioMs: number
}

export interface Step {
  readonly gate: Gate
  readonly incoming: ReadonlyArray<Incoming>
  /** The call starts now. `incoming` contains audio from before the start. */
  readonly started?: Started | undefined
  /** Why the call cannot continue. */
  readonly refused?: string | undefined
  /** The carrier has ended the stream. */
  readonly isStopped?: boolean | undefined
  /** Why a message was dropped. Never quotes it. */
  readonly dropped?: string | undefined
}

/** Whether a step only has messages for the pipeline. */
export const isPlain = ({ dropped, isStopped, refused, started }: Step): boolean =>
  dropped === undefined && isStopped === undefined && refused === undefined && started === undefined

/** Makes a gate. `mostHeld` is the number of messages that may wait for a missing one. */
export const make = (mostHeld = 0): Gate => ({
  format: undefined,
  isStopped: false,
  sequence: Sequence.make(mostHeld),
  early: [],
  half: undefined,
  startedAt: 0,
  audioMs: 0
})

/** Handles a message. `now` is in milliseconds of the monotonic clock. */
export const step = (gate: Gate, message: Message, now: number): Step => {
  if (gate.isStopped) return quiet(gate)
  switch (message._tag) {
    case "Nothing":
      return quiet(gate)
    case "Wrong":
      return drop(gate, message.why)
    case "Started":
      return start(gate, message.started, now)
    case "Media":
      return gate.format === undefined ? early(gate, message) : media(gate, gate.format, message, now)
    case "Stopped":
      return { ...quiet({ ...gate, isStopped: true }), isStopped: true }
    case "Mark":
    case "Dtmf":
    case "Custom":
      return gate.format === undefined ? drop(gate, `a ${message._tag} came before the start`) : told(gate, message)
    default:
      return message satisfies never
  }
}

const quiet = (gate: Gate, incoming: ReadonlyArray<Incoming> = []): Step => ({ gate, incoming })

const drop = (gate: Gate, dropped: string, incoming: ReadonlyArray<Incoming> = []): Step => ({
  gate,
  incoming,
  dropped
})

const told = (gate: Gate, message: Extract<Message, { readonly _tag: "Mark" | "Dtmf" | "Custom" }>): Step => {
  switch (message._tag) {
    case "Mark":
      return quiet(gate, [{ _tag: "Mark", name: message.name }])
    case "Custom":
      return quiet(gate, [{ _tag: "Custom", metadata: message.metadata }])
    case "Dtmf":
      return /^[0-9*#A-D]$/.test(message.digit)
        ? quiet(gate, [{ _tag: "Dtmf", button: message.digit }])
        : drop(gate, "an unknown key")
  }
}

const start = (gate: Gate, started: Started, now: number): Step => {
  if (gate.format !== undefined) return drop(gate, "a second start")
  const { format } = started
  if (format === undefined) {
    return { ...quiet({ ...gate, isStopped: true }), refused: "audio in an unusable format" }
  }
  let open: Gate = { ...gate, format, early: [], startedAt: now }
  const incoming: Array<Incoming> = []
  for (const message of gate.early) {
    const step = media(open, format, message, now)
    open = step.gate
    incoming.push(...step.incoming)
  }
  return { ...quiet(open, incoming), started }
}

const early = (gate: Gate, message: Extract<Message, { readonly _tag: "Media" }>): Step =>
  gate.early.length < mostEarly &&
  gate.early.reduce((sum, { bytes }) => sum + bytes.length, message.bytes.length) <= mostEarlyBytes
    ? quiet({ ...gate, early: [...gate.early, message] })
    : drop(gate, "more than two seconds of audio before the start")

const media = (
  gate: Gate,
  format: AudioFormat.AudioFormat,
  { bytes: all, chunk }: Extract<Message, { readonly _tag: "Media" }>,
  now: number
): Step => {
  if (all.length === 0) return quiet(gate)
  const roomMs = mostAheadMs - (gate.audioMs - (now - gate.startedAt))
  if (roomMs < 0) return drop(gate, "audio faster than real time")
  // A single message must not run away either.
  const bytes = all.subarray(0, AudioFormat.bytesOf(format, mostAheadMs))
  const [sequence, pieces] = Sequence.step(gate.sequence, bytes, chunk)
  if (pieces.length === 0 && sequence.held.length <= gate.sequence.held.length) {
    return drop({ ...gate, sequence }, "audio that was repeated or late")
  }
  const lostMs = AudioFormat.durationMs(format, bytes.length)
  const incoming: Array<Incoming> = []
  let { audioMs, half } = gate
  for (const piece of pieces) {
    if (typeof piece === "number") {
      const ms = Math.min(piece * lostMs, Math.max(0, roomMs - (audioMs - gate.audioMs)))
      incoming.push({ _tag: "Gap", ms })
      audioMs += ms
      // The second half of the sample was in a lost piece.
      half = undefined
      continue
    }
    const [whole, rest] = wholeSamples(format, piece, half)
    half = rest
    audioMs += AudioFormat.durationMs(format, whole.length)
    if (whole.length > 0) incoming.push({ _tag: "Audio", bytes: whole })
  }
  const next = { ...gate, sequence, half, audioMs }
  return bytes.length === all.length ? quiet(next, incoming) : drop(next, "audio faster than real time", incoming)
}

/** Whole samples of a piece, including the half sample that was kept from the piece before. */
const wholeSamples = (
  format: AudioFormat.AudioFormat,
  bytes: Uint8Array,
  half: number | undefined
): readonly [Uint8Array, number | undefined] => {
  if (AudioFormat.bytesPerSample(format) === 1 || (half === undefined && bytes.length % 2 === 0))
    return [bytes, undefined]
  const all = half === undefined ? bytes : Uint8Array.of(half, ...bytes)
  return all.length % 2 === 0 ? [all, undefined] : [all.subarray(0, -1), all[all.length - 1]]
}
