import { DefaultModel } from "@antiphon/llm"
import { VoiceAgentApp } from "@antiphon/server"
import { Speech, SpeechToText, TextToSpeech, TurnDetector, Vad } from "@antiphon/speech"
import { Twilio } from "@antiphon/telephony"
import { NodeRuntime } from "@effect/platform-node"
import { Config, Effect, Layer } from "effect"
import agent from "./agent.ts"

/** The recogniser and the voice: `ANTIPHON_STT` and `ANTIPHON_TTS`, such as deepgram/nova-3 and cartesia/sonic-3. */
const Voice = Layer.unwrap(
  Effect.gen(function* () {
    const ears = yield* Config.String("ANTIPHON_STT")
    const voice = yield* Config.withDefault(Config.String("ANTIPHON_TTS"), "flite/slt")
    return Layer.mergeAll(
      Vad.silero,
      TurnDetector.TurnDetector.adaptive(),
      SpeechToText.fromString(ears),
      TextToSpeech.fromString(voice)
    )
  })
)

/**
 * The model whose key is in the environment. Choose one with `Models.fromString`, and add a second with `ModelPlan`.
 */
const Model = Layer.unwrap(Effect.map(DefaultModel.chosen, DefaultModel.layer))

/** Answers calls of Twilio at `/twilio`. */
const Server = VoiceAgentApp.layerServer(agent, {
  protocols: [Twilio.mount((line) => Speech.run(agent, line), { transfer: { kind: "warm" } })]
})

Server.pipe(
  Layer.provide(Layer.mergeAll(Voice, Model)),
  Layer.launch,
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
