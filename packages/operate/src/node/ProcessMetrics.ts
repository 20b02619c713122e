/**
 * Metrics of the Node process: delay and utilisation of its event loop, and memory.
 *
 * Names are those of OpenTelemetry. Calls share one event loop, so its delay adds to the waiting time of every caller.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import process from "node:process"

const seconds = { unit: "s" }
const bytes = { unit: "By" }
const delay = (of: string) =>
  Metric.gauge(`nodejs.eventloop.delay.${of}`, {
    description: `Event loop delay since the last sample: ${of}`,
    attributes: seconds
  })
const delays = { p50: delay("p50"), p99: delay("p99"), max: delay("max") }
const utilization = Metric.gauge("nodejs.eventloop.utilization", {
  description: "Share of time in which the event loop was busy since the last sample, 0 to 1"
})
const heap = Metric.gauge("v8js.memory.heap.used", { description: "Heap in use", attributes: bytes })
const resident = Metric.gauge("process.memory.usage", { description: "Resident memory", attributes: bytes })
const cpu = Metric.counter("process.cpu.time", {
  description: "Processor time, user and system",
  attributes: seconds
})
const uptime = Metric.gauge("process.uptime", { description: "Age of the process", attributes: seconds })

/** Layer that takes samples at an interval, every 5 seconds by default. */
export const layer = (options: { readonly every?: Duration.Input | undefined } = {}): Layer.Layer<never> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const histogram = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
          histogram.enable()
          return histogram
        }),
        (histogram) => Effect.sync(() => histogram.disable())
      )
      const context = yield* Effect.context<never>()
      let before = { loop: performance.eventLoopUtilization(), cpu: 0 }
      const sample = Effect.sync(() => {
        const set = (metric: Metric.Metric<number, unknown>, value: number) => metric.updateUnsafe(value, context)
        // The histogram includes its own interval.
        const late = (nanoseconds: number) =>
          Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - resolutionMs / 1000) : 0
        set(delays.p50, late(histogram.percentile(50)))
        set(delays.p99, late(histogram.percentile(99)))
        set(delays.max, late(histogram.max))
        histogram.reset()
        const loop = performance.eventLoopUtilization()
        set(utilization, performance.eventLoopUtilization(loop, before.loop).utilization)
        const memory = process.memoryUsage()
        set(heap, memory.heapUsed)
        set(resident, memory.rss)
        const used = process.cpuUsage()
        const cpuNow = (used.user + used.system) / 1e6
        set(cpu, cpuNow - before.cpu)
        set(uptime, process.uptime())
        before = { loop, cpu: cpuNow }
      })
      yield* Effect.forkScoped(Effect.repeat(sample, Schedule.spaced(options.every ?? "5 seconds")))
    })
  )

/** How often the event loop is sampled: shorter delays are not seen. */
const resolutionMs = 10
