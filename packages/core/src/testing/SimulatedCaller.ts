/**
 * Callers drawn from a seed: whole conversations, with the phone they use, as data that can be replayed and shortened.
 *
 * @since 0.1.0
 */
import type * as Event from "../Event.ts"
import { reportTags } from "./internal/phone/reportTags.ts"
import * as Caller from "./Caller.ts"
import * as Chance from "./Chance.ts"
import type * as TestCall from "./TestCall.ts"

/**
 * How a caller behaves.
 *
 * - `talkative`: long turns, one after another, and lets the agent finish.
 * - `impatient`: interrupts the agent again and again.
 * - `silent`: hardly says anything, and waits.
 * - `keypad`: presses keys, even while the agent speaks.
 * - `noisy`: reports of what was heard are lost or distorted, transcripts come in pieces.
 * - `leaving`: hangs up, or is cut off, in the middle of something.
 * - `chaotic`: not a human being, but a harness that reports anything at any time, within milliseconds.
 */
export type Temper = "talkative" | "impatient" | "silent" | "keypad" | "noisy" | "leaving" | "chaotic"

export const tempers: ReadonlyArray<Temper> = [
  "talkative",
  "impatient",
  "silent",
  "keypad",
  "noisy",
  "leaving",
  "chaotic"
]

/** Options for drawing callers. */
export interface Options {
  /** All by default, with equal probability. */
  readonly tempers?: ReadonlyArray<Temper> | undefined
  /** What they say. Sentences that mean something to the agent find more problems. */
  readonly phrases?: ReadonlyArray<string> | undefined
  /** Most turns of a caller. 8 by default. */
  readonly maxTurns?: number | undefined
}

/** A caller that was drawn. */
export interface SimulatedCaller {
  readonly seed: number
  readonly temper: Temper
  readonly script: ReadonlyArray<Caller.Step>
  readonly phone: TestCall.Phone
}

const standardPhrases = [
  "Hello",
  "I have a question about my order",
  "Yes",
  "No thank you",
  "Wait a moment please",
  "Can you say that again",
  "The number is four seven one one",
  "I would like to change something and it is a bit complicated so please listen",
  "What can you do for me",
  "Goodbye"
]

/** Draws the caller of a seed. */
export const make = (seed: number, options: Options = {}): SimulatedCaller => {
  const chance = Chance.make(seed)
  const temper = chance.pick(options.tempers ?? tempers)
  const turns = chance.int(1, options.maxTurns ?? 8)
  const draw = (): ReadonlyArray<Caller.Step> => Caller.steps(moves[temper](chance, options.phrases ?? standardPhrases))
  const script =
    temper === "chaotic"
      ? // Agents that answer their own speech would go on for ever, and this harness speaks a hundred times too fast.
        [...chance.many(turns * 3, draw).flat(), Caller.pauses(chance.int(0, 60)), Caller.hangsUp]
      : chance.many(turns, draw).flat()
  return { seed, temper, script, phone: phoneOf(chance.split("line"), temper) }
}

type Moves = (chance: Chance.Chance, phrases: ReadonlyArray<string>) => Caller.Script

const speech = (chance: Chance.Chance): Caller.SpeechOptions => ({
  wordsPerMinute: chance.int(110, 220),
  endpointing: chance.pick([0, 100, 300, 700]),
  transcripts: chance.pick(["final", "final", "growing", "words"] as const)
})

const words = (chance: Chance.Chance, phrases: ReadonlyArray<string>) =>
  Caller.says(chance.pick(phrases), speech(chance))

const interruption = (chance: Chance.Chance, phrases: ReadonlyArray<string>): Caller.Script =>
  chance.chance(0.1)
    ? // A cough: a turn without words.
      [Caller.pauses(chance.int(0, 2500)), Caller.says("", speech(chance))]
    : [Caller.pauses(chance.int(0, 2500)), words(chance, phrases)]

const moves: { readonly [T in Temper]: Moves } = {
  talkative: (chance, phrases) => [
    words(chance, phrases),
    ...(chance.chance(0.4) ? [Caller.pauses(chance.int(100, 1500)), words(chance, phrases)] : []),
    Caller.listens({ atMost: "1 minute" }),
    Caller.pauses(chance.int(0, 3000))
  ],
  impatient: (chance, phrases) => [
    chance.many(chance.int(1, 3), () => interruption(chance, phrases)),
    chance.chance(0.3) ? Caller.listens({ atMost: "30 seconds" }) : []
  ],
  silent: (chance, phrases) => [
    Caller.listens({ atMost: "30 seconds" }),
    Caller.pauses(chance.int(2000, 25_000)),
    chance.chance(0.3) ? words(chance, phrases) : []
  ],
  keypad: (chance, phrases) => [
    Caller.pauses(chance.int(0, 3000)),
    Caller.presses(chance.many(chance.int(1, 4), () => chance.pick([..."0123456789*#"])).join(""), {
      every: chance.int(50, 400)
    }),
    chance.chance(0.3) ? words(chance, phrases) : [],
    chance.chance(0.5) ? Caller.listens({ atMost: "30 seconds" }) : []
  ],
  noisy: (chance, phrases) => [
    chance.chance(0.4) ? interruption(chance, phrases) : words(chance, phrases),
    chance.chance(0.6) ? Caller.listens({ atMost: "30 seconds" }) : Caller.pauses(chance.int(0, 4000)),
    chance.chance(0.2) ? Caller.sends({ quality: chance.int(1, 5) }) : []
  ],
  leaving: (chance, phrases) => [
    words(chance, phrases),
    Caller.pauses(chance.int(0, 5000)),
    chance.chance(0.3) ? [chance.chance(0.8) ? Caller.hangsUp : Caller.losesConnection] : []
  ],
  chaotic: (chance) => [
    chance.chance(0.7) ? Caller.pauses(chance.chance(0.1) ? chance.int(20, 80) : chance.int(1, 9)) : [],
    Caller.reports(anything(chance))
  ]
}

const anything = (chance: Chance.Chance): Event.Report => {
  const _tag = chance.pick(reportTags)
  switch (_tag) {
    case "UserTextSent":
      return { _tag, content: "hello" }
    case "UserDtmfSent":
      return { _tag, button: "1" }
    case "UserCustomSent":
      return { _tag, metadata: {} }
    case "AgentTextSent":
      return { _tag, content: `${chance.int(1, 9)}:${chance.int(1, 3)}` }
    case "AgentDtmfSent":
      return { _tag, button: "1" }
    case "UserTurnRevised":
      return { _tag, content: "hello again" }
    case "UserSilent":
      return { _tag, seconds: 5 }
    case "UserTurnEnded":
      return chance.chance(0.3) ? { _tag, tentative: true } : { _tag }
    case "UserTurnStarted":
    case "UserTurnCommitted":
    case "UserTurnResumed":
    case "UserTurnAbandoned":
    case "UserTurnWithdrawn":
    case "AgentTurnStarted":
    case "AgentTurnEnded":
      return { _tag }
    default:
      return _tag satisfies never
  }
}

const phoneOf = (chance: Chance.Chance, temper: Temper): TestCall.Phone => {
  const wordsPerMinute = temper === "chaotic" ? chance.int(4000, 30_000) : chance.int(130, 190)
  const firstSound = temper === "chaotic" ? 0 : chance.pick([0, 80, 250, 500])
  const slow = temper === "chaotic" ? chance.pick([0, 0.1, 0.7]) : chance.pick([0, 0, 0.2])
  // What the phone does to a word depends on the word alone, so that a shorter call meets the same phone.
  const of = (what: string) => (index: number) => chance.split(`${what} ${index}`)
  const [delays, losses, distortions] = [of("delay"), of("loss"), of("distortion")]
  return {
    wordsPerMinute,
    firstSound,
    ...(slow === 0 ? {} : { sendDelay: (count) => (delays(count).chance(slow) ? delays(count).int(1, 4) : 0) }),
    ...(temper !== "noisy"
      ? {}
      : {
          loses: ({ index }) => losses(index).chance(0.05),
          distorts: ({ index }) =>
            distortions(index).chance(0.05) ? distortions(index).pick(["wyx", "zyx", "xwz"]) : undefined
        })
  }
}
