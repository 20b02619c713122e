import { Agent, Event } from "@antiphon/core"
import { VoiceAgentApp } from "@antiphon/server"
import { Speech, SpeechToText, TextToSpeech, TurnDetector, Vad } from "@antiphon/speech"
import { Twilio } from "@antiphon/telephony"
import { NodeRuntime } from "@effect/platform-node"
import { Effect, Layer, Stream } from "effect"

const agent = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText("Hello. What can I do for you?")),
    UserTurnEnded: (event) => Stream.make(Event.sendText(`You said: ${Event.text(event)}`))
  })
)

const Voice = Layer.mergeAll(
  Vad.silero,
  TurnDetector.TurnDetector.adaptive(),
  SpeechToText.fromString("deepgram/nova-3"),
  TextToSpeech.fromString("flite/slt")
)

VoiceAgentApp.serve(agent, { protocols: [Twilio.mount((line) => Speech.run(agent, line))] }).pipe(
  Effect.provide(Voice),
  NodeRuntime.runMain({ teardown: VoiceAgentApp.teardown })
)
