/**
 * Random callers, each drawn from a seed: what they say and when, in which voice, and over which line. They talk over
 * the agent, cough, say “mm-hmm”, hesitate, press keys and hang up, over lines with noise, jitter, loss and echo.
 *
 * @since 0.1.0
 */
import * as Chance from "@antiphon/core/testing/Chance"
import * as AudioFormat from "../AudioFormat.ts"
import * as Caller from "./Caller.ts"
import * as CallerVoice from "./CallerVoice.ts"
import type * as Network from "./Network.ts"
import type * as TestCall from "./TestCall.ts"

/** The temperament of a caller. */
export type Temper =
  | "talkative"
  | "impatient"
  | "hesitant"
  | "listening"
  | "coughing"
  | "accompanied"
  | "silent"
  | "keypad"
  | "leaving"

export const tempers: ReadonlyArray<Temper> = [
  "talkative",
  "impatient",
  "hesitant",
  "listening",
  "coughing",
  "accompanied",
  "silent",
  "keypad",
  "leaving"
]

/** The quality of a line. */
export type Place = "studio" | "telephone" | "street" | "party" | "mobile" | "loudspeaker"

export const places: ReadonlyArray<Place> = ["studio", "telephone", "street", "party", "mobile", "loudspeaker"]

/** Options for drawing callers. */
export interface Options {
  /** All by default, with equal probability. */
  readonly tempers?: ReadonlyArray<Temper> | undefined
  readonly places?: ReadonlyArray<Place> | undefined
  /** The callers' sentences. Sentences that are meaningful to the agent find more faults. */
  readonly phrases?: ReadonlyArray<string> | undefined
  /** Maximum number of turns of a caller. 4 by default. */
  readonly maxTurns?: number | undefined
}

/** A drawn caller. */
export interface SimulatedCaller {
  readonly seed: number
  readonly temper: Temper
  readonly place: Place
  readonly script: ReadonlyArray<Caller.Step>
  /** The options of `TestCall.run` for the line and the voice. */
  readonly line: Line
}

/** Returns the options for the line and the voice of a caller. */
export interface Line extends Pick<
  TestCall.Options,
  "format" | "heard" | "network" | "noise" | "echo" | "lineSeed" | "caller" | "chunk"
> {}

const standardPhrases = [
  "Hello there",
  "I have a question about my order.",
  "Yes please",
  "No thank you",
  "Wait a moment",
  "Can you say that again?",
  "The number is four seven one one",
  "What can you do for me?",
  "Goodbye"
]

/** Draws a caller from a seed. */
export const make = (seed: number, options: Options = {}): SimulatedCaller => {
  const chance = Chance.make(seed)
  const temper = chance.pick(options.tempers ?? tempers)
  const place = chance.pick(options.places ?? places)
  const phrases = options.phrases ?? standardPhrases
  const turns = chance.int(1, options.maxTurns ?? 4)
  return {
    seed,
    temper,
    place,
    script: chance.many(turns, () => Caller.steps(moves[temper](chance, phrases))).flat(),
    line: {
      ...lines[place](chance.split("line")),
      lineSeed: seed,
      caller: CallerVoice.made({ seed, levelDbfs: -chance.split("level").int(8, 20) })
    }
  }
}

type Moves = (chance: Chance.Chance, phrases: ReadonlyArray<string>) => Caller.Script

const manner = (chance: Chance.Chance): Caller.SpeechOptions => ({ wordsPerMinute: chance.int(110, 220) })
const words = (chance: Chance.Chance, phrases: ReadonlyArray<string>): Caller.Step =>
  Caller.says(chance.pick(phrases), manner(chance))
const listens = Caller.listens({ atMost: "30 seconds" })
const waits = (chance: Chance.Chance, mostMs = 2500): Caller.Step => Caller.pauses(chance.int(0, mostMs))

const moves: { readonly [T in Temper]: Moves } = {
  talkative: (chance, phrases) => [listens, waits(chance), words(chance, phrases), listens],
  impatient: (chance, phrases) => [
    chance.many(chance.int(1, 3), () => [waits(chance), words(chance, phrases)]),
    chance.chance(0.5) ? listens : []
  ],
  hesitant: (chance, phrases) => [
    listens,
    Caller.hesitates(
      chance.many(chance.int(2, 3), () => chance.pick(phrases).replace(/[.?]$/, "")),
      `${chance.int(150, 1800)} millis`,
      manner(chance)
    ),
    listens
  ],
  listening: (chance, phrases) => [
    chance.many(chance.int(1, 3), () => [
      waits(chance, 5000),
      Caller.agrees(chance.pick(["mm-hmm", "uh-huh", "okay", "right"]))
    ]),
    listens,
    words(chance, phrases),
    listens
  ],
  coughing: (chance, phrases) => [
    chance.many(chance.int(1, 2), () => [waits(chance), Caller.coughs]),
    chance.chance(0.6) ? [waits(chance), words(chance, phrases)] : [],
    listens
  ],
  // Two people talk into one microphone, at once or nearly so.
  accompanied: (chance, phrases) => [
    chance.chance(0.5) ? listens : waits(chance),
    Caller.saysBeside(chance.pick(phrases), { ...manner(chance), after: chance.int(0, 1500) }),
    words(chance, phrases),
    listens
  ],
  silent: (chance, phrases) => [
    listens,
    Caller.pauses(chance.int(2000, 20_000)),
    chance.chance(0.4) ? words(chance, phrases) : []
  ],
  keypad: (chance, phrases) => [
    waits(chance),
    Caller.presses(chance.many(chance.int(1, 4), () => chance.pick([..."0123456789*#"])).join(""), {
      every: chance.int(60, 400)
    }),
    chance.chance(0.4) ? words(chance, phrases) : [],
    chance.chance(0.5) ? listens : []
  ],
  leaving: (chance, phrases) => [
    waits(chance),
    words(chance, phrases),
    waits(chance, 4000),
    chance.chance(0.4) ? [chance.chance(0.8) ? Caller.hangsUp : Caller.losesConnection] : []
  ]
}

const heard = (chance: Chance.Chance) => chance.pick(["marks", "position", "estimate"] as const)

const lines: { readonly [P in Place]: (chance: Chance.Chance) => Line } = {
  studio: (chance) => ({ heard: heard(chance) }),
  telephone: (chance) => ({
    format: chance.pick([AudioFormat.mulaw8000, AudioFormat.alaw8000]),
    heard: chance.pick(["marks", "estimate"] as const),
    noise: { kind: "hiss", levelDbfs: -chance.int(55, 65) }
  }),
  street: (chance) => ({
    heard: heard(chance),
    noise: { kind: chance.pick(["hiss", "hum"] as const), levelDbfs: -chance.int(38, 50) }
  }),
  party: (chance) => ({ heard: heard(chance), noise: { kind: "babble", levelDbfs: -chance.int(45, 55) } }),
  mobile: (chance) => ({
    heard: heard(chance),
    chunk: chance.pick([10, 20, 40, 60]),
    network: {
      jitterMs: chance.int(20, 250),
      loss: chance.pick([0, 0.005, 0.02, 0.05]),
      lost: chance.pick(["gap", "silence", "nothing"] as const)
    } satisfies Network.Network
  }),
  loudspeaker: (chance) => ({
    format: AudioFormat.pcm24000,
    heard: "position",
    echo: { gainDb: -chance.int(20, 40), delayMs: chance.int(60, 250) }
  })
}
