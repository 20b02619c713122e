/**
 * Serves the metrics of the process as a page for Prometheus.
 *
 * Names follow Prometheus' conventions: they contain the unit, and counters end in `_total`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Redacted from "effect/Redacted"

/** Options of the page. */
export interface Options {
  /** `/metrics` by default. */
  readonly path?: HttpRouter.PathInput | undefined
  /** Token that a scraper must send as `Authorization: Bearer …`. None by default. */
  readonly token?: Redacted.Redacted | undefined
}

/** The metrics of the current registry, as text. */
export const format: Effect.Effect<string> = Effect.contextWith((context: Context.Context<never>) => {
  const names = new Map(Metric.snapshotUnsafe(context).map((metric) => [metric.id, nameOf(metric)]))
  return PrometheusMetrics.format({ metricNameMapper: (name) => names.get(name) ?? name })
})

/** Layer that adds the page to a router. */
export const layerHttp = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> =>
  HttpRouter.add(
    "GET",
    options.path ?? "/metrics",
    Effect.gen(function* () {
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      if (
        options.token !== undefined &&
        !isSame(headers["authorization"] ?? "", `Bearer ${Redacted.value(options.token)}`)
      ) {
        return HttpServerResponse.text("", { status: 401, headers: { "www-authenticate": "Bearer" } })
      }
      return HttpServerResponse.text(yield* format, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
    })
  )

const units: Readonly<Record<string, string>> = {
  s: "_seconds",
  ms: "_milliseconds",
  milliseconds: "_milliseconds",
  By: "_bytes"
}

/** The name of a metric on the page. */
export const nameOf = ({
  attributes,
  id,
  type
}: Pick<Metric.Metric.Snapshot, "id" | "type" | "attributes">): string => {
  const name = id.replaceAll(".", "_")
  const unit = units[attributes?.["unit"] ?? attributes?.["time_unit"] ?? ""] ?? ""
  const withUnit = name.endsWith(unit) ? name : name + unit
  return type === "Counter" && !withUnit.endsWith("_total") ? `${withUnit}_total` : withUnit
}

/** Compares with a secret in constant time. */
const isSame = (given: string, secret: string): boolean => {
  let difference = given.length ^ secret.length
  for (let i = 0; i < secret.length; i++) difference |= secret.charCodeAt(i) ^ (given.charCodeAt(i) || 0)
  return difference === 0
}
