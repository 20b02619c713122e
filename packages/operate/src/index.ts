/**
 * Traces and metrics of voice agents, for operators.
 *
 * @since 0.1.0
 */
export * as MetricNames from "./MetricNames.ts"
export * as PrivateSpans from "./PrivateSpans.ts"
export * as ProcessMetrics from "./node/ProcessMetrics.ts"
export * as Prometheus from "./Prometheus.ts"
export * as ServerMetrics from "./ServerMetrics.ts"
export * as Telemetry from "./Telemetry.ts"
