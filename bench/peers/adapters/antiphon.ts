/** Antiphon without its wire: a call with a harness in the process. */
import type * as Harness from "@antiphon/core/Harness"
import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import type * as Event from "@antiphon/core/Event"
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import * as OpenAi from "@antiphon/llm/model/OpenAi"
import * as VoiceTool from "@antiphon/llm/tool/VoiceTool"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Options, Peer } from "../peer.ts"

const makeRuntime = ({ baseUrl, model }: Options) =>
  ManagedRuntime.make(Layer.orDie(OpenAi.layer({ model, baseUrl, apiKey: Redacted.make("none") })))
const runtimes = new Map<string, ReturnType<typeof makeRuntime>>()
const runtimeOf = (options: Options) => {
  const runtime = runtimes.get(options.model) ?? makeRuntime(options)
  runtimes.set(options.model, runtime)
  return runtime
}

export const peer: Peer = {
  open: async (options) => {
    const scope = Scope.makeUnsafe()
    let onToken: (token: string) => void = () => {}
    let settled = () => {}
    let said = ""
    let userSpeaks = false

    const factory = LlmAgent.make({
      systemPrompt: options.systemPrompt,
      onModelFailure: "fail",
      tools: [
        VoiceTool.loopback("wait", { description: "Waits." }, () =>
          Effect.tryPromise((signal) => options.tool.run(signal))
        )
      ]
    })
    const harness: Harness.Harness = {
      send: (outputs) =>
        Effect.sync(() => {
          for (const output of outputs) {
            if (output._tag !== "AgentSendText") continue
            said += output.text
            onToken(output.text)
          }
        }),
      fail: (error) => Effect.die(error)
    }
    const call = await runtimeOf(options).runPromise(
      factory(CallRequest.make()).pipe(
        Effect.map((spec) => ({
          ...spec,
          agent: ((event, turn) =>
            Stream.ensuring(
              spec.agent(event, turn),
              Effect.sync(() => event._tag === "UserTurnEnded" && settled())
            )) as typeof spec.agent
        })),
        Effect.flatMap((spec) => Call.make(spec, { harness })),
        Scope.provide(scope)
      )
    )
    const receive = (report: Event.Report) => Effect.runSync(call.receive(report))
    const speak = () => {
      if (!userSpeaks) receive({ _tag: "UserTurnStarted" })
      userSpeaks = true
    }
    return {
      turn: async (text, listener) => {
        onToken = listener
        said = ""
        const ended = new Promise<void>((resolve) => (settled = resolve))
        speak()
        receive({ _tag: "UserTextSent", content: text })
        userSpeaks = false
        receive({ _tag: "UserTurnEnded" })
        await ended
        // Speech becomes history once the harness reports it as spoken.
        if (said === "") return
        receive({ _tag: "AgentTurnStarted" })
        receive({ _tag: "AgentTextSent", content: said })
        receive({ _tag: "AgentTurnEnded" })
      },
      interrupt: speak,
      end: async () => {
        await Effect.runPromise(call.end)
        await Effect.runPromise(Scope.close(scope, Exit.void))
      }
    }
  }
}
