import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Layer, Metric } from "effect"
import { OtlpExporter } from "effect/observability"
import * as MetricNames from "../src/MetricNames.ts"
import * as Telemetry from "../src/Telemetry.ts"
import * as Calls from "./support/calls.ts"
import * as Collector from "./support/collector.ts"

const ownRegistry = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.provideService(self, Metric.MetricRegistry, new Map()))

/** Calls the agent under a telemetry layer, and returns the collector once everything was sent. */
const collected = (telemetry: (url: string) => Layer.Layer<OtlpExporter.Flusher>) =>
  Effect.gen(function* () {
    const collector = yield* Collector.make
    yield* Effect.scoped(
      Effect.gen(function* () {
        const server = yield* Calls.serve({
          under: Layer.effectDiscard(Effect.void).pipe(Layer.provideMerge(telemetry(collector.url)))
        })
        yield* Calls.call(server.ws, "call-1")
        yield* Calls.allOver(server.calls)
      })
    )
    return collector
  }).pipe(ownRegistry)

/** The spans of the call, without those of its HTTP server. */
const ofTheCall = (spans: ReadonlyArray<Collector.Span>) => {
  const trace = spans.find(({ name }) => name === "call")?.trace
  return spans.filter((span) => span.trace === trace)
}

const tree = ({ spans }: Collector.Collector): ReadonlyArray<string> => {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const path = (span: Collector.Span): string => {
    const parent = byId.get(span.parent)
    return parent === undefined ? span.name : `${path(parent)} > ${span.name}`
  }
  return [...new Set(ofTheCall(spans).map(path))].toSorted()
}

describe("Telemetry", () => {
  for (const protocol of ["protobuf", "json"] as const) {
    it.live(`sends a call as one trace, without private content, as ${protocol}`, () =>
      Effect.gen(function* () {
        const collector = yield* collected((endpoint) =>
          Telemetry.layer({
            endpoint,
            protocol,
            serviceName: "desk",
            resource: { "deployment.environment.name": "test" }
          })
        )
        assert.deepStrictEqual(
          [...collector.contentTypes],
          [protocol === "json" ? "application/json" : "application/x-protobuf"]
        )
        assert.include(collector.resource(), { "service.name": "desk", "deployment.environment.name": "test" })
        assert.deepStrictEqual(tree(collector), [
          "call",
          "call > background",
          "call > background > execute_tool search",
          "call > heard",
          "call > turn",
          "call > turn > chat",
          "call > turn > chat > LanguageModel.streamText",
          "call > turn > execute_tool book",
          "call > turn > execute_tool seats",
          "call > turn > execute_tool seats > lookup",
          "call > turn > handoff to_manager"
        ])
        const ofCall = ofTheCall(collector.spans)
        for (const { attributes, name } of ofCall) {
          if (/^(call|turn|chat|execute_tool|handoff|heard|background)/.test(name)) {
            assert.strictEqual(attributes["gen_ai.conversation.id"], "call-1", name)
          }
        }
        for (const secret of Calls.secrets) assert.notInclude(collector.text(), secret)
      })
    )
  }

  it.live("reports failures by kind, links background work to its turn, and has the figures of each turn", () =>
    Effect.gen(function* () {
      const collector = yield* collected((endpoint) => Telemetry.layer({ endpoint }))
      const named = (name: string) => collector.spans.filter((span) => span.name === name)
      const [book] = named("execute_tool book")
      assert.include(book, { status: 2, message: "ToolFailure" })
      assert.include(book!.attributes, { "antiphon.tool.outcome": "failed", "error.type": "ToolFailure" })
      const [background] = named("background")
      assert.include(
        named("turn").map(({ id }) => id),
        background!.links[0]
      )
      const answering = named("turn").find(({ attributes }) => attributes["antiphon.turn.trigger"] === "UserTurnEnded")!
      assert.isNumber(answering.attributes["antiphon.turn.time_to_first_word"])
      assert.strictEqual(answering.attributes["gen_ai.agent.invocation.end_reason"], "completed")
      const chat = named("chat").find(({ attributes }) => "gen_ai.usage.input_tokens" in attributes)!
      assert.include(chat.attributes, { "gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 7 })
      assert.isNumber(chat.attributes["gen_ai.response.time_to_first_chunk"])
    })
  )

  it.live("sends metrics with their names and units", () =>
    Effect.gen(function* () {
      const { metrics } = yield* collected((endpoint) => Telemetry.layer({ endpoint }))
      const known = new Map(MetricNames.all.map((metric) => [metric.name, metric]))
      const ours = metrics.filter(({ name }) => known.has(name))
      assert.includeMembers(
        ours.map(({ name }) => name),
        MetricNames.all
          .filter(({ from }) => from === "core")
          .map(({ name }) => name)
          .filter((name) => !["antiphon_interruptions", "antiphon_answers_overdue"].includes(name))
      )
      for (const { name, unit } of ours) assert.strictEqual(unit, known.get(name)!.unit ?? "1", name)
      const turns = ours.findLast(({ name }) => name === "antiphon_turns")!
      assert.deepInclude(
        turns.points.map(({ attributes, value }) => [attributes["trigger"], attributes["outcome"], value]),
        ["CallStarted", "completed", 1]
      )
    })
  )

  it.live("exports the additional attributes, and no others", () =>
    Effect.gen(function* () {
      const collector = yield* collected((endpoint) => Telemetry.layer({ endpoint, also: ["app.seats"] }))
      const lookup = collector.spans.find(({ name }) => name === "lookup")!
      assert.deepStrictEqual(lookup.attributes, { "app.seats": 2 })
    })
  )

  it.live("reads the variables of OpenTelemetry, and sends nothing without an endpoint", () =>
    Effect.gen(function* () {
      const under = (env: Record<string, string>) =>
        Telemetry.layerFromConfig().pipe(
          Layer.provide(Layer.succeed(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env })))
        )
      const collector = yield* collected((url) =>
        under({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: "from-env" })
      )
      assert.include(collector.resource(), { "service.name": "from-env" })
      assert.match(String(collector.resource()["service.instance.id"]), /^[0-9a-f-]{36}$/)
      const described = yield* collected((url) =>
        under({
          OTEL_EXPORTER_OTLP_ENDPOINT: url,
          OTEL_RESOURCE_ATTRIBUTES: "service.name=named,service.instance.id=pod-7,team=desk"
        })
      )
      assert.include(described.resource(), { "service.name": "named", "service.instance.id": "pod-7", team: "desk" })
      assert.include(tree(collector), "call > turn")
      const silent = yield* collected(() => under({}))
      assert.deepStrictEqual([silent.spans, silent.metrics], [[], []])
    })
  )

  it.live("an unreachable collector disturbs neither calls nor the end of the server", () =>
    Effect.gen(function* () {
      // Nothing listens on the port of a collector that has stopped.
      const { url } = yield* Effect.scoped(Collector.make)
      const [over] = yield* Effect.timed(
        Effect.scoped(
          Effect.gen(function* () {
            const under = Layer.effectDiscard(Effect.void).pipe(Layer.provideMerge(Telemetry.layer({ endpoint: url })))
            const server = yield* Calls.serve({ under })
            yield* Calls.call(server.ws, "call-1")
            yield* Calls.allOver(server.calls)
          })
        )
      )
      assert.isBelow(Duration.toSeconds(over), 15)
    }).pipe(ownRegistry)
  )
})
