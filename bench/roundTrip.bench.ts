/**
 * Claim: the answer to a finished user turn comes as fast at turn 2000 of a call as Line's at turn 10, and at each turn at
 * most as late as Line's at that turn, with and without reports of what was spoken.
 *
 * The steps are those of Line's baseline: per turn the user begins to speak, is transcribed, and a moment later is done,
 * which starts the clock; the figure at a turn is the median of the eleven turns around it. A bare `ws` server does the
 * same beside it.
 */
import * as Harness from "./harness.ts"
import * as Line from "./line.ts"
import { median, ms, now, report, type Row } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"

const places = [10, 100, 500, 1000, 2000]
const around = 5
const warmUpTurns = 100

const speaking = Harness.frames({ type: "agent_state", value: "speaking" })
const quiet = Harness.frames({ type: "agent_state", value: "idle" })

const play = async (peer: Harness.Peer, turns: number, spoken: boolean): Promise<ReadonlyArray<number>> => {
  const times: Array<number> = []
  for (let turn = 1; turn <= turns; turn++) {
    const id = `i${turn}`
    const text = `turn number ${turn} please`
    const answered = new Promise<number>((resolve, reject) => {
      peer.onMessage = (message) => {
        const { content, responding_to } = JSON.parse(message.toString())
        if (content !== `You said: ${text}` || responding_to !== id) reject(new Error(`wrong answer: ${content}`))
        resolve(now())
      }
    })
    peer.send(Harness.frames({ type: "user_state", value: "speaking", event_id: `s${turn}` }))
    peer.send(Harness.frames({ type: "message", content: text, event_id: `m${turn}` }))
    await Harness.pause(1)
    const begin = now()
    peer.send(Harness.frames({ type: "user_state", value: "idle", event_id: id }))
    times.push((await answered) - begin)
    if (!spoken) continue
    peer.send(speaking)
    peer.send(Harness.frames({ type: "agent_speech", content: `Yousaid:${text.replaceAll(" ", "")}` }))
    peer.send(quiet)
  }
  return times
}

const measure = async (port: number, spoken: boolean): Promise<Readonly<Record<number, number>>> => {
  const warm = await Harness.open(port)
  await play(warm, warmUpTurns, spoken)
  await warm.close()
  const peer = await Harness.open(port)
  const times = await play(peer, places.at(-1)! + around, spoken)
  await peer.close()
  return Object.fromEntries(places.map((place) => [place, median(times.slice(place - around - 1, place + around))]))
}

const ours = await ServerProcess.start("echo-server.ts")
const floor = await ServerProcess.start("bare-server.ts")
const rows: Array<Row> = []
for (const spoken of [false, true]) {
  const how = spoken ? "with reports of speech" : "no reports of speech"
  const line = spoken ? Line.roundTripSpokenMs : Line.roundTripMs
  const bare = await measure(floor.port, spoken)
  const measured = await measure(ours.port, spoken)
  for (const place of places) {
    const recorded = line[place]
    console.log(
      `  ${how}, turn ${place}: Antiphon ${ms(measured[place]!)}, bare ws ${ms(bare[place]!)},` +
        ` Line (recorded) ${recorded === undefined ? "not reached" : ms(recorded)}`
    )
  }
  const last = places.at(-1)!
  const bound = line[places[0]!]!
  rows.push({
    budget: `round trip at turn ${last}, ${how} <= Line's at turn ${places[0]}`,
    measured: ms(measured[last]!),
    floor: `bare ws ${ms(bare[last]!)}`,
    ratio: (measured[last]! / bare[last]!).toFixed(2),
    ok:
      measured[last]! <= bound && places.every((place) => measured[place]! <= (line[place] ?? Number.POSITIVE_INFINITY))
  })
}
await Promise.all([ours.stop(), floor.stop()])
report(rows)
process.exit()
