/**
 * Serves the metrics of the process as a page for Prometheus.
 *
 * Names follow Prometheus' conventions: they contain the unit, and counters end in `_total`.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** Options of the page. */
export interface Options {
  /** `/metrics` by default. */
  readonly path?: HttpRouter.PathInput | undefined
  /** Token that a scraper must send as `Authorization: Bearer …`, or several, each of which is valid. None by default. */
  readonly token?: Redacted.Redacted | ReadonlyArray<Redacted.Redacted> | undefined
}

/** The metrics of the current registry, as text. */
export const format: Effect.Effect<string> = Effect.contextWith((context: Context.Context<never>) => {
  const names = new Map(Metric.snapshotUnsafe(context).map((metric) => [metric.id, nameOf(metric)]))
  return PrometheusMetrics.format({ metricNameMapper: (name) => names.get(name) ?? name })
})

/** Layer that adds the page to a router. Anyone who reaches the server may read it unless there is a token. */
export const layerHttp = (options: Options = {}): Layer.Layer<never, never, HttpRouter.HttpRouter> => {
  const tokens = [options.token ?? []].flat()
  return HttpRouter.add(
    "GET",
    options.path ?? "/metrics",
    Effect.gen(function* () {
      const { headers } = yield* HttpServerRequest.HttpServerRequest
      const given = headers["authorization"] ?? ""
      // Compares all of them, so that the time does not tell which one was nearly right.
      const isGood = tokens.map((token) => isSame(given, `Bearer ${Redacted.value(token)}`)).includes(true)
      if (tokens.length > 0 && !isGood) {
        return HttpServerResponse.text("", { status: 401, headers: { "www-authenticate": "Bearer" } })
      }
      return HttpServerResponse.text(yield* format, { contentType: "text/plain; version=0.0.4; charset=utf-8" })
    })
  )
}

/**
 * Layer that adds the page to a router, as protected as the server: it needs `ANTIPHON_METRICS_TOKEN`, or a token of the server
 * (`ANTIPHON_TOKEN`, `ANTIPHON_TOKEN_NEXT`, unless others are given). Everybody may read it if there is none of them, or if
 * `ANTIPHON_METRICS_OPEN` is true. Fails if it would be open only because
 * `ANTIPHON_METRICS_TOKEN` is set but empty.
 */
export const layerFromConfig = (options: Options = {}): Layer.Layer<never, Config.ConfigError, HttpRouter.HttpRouter> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { metricsToken, open, tokens } = yield* config
      const needed = open ? [] : [metricsToken, options.token ?? tokens].flat()
      if (needed.length === 0) yield* refuseEmpty
      return layerHttp({ path: options.path, token: needed })
    })
  )

// Space around a token, such as the line break at the end of a file, is not part of it: no header could carry it.
const Token = Schema.RedactedFromValue(
  Schema.Trim.check(Schema.makeFilter((token) => token !== "", { expected: "a token that is not empty" }))
)

/** None or one. */
const token = (name: string) => Config.map(Config.option(Config.schema(Token, name)), Option.toArray)

/** Fails if the variable is set but empty, because its secret was not found: the page would be open to everybody. */
const refuseEmpty = Effect.gen(function* () {
  const name = "ANTIPHON_METRICS_TOKEN"
  // `Config` treats an empty variable as missing, but its provider still lists the name.
  const provider = yield* ConfigProvider.ConfigProvider
  const names = yield* Effect.orElseSucceed(provider.load(["ANTIPHON", "METRICS"]), () => undefined)
  if (names?._tag !== "Record" || !names.keys.has("TOKEN")) return
  yield* Config.schema(Token, name).parse(ConfigProvider.fromUnknown({ [name]: "" }, { preserveEmptyStrings: true }))
})

const config = Config.all({
  open: Config.withDefault(Config.Boolean("ANTIPHON_METRICS_OPEN"), false),
  metricsToken: token("ANTIPHON_METRICS_TOKEN"),
  tokens: Config.map(Config.all([token("ANTIPHON_TOKEN"), token("ANTIPHON_TOKEN_NEXT")]), (tokens) => tokens.flat())
})

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
