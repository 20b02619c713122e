/**
 * Claim: recording a call into a file costs at most 5 % of a turn of 40 tokens, whose every word is reported as spoken.
 *
 * Two servers with the same agent, of which one records; the provider, too, has a process of its own. What is counted is
 * the processor time of a server, with the threads that write its files and all that opening and closing a call takes. The
 * servers take turns, a few calls at a time; the first ones are dropped, and each stretch is held against the one beside it.
 * Two processes that do the same differ by some hundredths, so it is done with several pairs of them, and the median counts.
 */
import * as Recording from "@antiphon/core/recording/Recording"
import * as Result from "effect/Result"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Harness from "./harness.ts"
import { median, report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const bound = 1.05
const tokens = 40
const turnsPerCall = 20
const callsPerStretch = 4
const stretches = 28
const dropped = 12
const pairs = 3

const provider = await ServerProcess.start("modelServer.ts")
const directory = mkdtempSync(join(tmpdir(), "antiphon-bench-"))
const start = (env: NodeJS.ProcessEnv) =>
  ServerProcess.start("modelAgentServer.ts", { PROVIDER_URL: `http://127.0.0.1:${provider.port}`, ...env })
type Name = "plain" | "recorded"

const text = Buffer.from('{"type":"message"')
const ended = Buffer.from('"agent_turn_ms"')
const turn = Harness.userTurn("Where is my order, please?", "i1")
const speaking = Harness.frames({ type: "agent_state", value: "speaking" })
const words = Array.from({ length: tokens }, (_, i) => Harness.frames({ type: "agent_speech", content: `token${i}` }))
const silent = Harness.frames({ type: "agent_state", value: "idle" })

/** Plays one call. Each word is reported by itself as soon as it is spoken. */
const call = async (port: number) => {
  const peer = await Harness.open(port)
  for (let k = 0; k < turnsPerCall; k++) {
    let messages = 0
    await new Promise<void>((resolve) => {
      peer.onMessage = (message) => {
        if (message.subarray(0, text.length).equals(text)) messages++
        else if (message.includes(ended) && messages > 0) resolve()
      }
      peer.send(turn)
    })
    if (messages !== tokens) throw new Error(`${messages} messages in turn ${k + 1}`)
    peer.send(speaking)
    for (const word of words) {
      peer.send(word)
      await new Promise((resolve) => setImmediate(resolve))
    }
    peer.send(silent)
  }
  await peer.close()
}

/** Microseconds of processor time per turn, over a few calls. */
const measure = async ({ port, usage }: ServerProcess.ServerProcess) => {
  const before = await usage()
  for (let i = 0; i < callsPerStretch; i++) await call(port)
  const after = await usage()
  return (1000 * (after.cpuMs - before.cpuMs)) / (callsPerStretch * turnsPerCall)
}

/** Costs of a turn in stretches of calls with one pair of servers. */
const hold = async (): Promise<{ readonly [N in Name]: ReadonlyArray<number> }> => {
  const costs = { plain: [] as Array<number>, recorded: [] as Array<number> }
  const servers = {
    plain: await start({ ANTIPHON_RECORD_DIR: "" }),
    recorded: await start({ ANTIPHON_RECORD_DIR: directory })
  }
  for (let stretch = 0; stretch < stretches; stretch++) {
    const order: ReadonlyArray<Name> = stretch % 2 === 0 ? ["plain", "recorded"] : ["recorded", "plain"]
    for (const name of order) {
      const cost = await measure(servers[name])
      if (stretch >= dropped) costs[name].push(cost)
    }
  }
  await Promise.all([servers.plain.stop(), servers.recorded.stop()])
  return costs
}

const held: Array<Awaited<ReturnType<typeof hold>>> = []
for (let pair = 0; pair < pairs; pair++) held.push(await hold())
await provider.stop()

// An incomplete recording would be cheaper.
const files = readdirSync(directory)
const written = readFileSync(join(directory, files[0]!), "utf8")
const { lines } = Result.getOrThrow(Recording.decode(written))
const sent = lines.filter((line) => line._tag === "Sent" && line.output._tag === "AgentSendText").length
const heard = lines.filter((line) => line._tag === "Reported" && line.report._tag === "AgentTextSent").length
const all = turnsPerCall * tokens
if (files.length !== pairs * stretches * callsPerStretch || sent !== all + 1 || heard !== all)
  throw new Error("calls are not recorded")
rmSync(directory, { recursive: true })

const [plain, recorded] = [median(held.flatMap(({ plain }) => plain)), median(held.flatMap(({ recorded }) => recorded))]
const ratios = held.map(({ plain, recorded }) => median(recorded.map((cost, i) => cost / plain[i]!)))
const ratio = median(ratios)
const us = (value: number) => `${value.toFixed(0)} us`
console.log(
  `  a turn: ${us(plain)}, recorded ${us(recorded)}, ${(written.length / turnsPerCall / 1000).toFixed(1)} kB;` +
    ` ratios ${ratios.map((ratio) => ratio.toFixed(3)).join(", ")}`
)
report([
  {
    budget: `CPU of one ${tokens}-token turn, recorded into a file <= ${bound} x not recorded`,
    measured: us(recorded),
    floor: `not recorded ${us(plain)}`,
    ratio: ratio.toFixed(3),
    ok: ratio <= bound
  }
])
process.exit()
