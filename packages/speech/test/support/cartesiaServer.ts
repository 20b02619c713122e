/** Cartesia's side of `/stt/turns/websocket`, `/stt/websocket` (Ink) and `/tts/websocket` (Sonic). */
import * as AudioFormat from "../../src/AudioFormat.ts"
import type { Heard, Protocol } from "./recogniserServer.ts"
import type * as SocketServer from "./socketServer.ts"

const encodings = { pcm_s16le: "pcm_s16le", pcm_mulaw: "mulaw", pcm_alaw: "alaw" } as const

const format = ({ query }: SocketServer.Connection): AudioFormat.AudioFormat =>
  AudioFormat.make(
    encodings[query.get("encoding") as keyof typeof encodings],
    Number(query.get("sample_rate")) as AudioFormat.SampleRateHz
  )

/** Ink that ends turns. */
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

/** Ink that is told. Commands are bare words. */
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
