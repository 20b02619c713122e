/**
 * Claims: from the provider's socket to the wire, a turn of 40 tokens costs at most twice the processor time of a bare
 * `fetch` loop, also if the model is asked by its name, with retries and deadlines;
 * 200 slow turns at once take at most 1.15 times as long as 200 such loops; a tool that takes a second is
 * interrupted within 1 ms of the caller's first word in half of the cases and within 2 ms in 99 of 100.
 *
 * The provider is a server in a process of its own. Ours and the loop take turns, so that what else happens on the
 * machine meets both, and both write the same frames; the first rounds are dropped and the median of the others counts.
 */
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import * as Models from "@antiphon/llm/model/Models"
import * as OpenAi from "@antiphon/llm/model/OpenAi"
import * as VoiceTool from "@antiphon/llm/tool/VoiceTool"
import * as WarmUp from "@antiphon/llm/model/WarmUp"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as ModelCall from "./modelCall.ts"
import { median, ms, now, quantile, report, type Row } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const cpuBound = 2
const slowBound = 1.15
const tokens = 40
const rounds = 12
const dropped = 4
const turnsPerRound = 100
const slowTurns = 200
const interruptions = 220
const warmUp = 20

const provider = await ServerProcess.start("modelServer.ts")
const url = `http://127.0.0.1:${provider.port}`
const { systemPrompt, words } = ModelCall

type Model = "quick" | "slow" | "tool"
const at = { baseUrl: url, apiKey: Redacted.make("none") }
const runtimeOf = (model: ReturnType<typeof OpenAi.layer>) =>
  // Each turn here has its own call, and each call has a warm-up.
  ManagedRuntime.make(Layer.merge(Layer.orDie(model), Layer.succeed(WarmUp.WarmUp, Effect.void)))
const runtimes = {
  quick: runtimeOf(OpenAi.layer({ model: "quick", ...at })),
  slow: runtimeOf(OpenAi.layer({ model: "slow", ...at })),
  tool: runtimeOf(OpenAi.layer({ model: "tool", ...at }))
}
const named = runtimeOf(Models.fromString("own/quick", at))

const open = (model: Model, options: LlmAgent.Options = {}) => ModelCall.open(runtimes[model], tokens, { options })

/** The same by hand: a request, the events of its answer, a frame for each token. */
const bareTurn = async (model: Model) => {
  const messages = [
    { role: "system", content: systemPrompt },
    { role: "user", content: words }
  ]
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer none" },
    body: JSON.stringify({ model, messages, stream: true, stream_options: { include_usage: true } })
  })
  const decoder = new TextDecoder()
  let rest = ""
  let count = 0
  for await (const bytes of response.body!) {
    const events = (rest + decoder.decode(bytes, { stream: true })).split("\n\n")
    rest = events.pop()!
    for (const event of events) {
      if (event === "data: [DONE]") continue
      const content = JSON.parse(event.slice(6)).choices[0]?.delta.content
      if (!content) continue
      JSON.stringify({ type: "message", content, interruptible: true, responding_to: "1" })
      count++
    }
  }
  if (count !== tokens) throw new Error(`${count} tokens`)
}

interface Ready {
  readonly turn: () => Promise<void>
  readonly close: () => Promise<void>
}
const callers = {
  ours: (model: Model): Promise<Ready> => open(model),
  // A plan passes on whole words, so the space behind the last one is a message of its own.
  named: (): Promise<Ready> => ModelCall.open(named, tokens + 1),
  floor: async (model: Model): Promise<Ready> => ({ turn: () => bareTurn(model), close: async () => {} })
}
type Name = keyof typeof callers

/** Calls that have begun: the warm-up of the model is part of the beginning, not of a turn. */
const ready = async (name: Name, model: Model, count: number): Promise<ReadonlyArray<Ready>> => {
  const calls: Array<Ready> = []
  for (let i = 0; i < count; i++) calls.push(await callers[name](model))
  await new Promise((resolve) => setTimeout(resolve, 100))
  return calls
}
const close = (calls: ReadonlyArray<Ready>) => Promise.all(calls.map((call) => call.close()))

/** Alternates between the callers, and returns the median of each. */
const compare = async (
  names: ReadonlyArray<Name>,
  count: number,
  drop: number,
  measure: (name: Name) => Promise<number>
): Promise<Readonly<Record<Name, number>>> => {
  const results: Record<Name, Array<number>> = { ours: [], named: [], floor: [] }
  for (let round = 0; round < count; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const result = await measure(name)
      if (round >= drop) results[name].push(result)
    }
  }
  return { ours: median(results.ours), named: median(results.named), floor: median(results.floor) }
}

const cpu = async (): Promise<ReadonlyArray<Row>> => {
  const { floor, named, ours } = await compare(["ours", "named", "floor"], rounds, dropped, async (name) => {
    const calls = await ready(name, "quick", turnsPerRound)
    const before = process.cpuUsage()
    for (const call of calls) await call.turn()
    const { system, user } = process.cpuUsage(before)
    await close(calls)
    return (user + system) / turnsPerRound
  })
  const us = (value: number) => `${value.toFixed(0)} us`
  console.log(`  processor time of a turn: Antiphon ${us(ours)}, by name ${us(named)}, bare fetch ${us(floor)}`)
  return [
    {
      budget: `CPU of one ${tokens}-token turn, model stream to wire <= ${cpuBound} x bare fetch`,
      measured: us(ours),
      floor: `bare fetch ${us(floor)}`,
      ratio: (ours / floor).toFixed(2),
      ok: ours / floor <= cpuBound
    },
    {
      budget: `CPU of the same turn, model asked by name, with its plan <= ${cpuBound} x bare fetch`,
      measured: us(named),
      floor: `bare fetch ${us(floor)}`,
      ratio: (named / floor).toFixed(2),
      ok: named / floor <= cpuBound
    }
  ]
}

const slow = async (): Promise<Row> => {
  const { floor, ours } = await compare(["ours", "floor"], 4, 1, async (name) => {
    const calls = await ready(name, "slow", slowTurns)
    const begin = now()
    await Promise.all(calls.map((call) => call.turn()))
    const elapsed = now() - begin
    await close(calls)
    return elapsed
  })
  console.log(`  ${slowTurns} slow turns at once: Antiphon ${ms(ours)}, bare fetch ${ms(floor)}`)
  return {
    budget: `${slowTurns} slow turns at once <= ${slowBound} x bare fetch`,
    measured: ms(ours),
    floor: `bare fetch ${ms(floor)}`,
    ratio: (ours / floor).toFixed(2),
    ok: ours / floor <= slowBound
  }
}

const interruption = async (): Promise<ReadonlyArray<Row>> => {
  const times: Array<number> = []
  for (let i = 0; i < warmUp + interruptions; i++) {
    let began = () => {}
    let endedAt = 0
    const running = new Promise<void>((resolve) => (began = resolve))
    const wait = VoiceTool.loopback("wait", {}, () =>
      Effect.andThen(
        Effect.sync(() => began()),
        Effect.sleep("1 second")
      ).pipe(Effect.onInterrupt(() => Effect.sync(() => void (endedAt = now()))))
    )
    const { call, close, receive, speak } = await open("tool", { tools: [wait] })
    speak()
    await running
    await new Promise((resolve) => setTimeout(resolve, 2))
    const spokenAt = now()
    receive({ _tag: "UserTurnStarted" })
    while (endedAt === 0) await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
    const outcome = Effect.runSync(call.history).entries.findLast(({ item }) => item._tag === "AgentToolReturned")?.item
    if (outcome?._tag !== "AgentToolReturned" || outcome.result !== "cancelled") throw new Error("no outcome")
    if (i >= warmUp) times.push(endedAt - spokenAt)
    await close()
  }
  const p50 = median(times)
  const p99 = quantile(times, 0.99)
  console.log(`  interruption during a tool: p50 ${ms(p50)}, p99 ${ms(p99)}, max ${ms(Math.max(...times))}`)
  const row = (name: string, measured: number, bound: number): Row => ({
    budget: `interruption during a one-second tool: ${name} <= ${bound} ms`,
    measured: ms(measured),
    floor: "-",
    ratio: "-",
    ok: measured <= bound
  })
  return [row("p50", p50, 1), row("p99", p99, 2)]
}

const rows = [...(await cpu()), await slow(), ...(await interruption())]
await Promise.all([...[named, ...Object.values(runtimes)].map((runtime) => runtime.dispose()), provider.stop()])
report(rows)
process.exit()
