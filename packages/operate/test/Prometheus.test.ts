import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Metric, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import parse from "parse-prometheus-text-format"
import { spawnSync } from "node:child_process"
import * as MetricNames from "../src/MetricNames.ts"
import * as Prometheus from "../src/Prometheus.ts"
import * as Calls from "./support/calls.ts"

const ownRegistry = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.provideService(self, Metric.MetricRegistry, new Map()))
const get = (url: string, headers: Record<string, string> = {}) =>
  Effect.promise(async () => {
    const response = await fetch(url, { headers })
    return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
  })
const hasPromtool = spawnSync("promtool", ["--version"]).status === 0

const scraped = Effect.gen(function* () {
  const server = yield* Calls.serve({ routes: Prometheus.layerHttp() })
  yield* Calls.call(server.ws, 'a "quoted"\nid')
  yield* Calls.allOver(server.calls)
  return yield* get(`${server.http}/metrics`)
}).pipe(ownRegistry)

describe("Prometheus", () => {
  it.live("serves what a call has counted, in a form a parser accepts", () =>
    Effect.gen(function* () {
      const page = yield* scraped
      assert.deepStrictEqual([page.status, page.type], [200, "text/plain; version=0.0.4; charset=utf-8"])
      const families = new Map(parse(page.text).map((family) => [family.name, family]))
      const calls = families.get("antiphon_calls_total")!
      assert.deepStrictEqual([calls.type, calls.metrics], ["COUNTER", [{ value: "1", labels: { how: "Ended" } }]])
      assert.strictEqual(families.get("antiphon_calls_open")!.type, "GAUGE")
      const first = families.get("antiphon_first_word_seconds")!
      assert.strictEqual(first.type, "HISTOGRAM")
      assert.isAbove(Number(first.metrics[0]!.count), 0)
      for (const secret of [...Calls.secrets, "quoted"]) assert.notInclude(page.text, secret)
    })
  )

  it.live.skipIf(!hasPromtool)("is accepted by promtool (skipped if promtool is not installed)", () =>
    Effect.gen(function* () {
      const { text } = yield* scraped
      const checked = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })
      // Names from the conventions that promtool would prefer otherwise are not errors of the format.
      assert.strictEqual(
        checked.stderr.replace(/^.*(?:metric names should not contain abbreviated units).*\n/gmu, ""),
        ""
      )
    })
  )

  it.live("requires its token", () =>
    Effect.gen(function* () {
      const server = yield* Calls.serve({
        routes: Prometheus.layerHttp({ path: "/internal/metrics", token: Redacted.make("t") })
      })
      const url = `${server.http}/internal/metrics`
      assert.strictEqual((yield* get(url)).status, 401)
      assert.strictEqual((yield* get(url, { authorization: "Bearer x" })).status, 401)
      assert.strictEqual((yield* get(url, { authorization: "Bearer t" })).status, 200)
    }).pipe(ownRegistry)
  )

  const tokens: ReadonlyArray<readonly [string, Record<string, string>, ReadonlyArray<string>, ReadonlyArray<string>]> =
    [
      ["nobody's where there is no token", {}, ["", "Bearer x"], []],
      ["the server's", { ANTIPHON_TOKEN: "a", ANTIPHON_TOKEN_NEXT: "b" }, ["Bearer a", "Bearer b"], ["", "Bearer x"]],
      [
        "a scraper's",
        { ANTIPHON_TOKEN: "a", ANTIPHON_METRICS_TOKEN: "m" },
        ["Bearer a", "Bearer m"],
        ["", "Bearer", "m"]
      ],
      ["a scraper's alone", { ANTIPHON_METRICS_TOKEN: "m" }, ["Bearer m"], ["", "Bearer "]],
      [
        "the server's where that of the scraper is empty",
        { ANTIPHON_TOKEN: "a", ANTIPHON_METRICS_TOKEN: "" },
        [],
        ["", "Bearer "]
      ],
      ["nobody's where it is to be open", { ANTIPHON_TOKEN: "a", ANTIPHON_METRICS_OPEN: "true" }, [""], []]
    ]
  for (const [whose, env, good, bad] of tokens) {
    it.live(`asks for a token from the environment: ${whose}`, () =>
      Effect.gen(function* () {
        const routes = Layer.orDie(
          Layer.provide(Prometheus.layerFromConfig(), ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))
        )
        const { http } = yield* Calls.serve({ routes })
        for (const authorization of good) {
          assert.strictEqual((yield* get(`${http}/metrics`, { authorization })).status, 200, authorization)
        }
        for (const authorization of bad) {
          assert.strictEqual((yield* get(`${http}/metrics`, { authorization })).status, 401, authorization)
        }
      }).pipe(ownRegistry)
    )
  }

  it.effect("does not open the page because the token of the scraper is empty", () =>
    Effect.gen(function* () {
      for (const [token, others] of [
        ["", {}],
        ["  ", {}],
        ["", { ANTIPHON_METRICS_OPEN: "false" }]
      ] as const) {
        const env = { ANTIPHON_METRICS_TOKEN: token, ...others }
        const page = Prometheus.layerFromConfig().pipe(
          Layer.provide(HttpRouter.layer),
          Layer.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env })))
        )
        const { message } = yield* Effect.flip(Effect.scoped(Layer.build(page)))
        assert.include(message, "ANTIPHON_METRICS_TOKEN")
      }
    })
  )

  it("adds the unit and `_total` to a name, once", () => {
    const names: ReadonlyArray<readonly [Parameters<typeof Prometheus.nameOf>[0], string]> = [
      [{ id: "a.b", type: "Histogram", attributes: { unit: "s" } }, "a_b_seconds"],
      [{ id: "a_seconds", type: "Counter", attributes: { unit: "s" } }, "a_seconds_total"],
      [{ id: "a_total", type: "Counter", attributes: undefined }, "a_total"],
      [{ id: "a", type: "Gauge", attributes: { unit: "By" } }, "a_bytes"],
      [{ id: "a", type: "Histogram", attributes: { time_unit: "milliseconds" } }, "a_milliseconds"],
      [{ id: "a", type: "Histogram", attributes: { unit: "{token}" } }, "a"]
    ]
    for (const [metric, name] of names) assert.strictEqual(Prometheus.nameOf(metric), name)
  })
})

describe("MetricNames", () => {
  it.live("has every metric that a call with a model produces, with labels and unit", () =>
    Effect.gen(function* () {
      const server = yield* Calls.serve({})
      yield* Calls.call(server.ws, "c")
      yield* Calls.allOver(server.calls)
      for (const { attributes, id, type } of yield* Metric.snapshot) {
        const known = MetricNames.all.find(({ name }) => name === id)
        if (known === undefined) {
          assert.notMatch(id, /^(antiphon|gen_ai)/, `${id} has no row`)
          continue
        }
        assert.strictEqual(type, known.type, id)
        const { unit, ...labels } = attributes ?? {}
        assert.strictEqual(unit, known.unit, id)
        // The model and the failure are missing if they are not known.
        const isOptional = (label: string) => /^(error\.type|gen_ai\.(provider\.name|request\.model))$/.test(label)
        const present = [...Object.keys(labels), ...known.labels.filter(isOptional)]
        assert.sameMembers([...new Set(present)], [...known.labels], id)
      }
    }).pipe(ownRegistry)
  )
})
