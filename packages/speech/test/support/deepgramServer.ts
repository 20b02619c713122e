/** Deepgram's side of `/v1/listen` (Nova), `/v2/listen` (Flux) and `/v1/speak` (Aura). */
import * as AudioFormat from "../../src/AudioFormat.ts"
import type * as SpeechToText from "../../src/SpeechToText.ts"
import type { Heard, Protocol } from "./recogniserServer.ts"
import type * as SocketServer from "./socketServer.ts"
import type * as VoiceServer from "./voiceServer.ts"

const encodings = { linear16: "pcm_s16le", mulaw: "mulaw", alaw: "alaw" } as const

const format = ({ query }: SocketServer.Connection): AudioFormat.AudioFormat =>
  AudioFormat.make(
    encodings[query.get("encoding") as keyof typeof encodings],
    Number(query.get("sample_rate")) as AudioFormat.SampleRateHz
  )

const control = (message: SocketServer.Message): string | undefined =>
  typeof message === "string" ? (JSON.parse(message) as { type: string }).type : undefined

/** Words of an event: one second each from the start of the audio, unless it has times. */
const wordsOf = (event: SpeechToText.Words) =>
  event.words?.map(({ end, start, text }) => ({
    word: text.toLowerCase().replace(/\W/g, ""),
    punctuated_word: text,
    start: start / 1000,
    end: end / 1000,
    confidence: 0.98
  })) ?? []

const results = (event: SpeechToText.Words, isFinal: boolean) => ({
  type: "Results",
  channel_index: [0, 1],
  duration: 1,
  start: 0,
  is_final: isFinal,
  speech_final: isFinal,
  from_finalize: false,
  channel: { alternatives: [{ transcript: event.text, confidence: 0.99, words: wordsOf(event) }] },
  metadata: { request_id: "r", model_uuid: "m" }
})

/** Nova. */
export const nova = (): Protocol => ({
  hello: [],
  format,
  hear: (message): Heard => {
    if (typeof message !== "string") return { _tag: "Audio", bytes: message }
    const type = control(message)
    return { _tag: type === "Finalize" ? "Flush" : type === "CloseStream" ? "End" : "Other" }
  },
  answer: (asked, connection) => {
    if (asked !== "end") return
    connection.send({ type: "Metadata", request_id: "r", sha256: "s", created: "c", duration: 1, channels: 1 })
    connection.close(1000)
  },
  say: (event) => {
    switch (event._tag) {
      case "SpeechStarted":
        return [{ type: "SpeechStarted", channel: [0, 1], timestamp: (event.at ?? 0) / 1000 }]
      case "Partial":
        return [results(event, false)]
      case "Final":
        return [results(event, true)]
      case "TurnEnded":
        return [results({ text: "" }, true), { type: "UtteranceEnd", channel: [0, 1], last_word_end: 1 }]
      default:
        return []
    }
  }
})

/** Flux. */
export const flux = (): Protocol => {
  let turn = 0
  let sequence = 0
  let transcript = ""
  const info = (event: string, words: SpeechToText.Words | undefined) => {
    transcript = words?.text ?? transcript
    return {
      type: "TurnInfo",
      request_id: "r",
      sequence_id: ++sequence,
      event,
      turn_index: turn,
      audio_window_start: 0,
      audio_window_end: 1,
      transcript,
      words: transcript.split(" ").map((word) => ({ word, confidence: 0.9 })),
      end_of_turn_confidence: 0.5,
      ...(event === "EndOfTurn" ? { trigger: "model" } : {})
    }
  }
  return {
    hello: [{ type: "Connected", request_id: "r", sequence_id: 0 }],
    format,
    hear: (message): Heard => {
      if (typeof message !== "string") return { _tag: "Audio", bytes: message }
      const type = control(message)
      return { _tag: type === "ForceEndTurn" ? "Flush" : type === "CloseStream" ? "End" : "Other" }
    },
    answer: (asked, connection) => {
      if (asked === "end") connection.close(1000)
    },
    say: (event) => {
      switch (event._tag) {
        case "SpeechStarted":
          transcript = ""
          return [info("StartOfTurn", { text: "" })]
        case "Partial":
        case "Final":
          return [info("Update", event)]
        case "EagerEnd":
          return [info("EagerEndOfTurn", event)]
        case "Resumed":
          return [info("TurnResumed", undefined)]
        case "TurnEnded": {
          const ended = info("EndOfTurn", event)
          turn++
          return [ended]
        }
      }
    }
  }
}

/** Aura. */
export const aura: VoiceServer.Protocol = {
  ask: (message) => {
    if (typeof message !== "string") return [{ _tag: "Other" }]
    const asked = JSON.parse(message) as { type: string; text?: string }
    switch (asked.type) {
      case "Speak":
        return [{ _tag: "Text", id: "", text: asked.text ?? "" }]
      case "Flush":
        return [{ _tag: "Flush", id: "" }]
      case "Clear":
        return [{ _tag: "Cancel", id: "" }]
      default:
        return [{ _tag: "Other" }]
    }
  },
  format,
  speak: (_, { bytes }) => [bytes],
  flushed: () => [{ type: "Flushed", sequence_id: 0 }],
  done: () => [],
  failed: () => ({ type: "Error", code: "NET-0001", description: "private words" })
}
