/** The example as an operator would run it: a process of its own, a collector, a scrape, a call, and SIGTERM. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Collector from "../../../operate/test/support/collector.ts"
import { example, get, talk, until } from "./running.ts"

describe("operate/main.ts", () => {
  it.live("answers a platform's probes, sends its trace, and exits with 0 after SIGTERM", () =>
    Effect.gen(function* () {
      const collector = yield* Collector.make
      const server = yield* example("operate/main.ts", {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_SERVICE_NAME: "desk"
      })
      assert.strictEqual((yield* Effect.promise(() => get(`${server.http}/ready`))).status, 200)
      yield* talk(server.ws, "my secret")
      const page = yield* until(
        () => get(`${server.http}/metrics`),
        ({ text }) => text.includes("nodejs_eventloop_delay_p99_seconds") && text.includes("antiphon_ready 1")
      )
      assert.include(page.text, "antiphon_calls_open 1\n")
      assert.notInclude(page.text, "my secret")
      assert.deepStrictEqual(yield* server.stop, [0, null])
      assert.includeMembers(
        collector.spans.map(({ name }) => name),
        ["call", "turn"]
      )
      assert.include(collector.resource(), { "service.name": "desk" })
      assert.include(
        collector.metrics.map(({ name }) => name),
        "antiphon_calls"
      )
      assert.notInclude(collector.text(), "my secret")
    })
  )
})
