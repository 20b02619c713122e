import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as MetricNames from "../src/MetricNames.ts"

const guide = readFileSync(join(import.meta.dirname, "../../../docs/observability.md"), "utf8")

describe("MetricNames", () => {
  it("are listed in the guide, each with its type and its labels, and nothing else is", () => {
    const rows = [...guide.matchAll(/^\| `([\w.]+)` +\| (Gauge|Counter|Histogram) +\| ([^|]*)\|/gm)]
    assert.deepStrictEqual(
      rows.map(([, name, type, labels]) => [name!, type!, [...(labels!.match(/[\w.]+/g) ?? [])]]).toSorted(),
      MetricNames.all.map(({ labels, name, type }) => [name, type, [...labels]]).toSorted()
    )
  })

  it("have the series Prometheus shows", () => {
    const of = (name: string) => MetricNames.series(MetricNames.all.find((metric) => metric.name === name)!)
    assert.deepStrictEqual(of("antiphon_calls"), ["antiphon_calls_total"])
    assert.deepStrictEqual(of("antiphon_calls_open"), ["antiphon_calls_open"])
    assert.deepStrictEqual(of("process.memory.usage"), ["process_memory_usage_bytes"])
    assert.deepStrictEqual(of("antiphon_heard"), [
      "antiphon_heard_seconds_bucket",
      "antiphon_heard_seconds_sum",
      "antiphon_heard_seconds_count"
    ])
  })
})
