/**
 * Two who speak at once: the four scenarios of Full-Duplex-Bench (pause handling, backchannel, smooth turn taking, user
 * interruption), rebuilt with voices of our own, since its recordings may not be kept here. flite says the caller's words in three
 * voices, with and without a party behind them; the calls are whole ones on virtual time, with Silero and the text detector.
 *
 * A takeover is the agent's first sample in the caller's pause. All times are those of the line: what was played, and when.
 */
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Chance from "@antiphon/core/testing/Chance"
import * as Flite from "@antiphon/speech/provider/flite/Flite"
import * as Caller from "@antiphon/speech/testing/Caller"
import * as CallerVoice from "@antiphon/speech/testing/CallerVoice"
import type * as Network from "@antiphon/speech/testing/Network"
import * as TestCall from "@antiphon/speech/testing/TestCall"
import { Effect, Stream } from "effect"
import { ms, quantile, report } from "./report.ts"

const voices = ["slt", "rms", "awb"] as const
const noises: ReadonlyArray<Network.Noise | undefined> = [undefined, { kind: "babble", levelDbfs: -45 }]

const story =
  "Once upon a time there was a king who had three daughters and a horse that could talk about nothing but oats. " +
  "One day the eldest daughter went to the stable, and the horse told her that the oats were gone. "
const teller = Agent.make(
  Agent.route({
    CallStarted: () => Stream.make(Event.sendText(story)),
    UserTurnEnded: () => Stream.make(Event.sendText("Of course, here is another story."))
  })
)
const clerk = Agent.make(
  Agent.route({ UserTurnEnded: () => Stream.make(Event.sendText("Very well, I have noted that.")) })
)

/** Turns of one person, cut where people pause to think. */
const hesitant: ReadonlyArray<readonly [string, string]> = [
  ["I would like to book a table", "for seven people on Friday."],
  ["My order number is four seven", "one one two nine."],
  ["I am calling because", "the thing you sent me does not work."],
  ["Can you tell me if", "you are open on Sunday?"],
  ["We need somebody to look at the car and", "also at the trailer."],
  ["I live in the street behind the station,", "number twelve."]
]
const complete = [
  "What time do you open on Sunday?",
  "Please cancel my order.",
  "I would like a table for two people.",
  "My name is Ada Lovelace.",
  "That is all, thank you.",
  "Can I pay with a card?"
]
const interruptions = ["Wait, stop for a moment.", "No, that is not what I asked.", "Can you tell me another one?"]
const backchannels = ["uh-huh", "okay", "right", "yeah"]

/** Everything that is said, in all voices. */
const spoken = Effect.gen(function* () {
  const flite = yield* Flite.make
  const texts = [...hesitant.flat(), ...complete, ...interruptions, ...backchannels]
  return yield* Effect.forEach(voices, (voice) =>
    CallerVoice.spoken(voice, texts, (text) => flite.speak(text, { voice }))
  )
}).pipe(Effect.scoped)

/** The periods in which the agent was audible. */
const audible = ({ line }: TestCall.Played): ReadonlyArray<{ readonly from: number; readonly to: number }> =>
  line.played.flatMap(({ at, bytes }) =>
    bytes.some((byte) => byte !== 0) ? [{ from: at, to: at + bytes.length / 32 }] : []
  )
const saidAt = (call: TestCall.Played) =>
  call.entries.flatMap((entry) => (entry._tag === "Said" ? [{ from: entry.from, to: entry.at }] : []))
const isAudible = (call: TestCall.Played, from: number, to: number): boolean =>
  audible(call).some((stretch) => stretch.to > from && stretch.from < to)
const firstAudible = (call: TestCall.Played, from: number): number =>
  audible(call).find((stretch) => stretch.from >= from)?.from ?? Number.POSITIVE_INFINITY

interface Place {
  readonly voice: CallerVoice.CallerVoice
  readonly noise: Network.Noise | undefined
  readonly chance: Chance.Chance
}

const everywhere = <A>(
  all: ReadonlyArray<CallerVoice.CallerVoice>,
  name: string,
  texts: ReadonlyArray<A>,
  play: (text: A, place: Place) => Effect.Effect<number | undefined>
) =>
  Effect.gen(function* () {
    const found: Array<number | undefined> = []
    let index = 0
    for (const voice of all) {
      for (const noise of noises) {
        for (const text of texts) {
          const chance = Chance.make(index++).split(name)
          found.push(yield* play(text, { voice, noise, chance }))
        }
      }
    }
    return found
  })

const run = (agent: typeof clerk, script: Caller.Script, { chance, noise, voice }: Place) =>
  TestCall.run(agent, script, { caller: voice, noise, lineSeed: chance.int(1, 1e6), heard: "position" })

const program = Effect.gen(function* () {
  const all = yield* spoken

  /** 1 if the agent took the floor in the pause. */
  const pauses = yield* everywhere(all, "pauses", hesitant, ([one, two], place) =>
    Effect.map(
      run(
        clerk,
        [
          Caller.pauses("400 millis"),
          Caller.says(one),
          Caller.pauses(place.chance.int(400, 1300)),
          Caller.says(two),
          Caller.listens()
        ],
        place
      ),
      (call) => {
        const [first, second] = saidAt(call)
        return isAudible(call, first!.to, second!.from) ? 1 : 0
      }
    )
  )

  /** From the end of the caller's words to the agent's first sample. */
  const smooth = yield* everywhere(all, "smooth", complete, (text, place) =>
    Effect.map(run(clerk, [Caller.pauses("400 millis"), Caller.says(text), Caller.listens()], place), (call) => {
      const said = saidAt(call)[0]!
      // The last word ends before its samples do.
      const lastWord = said.from + (place.voice.say(text, 160).words.at(-1)?.to ?? 0)
      return firstAudible(call, said.from) - lastWord
    })
  )

  const stops: Array<number> = []
  /** From the end of an interruption to its answer; undefined if there is none. */
  const interrupted = yield* everywhere(all, "interruptions", interruptions, (text, place) =>
    Effect.map(
      run(
        teller,
        [Caller.hears(3), Caller.pauses(place.chance.int(0, 1500)), Caller.says(text), Caller.listens()],
        place
      ),
      (call) => {
        const said = saidAt(call)[0]!
        const begun = said.from + place.voice.say(text, 160).words[0]!.from
        const lastWord = said.from + place.voice.say(text, 160).words.at(-1)!.to
        const last = audible(call).findLast(({ from }) => from < lastWord)
        stops.push(Math.max(0, (last?.to ?? begun) - begun))
        const answer = firstAudible(call, lastWord)
        return answer === Number.POSITIVE_INFINITY ? undefined : answer - lastWord
      }
    )
  )

  const held: Array<number> = []
  /** 1 if a caller who was only listening took the floor. */
  const listened = yield* everywhere(all, "backchannels", backchannels, (text, place) =>
    Effect.map(
      run(
        teller,
        [Caller.hears(3), Caller.pauses(place.chance.int(0, 1500)), Caller.says(text), Caller.listens()],
        place
      ),
      (call) => {
        const all = audible(call)
        const gaps = all.slice(1).map(({ from }, index) => from - all[index]!.to)
        held.push(Math.max(0, ...gaps))
        return call.entries.some((entry) => entry._tag === "Reported" && entry.report._tag === "UserTurnEnded") ? 1 : 0
      }
    )
  )

  const numbers = (values: ReadonlyArray<number | undefined>) => values.filter((value) => value !== undefined)
  const rate = (values: ReadonlyArray<number | undefined>) =>
    numbers(values).reduce((sum, value) => sum + value, 0) / values.length
  const percent = (share: number) => `${(100 * share).toFixed(1)} % of ${pauses.length}`
  const taken = numbers(smooth).filter((delay) => delay < 5000)
  const answered = numbers(interrupted).filter((delay) => delay < 5000)
  const row = (budget: string, measured: string, ok: boolean) => ({ budget, measured, floor: "-", ratio: "-", ok })
  report([
    row("pause handling: takeovers in a pause of 0.4 to 1.3 s <= 15 %", percent(rate(pauses)), rate(pauses) <= 0.15),
    row(
      "smooth turn taking: takeovers >= 98 %, and after p50 <= 1 s",
      `${((100 * taken.length) / smooth.length).toFixed(1)} % of ${smooth.length}, p50 ${ms(quantile(taken, 0.5))}, p95 ${ms(quantile(taken, 0.95))}`,
      taken.length >= 0.98 * smooth.length && quantile(taken, 0.5) <= 1000
    ),
    row(
      "user interruption: silent after p95 <= 250 ms",
      `p50 ${ms(quantile(stops, 0.5))}, p95 ${ms(quantile(stops, 0.95))} of ${stops.length}`,
      quantile(stops, 0.95) <= 250
    ),
    row(
      "user interruption: answered >= 98 %, after p50 <= 1 s",
      `${((100 * answered.length) / interrupted.length).toFixed(1)} %, p50 ${ms(quantile(answered, 0.5))}, p95 ${ms(quantile(answered, 0.95))}`,
      answered.length >= 0.98 * interrupted.length && quantile(answered, 0.5) <= 1000
    ),
    row(
      "backchannel: takeovers <= 2 %",
      `${(100 * rate(listened)).toFixed(1)} % of ${listened.length}, held back p50 ${ms(quantile(held, 0.5))}, p95 ${ms(quantile(held, 0.95))}`,
      rate(listened) <= 0.02
    )
  ])
})

await Effect.runPromise(program)
