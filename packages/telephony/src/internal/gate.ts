/**
 * Decides what each message of a carrier means for the call. Pure. Useless messages are dropped with a reason, and usable samples
 * are never lost.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Intake from "@antiphon/speech/Intake"
import type { Incoming } from "@antiphon/speech/Transport"
import type { Message, Started } from "./message.ts"
import * as Sequence from "./sequence.ts"

/** Messages of audio that are kept until the call starts: two seconds, in messages of 20 ms. */
const mostEarly = 100
/** The same in bytes, for larger messages: two seconds of 16 bits at 48 kHz. */
const mostEarlyBytes = 192_000

export interface Gate {
  /** Undefined until the stream has started. */
  readonly intake: Intake.Intake | undefined
  readonly isStopped: boolean
  readonly sequence: Sequence.Sequence
  /** Audio that arrived before the start. */
  readonly early: ReadonlyArray<Extract<Message, { readonly _tag: "Media" }>>
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
  intake: undefined,
  isStopped: false,
  sequence: Sequence.make(mostHeld),
  early: []
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
      return gate.intake === undefined ? early(gate, message) : media(gate, gate.intake, message, now)
    case "Stopped":
      return { ...quiet({ ...gate, isStopped: true }), isStopped: true }
    case "Mark":
    case "Dtmf":
    case "Custom":
      return gate.intake === undefined ? drop(gate, `a ${message._tag} came before the start`) : told(gate, message)
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
  if (gate.intake !== undefined) return drop(gate, "a second start")
  const { format } = started
  if (format === undefined) {
    return { ...quiet({ ...gate, isStopped: true }), refused: "audio in an unusable format" }
  }
  let open: Gate = { ...gate, intake: Intake.make(format, now), early: [] }
  const incoming: Array<Incoming> = []
  for (const message of gate.early) {
    const taken = step(open, message, now)
    open = taken.gate
    incoming.push(...taken.incoming)
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
  taken: Intake.Intake,
  { bytes: all, chunk }: Extract<Message, { readonly _tag: "Media" }>,
  now: number
): Step => {
  if (all.length === 0) return quiet(gate)
  if (Intake.roomMs(taken, now) < 0) return drop(gate, "audio faster than real time")
  const bytes = Intake.bounded(taken, all)
  const [sequence, pieces] = Sequence.step(gate.sequence, bytes, chunk)
  if (pieces.length === 0 && sequence.held.length <= gate.sequence.held.length) {
    return drop({ ...gate, sequence }, "audio that was repeated or late")
  }
  const lostMs = AudioFormat.durationMs(taken.format, bytes.length)
  const incoming: Array<Incoming> = []
  let intake = taken
  for (const piece of pieces) {
    if (typeof piece === "number") {
      const [next, ms] = Intake.gap(intake, piece * lostMs, now)
      intake = next
      incoming.push({ _tag: "Gap", ms })
      continue
    }
    const [next, whole] = Intake.take(intake, piece)
    intake = next
    if (whole.length > 0) incoming.push({ _tag: "Audio", bytes: whole })
  }
  const next = { ...gate, sequence, intake }
  return bytes.length === all.length ? quiet(next, incoming) : drop(next, "audio faster than real time", incoming)
}
