/**
 * `npm run bench:peers [-- --quick] [-- name...]`: installs the peers, measures Antiphon beside them, and ends with the table
 * of the budgets that name them. A name picks the measurements that begin with it. `--quick` measures less of everything:
 * it shows that all of it works, and its times mean little.
 *
 * Every peer has a process of its own, and so has the provider. The peers take turns within a round, in another order each
 * time; the first round is dropped, and the median of the others is shown with the smallest and the largest of them.
 */
import { cpus, loadavg, totalmem } from "node:os"
import { median, table, type Row } from "../report.ts"
import * as ServerProcess from "../serverProcess.ts"
import { all, floor, ours, peers, type Contestant } from "./contestants.ts"
import * as PeerProcess from "./peerProcess.ts"
import type { Arguments, Name, Result } from "./tasks.ts"

const quick = process.argv.includes("--quick")
const names = process.argv.slice(2).filter((name) => !name.startsWith("--"))
const wanted = (name: string) => names.length === 0 || names.some((given) => name.startsWith(given))
const cpuBound = 2
const endBoundMs = 5

const [load = 0] = loadavg()
const provider = await ServerProcess.start("modelServer.ts")
const baseUrl = `http://127.0.0.1:${provider.port}`

const processes = new Map<Contestant, PeerProcess.PeerProcess>()
for (const contestant of all) {
  const started = await PeerProcess.start(contestant.adapter, baseUrl)
  await started.ask("check", undefined as never)
  processes.set(contestant, started)
}

type Results<A> = ReadonlyMap<Contestant, ReadonlyArray<A>>

/** Everyone in turn, `dropped + rounds` times. */
const inTurns = async <A>(rounds: number, dropped: number, measure: (contestant: Contestant) => Promise<A>) => {
  const results = new Map<Contestant, Array<A>>(all.map((contestant) => [contestant, []]))
  for (let round = 0; round < rounds + dropped; round++) {
    for (let i = 0; i < all.length; i++) {
      const contestant = all[(i + round) % all.length]!
      const result = await measure(contestant)
      if (round >= dropped) results.get(contestant)!.push(result)
    }
  }
  return results
}

const task = <N extends Name>(name: N, args: Arguments<N>, rounds: number, dropped = 1): Promise<Results<Result<N>>> =>
  inTurns(quick ? 1 : rounds, quick ? 0 : dropped, (contestant) => processes.get(contestant)!.ask(name, args))

const number = (value: number) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)

/** A cell: the median, and the spread if there is one. */
const spread = (values: ReadonlyArray<number>): string => {
  const least = Math.min(...values)
  const most = Math.max(...values)
  return values.length === 1 ? number(values[0]!) : `${number(median(values))} (${number(least)}-${number(most)})`
}

type Column<A> = readonly [title: string, cell: (results: ReadonlyArray<A>) => string]
const values =
  <A>(of: (result: A) => number) =>
  (results: ReadonlyArray<A>) =>
    spread(results.map(of))

const show = <A>(title: string, results: Results<A>, columns: ReadonlyArray<Column<A>>) => {
  const rows = [
    ["", ...columns.map(([name]) => name)],
    ...all.map((contestant) => [contestant.name, ...columns.map(([, cell]) => cell(results.get(contestant)!))])
  ]
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const line = (cells: ReadonlyArray<string>) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`
  const rule = line(widths.map((width) => "-".repeat(width)))
  console.log(`\n${title}\n\n${[line(rows[0]!), rule, ...rows.slice(1).map(line)].join("\n")}`)
}

const rows: Array<Row> = []

const us = (value: number) => `${value.toFixed(0)} us`
const ms = (value: number) => `${value.toFixed(2)} ms`

/** A budget against another contestant. */
const budgetAgainst = (
  budget: string,
  {
    against,
    bound,
    of,
    shown
  }: {
    readonly against: Contestant
    readonly bound: number
    readonly of: (contestant: Contestant) => number
    readonly shown: (value: number) => string
  }
) =>
  rows.push({
    budget,
    measured: shown(of(ours)),
    floor: `${against.name} ${shown(of(against))}`,
    ratio: (of(ours) / of(against)).toFixed(2),
    ok: of(ours) / of(against) <= bound
  })

/** A budget against the best of the peers. */
const belowEveryPeer = (what: string, of: (contestant: Contestant) => number, shown: (value: number) => string) => {
  const against = peers.reduce((one, other) => (of(other) < of(one) ? other : one))
  budgetAgainst(`${what} below every peer`, { against, bound: 1, of, shown })
}

/** Two budgets of processor time: against the floor, and against the best of the peers. */
const budgetsOfCpu = (what: string, of: (contestant: Contestant) => number) => {
  budgetAgainst(`${what} <= ${cpuBound} x bare fetch`, { against: floor, bound: cpuBound, of, shown: us })
  belowEveryPeer(what, of, us)
}

const measurements: Readonly<Record<string, () => Promise<void>>> = {
  cpu: async () => {
    const args = { sessions: quick ? 5 : 30, turns: 5 }
    // V8 compiles during the first thousand turns of a process: they are shown, and not measured.
    const cold = await task("shortTurns", args, 1, 0)
    show(`Processor time of a turn of 40 tokens, first ${args.sessions * args.turns} turns of a process, in us`, cold, [
      ["us", values(({ us }) => us)]
    ])
    const results = await task("shortTurns", args, 7, 10)
    show("Processor time of a turn of 40 tokens, first five turns of a session, in us", results, [
      ["us", values(({ us }) => us)]
    ])
    budgetsOfCpu("CPU of one 40-token turn", (contestant) => median(results.get(contestant)!.map(({ us }) => us)))
  },
  history: async () => {
    const results = await task("growth", { places: [10, 100], width: 20 }, 5)
    show("Processor time of a turn, by its place in the session, in us", results, [
      ["turn 10", values((at) => at[10]!.us)],
      ["turn 100", values((at) => at[100]!.us)]
    ])
    belowEveryPeer("CPU of turn 10", (contestant) => median(results.get(contestant)!.map((at) => at[10]!.us)), us)
    budgetsOfCpu("CPU of turn 100", (contestant) => median(results.get(contestant)!.map((at) => at[100]!.us)))
  },
  growth: async () => {
    const last = quick ? 200 : 1000
    const results = await task("growth", { places: [10, 100, last], width: 20 }, 2, 0)
    show("A turn by its place in one long session", results, [
      ["turn 10, us", values((at) => at[10]!.us)],
      ["turn 100, us", values((at) => at[100]!.us)],
      [`turn ${last}, us`, values((at) => at[last]!.us)],
      [`turn ${last}, ms from asking to its end`, values((at) => at[last]!.ms)]
    ])
    const cost = (contestant: Contestant) => median(results.get(contestant)!.map((at) => at[last]!.us))
    belowEveryPeer(`CPU of turn ${last}`, cost, us)
  },
  firstToken: async () => {
    const results = await task("firstToken", { turns: quick ? 10 : 40 }, 4)
    show("Time to the first token, added by the peer, in ms", results, [
      ["until the provider has the request", values(({ request }) => request)],
      ["from the provider's token to the peer's", values(({ token }) => token)],
      ["together", values(({ added }) => added)]
    ])
    const added = (contestant: Contestant) => median(results.get(contestant)!.map((result) => result.added))
    belowEveryPeer("time to the first token added", added, ms)
  },
  concurrent: async () => {
    for (const conversations of [1, 50, 200]) {
      const results = await task("concurrent", { conversations }, 4)
      show(
        `${conversations} ${conversations === 1 ? "conversation" : "conversations"} at once, a token every 20 ms in each (800 ms a turn)`,
        results,
        [
          ["turn, ms", values(({ wallMs }) => wallMs)],
          ["token late by, p50 ms", values(({ p50 }) => p50)],
          ["p99 ms", values(({ p99 }) => p99)],
          ["processor time of a turn, us", values(({ us }) => us)]
        ]
      )
      if (conversations < 200) continue
      const late = (contestant: Contestant) => median(results.get(contestant)!.map(({ p99 }) => p99))
      belowEveryPeer(`${conversations} conversations, tokens late by, p99`, late, ms)
    }
  },
  interruption: async () => {
    const text = await task("interruptText", { count: quick ? 4 : 25 }, 2, 0)
    show("The user speaks in the middle of an answer, in ms", text, [
      ["turn settled, p50", values(({ p50 }) => p50)],
      ["slowest", values(({ max }) => max)],
      ["connection to the provider closed", values(({ closed }) => closed)],
      ["tokens heard after it", values(({ after }) => after)]
    ])
    const tool = await task("interruptTool", { count: quick ? 3 : 15 }, 2, 0)
    show("The user speaks during a tool that takes a second, in ms", tool, [
      ["turn settled, p50", values(({ p50 }) => p50)],
      ["slowest", values(({ max }) => max)],
      ["tool told", values(({ told }) => told)],
      [
        "after",
        (results) =>
          results[0]!.toldMs === undefined ? "-" : values<(typeof results)[0]>(({ toldMs }) => toldMs!)(results)
      ],
      ["the next prompt says of the call", ([result]) => result!.next]
    ])
    const told = (contestant: Contestant) => Math.min(...tool.get(contestant)!.map((result) => result.told))
    const percent = (share: number) => `${(100 * share).toFixed(0)} %`
    rows.push({
      budget: "a tool is told of an interruption: always",
      measured: percent(told(ours)),
      floor: `${floor.name} ${percent(told(floor))}`,
      ratio: (told(ours) / told(floor)).toFixed(2),
      ok: told(ours) === 1
    })
  },
  end: async () => {
    const results = await task("end", { count: quick ? 3 : 15 }, 2)
    show("End of a session, in ms", results, [
      ["p50", values(({ p50 }) => p50)],
      ["slowest", values(({ max }) => max)]
    ])
    const slowest = (contestant: Contestant) => Math.max(...results.get(contestant)!.map(({ max }) => max))
    rows.push({
      budget: `end of a session, slowest <= ${endBoundMs} ms`,
      measured: ms(slowest(ours)),
      floor: `${floor.name} ${ms(slowest(floor))}`,
      ratio: (slowest(ours) / slowest(floor)).toFixed(2),
      ok: slowest(ours) <= endBoundMs
    })
  },
  memory: async () => {
    // Each in its own process, so that what other measurements have left on the heap does not count.
    const results = await inTurns(1, 0, async ({ adapter }) => {
      const fresh = await PeerProcess.start(adapter, baseUrl)
      const result = await fresh.ask("idle", { sessions: quick ? 50 : 500 })
      fresh.stop()
      return result
    })
    show(`Memory of an idle session after one turn, ${quick ? 50 : 500} open, in KB`, results, [
      ["heap", values(({ heap }) => heap)],
      ["resident, of the first", values(({ rss }) => rss)]
    ])
  },
  import: async () => {
    const results = await inTurns(quick ? 1 : 5, quick ? 0 : 1, async ({ adapter }) => {
      const fresh = await PeerProcess.start(adapter, baseUrl)
      fresh.stop()
      return fresh.loaded
    })
    show("Import in a new process, files in the page cache", results, [
      ["ms", values(({ ms }) => ms)],
      ["processor time, ms", values(({ cpuMs }) => cpuMs)],
      ["resident after it, MB", values(({ rss }) => rss / 1024 / 1024)]
    ])
  }
}

const begin = Date.now()
for (const [name, measure] of Object.entries(measurements)) if (wanted(name)) await measure()

for (const started of processes.values()) started.stop()
await provider.stop()
const processors = cpus()
console.log(
  `\nNode ${process.version}, ${processors.length} x ${processors[0]?.model}, ${(totalmem() / 2 ** 30).toFixed(0)} GB;` +
    ` load ${load.toFixed(1)} before the first; ${((Date.now() - begin) / 60_000).toFixed(1)} minutes${quick ? "; --quick: times mean little" : ""}`
)
console.log(all.map(({ name, version }) => `${name} ${version}`).join(", "))
console.log(`\n${table(rows)}`)
process.exit(rows.every(({ ok }) => ok) ? 0 : 1)
