/** Twilio's end of a Media Stream. */
import type { Dialect, Order } from "./stream.ts"

export const make = (options: {
  readonly streamSid: string
  readonly callSid: string
  readonly accountSid: string
  readonly parameters: Readonly<Record<string, string>>
  readonly mediaFormat: { readonly encoding: string; readonly sampleRate: number } | undefined
}): Dialect => {
  const { accountSid, callSid, mediaFormat = { encoding: "audio/x-mulaw", sampleRate: 8000 }, streamSid } = options
  let sequence = 0
  const numbered = <A extends object>(message: A) => ({ ...message, sequenceNumber: String(++sequence), streamSid })
  return {
    opening: [{ event: "connected", protocol: "Call", version: "1.0.0" }],
    start: numbered({
      event: "start",
      start: {
        accountSid,
        streamSid,
        callSid,
        tracks: ["inbound"],
        mediaFormat: { ...mediaFormat, channels: 1 },
        customParameters: options.parameters
      }
    }),
    media: (payload, chunk, timestamp) =>
      numbered({
        event: "media",
        media: { track: "inbound", chunk: String(chunk), timestamp: String(timestamp), payload }
      }),
    mark: (name) => numbered({ event: "mark", mark: { name } }),
    dtmf: (digit) => numbered({ event: "dtmf", dtmf: { track: "inbound_track", digit } }),
    stop: { event: "stop", streamSid, stop: { accountSid, callSid } },
    read: (frame) => read(frame, streamSid)
  }
}

const other: Order = { _tag: "Other" }

const read = (frame: string, streamSid: string): Order => {
  const message = parsed(frame)
  if (message.streamSid !== streamSid) return other
  if (message.event === "clear") return { _tag: "Clear" }
  if (message.event === "media" && message.media !== undefined) return { _tag: "Media", payload: message.media.payload }
  return message.event === "mark" && message.mark !== undefined ? { _tag: "Mark", name: message.mark.name } : other
}

interface Message {
  readonly event?: string
  readonly streamSid?: string
  readonly media?: { readonly payload: string }
  readonly mark?: { readonly name: string }
}

const parsed = (frame: string): Message => {
  try {
    return JSON.parse(frame) as Message
  } catch {
    return {}
  }
}
