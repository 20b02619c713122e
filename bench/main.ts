/**
 * `npm run bench [-- name...]`: runs the benches one after another, each in a process of its own, and ends with a table of
 * all budgets. A name picks the benches whose file name begins with it. Exits 1 where a bound is broken.
 */
import { fork } from "node:child_process"
import { readdirSync } from "node:fs"
import { cpus, loadavg } from "node:os"
import { join } from "node:path"
import { table, type Row } from "./report.ts"

const names = process.argv.slice(2)
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

const rows: Array<Row> = []
for (const file of files) rows.push(...(await run(file)))
const processors = cpus()
console.log(`\nNode ${process.version}, ${processors.length} x ${processors[0]?.model}\n`)
console.log(table(rows))
if (isBusy) console.log(`\n${busy}`)
process.exit(rows.every((row) => row.ok) ? 0 : 1)
