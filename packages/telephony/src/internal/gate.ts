/**
 * What becomes of each message of a carrier: a pure step to what the pipeline is told. Whatever is of no use is dropped with a
 * reason and changes nothing else; samples that can be used are used.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import type { Incoming } from "@antiphon/speech/Transport"
import type { Message, Started } from "./message.ts"
import * as Sequence from "./sequence.ts"

/** Audio that is kept for a call which has not started, in messages of 20 ms: two seconds. */
const mostEarly = 100
/** Audio that may come before its time. What comes faster than that would make the call's clock run away. */
const mostAheadMs = 5000

export interface Gate {
  /** Undefined until the stream has started. */
  readonly format: AudioFormat.AudioFormat | undefined
  readonly isStopped: boolean
  readonly sequence: Sequence.Sequence
  /** Audio that came before the start. */
  readonly early: ReadonlyArray<Extract<Message, { readonly _tag: "Media" }>>
  /** The first byte of a sample of which the second has not come. */
  readonly half: number | undefined
  readonly startedAt: number
  readonly audioMs: number
}

export interface Step {
  readonly gate: Gate
  readonly incoming: ReadonlyArray<Incoming>
  /** The call starts. `incoming` has what came before. */
  readonly started?: Started | undefined
  /** The call cannot go on like this. */
  readonly refused?: string | undefined
  /** The carrier has ended the stream. */
  readonly isStopped?: boolean | undefined
  /** Why something was of no use. Never quotes it. */
  readonly dropped?: string | undefined
}

/** Whether a step has nothing but what the pipeline is told. */
export const isPlain = ({ dropped, isStopped, refused, started }: Step): boolean =>
  dropped === undefined && isStopped === undefined && refused === undefined && started === undefined

/** Makes a gate. `mostHeld`: pieces of audio that may come out of order. */
export const make = (mostHeld = 0): Gate => ({
  format: undefined,
  isStopped: false,
  sequence: Sequence.make(mostHeld),
  early: [],
  half: undefined,
  startedAt: 0,
  audioMs: 0
})

/** Takes a message. `now`: milliseconds of the monotonic clock. */
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
        : drop(gate, "a key that no telephone has")
  }
}

const start = (gate: Gate, started: Started, now: number): Step => {
  if (gate.format !== undefined) return drop(gate, "a second start")
  const { format } = started
  if (format === undefined) {
    return { ...quiet({ ...gate, isStopped: true }), refused: "audio in a format that cannot be used" }
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
  gate.early.length < mostEarly
    ? quiet({ ...gate, early: [...gate.early, message] })
    : drop(gate, "more than two seconds of audio before the start")

const media = (
  gate: Gate,
  format: AudioFormat.AudioFormat,
  { bytes, chunk }: Extract<Message, { readonly _tag: "Media" }>,
  now: number
): Step => {
  if (bytes.length === 0) return quiet(gate)
  if (gate.audioMs - (now - gate.startedAt) > mostAheadMs) return drop(gate, "audio faster than real time")
  const [sequence, pieces] = Sequence.step(gate.sequence, bytes, chunk)
  if (pieces.length === 0 && sequence.held.length <= gate.sequence.held.length) {
    return drop({ ...gate, sequence }, "audio that came twice, or too late")
  }
  const lostMs = AudioFormat.durationMs(format, bytes.length)
  const incoming: Array<Incoming> = []
  let { audioMs, half } = gate
  for (const piece of pieces) {
    if (typeof piece === "number") {
      incoming.push({ _tag: "Gap", ms: piece * lostMs })
      audioMs += piece * lostMs
      // The other half of the sample is lost with the piece that had it.
      half = undefined
      continue
    }
    const [whole, rest] = wholeSamples(format, piece, half)
    half = rest
    audioMs += AudioFormat.durationMs(format, whole.length)
    if (whole.length > 0) incoming.push({ _tag: "Audio", bytes: whole })
  }
  return quiet({ ...gate, sequence, half, audioMs }, incoming)
}

/** Whole samples of a piece, with the half of one that was held before it. */
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
