/**
 * `npm run bench [-- name... --json FILE]`: runs the benches one after another, each in a process of its own, and ends with a
 * table of all budgets. A name picks the benches whose file name begins with it. `--json` also writes the table into a file, as
 * an array of `{ claim, measured, floor, ratio, verdict }`. Exits 1 if a bound is broken.
 */
import { fork } from "node:child_process"
import { readdirSync, writeFileSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { table, type Row } from "./report.ts"

const { positionals: names, values } = parseArgs({ allowPositionals: true, options: { json: { type: "string" } } })
const files = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".bench.ts") && (names.length === 0 || names.some((name) => file.startsWith(name))))
  .toSorted()
if (files.length === 0) throw new Error(`no bench is called ${names.join(" or ")}`)

const [load = 0] = loadavg()
const isBusy = load > 1
const busy = `Something else keeps this machine busy (load ${load.toFixed(1)} before the first bench): times mean little.`
if (isBusy) console.log(busy)

const run = (file: string) =>
  new Promise<ReadonlyArray<Row>>((resolve) => {
    console.log(`\n${file}`)
    const child = fork(join(import.meta.dirname, file), { execArgv: [...process.execArgv, "--expose-gc"] })
    const rows: Array<Row> = []
    child.on("message", (message) => rows.push(...(message as ReadonlyArray<Row>)))
    child.on("exit", (code) => {
      if (rows.length === 0) rows.push({ budget: file, measured: `exit ${code}`, floor: "-", ratio: "-", ok: false })
      resolve(rows)
    })
  })

const entry = ({ budget: claim, floor, measured, ok, ratio }: Row) => ({
  claim,
  measured,
  floor,
  ratio,
  verdict: ok ? "ok" : "broken"
})

const rows: Array<Row> = []
for (const file of files) rows.push(...(await run(file)))
const processors = cpus()
console.log(`\nNode ${process.version}, ${processors.length} x ${processors[0]?.model}\n`)
console.log(table(rows))
if (isBusy) console.log(`\n${busy}`)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows.map(entry), undefined, 2)}\n`)
process.exit(rows.every((row) => row.ok) ? 0 : 1)
