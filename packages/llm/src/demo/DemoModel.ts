/**
 * A model without weights or a network: a few rules that answer what the caller said last, call the tools it asks for,
 * and read out their results. It says that it is a demo.
 *
 * It serves for a first start without a key, and as the last step of a `ModelPlan`: it never fails, and it can continue
 * a reply that another model broke off.
 *
 * @since 0.1.0
 */
import * as IdGenerator from "effect/ai/IdGenerator"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Response from "effect/ai/Response"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as DemoReply from "./internal/demoReply.ts"
import * as ReplyContent from "../model/internal/provider/replyContent.ts"

/** How the model talks. */
export interface Options {
  /** Time before each word. 40 milliseconds. */
  readonly pace?: Duration.Input | undefined
}

/** Layer of the demo model. */
export const layer = (options: Options = {}): Layer.Layer<LanguageModel.LanguageModel> => {
  const pace = options.pace ?? "40 millis"
  const reply = (request: LanguageModel.ProviderOptions) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const ids = yield* IdGenerator.IdGenerator
        const script = DemoReply.decide(request.prompt, request.toolChoice === "none" ? [] : request.tools)
        const callIds = yield* Effect.forEach(script.calls, () => ids.generateId())
        return Stream.fromIterable(partsOf(script, callIds)).pipe(
          Stream.mapEffect((part) => Effect.as(part.type === "text-delta" ? Effect.sleep(pace) : Effect.void, part))
        )
      })
    )
  return Layer.effect(
    LanguageModel.LanguageModel,
    LanguageModel.make({
      streamText: reply,
      generateText: (request) =>
        Effect.flatMap(IdGenerator.IdGenerator, (ids) =>
          ReplyContent.gather(Stream.provideService(reply(request), IdGenerator.IdGenerator, ids))
        ),
      supportsSystemMessagesInHistory: Effect.succeed(true)
    })
  )
}

const partsOf = ({ calls, text }: DemoReply.Script, ids: ReadonlyArray<string>): Array<Response.StreamPartEncoded> => {
  // Each word with its preceding space, the last one also with its following space.
  const words = text.trimEnd()
  const deltas = words === "" ? [] : words.split(/(?<=\S)(?=\s)/)
  if (words !== "") deltas.push(deltas.pop()! + text.slice(words.length))
  return [
    ...(deltas.length === 0 ? [] : [{ type: "text-start" as const, id: "1" }]),
    ...deltas.map((delta) => ({ type: "text-delta" as const, id: "1", delta })),
    ...(deltas.length === 0 ? [] : [{ type: "text-end" as const, id: "1" }]),
    ...calls.map(({ name, params }, i) => ({ type: "tool-call" as const, id: ids[i]!, name, params })),
    { type: "finish", reason: calls.length > 0 ? "tool-calls" : "stop", usage: noUsage }
  ]
}

const noUsage: typeof Response.Usage.Encoded = {
  inputTokens: { uncached: undefined, total: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined }
}
