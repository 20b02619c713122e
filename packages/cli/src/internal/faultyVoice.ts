/** Makes the recogniser and the voice of a server's calls fail while the console says so. */
import type * as Studio from "@antiphon/console/Studio"
import type * as Speech from "@antiphon/speech/Speech"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TextToSpeech from "@antiphon/speech/TextToSpeech"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** How much longer a slow recogniser or voice takes. */
const slower = "3 seconds"

/** Applies faults to services of speech: to every reply that begins, and to all words that are recognised. */
export const apply = (
  services: Context.Context<Speech.Services>,
  faults: Effect.Effect<Studio.Faults>
): Context.Context<Speech.Services> => {
  const tts = Context.get(services, TextToSpeech.TextToSpeech)
  const stt = Context.get(services, SpeechToText.SpeechToText)
  return services.pipe(
    Context.add(TextToSpeech.TextToSpeech, {
      ...tts,
      open: (voice, format) =>
        Effect.map(tts.open(voice, format), (session) => ({
          ...session,
          context: Effect.map(session.context, (context) => ({ ...context, audio: spoken(context.audio, faults) }))
        }))
    }),
    Context.add(SpeechToText.SpeechToText, {
      ...stt,
      open: (format, options) =>
        Effect.map(stt.open(format, options), (session) => ({ ...session, events: heard(session.events, faults) }))
    })
  )
}

const spoken = <A, E>(audio: Stream.Stream<A, E>, faults: Effect.Effect<Studio.Faults>): Stream.Stream<A, E> =>
  Stream.unwrap(
    Effect.flatMap(faults, ({ voice }) => {
      if (voice === "silent") return Effect.succeed(Stream.never)
      return voice === "slow" ? Effect.delay(Effect.succeed(audio), slower) : Effect.succeed(audio)
    })
  )

const heard = <A, E>(events: Stream.Stream<A, E>, faults: Effect.Effect<Studio.Faults>): Stream.Stream<A, E> =>
  events.pipe(
    Stream.mapEffect(
      (event) =>
        Effect.flatMap(faults, ({ recogniser }) => {
          if (recogniser === "silent") return Effect.succeed([])
          return recogniser === "slow" ? Effect.delay(Effect.succeed([event]), slower) : Effect.succeed([event])
        }),
      // All are late by the same time, and stay in order.
      { concurrency: "unbounded" }
    ),
    Stream.flattenIterable
  )
