/**
 * Deepgram Flux: transcription that detects the end of a turn, over `/v2/listen`.
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

/** The model, and how it detects turns. */
export interface Options extends Credentials.Options {
  /** Defaults to `flux-general-en`. */
  readonly model?: string | undefined
  /** Confidence at which a turn is over: 0.5 to 1. Deepgram's default is 0.7. */
  readonly endThreshold?: number | undefined
  /**
   * Confidence at which a turn is probably over: 0.3 to 0.9, at most `endThreshold`. Without it there is no `EagerEnd`.
   */
  readonly eagerEndThreshold?: number | undefined
  /** Silence after which a turn is over in any case, in milliseconds. Deepgram's default is 5000. */
  readonly endTimeoutMs?: number | undefined
  /** Additional query parameters for Deepgram. */
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** Layer of the recogniser. Fails if the key is missing. */
export const layer = (options: Options = {}): Layer.Layer<Service.SpeechToText, SpeechError.SpeechError> =>
  Layer.effect(
    Service.SpeechToText,
    Effect.map(Deepgram.access(options), ({ address, headers }) => {
      const model = options.model ?? "flux-general-en"
      return SocketRecogniser.make(
        {
          provider: Deepgram.provider,
          model,
          capabilities: { turns: true, partials: true, wordTimes: false },
          headers,
          url: (wire, { keyterms, language }) =>
            withQuery(`${address}/v2/listen`, {
              model,
              encoding: Deepgram.encodings[wire.encoding],
              sample_rate: wire.sampleRateHz,
              eot_threshold: options.endThreshold,
              eager_eot_threshold: options.eagerEndThreshold,
              eot_timeout_ms: options.endTimeoutMs,
              language_hint: model.endsWith("-multi") ? language : undefined,
              keyterm: keyterms,
              ...options.query
            }),
          wireFormat: (format) => format,
          saysReady: true,
          // The chunk size recommended by Deepgram.
          chunkMs: 80,
          listen
        },
        options
      )
    })
  )

const TurnInfo = Schema.Struct({
  type: Schema.tag("TurnInfo"),
  event: Schema.String,
  turn_index: Schema.Int,
  transcript: Schema.String,
  audio_window_start: Schema.optional(Schema.Finite),
  words: Schema.optional(
    Schema.Array(
      Schema.Struct({
        word: Schema.String,
        start: Schema.optional(Schema.Finite),
        end: Schema.optional(Schema.Finite)
      })
    )
  )
})
const Connected = Schema.Struct({ type: Schema.tag("Connected") })
const Failed = Schema.Struct({
  type: Schema.tag("Error"),
  code: Schema.optional(Schema.String),
  description: Schema.optional(Schema.String)
})
const read = WireMessage.reader(Schema.Union([TurnInfo, Connected, Failed]), "type", ["TurnInfo", "Connected", "Error"])

const listen = (at: Parameters<SocketRecogniser.Dialect["listen"]>[0]): SocketRecogniser.Listener => {
  const inOrder = TurnOrder.make()
  let ended = -1

  const eventsOf = (info: typeof TurnInfo.Type): ReadonlyArray<Service.Event> => {
    // A finished turn stays finished, whatever arrives late.
    if (info.turn_index <= ended) return []
    const words: Service.Words = {
      text: info.transcript.trim(),
      ...Deepgram.span(Deepgram.timed(info.words ?? [], at))
    }
    switch (info.event) {
      case "StartOfTurn": {
        const start = info.audio_window_start
        return [
          { _tag: "SpeechStarted", at: words.from ?? (start === undefined ? undefined : at(start * 1000)) },
          { _tag: "Partial", ...words }
        ]
      }
      case "Update":
        return [{ _tag: "Partial", ...words }]
      case "EagerEndOfTurn":
        return [{ _tag: "EagerEnd", ...words }]
      case "TurnResumed":
        return [{ _tag: "Resumed" }]
      case "EndOfTurn":
        ended = info.turn_index
        return [{ _tag: "TurnEnded", ...words }]
      default:
        return []
    }
  }

  return {
    audio: (bytes) => bytes,
    flush: () => ({ messages: [`{"type":"ForceEndTurn"}`], isAnswered: false }),
    end: () => ({ messages: [`{"type":"CloseStream"}`], isAnswered: false }),
    receive: (data) => {
      if (typeof data !== "string") return {}
      const message = read(data)
      if (Result.isFailure(message)) return { failure: message.failure }
      switch (message.success?.type) {
        case "TurnInfo":
          return { events: inOrder(eventsOf(message.success)) }
        case "Connected":
          return { isReady: true }
        case "Error": {
          const { code, description } = message.success
          return {
            failure: { reason: { _tag: "Unavailable", code: VendorReason.readableCode(code) }, detail: description }
          }
        }
        case undefined:
          return {}
      }
    }
  }
}
