import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Recording from "@antiphon/core/recording/Recording"
import type * as Redaction from "@antiphon/core/recording/Redaction"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { assert } from "@effect/vitest"
import { Effect, Exit, type Layer, References, Result, Schema, Scope } from "effect"
import * as AiError from "effect/ai/AiError"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as LlmAgent from "../../src/agent/LlmAgent.ts"
import * as ScriptedModel from "../../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../../src/tool/VoiceTool.ts"

const weather = VoiceTool.loopback("weather", { parameters: { city: Schema.String } }, ({ city }) =>
  Effect.delay(Effect.succeed(`Sunny in ${city}`), "1 second")
)
const order = VoiceTool.background(
  "order",
  { parameters: { item: Schema.String }, announce: "I am ordering it." },
  ({ item }) => Effect.delay(Effect.succeed({ item, ok: true }), "2 seconds")
)

/** The model's replies on the call: with a tool, cut off by the caller, with background work, and none at all. */
export const replies: ReadonlyArray<ScriptedModel.Reply> = [
  [
    ScriptedModel.reasoning("They want the weather.", { metadata: { anthropic: { signature: "s1" } } }),
    ScriptedModel.delay("300 millis"),
    ScriptedModel.toolCall("weather", { city: "Oslo" }, { fragments: ['{"city":', '"Oslo"}'], every: "10 millis" })
  ],
  ScriptedModel.text("It is sunny in Oslo today.", { every: "40 millis" }),
  ScriptedModel.text("Once upon a time there was a long story.", { every: "200 millis" }),
  [ScriptedModel.delay("137.5 millis"), ScriptedModel.toolCall("order", { item: "tea" })],
  ScriptedModel.text("I have ordered it."),
  ScriptedModel.text("Your tea is on its way.", { every: "20 millis" }),
  [
    ScriptedModel.text("Well"),
    ScriptedModel.fail(new AiError.RateLimitError({ metadata: {}, http: { body: "key sk-secret" } }))
  ]
]

const script: ReadonlyArray<readonly [at: number, ...reports: ReadonlyArray<Event.Report>]> = [
  [100, { _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content: "Weather in Oslo?" }, { _tag: "UserTurnEnded" }],
  [2500, { _tag: "AgentTurnStarted" }, { _tag: "AgentTextSent", content: "It is sunny in Oslo today." }],
  [2600, { _tag: "AgentTurnEnded" }],
  [3000, { _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content: "A story" }, { _tag: "UserTurnEnded" }],
  [3900, { _tag: "UserTurnStarted", eventId: "barge" }],
  [4000, { _tag: "UserTextSent", content: "Order tea" }, { _tag: "UserTurnEnded", eventId: "order" }],
  [9000, { _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content: "Where is it?" }, { _tag: "UserTurnEnded" }],
  [10_000, { _tag: "UserTurnStarted" }, { _tag: "UserTextSent", content: "Hello?" }, { _tag: "UserTurnEnded" }]
]

const textOf = (output: Event.Output) => (output._tag === "AgentSendText" ? [output.text] : [])

/** Plays the call on virtual time, and returns its recording as text and what the agent said. */
export const play = <E>(
  model: Layer.Layer<LanguageModel.LanguageModel, E>,
  options: {
    readonly agent?: LlmAgent.Options | undefined
    readonly redact?: Redaction.Redaction | undefined
  } = {}
) =>
  Effect.gen(function* () {
    let text = ""
    const sent: Array<string> = []
    const request = CallRequest.make({ callId: "c1", from: "+15550001111", agentToken: "token-of-the-platform" })
    const recorder = yield* Recorder.make({
      request,
      seed: 5,
      write: (line) => (text += line),
      ...(options.redact === undefined ? {} : { redact: options.redact })
    })
    const scope = yield* Scope.make()
    const call = yield* LlmAgent.make({
      systemPrompt: "Be brief.",
      introduction: "Hello.",
      tools: [weather, order],
      settings: { temperature: 0.5, timeout: "5 seconds" },
      // The caller of this call reports only one reply as heard.
      backgroundDelivery: "immediate",
      ...options.agent
    })(request).pipe(
      Effect.flatMap((spec) =>
        Call.make(spec, {
          request,
          harness: {
            send: (outputs) => Effect.sync(() => void sent.push(...outputs.flatMap(textOf))),
            fail: () => Effect.void
          }
        })
      ),
      Effect.provide(model),
      Scope.provide(scope),
      Recorder.provide(recorder)
    )
    let now = 0
    for (const [at, ...reports] of script) {
      yield* Effect.sleep(at - now)
      now = at
      for (const report of reports) yield* call.receive(report)
    }
    yield* Effect.sleep("1 second")
    yield* call.end
    yield* Scope.close(scope, Exit.void)
    return { text, said: sent.join("") }
  }).pipe(Effect.provideService(References.MinimumLogLevel, "None"), VirtualTime.run)

/** Reads a valid recording. */
export const decode = (text: string): Recording.Recording => {
  const read = Recording.decode(text)
  return Result.isSuccess(read) ? read.success : assert.fail(read.failure.message)
}
