/** Telnyx's end of a media stream. */
import type { Dialect, Order } from "./stream.ts"

export const make = (options: {
  readonly streamId: string
  readonly callControlId: string
  readonly mediaFormat: { readonly encoding: string; readonly sampleRate: number } | undefined
}): Dialect => {
  const { callControlId, mediaFormat = { encoding: "PCMU", sampleRate: 8000 }, streamId } = options
  let sequence = 0
  const numbered = <A extends object>(message: A) => ({
    ...message,
    sequence_number: String(++sequence),
    stream_id: streamId
  })
  const { encoding, sampleRate: sample_rate } = mediaFormat
  return {
    opening: [{ event: "connected", version: "1.0.0" }],
    start: numbered({
      event: "start",
      start: { call_control_id: callControlId, media_format: { encoding, sample_rate, channels: 1 } }
    }),
    media: (payload, chunk, timestamp) =>
      numbered({
        event: "media",
        media: { track: "inbound", chunk: String(chunk), timestamp: String(timestamp), payload }
      }),
    mark: (name) => numbered({ event: "mark", mark: { name } }),
    dtmf: (digit) => numbered({ event: "dtmf", dtmf: { digit } }),
    stop: { event: "stop", stream_id: streamId, stop: { call_control_id: callControlId } },
    read
  }
}

const other: Order = { _tag: "Other" }

interface Message {
  readonly event?: string
  readonly media?: { readonly payload: string }
  readonly mark?: { readonly name: string }
}

const read = (frame: string): Order => {
  const message = JSON.parse(frame) as Message
  if (message.event === "clear") return { _tag: "Clear" }
  if (message.event === "media" && message.media !== undefined) return { _tag: "Media", payload: message.media.payload }
  return message.event === "mark" && message.mark !== undefined ? { _tag: "Mark", name: message.mark.name } : other
}
