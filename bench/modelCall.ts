/** A call with a model, whose messages are encoded and discarded. */
import type * as Harness from "@antiphon/core/Harness"
import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import * as Wire from "@antiphon/server/line/Wire"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"

export const words = "Where is my order, please?"
export const systemPrompt = "Be brief."

/** A call in the making. */
export type Made = Effect.Effect<Call.Call, never, LanguageModel.LanguageModel | Scope.Scope>

/** Opens a call whose turns must have this many tokens. */
export const open = async (
  runtime: ManagedRuntime.ManagedRuntime<LanguageModel.LanguageModel, never>,
  tokens: number,
  {
    options = {},
    request = CallRequest.make(),
    around = (made) => made
  }: {
    readonly options?: LlmAgent.Options
    readonly request?: CallRequest.CallRequest
    /** Wraps the creation of the agent and of the call. */
    readonly around?: (made: Made) => Made
  } = {}
) => {
  const scope = Scope.makeUnsafe()
  let messages = 0
  let ended = () => {}
  const harness: Harness.Harness = {
    send: (outputs) =>
      Effect.sync(() => {
        for (const output of outputs) {
          Wire.encode(output)
          if (output._tag === "AgentSendText") messages++
          else if (output._tag === "LogMetric" && output.name === "agent_turn_ms") ended()
        }
      }),
    fail: (error) => Effect.die(error)
  }
  const agent = LlmAgent.make({ systemPrompt, onModelFailure: "fail", turnFailure: "close", ...options })
  const made = Effect.flatMap(agent(request), (spec) => Call.make(spec, { harness, request }))
  const call = await runtime.runPromise(Scope.provide(around(made), scope))
  const receive = (report: Event.Report) => Effect.runSync(call.receive(report))
  const speak = () => {
    receive({ _tag: "UserTurnStarted" })
    receive({ _tag: "UserTextSent", content: words })
    receive({ _tag: "UserTurnEnded" })
  }
  return {
    call,
    receive,
    speak,
    turn: () =>
      new Promise<void>((resolve, reject) => {
        messages = 0
        ended = () => (messages === tokens ? resolve() : reject(new Error(`${messages} messages`)))
        speak()
      }),
    close: () => Effect.runPromise(Scope.close(scope, Exit.void))
  }
}
