import { assert, describe, it } from "@effect/vitest"
import type { Snapshot } from "../../../src/Health.ts"
import * as Pages from "../../../src/node/internal/pages.ts"

describe("Metrics of several processes", () => {
  it("are summed by series, with each series described once", () => {
    const one = [
      "# HELP calls Open calls",
      "# TYPE calls gauge",
      "calls 3",
      "# TYPE ended_total counter",
      'ended_total{why="Idle, \\"x\\" }"} 1',
      "# TYPE lag histogram",
      'lag_bucket{le="1"} 2',
      'lag_bucket{le="+Inf"} 5',
      "lag_sum 1.5",
      ""
    ].join("\n")
    const two = [
      "# HELP calls Open calls",
      "# TYPE calls gauge",
      "calls 4",
      'lag_bucket{le="+Inf"} 1',
      "extra +Inf"
    ].join("\n")
    assert.strictEqual(
      Pages.sum([one, two, ""]),
      [
        "# HELP calls Open calls",
        "# TYPE calls gauge",
        "calls 7",
        "# TYPE ended_total counter",
        'ended_total{why="Idle, \\"x\\" }"} 1',
        "# TYPE lag histogram",
        'lag_bucket{le="1"} 2',
        'lag_bucket{le="+Inf"} 6',
        "lag_sum 1.5",
        "extra +Inf",
        ""
      ].join("\n")
    )
  })

  const snapshot = (part: Partial<Snapshot>): Snapshot => ({
    openCalls: 1,
    openings: 0,
    maxCalls: 10,
    started: 2,
    ended: { Idle: 1 },
    refused: {},
    received: 5,
    dropped: 0,
    sent: 4,
    turns: 3,
    blocks: { count: 1, totalMs: 300, longestMs: 300, lastMs: 300 },
    uncaught: 0,
    drains: 0,
    draining: false,
    readiness: { ready: true, reasons: [] },
    ...part
  })

  it("are ready if at least one process is", () => {
    const full = { readiness: { ready: false, reasons: ["Full"] } }
    assert.deepInclude(Pages.total([snapshot({}), snapshot(full)]), {
      openCalls: 2,
      maxCalls: 20,
      ended: { Idle: 2 },
      readiness: { ready: true, reasons: [] }
    })
    const blocked = { readiness: { ready: false, reasons: ["Full", "Blocked"] }, ended: { Spent: 1 } }
    assert.deepInclude(Pages.total([snapshot(full), snapshot(blocked)]), {
      ended: { Idle: 1, Spent: 1 },
      readiness: { ready: false, reasons: ["Full", "Blocked"] }
    })
    assert.deepStrictEqual(Pages.total([]).readiness, { ready: false, reasons: ["NoProcess"] })
  })
})
