import { DefaultModel } from "@antiphon/llm"
import { VoiceAgentApp } from "@antiphon/server"
import { Speech, SpeechToText, TextToSpeech, TurnDetector, Vad } from "@antiphon/speech"
import { Twilio } from "@antiphon/telephony"
import { NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer } from "effect"
import agent from "./agent.ts"

/**
 * What hears and speaks: `ANTIPHON_STT` and `ANTIPHON_TTS`, such as deepgram/nova-3 and
 * deepgram/aura-2-thalia-en.
 */
const Voice = Layer.unwrap(
  Effect.gen(function* () {
    const ears = yield* Effect.mapError(
      Config.String("ANTIPHON_STT"),
      () =>
        new Error("ANTIPHON_STT is not set, so nothing hears the caller. Copy .env.example to .env, and fill it in.")
    )
    const voice = yield* Config.withDefault(Config.String("ANTIPHON_TTS"), "flite/slt")
    return Layer.mergeAll(
      Vad.silero,
      TurnDetector.TurnDetector.adaptive(),
      SpeechToText.fromString(ears),
      TextToSpeech.fromString(voice)
    )
  })
)

/** The model that the environment has a key for. Choose one with `Models.fromString`, and a second one with `ModelPlan`. */
const Model = Layer.unwrap(Effect.map(DefaultModel.chosen, DefaultModel.layer))

/** Answers calls of Twilio at `/twilio`. */
const server = VoiceAgentApp.serve(agent, {
  protocols: [Twilio.mount((line) => Speech.run(agent, line), { transfer: { kind: "warm" } })]
})

server.pipe(
  Effect.provide(Layer.mergeAll(Voice, Model)),
  VoiceAgentApp.explained,
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
