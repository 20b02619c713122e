/**
 * 50 calls of a carrier in real time over loopback: how soon a caller who cuts in is let speak, whether anything of the old answer comes
 * after that, whether the agent knows to the word what was played, and what a call costs. The server runs in a process of its own, and
 * the carrier, a fake of Twilio, in this one: only the server's processor time counts. It includes that of the faked recogniser and
 * voice. The floor is a bare server that hears and plays the same calls before.
 */
import * as G711 from "@antiphon/speech/G711"
import { FakeTwilio } from "@antiphon/telephony/testing"
import { Effect, Redacted } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ms, quantile, report } from "./report.ts"
import * as ServerProcess from "./serverProcess.ts"
import { bytesPerMs, onsets, speechMs, wordsIn } from "./telephoneCall.ts"

const calls = 50
const callMs = 20_000
/** How long the same number of calls is played before measuring: until then, most of the code is not compiled. */
const warmMs = 15_000
/** How long the floor is measured, once it is warm. */
const floorMs = 10_000

/** The first word of a recording, from its first loud sample. */
const speech = (() => {
  const all = readFileSync(join(import.meta.dirname, "../packages/speech/test/fixtures/utterance.mulaw"))
  const onset = G711.decodeMulaw(all).findIndex((sample) => Math.abs(sample) > 500)
  return new Uint8Array(all.subarray(onset, onset + speechMs * bytesPerMs))
})()

/** The stream of the audio before a mark. Every clear is followed by another one. */
const streamOf = ({ name }: { readonly name: string }): number => Number(name.split(".")[1])

/** Two windows of Silero: a clear cannot come sooner after the onset of speech. */
const vadMs = 64
const frameMs = 20

const program = Effect.gen(function* () {
  const twilio = yield* FakeTwilio.make()
  const env = {
    TWILIO_ACCOUNT_SID: twilio.account.accountSid,
    TWILIO_AUTH_TOKEN: Redacted.value(twilio.account.authToken),
    TWILIO_BASE_URL: twilio.account.baseUrl
  }
  const startServer = (file: string) =>
    Effect.acquireRelease(
      Effect.promise(() => ServerProcess.start(file, env)),
      (server) => Effect.promise(() => server.stop())
    )
  const dial = (server: ServerProcess.ServerProcess) =>
    Effect.mapError(twilio.dial({ url: `http://127.0.0.1:${server.port}/twilio` }), (status) => new Error(`${status}`))
  /** The same number of calls as measured later, in which nobody speaks. */
  const silentCalls = (server: ServerProcess.ServerProcess, lastMs: number) =>
    Effect.forEach(
      Array.from({ length: calls }, (_, index) => index),
      (index) =>
        Effect.flatMap(Effect.delay(dial(server), index * 17), ({ hangUp }) =>
          Effect.delay(hangUp, lastMs - index * 17)
        ),
      { concurrency: "unbounded", discard: true }
    )
  const usage = (server: ServerProcess.ServerProcess) => Effect.promise(() => server.usage())

  const floorPerSecond = yield* Effect.scoped(
    Effect.gen(function* () {
      const floor = yield* startServer("telephoneFloor.ts")
      yield* silentCalls(floor, warmMs)
      const before = yield* usage(floor)
      yield* silentCalls(floor, floorMs)
      const after = yield* usage(floor)
      return (after.cpuMs - before.cpuMs) / ((calls * (floorMs - (calls * 17) / 2)) / 1000)
    })
  )

  const server = yield* startServer("telephoneServer.ts")
  const url = `http://127.0.0.1:${server.port}`
  yield* silentCalls(server, warmMs)
  // Those calls are over before the others come.
  yield* Effect.sleep("2 seconds")
  const before = yield* usage(server)

  /** Calls, and speaks at each onset. */
  const call = (index: number) =>
    Effect.gen(function* () {
      yield* Effect.sleep(index * 17)
      const phone = yield* dial(server)
      yield* Effect.mapError(phone.streams(1), (status) => new Error(`${status}`)).pipe(
        Effect.timeoutOrElse({
          duration: "15 seconds",
          orElse: () =>
            Effect.fail(new Error("a call got no stream: the server refuses calls, because the machine is too busy"))
        })
      )
      // The server counts from the first sample.
      const startedAt = phone.now()
      const spokeAt: Array<number> = []
      for (const onset of onsets) {
        yield* Effect.sleep(Math.max(0, startedAt + onset - phone.now()))
        phone.say(speech)
        yield* Effect.sleep(speechMs)
        spokeAt.push(phone.spokeAt() ?? Number.NaN)
      }
      yield* Effect.sleep(Math.max(0, callMs - phone.now()))
      return { phone, spokeAt }
    })
  const all = yield* Effect.forEach(
    Array.from({ length: calls }, (_, index) => index),
    call,
    { concurrency: "unbounded" }
  )
  const after = yield* usage(server)
  const heard = yield* Effect.promise(
    () =>
      fetch(`${url}/heard`).then((response) => response.json()) as Promise<
        Readonly<Record<string, ReadonlyArray<number>>>
      >
  )

  const reactions: Array<number> = []
  let stale = 0
  let exact = 0
  let crossed = 0
  let wrong = 0
  for (const { phone, spokeAt } of all) {
    const clears = spokeAt.map((at) => phone.clears.filter((clear) => clear.at >= at && clear.at < at + 3000))
    for (const [index, at] of spokeAt.entries()) {
      const clear = clears[index]![0]
      reactions.push(clear === undefined ? Number.POSITIVE_INFINITY : clear.at - at)
      if (clear === undefined) continue
      // A mark follows its audio, and names the stream that a clear has ended.
      const ended = Math.max(...phone.marks.filter((mark) => mark.at <= clear.at).map(streamOf))
      stale += phone.marks.filter((mark) => mark.at > clear.at && streamOf(mark) <= ended).length
    }
    // An answer that was paused and resumed is played in two parts, and it is unknown here which words they contain.
    if (phone.clears.length !== onsets.length || clears.some(({ length }) => length !== 1)) continue
    for (const [index, [clear]] of clears.entries()) {
      const bytes = clear!.playedBytes - (clears[index - 1]?.[0]?.playedBytes ?? 0)
      const told = heard[phone.callSid]?.[index] ?? 0
      // Audio played after the detector may have decided can cross the clear on the wire, and then counts as unheard.
      const passingBytes = Math.max(frameMs, clear!.at - spokeAt[index]! - vadMs) * bytesPerMs
      if (told === wordsIn(bytes)) exact++
      else if (told < wordsIn(bytes) && told >= wordsIn(bytes - passingBytes)) crossed++
      else wrong++
    }
  }
  const seconds = (calls * callMs) / 1000
  const perSecond = (after.cpuMs - before.cpuMs) / seconds
  const p95 = quantile(reactions, 0.95)
  report([
    {
      budget: `onset of speech to clear, ${calls} calls of a carrier over loopback, p95 <= 130 ms`,
      measured: `${ms(p95)} (p50 ${ms(quantile(reactions, 0.5))}, max ${ms(Math.max(...reactions))})`,
      floor: "64 ms (VAD)",
      ratio: (p95 / 64).toFixed(2),
      ok: p95 <= 130
    },
    {
      budget: "marks of audio that comes after its clear: 0",
      measured: `${stale}`,
      floor: "-",
      ratio: "-",
      ok: stale === 0
    },
    {
      budget: "heard text that is not what the carrier has played, to the word: 0",
      measured: `${wrong} of ${exact + crossed + wrong} (${exact} exact, ${crossed} crossed a clear on the wire)`,
      floor: "-",
      ratio: "-",
      ok: wrong === 0 && exact > 0
    },
    {
      budget: "processor time per second of call of a carrier, Silero and sockets included, <= 5 ms",
      measured: ms(perSecond),
      floor: `bare server ${ms(floorPerSecond)}`,
      ratio: (perSecond / floorPerSecond).toFixed(2),
      ok: perSecond <= 5
    }
  ])
}).pipe(Effect.scoped)
await Effect.runPromise(program)
process.exit(process.exitCode)
