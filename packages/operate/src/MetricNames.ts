/**
 * Every metric of Antiphon, as data: for dashboards, alert rules and documents, and for the tests that compare them.
 *
 * @since 0.1.0
 */
import * as Prometheus from "./Prometheus.ts"

/** A metric. */
export interface MetricName {
  /** The name as sent to a collector. */
  readonly name: string
  readonly type: "Counter" | "Gauge" | "Histogram"
  /** The unit in UCUM: `s`, `By`, `{token}`. Absent for a plain count. */
  readonly unit?: "s" | "ms" | "By" | "{token}" | undefined
  /** Labels that distinguish its series. */
  readonly labels: ReadonlyArray<string>
  /** The package that emits it. */
  readonly from: "core" | "llm" | "server" | "process" | "speech"
}

const row = (
  from: MetricName["from"],
  name: string,
  type: MetricName["type"],
  labels: ReadonlyArray<string> = [],
  unit?: MetricName["unit"]
): MetricName => ({ name, type, labels, from, ...(unit && { unit }) })

const operation = "gen_ai.operation.name"
/** The provider; absent if the model does not name it. */
const asked = [operation, "gen_ai.provider.name", "gen_ai.request.model"]

/** All metrics. */
export const all: ReadonlyArray<MetricName> = [
  row("core", "antiphon_calls_open", "Gauge"),
  row("core", "antiphon_calls", "Counter", ["how"]),
  row("core", "antiphon_call_duration", "Histogram", [], "s"),
  row("core", "antiphon_turns", "Counter", ["trigger", "outcome"]),
  row("core", "gen_ai.invoke_agent.duration", "Histogram", [operation], "s"),
  row("core", "antiphon_first_word", "Histogram", [], "s"),
  row("core", "antiphon_heard", "Histogram", [], "s"),
  row("core", "antiphon_interruptions", "Counter"),
  row("core", "antiphon_background_work", "Counter", ["outcome"]),
  row("core", "antiphon_answers_overdue", "Counter"),
  row("llm", "gen_ai.client.operation.duration", "Histogram", [...asked, "error.type"], "s"),
  row("llm", "gen_ai.client.operation.time_to_first_chunk", "Histogram", asked, "s"),
  row("llm", "gen_ai.client.token.usage", "Histogram", [...asked, "gen_ai.token.type"], "{token}"),
  row("llm", "gen_ai.execute_tool.duration", "Histogram", [operation, "gen_ai.tool.name", "outcome"], "s"),
  row("llm", "antiphon_tool_calls", "Counter", ["gen_ai.tool.name", "outcome"]),
  row("llm", "antiphon_handoffs", "Counter", ["gen_ai.tool.name", "outcome"]),
  row("llm", "antiphon_llm_tokens", "Counter", ["provider", "model", "kind"]),
  row("llm", "antiphon_llm_cost_usd", "Counter", ["provider", "model"]),
  row("llm", "antiphon_llm_plan_events", "Counter", ["event", "step"]),
  row("speech", "antiphon_speech_latency", "Histogram", ["stage"], "ms"),
  row("speech", "antiphon_speech_late_answers", "Counter", ["stage"]),
  row("server", "antiphon_ready", "Gauge"),
  row("server", "antiphon_not_ready", "Gauge", ["reason"]),
  row("server", "antiphon_draining", "Gauge"),
  row("server", "antiphon_server_calls_max", "Gauge"),
  row("server", "antiphon_server_openings", "Gauge"),
  row("server", "antiphon_server_ended", "Counter", ["ending"]),
  row("server", "antiphon_server_refused", "Counter", ["why"]),
  row("server", "antiphon_server_messages", "Counter", ["direction"]),
  row("server", "antiphon_server_messages_dropped", "Counter"),
  row("server", "antiphon_event_loop_blocks", "Counter"),
  row("server", "antiphon_event_loop_blocked", "Counter", [], "s"),
  row("server", "antiphon_uncaught", "Counter"),
  row("process", "nodejs.eventloop.delay.p50", "Gauge", [], "s"),
  row("process", "nodejs.eventloop.delay.p99", "Gauge", [], "s"),
  row("process", "nodejs.eventloop.delay.max", "Gauge", [], "s"),
  row("process", "nodejs.eventloop.utilization", "Gauge"),
  row("process", "v8js.memory.heap.used", "Gauge", [], "By"),
  row("process", "process.memory.usage", "Gauge", [], "By"),
  row("process", "process.cpu.time", "Counter", [], "s"),
  row("process", "process.uptime", "Gauge", [], "s")
]

/** The series of a metric on the Prometheus page: a histogram has three. */
export const series = ({ name, type, unit }: MetricName): ReadonlyArray<string> => {
  const attributes = unit === undefined ? {} : { unit }
  const shown = Prometheus.nameOf({ id: name, type, attributes })
  return type === "Histogram" ? [`${shown}_bucket`, `${shown}_sum`, `${shown}_count`] : [shown]
}
