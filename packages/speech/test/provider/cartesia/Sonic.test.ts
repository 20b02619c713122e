import { assert, describe, it } from "@effect/vitest"
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Speech from "../../../src/Speech.ts"
import * as SpeechToText from "../../../src/SpeechToText.ts"
import * as TestLine from "../../../src/testing/TestLine.ts"
import * as TurnDetector from "../../../src/TurnDetector.ts"
import * as Vad from "../../../src/Vad.ts"
import * as VoiceServer from "../../support/voiceServer.ts"
import * as Sonic from "../../../src/provider/cartesia/Sonic.ts"
import * as Voice from "../../contract/voice.ts"
import * as CartesiaServer from "../../support/cartesiaServer.ts"

Voice.suite({
  name: "Sonic",
  protocol: CartesiaServer.sonic,
  layer: (options) => Sonic.layer({ ...options, voice: "v" }),
  keyOf: ({ headers }) => headers.authorization
})

describe("Sonic", () => {
  it.live("uses the pronunciation dictionary of the layer, or another one the agent names in the call", () =>
    Effect.gen(function* () {
      const server = yield* VoiceServer.make(CartesiaServer.sonic)
      const agent = Agent.make(
        Agent.route({
          CallStarted: () =>
            Stream.make(
              Event.sendText("Hello there. "),
              Event.updateCall({ pronunciationDictId: "of-the-call" }),
              Event.sendText("Good evening.")
            )
        })
      )
      const line = yield* TestLine.make({ length: "1500 millis" })
      yield* Effect.provide(
        Speech.run(agent, line.transport),
        Layer.mergeAll(
          Sonic.layer({
            voice: "v",
            apiKey: Redacted.make("k"),
            baseUrl: server.url,
            pronunciationDictId: "of-the-layer"
          }),
          Vad.energy(),
          SpeechToText.scripted([]),
          TurnDetector.TurnDetector.text()
        )
      )
      const sent = server.connections
        .flatMap(({ messages }) => messages)
        .map((message) => JSON.parse(String(message)) as { transcript?: string; pronunciation_dict_id?: string })
      const of = (text: string) => sent.find(({ transcript }) => transcript?.includes(text))?.pronunciation_dict_id
      assert.strictEqual(of("Hello"), "of-the-layer")
      assert.strictEqual(of("evening"), "of-the-call")
    }).pipe(Effect.scoped)
  )
})
