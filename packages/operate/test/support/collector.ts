/**
 * A collector on a free loopback port. It decodes requests with the protocol's own definitions (code that the
 * OpenTelemetry project generates from its `.proto` files), and keeps them.
 */
import { Effect, type Scope } from "effect"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import { gunzipSync } from "node:zlib"

type Value = string | number | boolean | ReadonlyArray<Value> | null
export interface Span {
  readonly name: string
  readonly id: string
  readonly trace: string
  readonly parent: string
  readonly attributes: Readonly<Record<string, Value>>
  /** 0 is unset, 1 is good, 2 is an error. */
  readonly status: number
  readonly message: string
  readonly events: ReadonlyArray<string>
  readonly links: ReadonlyArray<string>
}
export interface Metric {
  readonly name: string
  readonly unit: string
  readonly points: ReadonlyArray<{ readonly attributes: Readonly<Record<string, Value>>; readonly value: number }>
}

export interface Collector {
  readonly url: string
  readonly spans: ReadonlyArray<Span>
  readonly metrics: ReadonlyArray<Metric>
  /** The sender's description of itself in the last request. */
  readonly resource: () => Readonly<Record<string, Value>>
  /** Every body as text, to search for what must not be in it; protobuf keeps strings unchanged. */
  readonly text: () => string
  readonly contentTypes: ReadonlySet<string>
}

interface AnyValue {
  readonly stringValue?: string | null
  readonly boolValue?: boolean | null
  readonly intValue?: string | number | null
  readonly doubleValue?: number | null
  readonly arrayValue?: { readonly values?: ReadonlyArray<AnyValue> } | null
}
type Pairs = ReadonlyArray<{ readonly key: string; readonly value: AnyValue }> | undefined
interface Point {
  readonly attributes?: Pairs
  readonly asDouble?: number | null
  readonly asInt?: string | number | null
  readonly count?: string | number
}
interface Body {
  readonly resourceSpans?: ReadonlyArray<{
    readonly resource: { readonly attributes?: Pairs }
    readonly scopeSpans: ReadonlyArray<{
      readonly spans: ReadonlyArray<{
        readonly name: string
        readonly spanId: string
        readonly traceId: string
        readonly parentSpanId?: string
        readonly attributes?: Pairs
        readonly status?: { readonly code?: number; readonly message?: string }
        readonly events?: ReadonlyArray<{ readonly name: string }>
        readonly links?: ReadonlyArray<{ readonly spanId: string }>
      }>
    }>
  }>
  readonly resourceMetrics?: ReadonlyArray<{
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{
        readonly name: string
        readonly unit?: string
        readonly sum?: { readonly dataPoints: ReadonlyArray<Point> }
        readonly gauge?: { readonly dataPoints: ReadonlyArray<Point> }
        readonly histogram?: { readonly dataPoints: ReadonlyArray<Point> }
      }>
    }>
  }>
}

interface Message {
  readonly decode: (body: Uint8Array) => object
  readonly toObject: (message: object, options: { readonly longs: StringConstructor }) => object
}
// The module exports something else than its types declare.
const { logs, metrics, trace } = (
  createRequire(import.meta.url)("@opentelemetry/otlp-transformer/build/src/generated/root.js") as {
    readonly opentelemetry: {
      readonly proto: {
        readonly collector: Readonly<
          Record<"logs" | "metrics" | "trace", { readonly v1: Readonly<Record<string, Message>> }>
        >
      }
    }
  }
).opentelemetry.proto.collector
const requests = {
  traces: trace.v1["ExportTraceServiceRequest"]!,
  metrics: metrics.v1["ExportMetricsServiceRequest"]!,
  logs: logs.v1["ExportLogsServiceRequest"]!
}
// Ids are bytes on the wire, and hexadecimal in JSON.
const hex = (id: string | undefined): string => (id === undefined ? "" : id)
const fromProtobuf = (kind: keyof typeof requests, body: Uint8Array): Body =>
  JSON.parse(
    JSON.stringify(requests[kind].toObject(requests[kind].decode(body), { longs: String }), (key, value) =>
      key.endsWith("Id") && value !== null && typeof value === "object"
        ? Buffer.from((value as { data?: ReadonlyArray<number> }).data ?? Object.values(value as object)).toString(
            "hex"
          )
        : (value as unknown)
    )
  ) as Body

const valueOf = (value: AnyValue): Value =>
  value.stringValue ??
  value.boolValue ??
  value.doubleValue ??
  (value.intValue == null ? undefined : Number(value.intValue)) ??
  value.arrayValue?.values?.map(valueOf) ??
  null
const record = (pairs: Pairs) => Object.fromEntries((pairs ?? []).map(({ key, value }) => [key, valueOf(value)]))

/** Starts a collector. It ends with the scope. */
export const make: Effect.Effect<Collector, never, Scope.Scope> = Effect.gen(function* () {
  const spans: Array<Span> = []
  const metrics: Array<Metric> = []
  const contentTypes = new Set<string>()
  let resource: Readonly<Record<string, Value>> = {}
  let text = ""

  const take = (body: Body) => {
    for (const { resource: of, scopeSpans } of body.resourceSpans ?? []) {
      resource = record(of.attributes)
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        spans.push({
          name: span.name,
          id: hex(span.spanId),
          trace: hex(span.traceId),
          parent: hex(span.parentSpanId),
          attributes: record(span.attributes),
          status: span.status?.code ?? 0,
          message: span.status?.message ?? "",
          events: (span.events ?? []).map(({ name }) => name),
          links: (span.links ?? []).map(({ spanId }) => hex(spanId))
        })
      }
    }
    for (const metric of (body.resourceMetrics ?? [])
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((one) => one.metrics)) {
      const { dataPoints } = metric.sum ?? metric.gauge ?? metric.histogram!
      metrics.push({
        name: metric.name,
        unit: metric.unit ?? "",
        points: dataPoints.map((point) => ({
          attributes: record(point.attributes),
          value: Number(point.asDouble ?? point.asInt ?? point.count)
        }))
      })
    }
  }

  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const sent = Buffer.concat(chunks)
      const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent
      const type = request.headers["content-type"] ?? ""
      const kind = request.url!.split("/").pop() as keyof typeof requests
      contentTypes.add(type)
      text += body.toString("latin1")
      take(type.includes("json") ? (JSON.parse(body.toString()) as Body) : fromProtobuf(kind, body))
      response.setHeader("content-type", type)
      response.end(type.includes("json") ? "{}" : "")
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, spans, metrics, resource: () => resource, text: () => text, contentTypes }
})
