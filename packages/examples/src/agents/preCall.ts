import { PreCall, VoiceAgentApp } from "@antiphon/server"
import { LlmAgent } from "@antiphon/llm"
import { Context, Effect, Layer } from "effect"

/** A service of the application: who calls. */
export class Customers extends Context.Service<
  Customers,
  { readonly find: (phone: string) => Effect.Effect<{ readonly language: string } | undefined> }
>()("app/Customers") {
  static readonly layer = Layer.succeed(Customers, {
    find: (phone) => Effect.succeed(phone === "+33123" ? { language: "fr" } : undefined)
  })
}

/** Decides before the call whether it is taken, in which language, and what the agent knows of the caller. */
const preCall: PreCall.Handler<never, Customers> = (request) =>
  Effect.gen(function* () {
    const customer = yield* (yield* Customers).find(request.from)
    if (customer === undefined) return PreCall.reject
    return PreCall.accept({ metadata: customer, config: { tts: customer, stt: customer } })
  })

/** `metadata` of the pre-call is in the request that the agent is made from. */
const agent = LlmAgent.make(({ from, metadata }) => ({
  systemPrompt: `You talk to ${from}. Speak ${String(metadata.language)}.`,
  introduction: metadata.language === "fr" ? "Bonjour !" : "Hello!"
}))

export const Routes = VoiceAgentApp.layer(agent, { preCall })
