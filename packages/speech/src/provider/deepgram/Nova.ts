/**
 * Deepgram Nova: transcription with partials and word times, over `/v1/listen`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as WireMessage from "../../internal/wireMessage.ts"
import * as SpeechError from "../../SpeechError.ts"
import * as Service from "../../stt/internal/service.ts"
import * as SocketRecogniser from "../../stt/internal/socketRecogniser.ts"
import * as TurnOrder from "../../stt/internal/turnOrder.ts"
import type * as Credentials from "../internal/credentials.ts"
import { withQuery } from "../internal/query.ts"
import * as Deepgram from "./internal/deepgram.ts"
import * as VendorReason from "../../internal/vendorReason.ts"

/** The model, and how it listens. */
export interface Options extends Credentials.Options {
  /** Defaults to `nova-3`. */
  readonly model?: string | undefined
  readonly language?: string | undefined
  /**
   * Whether Deepgram's endpointing ends turns (`speech_final`, or `UtteranceEnd` if noise hides the silence). False by
   * default, because it considers the silence but not the words.
   */
  readonly turns?: boolean | undefined
  /** Milliseconds of silence after which words become final. Defaults to 300. */
  readonly endpointingMs?: number | undefined
  /** Additional query parameters for Deepgram, such as `{ numerals: true }`. */
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** Layer of the recogniser. Fails if the key is missing. */
export const layer = (options: Options = {}): Layer.Layer<Service.SpeechToText, SpeechError.SpeechError> =>
  Layer.effect(
    Service.SpeechToText,
    Effect.map(Deepgram.access(options), ({ address, headers }) => {
      const { endpointingMs = 300, model = "nova-3", turns = false } = options
      return SocketRecogniser.make(
        {
          provider: Deepgram.provider,
          model,
          capabilities: { turns, partials: true, wordTimes: true },
          headers,
          url: (wire, { keyterms, language = options.language }) =>
            withQuery(`${address}/v1/listen`, {
              model,
              encoding: Deepgram.encodings[wire.encoding],
              sample_rate: wire.sampleRateHz,
              channels: 1,
              interim_results: true,
              punctuate: true,
              smart_format: true,
              endpointing: endpointingMs,
              utterance_end_ms: 1000,
              vad_events: true,
              language,
              keyterm: keyterms,
              ...options.query
            }),
          wireFormat: (format) => format,
          saysReady: false,
          // Deepgram closes a connection after 10 seconds without audio or this message.
          keepAlive: { every: "4 seconds", message: `{"type":"KeepAlive"}` },
          listen: (at) => listen(at, turns)
        },
        options
      )
    })
  )

const Results = Schema.Struct({
  type: Schema.tag("Results"),
  is_final: Schema.optional(Schema.Boolean),
  speech_final: Schema.optional(Schema.Boolean),
  from_finalize: Schema.optional(Schema.Boolean),
  channel: Schema.Struct({
    alternatives: Schema.Array(
      Schema.Struct({
        transcript: Schema.String,
        words: Schema.optional(
          Schema.Array(
            Schema.Struct({
              word: Schema.String,
              punctuated_word: Schema.optional(Schema.String),
              start: Schema.Finite,
              end: Schema.Finite
            })
          )
        )
      })
    )
  })
})
const SpeechStarted = Schema.Struct({ type: Schema.tag("SpeechStarted"), timestamp: Schema.optional(Schema.Finite) })
const UtteranceEnd = Schema.Struct({ type: Schema.tag("UtteranceEnd") })
const Metadata = Schema.Struct({ type: Schema.tag("Metadata") })
const Failed = Schema.Struct({
  type: Schema.tag("Error"),
  code: Schema.optional(Schema.String),
  variant: Schema.optional(Schema.String),
  description: Schema.optional(Schema.String)
})
const read = WireMessage.reader(Schema.Union([Results, SpeechStarted, UtteranceEnd, Metadata, Failed]), "type", [
  "Results",
  "SpeechStarted",
  "UtteranceEnd",
  "Metadata",
  "Error"
])

const listen = (at: Parameters<SocketRecogniser.Dialect["listen"]>[0], turns: boolean): SocketRecogniser.Listener => {
  const inOrder = TurnOrder.make()
  let partial = ""
  let finals: ReadonlyArray<Service.Words> = []

  const plain = (words: Service.Words, isFinal: boolean): ReadonlyArray<Service.Event> => {
    const before = partial
    partial = isFinal ? "" : words.text
    if (isFinal && words.text !== "") return [{ _tag: "Final", ...words }]
    // Takes back words that have disappeared.
    return partial === before ? [] : [{ _tag: "Partial", ...(isFinal ? { text: "" } : words) }]
  }
  const inTurn = (words: Service.Words, isFinal: boolean, isOver: boolean): ReadonlyArray<Service.Event> => {
    const all = joined(words.text === "" ? finals : [...finals, words])
    if (isFinal && words.text !== "") finals = [...finals, words]
    return inOrder([{ _tag: "Partial", ...all }, ...(isOver ? endTurn() : [])])
  }
  const endTurn = (): ReadonlyArray<Service.Event> => {
    if (finals.length === 0) return []
    const all = joined(finals)
    finals = []
    return [{ _tag: "TurnEnded", ...all }]
  }

  return {
    audio: (bytes) => bytes,
    // Deepgram answers only if there was enough audio.
    flush: () => ({ messages: [`{"type":"Finalize"}`], isAnswered: false }),
    end: () => ({ messages: [`{"type":"CloseStream"}`], isAnswered: true }),
    receive: (data) => {
      if (typeof data !== "string") return {}
      const message = read(data)
      if (Result.isFailure(message)) return { failure: message.failure }
      switch (message.success?.type) {
        case "Results": {
          const { channel, is_final = false, speech_final = false } = message.success
          const alternative = channel.alternatives[0]
          const text = alternative?.transcript.trim() ?? ""
          const words = { text, ...Deepgram.span(Deepgram.timed(alternative?.words ?? [], at)) }
          return { events: turns ? inTurn(words, is_final, speech_final) : plain(words, is_final) }
        }
        case "SpeechStarted": {
          const { timestamp } = message.success
          const started: Service.Event = {
            _tag: "SpeechStarted",
            at: timestamp === undefined ? undefined : at(timestamp * 1000)
          }
          return { events: turns ? inOrder([started]) : [started] }
        }
        case "UtteranceEnd":
          return turns ? { events: inOrder(endTurn()) } : {}
        case "Metadata":
          return { isAnswer: true, isOver: true, events: turns ? inOrder(endTurn()) : [] }
        case "Error": {
          const { code, description, variant } = message.success
          const reason = { _tag: "Unavailable" as const, code: VendorReason.readableCode(code ?? variant) }
          return { failure: { reason, detail: description } }
        }
        case undefined:
          return {}
      }
    }
  }
}

const joined = (parts: ReadonlyArray<Service.Words>): Service.Words => {
  const text = parts.map((part) => part.text).join(" ")
  const words = parts.flatMap((part) => part.words ?? [])
  return { text, ...Deepgram.span(words.length === 0 ? undefined : words) }
}
