import { Speech, SpeechToText, TurnDetector, Vad } from "@antiphon/speech"
import * as TestVoice from "@antiphon/speech/testing/TestVoice"
import { Twilio } from "@antiphon/telephony"
import { FakeTwilio } from "@antiphon/telephony/testing"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"
import { reception, transfer } from "./transfer.ts"

/** What hears and speaks in tests: the caller says nothing here, and each word is a tone of a quarter of a second. */
const Voice = Layer.mergeAll(
  Vad.scripted([]),
  SpeechToText.scripted([]),
  TestVoice.layer(),
  TurnDetector.TurnDetector.text()
)

/** Calls the reception over real sockets, with a colleague who is busy, and tells what the carrier has seen. */
export const busyColleague = Effect.gen(function* () {
  const twilio = yield* FakeTwilio.make({ numbers: { "+15550009999": "busy" } })
  const phone = Twilio.layer((line) => Speech.run(reception, line), { account: twilio.account, transfer })
  const server = HttpRouter.serve(Layer.provide(phone, Voice)).pipe(
    Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1" }))
  )
  const { address } = yield* Effect.provideContext(HttpServer.HttpServer, yield* Layer.build(server))
  const port = "port" in address ? address.port : 0
  const caller = yield* twilio.dial({ url: `http://127.0.0.1:${port}/twilio` })
  yield* caller.hears("4 seconds")
  return { words: caller.recording().length / (250 * 8), called: twilio.requests[0]?.form["To"] }
})
