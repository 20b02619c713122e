/** ElevenLabs' side of realtime speech to text (Scribe) and of `multi-stream-input`. */
import * as AudioFormat from "../../src/AudioFormat.ts"
import type { Heard, Protocol } from "./recogniserServer.ts"
import type * as VoiceServer from "./voiceServer.ts"

/** Scribe. */
export const scribe = (): Protocol => {
  let isTimed = false
  return {
    hello: [{ message_type: "session_started", session_id: "s", config: { sample_rate: 16000 } }],
    format: ({ query }) => {
      isTimed = query.get("include_timestamps") === "true"
      const name = query.get("audio_format") ?? ""
      return name === "ulaw_8000"
        ? AudioFormat.mulaw8000
        : AudioFormat.make("pcm_s16le", Number(name.slice("pcm_".length)) as AudioFormat.SampleRateHz)
    },
    hear: (message): Heard => {
      if (typeof message !== "string") return { _tag: "Other" }
      const chunk = JSON.parse(message) as { message_type: string; audio_base_64: string; commit: boolean }
      if (chunk.message_type !== "input_audio_chunk") return { _tag: "Other" }
      return chunk.commit ? { _tag: "Flush" } : { _tag: "Audio", bytes: Buffer.from(chunk.audio_base_64, "base64") }
    },
    answer: (_, connection) => {
      connection.send({ message_type: "commit_throttled", error: "too little audio since the last commit" })
    },
    say: (event) => {
      if (event._tag === "Partial") return [{ message_type: "partial_transcript", text: event.text }]
      if (event._tag !== "Final") return []
      const committed = { message_type: "committed_transcript", text: event.text }
      if (!isTimed) return [committed]
      const words = event.words?.flatMap(({ end, start, text }, i) => [
        ...(i === 0 ? [] : [{ text: " ", start: start / 1000, end: start / 1000, type: "spacing" }]),
        { text, start: start / 1000, end: end / 1000, type: "word", speaker_id: null }
      ])
      return [committed, { ...committed, message_type: "committed_transcript_with_timestamps", words }]
    }
  }
}

/** Voices with many contexts. Times of characters count from the chunk they come with. */
export const multiContext: VoiceServer.Protocol = {
  ask: (message) => {
    if (typeof message !== "string") return [{ _tag: "Other" }]
    const asked = JSON.parse(message) as {
      context_id: string
      text?: string
      flush?: boolean
      close_context?: boolean
    }
    const id = asked.context_id
    // A context that is closed after a flush first finishes.
    if (asked.close_context === true) return [{ _tag: flushed.has(id) ? "End" : "Cancel", id }]
    if (asked.flush === true) flushed.add(id)
    else flushed.delete(id)
    const text = asked.text ?? ""
    return [
      ...(text.trim() === "" ? [] : [{ _tag: "Text", id, text } as const]),
      ...(asked.flush === true ? [{ _tag: "Flush", id } as const] : [])
    ]
  },
  format: ({ query }) => {
    const name = query.get("output_format") ?? ""
    return name === "ulaw_8000"
      ? AudioFormat.mulaw8000
      : AudioFormat.make("pcm_s16le", Number(name.slice("pcm_".length)) as AudioFormat.SampleRateHz)
  },
  speak: (id, { bytes, text }) => {
    const chars = [...text, " "]
    const each = 100 / text.length
    const alignment = {
      chars,
      charStartTimesMs: chars.map((_, i) => Math.min(100, i * each)),
      charDurationsMs: chars.map((_, i) => (i < text.length ? each : 0))
    }
    const audio = Buffer.from(bytes).toString("base64")
    return [{ audio, alignment, normalizedAlignment: alignment, contextId: id }]
  },
  flushed: () => [],
  done: (id) => [{ isFinal: true, contextId: id }],
  failed: (id) => ({ message: "private words", error: "internal_error", code: 1011, contextId: id })
}

const flushed = new Set<string>()
