import * as OpenAi from "@antiphon/llm/model/OpenAi"
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import * as WarmUp from "@antiphon/llm/model/WarmUp"
import * as LanguageModel from "effect/ai/LanguageModel"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as History from "@antiphon/core/History"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Prompt from "effect/ai/Prompt"
import * as EncodedStream from "../packages/llm/src/model/internal/provider/encodedStream.ts"
import * as ModelCall from "./modelCall.ts"
import * as ServerProcess from "./serverProcess.ts"
import OpenAISdk from "openai"
const provider = await ServerProcess.start("modelServer.ts")
const url = `http://127.0.0.1:${provider.port}`
const runtime = ManagedRuntime.make(Layer.merge(Layer.orDie(OpenAi.layer({ model: "quick", baseUrl: url, apiKey: Redacted.make("none") })), Layer.succeed(WarmUp.WarmUp, Effect.void)))
const body = { model: "quick", messages: [{ role: "system", content: ModelCall.systemPrompt }, { role: "user", content: ModelCall.words }], stream: true, stream_options: { include_usage: true } } as const
const bare = async () => {
  const response = await fetch(`${url}/chat/completions`, { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer none" }, body: JSON.stringify(body) })
  const decoder = new TextDecoder(); let rest = ""
  for await (const bytes of response.body!) { const events = (rest + decoder.decode(bytes, { stream: true })).split("\n\n"); rest = events.pop()!; for (const event of events) { if (event === "data: [DONE]") continue; const content = JSON.parse(event.slice(6)).choices[0]?.delta.content; if (!content) continue; JSON.stringify({ type: "message", content, interruptible: true, responding_to: "1" }) } }
}
const client = new OpenAISdk({ baseURL: url, apiKey: "none", maxRetries: 0, logLevel: "off" })
const sdkRaw = async () => { const r = await client.chat.completions.create(body as never).asResponse(); const decoder = new TextDecoder(); for await (const bytes of r.body!) decoder.decode(bytes, { stream: true }) }
const prompt = Prompt.make([{ role: "system", content: "Be brief." }, { role: "user", content: [{ type: "text", text: ModelCall.words }] }])
const encoded = () => runtime.runPromise(Effect.gen(function* () { const m = yield* LanguageModel.LanguageModel; const e = EncodedStream.get(m)!; yield* Effect.scoped(Effect.flatMap(Effect.makeSpanScoped("x"), (span) => Stream.runDrain(e({ prompt, tools: [], toolChoice: "auto", responseFormat: { type: "text" }, span } as never)))) }))
const model = () => runtime.runPromise(Stream.runDrain(LanguageModel.streamText({ prompt })))
const trigger = { _tag: "UserTurnEnded", eventId: "t1", content: [] } as const
const entries = [{ key: 1, turn: 0, item: { _tag: "UserTextSent", eventId: "u1", content: ModelCall.words } }, { key: 2, turn: 0, item: trigger }] as const
const agentTurn = () => runtime.runPromise(Effect.scoped(Effect.gen(function* () {
  const agent = yield* LlmAgent.makeAgent({ systemPrompt: "Be brief." })
  const history = History.make(() => [...entries])
  yield* Stream.runDrain(agent.respond(trigger, { id: 1, trigger, triggers: [trigger], request: CallRequest.make(), history, currentHistory: Effect.succeed(history) } as never))
})))
const calls: Array<any> = []
const whole = async () => { const c = calls.pop()!; await c.turn(); }
const measure = async (name: string, f: () => Promise<unknown>, n = 200) => {
  if (f === whole) { for (let i = 0; i < n; i++) calls.push(await ModelCall.open(runtime, 40, {})); await new Promise((r) => setTimeout(r, 50)) }
  const b = process.cpuUsage(); for (let i = 0; i < n; i++) await f(); const { user, system } = process.cpuUsage(b)
  return [name, Math.round((user + system) / n)] as const
}
const all = { bare, sdkRaw, encoded, model, agentTurn, whole }
const best: Record<string, Array<number>> = {}
for (let round = 0; round < Number(process.argv[2] ?? 7); round++) for (const [name, f] of Object.entries(all)) { const [, us] = await measure(name, f); (best[name] ??= []).push(us) }
for (const [name, us] of Object.entries(best)) { const s = us.slice(2).toSorted((a, b) => a - b); console.log(name, "median", s[s.length >> 1], "min", s[0]) }
await runtime.dispose(); await provider.stop(); process.exit()
