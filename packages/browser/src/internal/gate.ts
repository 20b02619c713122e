/**
 * Handles the frames of a page: a pure step from a frame to events for the pipeline and replies to the page. Errors are
 * answered with a text and change nothing else; usable samples are used.
 */
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import * as Intake from "@antiphon/speech/Intake"
import type { Incoming } from "@antiphon/speech/Transport"
import * as Result from "effect/Result"
import type * as VoiceWire from "../VoiceWire.ts"
import { decode } from "../VoiceWire.ts"

/** Maximum bytes of audio kept until the call starts: two seconds at 16 kHz. */
const mostEarlyBytes = 64_000
/** Maximum warnings of one kind per page, so that a faulty page is not answered forever. */
const mostWarnings = 5

export interface Gate {
  /** Undefined until the call has started. */
  readonly intake: Intake.Intake | undefined
  /** Audio from before the start, and the number of bytes that did not fit. */
  readonly early: ReadonlyArray<Uint8Array>
  readonly earlyBytes: number
  readonly lostBytes: number
  readonly warnings: ReadonlyMap<string, number>
}

export interface Step {
  readonly gate: Gate
  readonly incoming: ReadonlyArray<Incoming>
  readonly replies: ReadonlyArray<VoiceWire.ToPage>
  /** The call must start now. `incoming` is what came before. */
  readonly start?: { readonly message: VoiceWire.Start; readonly format: AudioFormat.AudioFormat } | undefined
  /** The page has hung up. */
  readonly isStopped?: boolean | undefined
}

/** Whether a step only has messages for the pipeline. */
export const isPlain = ({ isStopped, replies, start }: Step): boolean =>
  replies.length === 0 && start === undefined && isStopped === undefined

export const initial: Gate = {
  intake: undefined,
  early: [],
  earlyBytes: 0,
  lostBytes: 0,
  warnings: new Map()
}

/** The formats that a page may choose. */
export const formats: ReadonlyArray<string> = AudioFormat.Name.literals.filter((name) => name.startsWith("pcm_"))

const quiet = (gate: Gate, incoming: ReadonlyArray<Incoming> = []): Step => ({ gate, incoming, replies: [] })

/** Handles a frame. `now` is in milliseconds of the monotonic clock. */
export const step = (gate: Gate, frame: string | Uint8Array, now: number): Step =>
  typeof frame === "string" ? text(gate, frame, now) : audio(gate, frame, now)

const tooFast = (gate: Gate): Step =>
  warn(quiet(gate), "too_fast", "Audio comes faster than real time. What is more than five seconds ahead is left out.")

const warn = (step: Step, code: string, detail: string): Step => {
  const count = (step.gate.warnings.get(code) ?? 0) + 1
  const gate = { ...step.gate, warnings: new Map(step.gate.warnings).set(code, count) }
  if (count > mostWarnings) return { ...step, gate }
  const last = count === mostWarnings ? " Further errors of this kind are not reported." : ""
  return { ...step, gate, replies: [...step.replies, { type: "warning", code, detail: `${detail}${last}` }] }
}

const audio = (gate: Gate, bytes: Uint8Array, now: number): Step => {
  if (bytes.length === 0) return quiet(gate)
  const { intake } = gate
  if (intake === undefined) return early(gate, bytes)
  if (Intake.roomMs(intake, now) < 0) return tooFast(gate)
  const fitting = Intake.bounded(intake, bytes)
  const [next, incoming] = samples(gate, intake, fitting)
  if (fitting.length < bytes.length) return { ...tooFast(next), incoming }
  return bytes.length % 2 === 0
    ? quiet(next, incoming)
    : warn(
        quiet(next, incoming),
        "odd_size",
        "A binary frame ended within a sample of 16 bits. It is taken to go on in the next one."
      )
}

const early = (gate: Gate, bytes: Uint8Array): Step => {
  const fits = gate.earlyBytes + bytes.length <= mostEarlyBytes && gate.lostBytes === 0
  const next = fits
    ? { ...gate, early: [...gate.early, bytes], earlyBytes: gate.earlyBytes + bytes.length }
    : { ...gate, lostBytes: gate.lostBytes + bytes.length }
  return fits
    ? warn(quiet(next), "not_started", "Audio came before the start message. It is kept until the call starts.")
    : warn(
        quiet(next),
        "early_audio_lost",
        `More than ${mostEarlyBytes} bytes of audio came before the start message. The rest counts as a gap.`
      )
}

/** Takes the whole samples of a frame in. */
const samples = (gate: Gate, intake: Intake.Intake, bytes: Uint8Array): readonly [Gate, ReadonlyArray<Incoming>] => {
  const [next, whole] = Intake.take(intake, bytes)
  return [{ ...gate, intake: next }, whole.length === 0 ? [] : [{ _tag: "Audio", bytes: whole }]]
}

const text = (gate: Gate, frame: string, now: number): Step => {
  const decoded = decode(frame)
  if (Result.isFailure(decoded)) return warn(quiet(gate), "bad_message", decoded.failure)
  const message = decoded.success
  if (message.type === "start") return start(gate, message, now)
  if (message.type === "ping") return { ...quiet(gate), replies: [{ type: "pong" }] }
  if (message.type === "stop") return { ...quiet(gate), isStopped: true }
  const { intake } = gate
  if (intake === undefined) {
    return warn(quiet(gate), "not_started", `A message of type ${message.type} came before the start message.`)
  }
  const incoming = told(message)
  if (incoming?._tag !== "Gap") return quiet(gate, incoming === undefined ? [] : [incoming])
  if (Intake.roomMs(intake, now) < 0) return tooFast(gate)
  const [next, ms] = Intake.gap(intake, incoming.ms, now)
  const taken = quiet({ ...gate, intake: next }, [{ _tag: "Gap", ms }])
  return ms < incoming.ms ? { ...tooFast(taken.gate), incoming: taken.incoming } : taken
}

const start = (gate: Gate, message: VoiceWire.Start, now: number): Step => {
  if (gate.intake !== undefined) {
    return warn(quiet(gate), "already_started", "The call has started already. Its format stays as it is.")
  }
  const format = AudioFormat.fromName(message.format)
  if (Result.isFailure(format) || format.success.encoding !== "pcm_s16le") {
    const detail = `Pages cannot use this format. Supported formats: ${formats.join(", ")}.`
    return { ...quiet(gate), replies: [{ type: "error", code: "bad_format", detail }] }
  }
  let intake = Intake.make(format.success, now)
  const incoming: Array<Incoming> = []
  for (const bytes of gate.early) {
    const [next, whole] = Intake.take(intake, bytes)
    intake = next
    if (whole.length > 0) incoming.push({ _tag: "Audio", bytes: whole })
  }
  if (gate.lostBytes > 0) {
    incoming.push({ _tag: "Gap", ms: AudioFormat.durationMs(format.success, gate.lostBytes) })
  }
  const open: Gate = { ...gate, intake, early: [], earlyBytes: 0, lostBytes: 0 }
  return { ...quiet(open, incoming), start: { message, format: format.success } }
}

const told = (
  message: Exclude<VoiceWire.FromPage, { readonly type: "start" | "ping" | "stop" }>
): Incoming | undefined => {
  switch (message.type) {
    case "played": {
      const { cleared, generation, samples, stream } = message
      return { _tag: "Played", generation, stream, samples, isCleared: cleared }
    }
    case "gap":
      return { _tag: "Gap", ms: message.ms }
    case "text":
      return message.text.trim() === "" ? undefined : { _tag: "Text", text: message.text }
    case "talk":
      return { _tag: "Talk", isPressed: message.pressed }
    case "dtmf":
      return { _tag: "Dtmf", button: message.button }
    case "custom":
      return { _tag: "Custom", metadata: message.metadata }
  }
}
