/** OpenAI's side of `/v1/realtime` for transcription. */
import * as AudioFormat from "../../src/AudioFormat.ts"
import type { Heard, Protocol } from "./recogniserServer.ts"

/** A realtime session that only listens. */
export const realtimeTranscription = (): Protocol => {
  let format: AudioFormat.AudioFormat = AudioFormat.pcm24000
  let item = 0
  let spoken = ""
  const event = (type: string, rest: object) => ({ type, event_id: `event_${type}`, ...rest })
  const open = (): string => `item_${item}`
  return {
    hello: [event("session.created", { session: { type: "transcription" } })],
    format: () => format,
    hear: (message): Heard => {
      if (typeof message !== "string") return { _tag: "Other" }
      const received = JSON.parse(message) as {
        type: string
        audio?: string
        session?: { audio: { input: { format: { type: string } } } }
      }
      switch (received.type) {
        case "session.update": {
          const type = received.session!.audio.input.format.type
          if (type === "audio/pcmu") format = AudioFormat.mulaw8000
          if (type === "audio/pcma") format = AudioFormat.alaw8000
          return { _tag: "Other", reply: event("session.updated", { session: received.session }) }
        }
        case "input_audio_buffer.append":
          return { _tag: "Audio", bytes: Buffer.from(received.audio ?? "", "base64") }
        case "input_audio_buffer.commit":
          return { _tag: "Flush" }
        default:
          return { _tag: "Other" }
      }
    },
    answer: (_, connection) => {
      if (spoken === "") {
        const error = { type: "invalid_request_error", code: "input_audio_buffer_commit_empty", message: "empty" }
        connection.send(event("error", { error }))
      }
    },
    say: (said) => {
      if (said._tag === "SpeechStarted") {
        return [event("input_audio_buffer.speech_started", { audio_start_ms: said.at ?? 0, item_id: open() })]
      }
      if (said._tag === "Partial") {
        const delta = said.text.slice(spoken.length)
        spoken = said.text
        return [
          event("conversation.item.input_audio_transcription.delta", { item_id: open(), content_index: 0, delta })
        ]
      }
      if (said._tag !== "Final") return []
      const id = open()
      item++
      spoken = ""
      return [
        event("input_audio_buffer.committed", { item_id: id, previous_item_id: item > 1 ? `item_${item - 2}` : null }),
        event("conversation.item.input_audio_transcription.completed", {
          item_id: id,
          content_index: 0,
          transcript: said.text
        })
      ]
    }
  }
}
