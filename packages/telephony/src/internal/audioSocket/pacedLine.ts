/** The transport of an AudioSocket. It sends exactly one frame per 20 ms, because sent audio cannot be taken back. */
import type { Visitor } from "@antiphon/server/Entrance"
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import type { Incoming } from "@antiphon/speech/Transport"
import * as Effect from "effect/Effect"
import type * as Line from "../line.ts"
import * as Tones from "../tones.ts"
import * as Frames from "./frames.ts"
import * as Pacer from "./pacer.ts"

const frameMs = 20
/** If sending is later than this, it does not catch up: the caller has already heard a gap. */
const latestMs = 100
/** How long a hang-up may take after all audio should have been sent. */
const farewellMs = 500

export interface PacedLine {
  readonly make: (options: Line.Options) => Line.Line
  /** Sends queued audio until it is interrupted. */
  readonly run: Effect.Effect<never>
}

/** Makes a paced line to a visitor. `tell` receives what was played. */
export const make = (options: {
  readonly visitor: Pick<Visitor, "send">
  readonly kind: number
  readonly format: AudioFormat.AudioFormat
  readonly tell: (incoming: Incoming) => Effect.Effect<void>
  readonly now: () => number
}): PacedLine => {
  const { format, now, tell, visitor } = options
  const frameBytes = AudioFormat.bytesOf(format, frameMs)
  let pacer = Pacer.initial
  let farewell: string | undefined

  /** Pads a frame with silence, because the peer expects 20 ms each time. */
  const full = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length === frameBytes) return bytes
    const frame = new Uint8Array(frameBytes)
    frame.set(bytes)
    return frame
  }
  const sendNext = Effect.suspend(() => {
    const next = Pacer.take(pacer, frameBytes)
    if (next === undefined) return Effect.void
    const [after, bytes, played] = next
    pacer = after
    const sent = visitor.send([Frames.encode(options.kind, full(bytes))])
    return played === undefined ? sent : Effect.andThen(sent, tell(played))
  })
  let nextAt = now()
  const beat = Effect.suspend(() => {
    nextAt += frameMs
    if (now() - nextAt > latestMs) nextAt = now()
    return Effect.andThen(
      sendNext,
      Effect.suspend(() => Effect.sleep(Math.max(1, nextAt - now())))
    )
  })
  const drained: Effect.Effect<void> = Effect.suspend(() =>
    pacer.waiting.length === 0 ? Effect.void : Effect.delay(drained, frameMs)
  )
  const pressed: Effect.Effect<void> = Effect.suspend(() =>
    Pacer.hasKeys(pacer) ? Effect.delay(pressed, frameMs) : Effect.void
  )
  const waitingMs = () => AudioFormat.durationMs(format, Pacer.waitingBytes(pacer))

  return {
    run: Effect.forever(beat),
    make: ({ close, control, incoming, log, request }) => ({
      request,
      format,
      capabilities: { heard: "position", echoFree: true },
      incoming,
      send: (outputs) =>
        Effect.sync(() => {
          log.sent(outputs.length)
          pacer = Pacer.push(pacer, outputs)
        }),
      clear: (of) =>
        Effect.suspend(() => {
          const [after, played] = Pacer.clear(pacer, of)
          pacer = after
          return tell(played)
        }),
      show: (shown) =>
        Effect.sync(() => {
          if (shown._tag === "AgentTurn" && shown.state === "Started") log.turn()
        }),
      dtmf: (buttons) =>
        Effect.suspend(() => {
          pacer = Pacer.press(pacer, Tones.of(buttons, format))
          return pressed
        }),
      hangUp: (reason) =>
        Effect.suspend(() => {
          if (farewell !== undefined) return Effect.void
          farewell = reason
          return Effect.andThen(Effect.raceFirst(drained, Effect.sleep(waitingMs() + farewellMs)), Effect.sync(close))
        }),
      attach: () => {},
      detach: () => {
        pacer = { ...pacer, waiting: [] }
      },
      marked: () => {},
      farewell: () => farewell,
      control
    })
  }
}
