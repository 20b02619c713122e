/**
 * A server that answers the telephone with a long story. The voice detector does Silero's work on what the caller says, and answers by
 * a script; recogniser and voice are faked. `/heard` tells, for each call, how many words of each answer the agent was told were heard.
 */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Speech from "@antiphon/speech/Speech"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TestVoice from "@antiphon/speech/testing/TestVoice"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import * as Twilio from "@antiphon/telephony/Twilio"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Logger, Redacted, Stream } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"
import { onsets, speechMs, wordMs } from "./telephoneCall.ts"
import { workingVad } from "./workingVad.ts"

const story = Array.from({ length: 400 }, (_, index) => `word${index}`).join(" ")
/** By call: how many words of each answer were heard. */
const heard = new Map<string, Array<number>>()

const agent = (callId: string) => {
  const answers: Array<number> = []
  heard.set(callId, answers)
  /** The filter is asked about every event, in order. */
  const listen = (event: Event.Input): void => {
    if (event._tag === "AgentTurnStarted") answers.push(0)
    if (event._tag === "AgentTextSent") answers[answers.length - 1] = event.content.split(" ").length
  }
  return Agent.make(() => Stream.make(Event.sendText(story)), {
    run: (event) => {
      listen(event)
      return event._tag === "CallStarted" || event._tag === "UserTurnEnded"
    }
  })
}

const words = onsets.flatMap((at): ReadonlyArray<SpeechToText.ScriptedStep> => [
  { at: at + 400, event: { _tag: "Partial", text: "no wait" } },
  { at: at + 1100, event: { _tag: "Final", text: "No, wait a moment." } }
])
const speech = onsets.map((fromMs) => ({ fromMs, toMs: fromMs + speechMs }))

const services = Layer.mergeAll(
  // Silero takes a synthetic voice for speech in some places, and not in others.
  workingVad(speech),
  SpeechToText.scripted(words),
  TestVoice.layer({ word: wordMs }),
  TurnDetector.TurnDetector.text()
)
const account = {
  accountSid: process.env["TWILIO_ACCOUNT_SID"] ?? "",
  authToken: Redacted.make(process.env["TWILIO_AUTH_TOKEN"] ?? ""),
  baseUrl: process.env["TWILIO_BASE_URL"] ?? ""
}
const routes = Layer.mergeAll(
  Twilio.layer((line) => Speech.run(agent(line.request.callId), line), { account }).pipe(Layer.provide(services)),
  HttpRouter.add("GET", "/status", HttpServerResponse.text("ok")),
  HttpRouter.add("GET", "/heard", () => HttpServerResponse.json(Object.fromEntries(heard)))
)
HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provide(NodeHttpServer.layer(() => createServer(), { port: Number(process.env["PORT"]), host: "127.0.0.1" })),
  Layer.provide(Logger.layer([])),
  Layer.launch,
  Effect.runFork
)
