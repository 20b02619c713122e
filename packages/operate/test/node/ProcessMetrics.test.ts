import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { performance } from "node:perf_hooks"
import * as MetricNames from "../../src/MetricNames.ts"
import * as ProcessMetrics from "../../src/node/ProcessMetrics.ts"
import * as Calls from "../support/calls.ts"

const values = Effect.map(Metric.snapshot, (all) =>
  Object.fromEntries(
    all.map(({ id, state }) => [
      id,
      "count" in state ? Number(state.count) : "value" in state ? Number(state.value) : 0
    ])
  )
)
const blocks = (ms: number) =>
  Effect.sync(() => {
    const until = performance.now() + ms
    while (performance.now() < until);
  })

describe("ProcessMetrics", () => {
  it.live("measures the delay of the event loop, and the memory of the process", () =>
    Effect.gen(function* () {
      yield* Layer.build(ProcessMetrics.layer({ every: "50 millis" }))
      yield* Calls.until(Effect.map(values, (now) => now["process.uptime"] !== undefined))
      // A sample covers the time since the previous one, so the next one may have replaced it: in that case, try once
      // more.
      const seen = Effect.map(values, (now) => now["nodejs.eventloop.delay.max"]! >= 0.3)
      yield* Calls.until(Effect.andThen(blocks(400), Effect.andThen(Effect.sleep("10 millis"), seen)))
      const now = yield* values
      assert.isAbove(now["v8js.memory.heap.used"]!, 1e6)
      assert.isAbove(now["process.memory.usage"]!, now["v8js.memory.heap.used"]!)
      assert.isAbove(now["process.cpu.time"]!, 0)
      assert.isAbove(now["process.uptime"]!, 0)
      assert.sameMembers(
        Object.keys(now),
        MetricNames.all.filter(({ from }) => from === "process").map(({ name }) => name)
      )
    }).pipe((self) => Effect.suspend(() => Effect.provideService(self, Metric.MetricRegistry, new Map())))
  )
})
