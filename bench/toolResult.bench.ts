/**
 * Claims: a tool result of 354 KB blocks the event loop for at most 20 ms, once; the turns after it, whose prompts have it in
 * them, block it no longer than those of a call without it.
 *
 * The model plays a script within the process, so that only our own work is measured. A loop of `setImmediate` measures
 * the longest time between two of its rounds while a turn runs; the result is the median of several calls.
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Call from "@antiphon/core/Call"
import type * as Harness from "@antiphon/core/Harness"
import * as LlmAgent from "@antiphon/llm/agent/LlmAgent"
import * as ScriptedModel from "@antiphon/llm/testing/ScriptedModel"
import * as VoiceTool from "@antiphon/llm/tool/VoiceTool"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { median, ms, now, report, type Row } from "./report.ts"

const bound = 20
const calls = 15
const dropped = 5
const turnsAfter = 5

/** Rows like those of a database: 354 KB as JSON. */
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, id) => ({
    id,
    customer: { name: `Customer ${id}`, phone: `+3314000${id}`, tags: ["regular", "late"] },
    placedAt: new Date(1_700_000_000_000 + id * 60_000).toISOString(),
    total: id * 1.25,
    note: 'said "call me back", then hung up'
  }))
const large = rowsOf(Math.round(354_000 / (JSON.stringify(rowsOf(1000)).length / 1000)))
const small = large.slice(0, 10)

/** The longest time during which nothing else could run while an effect does. */
const blocked = async (run: () => Promise<unknown>): Promise<number> => {
  let longest = 0
  let over = false
  let last = now()
  const round = () => {
    const at = now()
    longest = Math.max(longest, at - last)
    last = at
    if (!over) setImmediate(round)
  }
  setImmediate(round)
  await run()
  over = true
  longest = Math.max(longest, now() - last)
  return longest
}

/** A call whose first turn gets a result, with a limit or without, and the turns after it. */
const play = async (result: unknown, maxResultCharacters: number) => {
  const scope = Scope.makeUnsafe()
  const answer = ScriptedModel.text(["Done."])
  const model = ScriptedModel.make([
    ScriptedModel.toolCall("orders", {}),
    ...Array.from({ length: turnsAfter + 1 }, () => answer)
  ])
  let ended = () => {}
  const harness: Harness.Harness = {
    send: (outputs) =>
      Effect.sync(() => {
        if (outputs.some((output) => output._tag === "LogMetric" && output.name === "agent_turn_ms")) ended()
      }),
    fail: Effect.die
  }
  const tool = VoiceTool.loopback("orders", { maxResultCharacters }, () => Effect.succeed(result))
  const call = await Effect.runPromise(
    LlmAgent.make({ tools: [tool] })(CallRequest.make()).pipe(
      Effect.flatMap((spec) => Call.make(spec, { harness })),
      Effect.provide(model.layer),
      Scope.provide(scope)
    )
  )
  const turn = () =>
    blocked(
      () =>
        new Promise<void>((resolve) => {
          ended = resolve
          Effect.runSync(call.receive({ _tag: "UserTurnStarted" }))
          Effect.runSync(call.receive({ _tag: "UserTextSent", content: "my orders?" }))
          Effect.runSync(call.receive({ _tag: "UserTurnEnded" }))
        })
    )
  await new Promise((resolve) => setTimeout(resolve, 20))
  const first = await turn()
  const later: Array<number> = []
  for (let i = 0; i < turnsAfter; i++) later.push(await turn())
  await Effect.runPromise(Scope.close(scope, Exit.void))
  return { first, later: median(later) }
}

const measure = async (result: unknown, limit: number) => {
  const firsts: Array<number> = []
  const laters: Array<number> = []
  for (let i = 0; i < calls; i++) {
    const { first, later } = await play(result, limit)
    if (i < dropped) continue
    firsts.push(first)
    laters.push(later)
  }
  return { first: median(firsts), later: median(laters) }
}

const floor = await measure(small, 20_000)
const cut = await measure(large, 20_000)
const whole = await measure(large, 1_000_000)
const kilobytes = Math.round(JSON.stringify(large).length / 1000)
console.log(`  ${kilobytes} KB: cut ${ms(cut.first)}, whole ${ms(whole.first)}, a small result ${ms(floor.first)}`)
const row = (name: string, { first, later }: typeof floor): ReadonlyArray<Row> => [
  {
    budget: `a tool result of ${kilobytes} KB, ${name}: blocks the loop <= ${bound} ms`,
    measured: ms(first),
    floor: `a small one ${ms(floor.first)}`,
    ratio: "-",
    ok: first <= bound
  },
  {
    budget: `the turns after it <= 3 x those after a small one, or ${bound / 4} ms`,
    measured: ms(later),
    floor: `a small one ${ms(floor.later)}`,
    ratio: (later / floor.later).toFixed(2),
    ok: later <= Math.max(bound / 4, 3 * floor.later)
  }
]
report([...row("cut to what a model reads", cut), ...row("read whole", whole)])
process.exit()
