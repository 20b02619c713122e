/**
 * Transcribes whole utterances over `/v1/audio/transcriptions`: with OpenAI, or any server with the same API, such as
 * your own Whisper. A voice detector finds the utterances; there are no partials.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../AudioFormat.ts"
import * as AudioFrame from "../../AudioFrame.ts"
import * as AudioTime from "../../AudioTime.ts"
import * as SpeechError from "../../SpeechError.ts"
import * as AudioClock from "../../stt/internal/audioClock.ts"
import * as Service from "../../stt/internal/service.ts"
import * as Transcode from "../../Transcode.ts"
import * as Vad from "../../Vad.ts"
import * as VadEdges from "../../VadEdges.ts"
import * as VadWindows from "../../VadWindows.ts"
import * as Credentials from "../internal/credentials.ts"
import * as Request from "../internal/request.ts"
import * as OpenAi from "./internal/openAi.ts"
import * as Wav from "./internal/wav.ts"
import { wrongFormat } from "../../internal/wrongFormat.ts"

/** The server and the model. */
export interface Options extends Credentials.Options {
  /** Defaults to `whisper-1`. */
  readonly model?: string | undefined
  readonly language?: string | undefined
  /** Decides when speech starts and stops. */
  readonly edges?: VadEdges.Policy | undefined
  /** Longer utterances are transcribed in parts, in milliseconds. Defaults to 30000. */
  readonly maxUtteranceMs?: number | undefined
}

/**
 * Layer of the recogniser. The address is `baseUrl`, or else `STT_URL`, or else OpenAI's; only OpenAI's requires a key.
 * Fails if the key is missing.
 */
export const layer = (options: Options = {}): Layer.Layer<Service.SpeechToText, SpeechError.SpeechError, Vad.Vad> =>
  Layer.effect(
    Service.SpeechToText,
    Effect.gen(function* () {
      const vad = yield* Vad.Vad
      const own = yield* Credentials.firstSet(Credentials.ownServerVariables)
      const baseUrl = options.baseUrl ?? (own === undefined ? undefined : Redacted.value(own))
      const { address, headers } = yield* accessOf(options, baseUrl)
      const provider = baseUrl === undefined ? OpenAi.provider : "local"
      const model = options.model ?? "whisper-1"
      const transcribe = (wav: Uint8Array<ArrayBuffer>, { keyterms, language = options.language }: Service.Options) => {
        const body = new FormData()
        body.append("file", new Blob([wav], { type: "audio/wav" }), "speech.wav")
        body.append("model", model)
        body.append("response_format", "json")
        if (language !== undefined) body.append("language", language.split("-")[0]!)
        if (keyterms !== undefined) body.append("prompt", keyterms.join(", "))
        return Request.json({
          // A whole utterance takes a while, especially on a small machine.
          answerTimeout: "20 seconds",
          ...options,
          provider,
          url: `${address}/audio/transcriptions`,
          headers,
          body
        }).pipe(
          Effect.flatMap((answer) =>
            Effect.mapError(decode(answer), () =>
              SpeechError.make(provider, { _tag: "BadAnswer", what: "a transcription without text" })
            )
          ),
          Effect.map(({ text }) => text.trim())
        )
      }
      return Service.SpeechToText.of({
        name: `${provider}/${model}`,
        capabilities: { turns: false, partials: false, wordTimes: false },
        warmUp: Request.greet(provider, `${address}/models`, headers),
        open: (format, spoken = {}) =>
          Effect.flatMap(vad.make, (detector) =>
            session(format, VadWindows.make(detector, format), options, (wav) => transcribe(wav, spoken))
          )
      })
    })
  )

const accessOf = (options: Options, baseUrl: string | undefined) =>
  baseUrl === undefined
    ? OpenAi.access(options, "http")
    : Effect.map(Credentials.addressOf("local", baseUrl, "http", Credentials.ownServerVariables), (address) => ({
        address,
        headers:
          options.apiKey === undefined
            ? ({} as Readonly<Record<string, string>>)
            : { Authorization: `Bearer ${Redacted.value(options.apiKey)}` }
      }))

const decode = Schema.decodeUnknownEffect(Schema.Struct({ text: Schema.String }))

/** A complete utterance. */
interface Utterance {
  readonly wav: Uint8Array<ArrayBuffer>
  readonly from: AudioTime.AudioTime
  readonly to: AudioTime.AudioTime
}

/** How much silence stands for a gap, in milliseconds: enough for the detector to notice that speech has ended. */
const longestGapMs = 500

const session = Effect.fnUntraced(function* (
  format: AudioFormat.AudioFormat,
  windows: VadWindows.VadWindows,
  options: Options,
  transcribe: (wav: Uint8Array<ArrayBuffer>) => Effect.Effect<string, SpeechError.SpeechError>
) {
  const { edges = VadEdges.defaultPolicy, maxUtteranceMs = 30_000 } = options
  const events = yield* Effect.acquireRelease(
    Queue.unbounded<Service.Event, SpeechError.SpeechError | Cause.Done>(),
    (queue) => Queue.shutdown(queue)
  )
  const utterances = yield* Queue.unbounded<Utterance, Cause.Done>()
  let state = VadEdges.initial
  let frames: Array<AudioFrame.AudioFrame> = []
  let begin: AudioTime.AudioTime | undefined
  let isOver = false
  /** Frames count from the first sample, and the events from the beginning of the call. */
  const clock = AudioClock.make()
  let samples = 0
  let callEnd: number | undefined

  const cut = (to: AudioTime.AudioTime) => {
    const from = begin
    if (from === undefined) return
    const parts = frames.map((frame) => AudioFrame.slice(frame, from, to).bytes)
    const pcm = Transcode.all(Buffer.concat(parts), format, AudioFormat.pcm16000)
    begin = undefined
    if (Result.isSuccess(pcm) && pcm.success.length > 0) {
      Queue.offerUnsafe(utterances, {
        wav: Wav.make(pcm.success, AudioFormat.pcm16000),
        from: clock.at(from),
        to: clock.at(to)
      })
    }
  }
  const last = () => AudioFrame.end(frames.at(-1)!)
  // One at a time, to keep the words in order.
  yield* Stream.fromQueue(utterances).pipe(
    Stream.rechunk(1),
    Stream.runForEach(({ from, to, wav }) =>
      Effect.map(transcribe(wav), (text) => {
        if (text !== "") Queue.offerUnsafe(events, { _tag: "Final", text, from, to })
      })
    ),
    Effect.matchCause({
      onSuccess: () => void Queue.endUnsafe(events),
      onFailure: (cause) => void Queue.failCauseUnsafe(events, cause)
    }),
    Effect.forkScoped
  )
  const listen = (sent: AudioFrame.AudioFrame) => {
    clock.sent(sent)
    const frame = { ...sent, time: AudioTime.fromSamples(samples, format.sampleRateHz) }
    samples += AudioFrame.samples(sent)
    frames.push(frame)
    const found = windows.push(frame)
    if (Result.isFailure(found)) throw found.failure
    const [next, changes] = VadEdges.steps(state, found.success, edges)
    state = next
    for (const edge of changes) {
      if (edge._tag === "SpeechStarted") {
        begin = edge.soundFrom
        Queue.offerUnsafe(events, { _tag: "SpeechStarted", at: clock.at(edge.from) })
      } else cut(edge.at)
    }
    if (begin !== undefined && last() - begin >= maxUtteranceMs) {
      const end = last()
      cut(end)
      begin = end
    }
    // Keeps audio before an utterance for as long as the detector may reach back.
    const keep = begin ?? last() - edges.preRollMs - 200
    while (frames.length > 1 && AudioFrame.end(frames[0]!) < keep) frames.shift()
  }
  return {
    send: (frame) =>
      Effect.sync(() => {
        if (!AudioFormat.equals(frame.format, format)) throw wrongFormat(format, frame.format)
        if (isOver) return
        // A gap counts as silence, in which an utterance ends.
        const gapMs = callEnd === undefined ? 0 : Math.min(frame.time - callEnd, longestGapMs)
        if (gapMs >= 1) {
          const bytes = new Uint8Array(AudioFormat.bytesOf(format, gapMs)).fill(AudioFormat.silentByte(format))
          listen({ format, bytes, time: AudioTime.make(callEnd!) })
        }
        listen(frame)
        callEnd = AudioFrame.end(frame)
      }),
    flush: Effect.sync(() => {
      if (isOver || begin === undefined) return
      const end = last()
      cut(end)
      if (state.speaking) begin = end
    }),
    end: Effect.sync(() => {
      if (isOver) return
      isOver = true
      if (begin !== undefined) cut(last())
      Queue.endUnsafe(utterances)
    }),
    events: Stream.fromQueue(events)
  } satisfies Service.Session
})
