/**
 * Cartesia Ink: transcription that can detect the end of a turn itself.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as WireMessage from "../../internal/wireMessage.ts"
import type * as SpeechError from "../../SpeechError.ts"
import * as Service from "../../stt/internal/service.ts"
import * as SocketRecogniser from "../../stt/internal/socketRecogniser.ts"
import * as TurnOrder from "../../stt/internal/turnOrder.ts"
import type * as Credentials from "../internal/credentials.ts"
import { withQuery } from "../internal/query.ts"
import * as Cartesia from "./internal/cartesia.ts"

/** The model, and how it detects turns. */
export interface Options extends Credentials.Options {
  /** Defaults to `ink-2`. */
  readonly model?: string | undefined
  /** Used by models that support several languages, such as `ink-whisper`. */
  readonly language?: string | undefined
  /**
   * Whether Ink detects the end of a turn. By default it does if the model can: `ink-whisper` cannot. Otherwise words
   * arrive after `flush`.
   */
  readonly turns?: boolean | undefined
  /** Likelihood of speech above which a turn starts: 0.5 to 0.9. Cartesia's default is 0.8. */
  readonly startThreshold?: number | undefined
  /** Likelihood of more speech below which a turn is probably over: 0.3 to 0.6. Cartesia's default is 0.4. */
  readonly eagerEndThreshold?: number | undefined
  /** Likelihood of more speech below which a turn is over: 0.05 to 0.5. Cartesia's default is 0.2. */
  readonly endThreshold?: number | undefined
  /** Silence after which a turn is over in any case, in milliseconds: 640 to 11200. Cartesia's default is 5600. */
  readonly endTimeoutMs?: number | undefined
}

/** Layer of the recogniser. Fails if the key is missing. */
export const layer = (options: Options = {}): Layer.Layer<Service.SpeechToText, SpeechError.SpeechError> =>
  Layer.effect(
    Service.SpeechToText,
    Effect.map(Cartesia.access(options), ({ address, headers }) => {
      const model = options.model ?? "ink-2"
      const turns = options.turns ?? !model.startsWith("ink-whisper")
      return SocketRecogniser.make(
        {
          provider: Cartesia.provider,
          model,
          capabilities: { turns, partials: true, wordTimes: false },
          headers,
          url: (wire, { keyterms, language = options.language }) =>
            withQuery(`${address}/stt/${turns ? "turns/" : ""}websocket`, {
              model,
              encoding: Cartesia.encodings[wire.encoding],
              sample_rate: wire.sampleRateHz,
              cartesia_version: Cartesia.version,
              keyterm: keyterms,
              ...(turns
                ? {
                    turn_start_threshold: options.startThreshold,
                    turn_eager_end_threshold: options.eagerEndThreshold,
                    turn_end_threshold: options.endThreshold,
                    turn_end_timeout_ms: options.endTimeoutMs
                  }
                : { language })
            }),
          wireFormat: (format) => format,
          saysReady: turns,
          // Cartesia recommends 100 ms. Messages of 20 ms would be five times as many, and 100 ms is a noticeable
          // delay.
          chunkMs: 60,
          listen: turns ? listenForTurns : listenForWords
        },
        options
      )
    })
  )

const Turn = Schema.Struct({
  type: Schema.Literals(["turn.start", "turn.update", "turn.eager_end", "turn.resume", "turn.end"]),
  transcript: Schema.optional(Schema.String)
})
const Connected = Schema.Struct({ type: Schema.tag("connected") })
const readTurns = WireMessage.reader(Schema.Union([Turn, Connected, Cartesia.Failed]), "type", [
  ...Turn.fields.type.literals,
  "connected",
  "error"
])

const listenForTurns = (): SocketRecogniser.Listener => {
  const inOrder = TurnOrder.make()
  return {
    audio: (bytes) => bytes,
    // Only Ink can end a turn.
    flush: () => ({ messages: [], isAnswered: false }),
    end: () => ({ messages: [`{"type":"close"}`], isAnswered: false }),
    receive: (data) => {
      if (typeof data !== "string") return {}
      const message = readTurns(data)
      if (Result.isFailure(message)) return { failure: message.failure }
      if (message.success === undefined) return {}
      if (message.success.type === "connected") return { isReady: true }
      if (message.success.type === "error") return { failure: Cartesia.failureOf(message.success) }
      return { events: inOrder([turnEvent(message.success)]) }
    }
  }
}

const turnEvent = ({ transcript, type }: typeof Turn.Type): Service.Event => {
  const text = transcript?.trim() ?? ""
  switch (type) {
    case "turn.start":
      return { _tag: "SpeechStarted" }
    case "turn.update":
      return { _tag: "Partial", text }
    case "turn.eager_end":
      return { _tag: "EagerEnd", text }
    case "turn.resume":
      return { _tag: "Resumed" }
    case "turn.end":
      return { _tag: "TurnEnded", text }
  }
}

const Transcript = Schema.Struct({
  type: Schema.tag("transcript"),
  text: Schema.String,
  is_final: Schema.Boolean
})
const Answer = Schema.Struct({ type: Schema.Literals(["flush_done", "done"]) })
const readWords = WireMessage.reader(Schema.Union([Transcript, Answer, Cartesia.Failed]), "type", [
  "transcript",
  "flush_done",
  "done",
  "error"
])

/** Final messages are pieces of one text and may end within a word, so the last word waits until it is complete. */
const listenForWords = (): SocketRecogniser.Listener => {
  let held = ""
  let partial = ""
  const final = (text: string): ReadonlyArray<Service.Event> =>
    text.trim() === "" ? [] : [{ _tag: "Final", text: text.trim() }]
  return {
    audio: (bytes) => bytes,
    flush: () => ({ messages: ["finalize"], isAnswered: true }),
    end: () => ({ messages: ["close"], isAnswered: true }),
    receive: (data) => {
      if (typeof data !== "string") return {}
      const message = readWords(data)
      if (Result.isFailure(message)) return { failure: message.failure }
      switch (message.success?.type) {
        case "transcript": {
          const { is_final, text } = message.success
          if (!is_final) {
            const before = partial
            partial = (held + text).trim()
            return partial === before ? {} : { events: [{ _tag: "Partial", text: partial }] }
          }
          held += text
          partial = ""
          const end = held.search(/\S*$/)
          const complete = held.slice(0, end)
          held = held.slice(end)
          return { events: final(complete) }
        }
        case "flush_done":
        case "done": {
          const rest = held
          held = ""
          return { events: final(rest), isAnswer: true, isOver: message.success.type === "done" }
        }
        case "error":
          return { failure: Cartesia.failureOf(message.success) }
        case undefined:
          return {}
      }
    }
  }
}
