/** A call over a test line on virtual time: scripted speech and words, with tones for a voice. */
import type * as Event from "@antiphon/core/Event"
import * as Agent from "@antiphon/core/Agent"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as AudioFormat from "../../src/AudioFormat.ts"
import * as Tones from "../../src/provider/tones/Tones.ts"
import * as Speech from "../../src/Speech.ts"
import * as SpeechToText from "../../src/SpeechToText.ts"
import * as TestLine from "../../src/testing/TestLine.ts"
import type * as TextToSpeech from "../../src/TextToSpeech.ts"
import * as TestVoice from "../../src/testing/TestVoice.ts"
import type { Transport } from "../../src/Transport.ts"
import * as TurnDetector from "../../src/TurnDetector.ts"
import * as Vad from "../../src/Vad.ts"

export interface Script extends Omit<TestLine.Options, "length"> {
  readonly length: number
  readonly speech?: ReadonlyArray<Vad.Stretch>
  readonly words?: ReadonlyArray<SpeechToText.ScriptedStep>
  readonly voice?: TestVoice.Options
  /** Called when the recogniser is asked for the words so far. */
  readonly flushed?: () => void
  /** Another voice detector. */
  readonly vad?: Layer.Layer<Vad.Vad>
  /** Another voice. */
  readonly tts?: Layer.Layer<TextToSpeech.TextToSpeech>
  readonly options?: Speech.Options
  readonly stt?: SpeechToText.ScriptedOptions
  /** The offset of the server's wall clock, in milliseconds. */
  readonly jumps?: { readonly at: number; readonly by: number }
  /** The process of the server gets no processor between two times: what the line has sent meanwhile is read at once afterwards. */
  readonly starved?: { readonly from: number; readonly to: number }
}

export const final = (at: number, text: string): SpeechToText.ScriptedStep => ({ at, event: { _tag: "Final", text } })
export const partial = (at: number, text: string): SpeechToText.ScriptedStep => ({
  at,
  event: { _tag: "Partial", text }
})

/** The recogniser of a script. */
const listening = (script: Script) =>
  Layer.effect(
    SpeechToText.SpeechToText,
    Effect.gen(function* () {
      const stt = yield* Effect.provide(
        SpeechToText.SpeechToText,
        SpeechToText.scripted(script.words ?? [], script.stt)
      )
      const open: (typeof stt)["open"] = (...of) =>
        Effect.map(stt.open(...of), (session) => ({
          ...session,
          flush: Effect.andThen(
            Effect.sync(() => script.flushed?.()),
            session.flush
          )
        }))
      return { ...stt, open }
    })
  )

/** Plays a call, and returns the line, the events seen by the agent's filters, with their times, and how it ended. */
export const play = <R = never>(agent: Agent.Source<unknown, never, R>, script: Script) =>
  VirtualTime.run(
    Effect.scoped(
      Effect.gen(function* () {
        const events: Array<readonly [at: number, event: Event.Input]> = []
        const line = yield* TestLine.make(script)
        const factory = Agent.from(agent as Agent.AgentSpec)
        const clock = yield* Clock.Clock
        // The filter is asked about every event, at once and in order.
        const watched = (request: Parameters<typeof factory>[0]) =>
          Effect.map(factory(request), (spec) => ({
            ...spec,
            run: (event: Event.Input) => {
              events.push([clock.currentTimeMillisUnsafe(), event])
              return spec.run(event)
            }
          }))
        const { jumps = { at: 0, by: 0 } } = script
        const wall = () =>
          clock.currentTimeMillisUnsafe() + (clock.currentTimeMillisUnsafe() >= jumps.at ? jumps.by : 0)
        const begun = clock.currentTimeMillisUnsafe()
        const { starved = { from: 0, to: 0 } } = script
        const starves = Effect.suspend(() => {
          const at = clock.currentTimeMillisUnsafe() - begun
          return at >= starved.from && at < starved.to ? clock.sleep(Duration.millis(starved.to - at)) : Effect.void
        })
        const transport: Transport = {
          ...line.transport,
          incoming: line.transport.incoming.pipe(
            Stream.buffer({ capacity: "unbounded" }),
            Stream.mapArrayEffect((arrived) => Effect.as(starves, arrived))
          )
        }
        const set: Clock.Clock = {
          ...clock,
          // What the process has read by then comes first, as in an event loop.
          sleep: (duration) => Effect.andThen(clock.sleep(duration), Effect.andThen(starves, Effect.yieldNow)),
          currentTimeMillisUnsafe: wall,
          currentTimeMillis: Effect.sync(wall),
          currentTimeNanosUnsafe: () => BigInt(wall()) * 1_000_000n,
          currentTimeNanos: Effect.sync(() => BigInt(wall()) * 1_000_000n)
        }
        const ending = yield* Effect.exit(
          Effect.provideService(Speech.run(watched, transport, script.options), Clock.Clock, set)
        )
        return { line, events, ending }
      })
    ).pipe(
      Effect.provide(
        Layer.mergeAll(
          script.vad ?? Vad.scripted(script.speech ?? []),
          listening(script),
          script.tts ?? TestVoice.layer(script.voice),
          TurnDetector.TurnDetector.text()
        )
      )
    )
  )

export const tags = (events: ReadonlyArray<readonly [number, Event.Input]>): ReadonlyArray<string> =>
  events.map(([, event]) => event._tag)

/** What was heard according to the reports to the agent: texts that grow count once. */
export const heardText = (events: ReadonlyArray<readonly [number, Event.Input]>): ReadonlyArray<string> => {
  const texts: Array<string> = []
  let isGrowing = false
  for (const [, event] of events) {
    if (event._tag === "AgentTextSent") {
      const last = texts.at(-1)
      if (isGrowing && last !== undefined && event.content.startsWith(last)) texts[texts.length - 1] = event.content
      else texts.push(event.content)
    }
    isGrowing = event._tag === "AgentTextSent"
  }
  return texts
}

/** The times of the events of one kind. */
export const timesOf = (
  events: ReadonlyArray<readonly [number, Event.Input]>,
  tag: Event.Input["_tag"]
): ReadonlyArray<number> => events.flatMap(([at, event]) => (event._tag === tag ? [at] : []))

/** The words of a text whose tones the line has played to their end, by its own samples: 250 ms a word, the tone 200. */
export const wordsPlayed = (line: TestLine.TestLine, text: string, format = line.transport.format): string => {
  const tones = Tones.parts(text, { format })
  const heard = line.recording()
  const perMs = AudioFormat.bytesPerMs(format)
  let at = 0
  const words: Array<string> = []
  for (const { audio, words: spoken } of tones) {
    const tone = audio.bytes.subarray(0, 200 * perMs)
    if (heard.length < at + tone.length) break
    for (let byte = 0; byte < tone.length; byte++) {
      if (heard[at + byte] !== tone[byte]) throw new Error(`sample ${at + byte} of ${spoken[0]!.text} is another one`)
    }
    words.push(spoken[0]!.text)
    at += audio.bytes.length
  }
  return words.join(" ")
}
