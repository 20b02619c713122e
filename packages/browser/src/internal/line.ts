/** The line to one page, for the pipeline of a call. */
import type { CallRequest } from "@antiphon/core/CallRequest"
import type * as Entrance from "@antiphon/server/Entrance"
import * as AudioFormat from "@antiphon/speech/AudioFormat"
import type * as Playback from "@antiphon/speech/Playback"
import type * as Transport from "@antiphon/speech/Transport"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import * as VoiceWire from "../VoiceWire.ts"

/** Audio of a message: fewer messages are fewer writes to the system, which take longer than all else. */
const messageMs = 100

/** Maximum time for a page to hang up after its audio has been played, in milliseconds. */
const farewellMs = 1500

export interface Line extends Transport.Transport {
  /** Notes how much the page reports as played. */
  readonly played: (told: Extract<Transport.Incoming, { readonly _tag: "Played" }>) => void
  /** Stops sending. */
  readonly silence: () => void
  /** Why the agent's side hung up, if it has. */
  readonly farewell: () => string | undefined
}

/** Makes the line to a page. */
export const make = (options: {
  readonly visitor: Pick<Entrance.Visitor, "send" | "gone" | "log">
  readonly request: CallRequest
  readonly format: AudioFormat.AudioFormat
  readonly echoFree: boolean
  readonly incoming: Stream.Stream<Transport.Incoming, Transport.TransportError>
}): Line => {
  const { format, visitor } = options
  /** The current stream, and how many of its samples were sent and played. */
  let current: { readonly generation: number; readonly stream: number; sent: number; heard: number } | undefined
  let isSilent = false
  let farewell: string | undefined

  const send = (frames: Arr.NonEmptyReadonlyArray<Entrance.Frame>) =>
    Effect.suspend(() => {
      if (isSilent) return Effect.void
      visitor.log.sent(frames.length)
      return visitor.send(frames)
    })
  const tell = (message: VoiceWire.ToPage) => send([VoiceWire.encode(message)])

  return {
    request: options.request,
    format,
    capabilities: { heard: "position", messageMs, echoFree: options.echoFree },
    incoming: options.incoming,
    send: (outputs: Arr.NonEmptyReadonlyArray<Playback.Output>) =>
      Effect.suspend(() => {
        const frames: Array<Entrance.Frame> = []
        for (const output of outputs) {
          // A page counts samples, so it needs no marks.
          if (output._tag === "Mark") continue
          const { bytes, generation, stream } = output
          if (current?.generation !== generation || current.stream !== stream) {
            current = { generation, stream, sent: 0, heard: 0 }
            frames.push(VoiceWire.encode({ type: "stream", generation, stream }))
          }
          current.sent += bytes.length / AudioFormat.bytesPerSample(format)
          const last = frames.at(-1)
          if (typeof last === "object") frames[frames.length - 1] = Buffer.concat([last, bytes])
          else frames.push(bytes)
        }
        return frames.length === 0 ? Effect.void : send(frames as unknown as Arr.NonEmptyReadonlyArray<Entrance.Frame>)
      }),
    clear: ({ generation, stream }) =>
      Effect.suspend(() => {
        if (current?.generation === generation && current.stream === stream) current.heard = current.sent
        return tell({ type: "clear", generation, stream })
      }),
    show: (shown) => {
      if (shown._tag === "AgentTurn" && shown.state === "Started") visitor.log.turn()
      return tell(VoiceWire.display(shown))
    },
    dtmf: (buttons) => tell({ type: "dtmf", buttons }),
    transfer: (targetPhoneNumber) => tell({ type: "transfer", target_phone_number: targetPhoneNumber }),
    custom: (metadata) => tell({ type: "custom", metadata }),
    // The page hangs up itself, once it has played everything.
    hangUp: (reason) =>
      Effect.suspend(() => {
        if (farewell !== undefined) return Effect.void
        farewell = reason
        const leftMs = current === undefined ? 0 : ((current.sent - current.heard) * 1000) / format.sampleRateHz
        return Effect.andThen(
          tell({ type: "bye", reason }),
          Effect.raceFirst(visitor.gone, Effect.sleep(leftMs + farewellMs))
        )
      }),
    played: ({ generation, samples, stream }) => {
      if (current?.generation === generation && current.stream === stream) {
        current.heard = Math.max(current.heard, Math.min(samples, current.sent))
      }
    },
    silence: () => {
      isSilent = true
    },
    farewell: () => farewell
  }
}
