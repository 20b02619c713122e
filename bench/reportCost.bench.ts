/**
 * Claim: a report of what was spoken costs what its own length costs, whatever it holds: 1 MiB takes at most 50 ms, and 64
 * times the length takes at most 128 times as long.
 *
 * In the process: what is timed is the alignment of one report in a call on which a reply was said. Each shape is one that a
 * search could lose itself in. A report that is too short to be timed counts as a twentieth of a millisecond.
 */
import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as Event from "@antiphon/core/Event"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { median, ms, now, report, type Row } from "./report.ts"

const boundMs = 50
const long = 1 << 20
const short = long / 64
const growth = 128
const samples = 7
const leastMs = 0.05

const fill = (text: string, length: number) => text.repeat(Math.ceil(length / text.length)).slice(0, length)

/** What was said and what is reported of it, for a given length. */
const shapes: Readonly<Record<string, (length: number) => readonly [said: string, reported: string]>> = {
  "all of it fits": (length) => [
    fill("And then we went on to the next house. ", length),
    fill("Andthenwewentontothenexthouse.", length)
  ],
  "no word fits": (length) => ["Your order left the warehouse this morning. ", fill("zyxwvu", length)],
  "one word again and again": (length) => ["pay 5 dollars now please ", fill("payfivedollars", length)],
  "nearly the same everywhere": (length) => [fill("aaab ", length), fill("aaac", length)],
  "only marks": (length) => [fill("?! ", length), fill("-", length)],
  "only emoji": (length) => [fill("😀", length), fill("😃", length)]
}

/** Milliseconds that one report takes. */
const cost = (said: string, reported: string): Promise<number> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const agent = Agent.make((event) =>
          event._tag === "CallStarted" ? Stream.make(Event.sendText(said)) : Stream.empty
        )
        const call = yield* Call.make(agent, { harness: { send: () => Effect.void, fail: () => Effect.void } })
        yield* call.receive({ _tag: "AgentTurnStarted" })
        const begin = now()
        yield* call.receive({ _tag: "AgentTextSent", content: reported })
        return now() - begin
      })
    )
  )

const rows: Array<Row> = []
for (const [name, shape] of Object.entries(shapes)) {
  const times: Array<readonly [short: number, long: number]> = []
  for (let i = 0; i < samples; i++) times.push([await cost(...shape(short)), await cost(...shape(long))])
  // The first ones are still being compiled.
  const warm = times.slice(2)
  const atShort = Math.max(leastMs, median(warm.map(([short]) => short)))
  const atLong = median(warm.map(([, long]) => long))
  rows.push({
    budget: `one report of 1 MiB, ${name} <= ${boundMs} ms, linear`,
    measured: ms(atLong),
    floor: `${short / 1024} KiB ${ms(atShort)}`,
    ratio: (atLong / atShort).toFixed(1),
    ok: atLong <= boundMs && atLong / atShort <= growth
  })
}
report(rows)
