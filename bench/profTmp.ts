import * as OpenAi from "@antiphon/llm/model/OpenAi"
import * as WarmUp from "@antiphon/llm/model/WarmUp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as ModelCall from "./modelCall.ts"
import * as ServerProcess from "./serverProcess.ts"
const provider = await ServerProcess.start("modelServer.ts")
const url = `http://127.0.0.1:${provider.port}`
const runtime = ManagedRuntime.make(Layer.merge(Layer.orDie(OpenAi.layer({ model: "quick", baseUrl: url, apiKey: Redacted.make("none") })), Layer.succeed(WarmUp.WarmUp, Effect.void)))
const bare = async () => {
  const response = await fetch(`${url}/chat/completions`, { method: "POST", headers: { "content-type": "application/json", authorization: "Bearer none" }, body: JSON.stringify({ model: "quick", messages: [{ role: "system", content: ModelCall.systemPrompt }, { role: "user", content: ModelCall.words }], stream: true, stream_options: { include_usage: true } }) })
  const decoder = new TextDecoder(); let rest = ""; let chunks = 0
  for await (const bytes of response.body!) { chunks++; const events = (rest + decoder.decode(bytes, { stream: true })).split("\n\n"); rest = events.pop()!; for (const event of events) { if (event === "data: [DONE]") continue; const content = JSON.parse(event.slice(6)).choices[0]?.delta.content; if (!content) continue; JSON.stringify({ type: "message", content, interruptible: true, responding_to: "1" }) } }
  return chunks
}
const run = async (n: number) => {
  const calls = []
  for (let i = 0; i < n; i++) calls.push(await ModelCall.open(runtime, 40, {}))
  await new Promise((r) => setTimeout(r, 50))
  const b = process.cpuUsage()
  for (const call of calls) await call.turn()
  const { user, system } = process.cpuUsage(b)
  await Promise.all(calls.map((c) => c.close()))
  return (user + system) / n
}
const runBare = async (n: number) => { const b = process.cpuUsage(); let c = 0; for (let i = 0; i < n; i++) c += await bare(); const { user, system } = process.cpuUsage(b); return [(user + system) / n, c / n] }
for (let i = 0; i < 6; i++) { console.log("ours", await run(100), "bare", await runBare(100)) }
if (process.argv[2] === "prof") {
  const { Session } = await import("node:inspector/promises")
  const s = new Session(); s.connect(); await s.post("Profiler.enable"); await s.post("Profiler.setSamplingInterval", { interval: 100 }); await s.post("Profiler.start")
  console.log("ours", await run(400))
  const { profile } = await s.post("Profiler.stop")
  const fs = await import("node:fs"); fs.writeFileSync("/tmp/turn.cpuprofile", JSON.stringify(profile))
}
await runtime.dispose(); await provider.stop(); process.exit()
