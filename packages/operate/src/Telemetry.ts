/**
 * Sends traces and metrics to a collector over OTLP.
 *
 * Spans and metrics are emitted where the work happens; this module exports them, without private data by default
 * (`PrivateSpans`). Logs are only sent on request, because the message of a failure may quote anything.
 *
 * @since 0.1.0
 */
import * as EventId from "@antiphon/core/EventId"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Headers from "effect/http/Headers"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as OtlpExporter from "effect/observability/OtlpExporter"
import * as OtlpLogger from "effect/observability/OtlpLogger"
import * as OtlpMetrics from "effect/observability/OtlpMetrics"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"
import * as PrivateSpans from "./PrivateSpans.ts"

/** Options of the export. */
export interface Sent {
  /** Name of the service. Defaults to `OTEL_SERVICE_NAME`, then `antiphon`. */
  readonly serviceName?: string | undefined
  readonly serviceVersion?: string | undefined
  /** Further attributes of the process, such as `deployment.environment.name`. */
  readonly resource?: Readonly<Record<string, unknown>> | undefined
  /** Additional span attributes to export, besides those known to be harmless. */
  readonly also?: PrivateSpans.Also | undefined
  /** Whether to send log lines too, unchanged. False by default. */
  readonly logs?: boolean | undefined
}

/** Where to send, and how often. */
export interface Options extends Sent {
  /** Base address of the collector: `http://collector:4318`. */
  readonly endpoint: string
  readonly headers?: Headers.Input | undefined
  /** `protobuf` by default, as in the specification. */
  readonly protocol?: "protobuf" | "json" | undefined
  /** 5 seconds. */
  readonly tracesEvery?: Duration.Input | undefined
  /** 10 seconds. */
  readonly metricsEvery?: Duration.Input | undefined
}

/**
 * Layer that sends the spans and metrics of everything that runs under it, over `fetch`. Pending data is sent when the
 * Layer is released. An unreachable collector only causes a log line.
 *
 * ```ts
 * VoiceAgentApp.serve(agent).pipe(
 *   Effect.provide(Telemetry.layer({ endpoint: "http://collector:4318", serviceName: "bookings" }))
 * )
 * ```
 */
export const layer = (options: Options): Layer.Layer<OtlpExporter.Flusher> =>
  Layer.provide(layerNoClient(options), FetchHttpClient.layer)

/** Like `layer`, with your own HTTP client. */
export const layerNoClient = (options: Options): Layer.Layer<OtlpExporter.Flusher, never, HttpClient.HttpClient> => {
  const base = options.endpoint.replace(/(?<!\/)\/+$/u, "")
  const { headers } = options
  const resource = resourceOf(options)
  const traces = OtlpTracer.layer({
    url: `${base}/v1/traces`,
    resource,
    headers,
    exportInterval: options.tracesEvery ?? "5 seconds"
  })
  const metrics = OtlpMetrics.layer({
    url: `${base}/v1/metrics`,
    resource,
    headers,
    exportInterval: options.metricsEvery ?? "10 seconds"
  })
  const logs = OtlpLogger.layer({ url: `${base}/v1/logs`, resource, headers, mergeWithExisting: true })
  return sending(options, { traces, metrics, logs }).pipe(
    Layer.provide(options.protocol === "json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf),
    Layer.provide(defaults)
  )
}

/**
 * Layer that is configured by environment variables: `OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_EXPORTER_OTLP_HEADERS`,
 * `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES` and the others of the specification. Without an endpoint, and with
 * `OTEL_SDK_DISABLED=true`, nothing is sent.
 */
export const layerFromConfig = (options: Sent = {}): Layer.Layer<OtlpExporter.Flusher> => {
  const resource = resourceOf(options)
  return sending(options, {
    traces: OtlpTracer.layerFromConfig({ resource }),
    metrics: OtlpMetrics.layerFromConfig({ resource }),
    logs: OtlpLogger.layerFromConfig({ resource, mergeWithExisting: true })
  }).pipe(Layer.provide(OtlpSerialization.layerProtobuf), Layer.provide(FetchHttpClient.layer), Layer.provide(defaults))
}

type Exporting = Layer.Layer<OtlpExporter.Flusher, never, HttpClient.HttpClient | OtlpSerialization.OtlpSerialization>

const sending = (
  { also, logs }: Sent,
  exporters: { readonly traces: Exporting; readonly metrics: Exporting; readonly logs: Exporting }
): Exporting => {
  const traces = Layer.provideMerge(PrivateSpans.layer(also), exporters.traces)
  return logs === true
    ? Layer.mergeAll(exporters.logs, exporters.metrics, traces)
    : Layer.mergeAll(exporters.metrics, traces)
}

/**
 * Defaults of the specification for missing variables. The service is named `antiphon` by default, and each process gets an
 * id, so that a collector can tell several processes apart.
 */
const defaults = Layer.effect(
  ConfigProvider.ConfigProvider,
  Effect.gen(function* () {
    const given = yield* ConfigProvider.ConfigProvider
    const attributes = yield* Effect.orDie(Config.withDefault(Config.String("OTEL_RESOURCE_ATTRIBUTES"), ""))
    const has = (name: string) => attributes.split(",").some((pair) => pair.trim().startsWith(`${name}=`))
    const nextId = yield* EventId.make
    const id = `service.instance.id=${nextId()}`
    const described = ConfigProvider.fromEnv({
      env: has("service.instance.id")
        ? {}
        : { OTEL_RESOURCE_ATTRIBUTES: attributes === "" ? id : `${attributes},${id}` }
    })
    const unset = ConfigProvider.fromEnv({
      env: {
        OTEL_TRACES_EXPORTER: "otlp",
        OTEL_METRICS_EXPORTER: "otlp",
        OTEL_LOGS_EXPORTER: "otlp",
        ...(has("service.name") ? {} : { OTEL_SERVICE_NAME: "antiphon" })
      }
    })
    return ConfigProvider.orElse(described, ConfigProvider.orElse(given, unset))
  })
)

const resourceOf = ({ resource, serviceName, serviceVersion }: Sent) => ({
  serviceName,
  serviceVersion,
  attributes: { ...resource }
})
