/** Cartesia's side of `/stt/turns/websocket`, `/stt/websocket` (Ink) and `/tts/websocket` (Sonic). */
import * as AudioFormat from "../../src/AudioFormat.ts"
import type { Heard, Protocol } from "./recogniserServer.ts"
import type * as SocketServer from "./socketServer.ts"
import type * as VoiceServer from "./voiceServer.ts"

const encodings = { pcm_s16le: "pcm_s16le", pcm_mulaw: "mulaw", pcm_alaw: "alaw" } as const

const format = ({ query }: SocketServer.Connection): AudioFormat.AudioFormat =>
  AudioFormat.make(
    encodings[query.get("encoding") as keyof typeof encodings],
    Number(query.get("sample_rate")) as AudioFormat.SampleRateHz
  )

/** Ink, detecting turns itself. */
export const inkTurns = (): Protocol => {
  const message = (type: string, transcript?: string) => ({ type, request_id: "r", transcript })
  return {
    hello: [message("connected")],
    format,
    hear: (received): Heard => {
      if (typeof received !== "string") return { _tag: "Audio", bytes: received }
      return { _tag: (JSON.parse(received) as { type: string }).type === "close" ? "End" : "Other" }
    },
    answer: (asked, connection) => {
      if (asked === "end") connection.close(1000)
    },
    say: (event) => {
      switch (event._tag) {
        case "SpeechStarted":
          return [message("turn.start")]
        case "Partial":
        case "Final":
          return [message("turn.update", event.text)]
        case "EagerEnd":
          return [message("turn.eager_end", event.text)]
        case "Resumed":
          return [message("turn.resume")]
        case "TurnEnded":
          return [message("turn.end", event.text)]
      }
    }
  }
}

/** Ink, told when turns end. Commands are bare words. */
export const inkManual = (): Protocol => ({
  hello: [],
  format,
  hear: (received): Heard => {
    if (typeof received !== "string") return { _tag: "Audio", bytes: received }
    return { _tag: received === "finalize" ? "Flush" : received === "close" ? "End" : "Other" }
  },
  answer: (asked, connection) => {
    connection.send({ type: asked === "flush" ? "flush_done" : "done", request_id: "r" })
    if (asked === "end") connection.close(1000)
  },
  say: (event) => {
    const transcript = (text: string, isFinal: boolean) => ({
      type: "transcript",
      request_id: "r",
      text,
      is_final: isFinal,
      duration: 1,
      language: "en"
    })
    if (event._tag === "Partial") return [transcript(event.text, false)]
    // A delta that does not end at a word, as the real one.
    if (event._tag === "Final") {
      const cut = Math.ceil(event.text.length / 2)
      return [transcript(event.text.slice(0, cut), true), transcript(`${event.text.slice(cut)} `, true)]
    }
    return []
  }
})

/** Sonic. */
export const sonic: VoiceServer.Protocol = {
  ask: (message) => {
    if (typeof message !== "string") return [{ _tag: "Other" }]
    const asked = JSON.parse(message) as {
      context_id: string
      transcript?: string
      continue?: boolean
      flush?: boolean
      cancel?: boolean
    }
    const id = asked.context_id
    if (asked.cancel === true) return [{ _tag: "Cancel", id }]
    const text = { _tag: "Text", id, text: asked.transcript ?? "" } as const
    return [
      ...(text.text === "" ? [] : [text]),
      ...(asked.flush === true ? [{ _tag: "Flush", id } as const] : []),
      ...(asked.continue === true ? [] : [{ _tag: "End", id } as const])
    ]
  },
  format: (_, message) => {
    const { output_format } = JSON.parse(message as string) as {
      output_format?: { encoding: keyof typeof encodings; sample_rate: AudioFormat.SampleRateHz }
    }
    return output_format === undefined
      ? AudioFormat.pcm16000
      : AudioFormat.make(encodings[output_format.encoding], output_format.sample_rate)
  },
  speak: (id, { bytes, endMs, startMs, text }) => [
    {
      type: "chunk",
      data: Buffer.from(bytes).toString("base64"),
      done: false,
      status_code: 206,
      step_time: 1,
      context_id: id
    },
    {
      type: "timestamps",
      context_id: id,
      status_code: 206,
      done: false,
      word_timestamps: { words: [text], start: [startMs / 1000], end: [endMs / 1000] }
    }
  ],
  flushed: (id) => [
    { type: "flush_done", flush_done: true, flush_id: 1, context_id: id, done: false, status_code: 206 }
  ],
  done: (id) => [{ type: "done", context_id: id, done: true, status_code: 200 }],
  failed: (id, status) => ({
    type: "error",
    title: "private words",
    message: "private words",
    error_code: "internal",
    status_code: status,
    context_id: id,
    done: true
  })
}
