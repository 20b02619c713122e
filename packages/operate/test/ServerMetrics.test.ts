import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { Calls as OpenCalls } from "@antiphon/server"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import * as MetricNames from "../src/MetricNames.ts"
import * as ServerMetrics from "../src/ServerMetrics.ts"
import * as Calls from "./support/calls.ts"

const quiet: ServerMetrics.Snapshot = {
  openCalls: 0,
  maxCalls: 100,
  openings: 0,
  ended: {},
  refused: {},
  received: 0,
  sent: 0,
  dropped: 0,
  blocks: { count: 0, totalMs: 0 },
  uncaught: 0,
  draining: false,
  readiness: { ready: true, reasons: [] }
}
const ownRegistry = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.provideService(self, Metric.MetricRegistry, new Map()))

/** Values by name and label. */
const values = Effect.map(Metric.snapshot, (all) =>
  Object.fromEntries(
    all.map(({ attributes, id, state }) => {
      const labels = Object.entries(attributes ?? {}).flatMap(([name, value]) => (name === "unit" ? [] : [value]))
      return [[id, ...labels].join(" "), "count" in state ? state.count : "value" in state ? state.value : undefined]
    })
  )
)

describe("ServerMetrics", () => {
  it.effect("follows the server's numbers: gauges, counters, and the reasons why it is not ready", () =>
    VirtualTime.run(
      Effect.scoped(
        Effect.gen(function* () {
          let now = quiet
          yield* Layer.build(ServerMetrics.layer(Effect.succeed({ snapshot: Effect.sync(() => now) })))
          yield* VirtualTime.settled
          assert.deepInclude(yield* values, { antiphon_ready: 1, antiphon_server_calls_max: 100, antiphon_draining: 0 })
          now = {
            ...quiet,
            ended: { PeerClosed: 4, Stalled: 1 },
            refused: { Full: 2 },
            received: 70,
            sent: 30,
            blocks: { count: 1, totalMs: 2500 },
            uncaught: 1,
            draining: true,
            readiness: { ready: false, reasons: ["Draining", "Blocked"] }
          }
          yield* VirtualTime.pass("3 seconds")
          now = { ...now, ended: { PeerClosed: 6, Stalled: 1 }, readiness: { ready: false, reasons: ["Draining"] } }
          yield* VirtualTime.pass("1 second")
          assert.deepInclude(yield* values, {
            antiphon_ready: 0,
            antiphon_draining: 1,
            "antiphon_not_ready Draining": 1,
            "antiphon_not_ready Blocked": 0,
            "antiphon_server_ended PeerClosed": 6,
            "antiphon_server_ended Stalled": 1,
            "antiphon_server_refused Full": 2,
            "antiphon_server_messages received": 70,
            "antiphon_server_messages sent": 30,
            antiphon_event_loop_blocks: 1,
            antiphon_event_loop_blocked: 2.5,
            antiphon_uncaught: 1
          })
        })
      )
    ).pipe(ownRegistry)
  )

  it.live("reads the health of a real server, and has no metric without a row", () =>
    Effect.gen(function* () {
      const server = yield* Calls.serve({})
      const health = Effect.succeed((server.calls satisfies OpenCalls.Calls["Service"]).health)
      yield* Layer.build(ServerMetrics.layer(health, { every: "5 millis" }))
      yield* Calls.call(server.ws, "c")
      yield* Calls.allOver(server.calls)
      yield* Calls.until(Effect.map(values, (now) => now["antiphon_server_ended PeerClosed"] === 1))
      assert.deepInclude(yield* values, { antiphon_ready: 1 })
      const rows = MetricNames.all.filter(({ from }) => from === "server")
      for (const { attributes, id } of yield* Metric.snapshot) {
        if (!/^antiphon_(server|ready|not_ready|draining|event_loop|uncaught)/.test(id)) continue
        const { unit: _, ...labels } = attributes ?? {}
        assert.sameMembers(Object.keys(labels), [...rows.find(({ name }) => name === id)!.labels], id)
      }
    }).pipe(ownRegistry)
  )
})
