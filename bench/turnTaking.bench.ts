/**
 * The end of a turn: how long the agent waits after the user has finished, if one in twenty pauses may be taken for the end.
 *
 * The turns are generated (seeded), since no recorded ones may be kept here: texts of orders, questions and numbers, cut where
 * people hesitate. Pauses follow what eot-bench reports of its English turns (1600 ms of silence alone for 5 % false
 * cut-offs, 1000 ms for 10 %), some callers pause longer than others, and the recogniser punctuates wrongly now and then.
 */
import * as Chance from "@antiphon/core/testing/Chance"
import * as Score from "@antiphon/speech/EndOfTurnScore"
import * as TurnDetector from "@antiphon/speech/TurnDetector"
import { ms, report } from "./report.ts"

const callers = 120
const turnsPerCaller = 12
/** Mistakes of the recogniser: a full stop within a sentence, or none at its end. */
const strayStops = 0.12
const missingStops = 0.25

interface Turn {
  readonly asked: string
  /** The words up to each pause; the last is the whole turn. */
  readonly texts: ReadonlyArray<string>
}

interface Silence {
  readonly caller: number
  readonly text: string
  readonly asked: string
  readonly span: Score.Span
}

const parts = {
  begin: [
    "I would like",
    "I'm calling because",
    "can you tell me",
    "so I was wondering if",
    "we need",
    "yes, and I want",
    "um"
  ],
  middle: [
    "a table for the evening",
    "to change my booking",
    "the one that we had last time",
    "my order from last week",
    "an appointment with the doctor",
    "if you are open on Sunday",
    "somebody to look at my car"
  ],
  link: ["and", "because", "but also", "which is", "for", "with", "so"],
  more: [
    "my brother and his wife",
    "it does not work any more",
    "about eight in the evening",
    "the red one",
    "as soon as possible",
    "next to the window"
  ],
  end: ["if that is possible", "please", "thank you", "tomorrow", "in the morning", "on Friday"]
}

const sentence = (chance: Chance.Chance): Turn => {
  const words = [chance.pick(parts.begin), chance.pick(parts.middle)]
  const more = chance.int(0, 2)
  for (let index = 0; index < more; index++) words.push(chance.pick(parts.link), chance.pick(parts.more))
  if (chance.chance(0.5)) words.push(chance.pick(parts.end))
  // Half of the joints between the parts are pauses: before or after conjunctions, and within what looks complete.
  const texts: Array<string> = []
  for (let index = 1; index < words.length; index++) {
    if (chance.chance(0.5)) texts.push(words.slice(0, index).join(" "))
  }
  return { asked: "How can I help you?", texts: [...texts, words.join(" ")] }
}

const number = (chance: Chance.Chance): Turn => {
  const digits = chance.many(10, () => String(chance.int(0, 9))).join("")
  const lead = chance.chance(0.3) ? "it is " : ""
  return {
    asked: "What is your phone number?",
    texts: [digits.slice(0, 3), digits.slice(0, 6), digits].map((part) => lead + part)
  }
}

const answer = (chance: Chance.Chance): Turn => ({
  asked: "Is that right?",
  texts: [chance.pick(["yes", "no", "yes please", "that's right", "no, thank you", "yes, at eight", "the other one"])]
})

/** A normal value, by Box and Muller. */
const normal = (chance: Chance.Chance): number =>
  Math.sqrt(-2 * Math.log(1 - chance.next())) * Math.cos(2 * Math.PI * chance.next())

const generate = (chance: Chance.Chance): ReadonlyArray<Silence> =>
  Array.from({ length: callers }, (_, caller) => {
    const median = 5.25 + 0.6 * normal(chance)
    return Array.from({ length: turnsPerCaller }, () => {
      const kind = chance.next()
      const { asked, texts } = kind < 0.6 ? sentence(chance) : kind < 0.75 ? number(chance) : answer(chance)
      return texts.map((text, index): Silence => {
        const isEnd = index === texts.length - 1
        const stop = isEnd ? !chance.chance(missingStops) : chance.chance(strayStops)
        const written = text + (stop ? (/^can you|wondering if/.test(text) && isEnd ? "?" : ".") : "")
        const pause = Math.min(5000, Math.max(200, Math.exp(median + 1.15 * normal(chance))))
        return {
          caller,
          text: written,
          asked,
          span: { kind: isEnd ? "eot" : "hold", durationMs: isEnd ? 5000 : pause, scores: [] }
        }
      })
    }).flat()
  }).flat()

const silences = generate(Chance.make(20_261_128))
const history = (asked: string) => [{ role: "agent" as const, text: asked }]

/** Judged when the recogniser has finished the words, 100 ms into the silence. */
const byText = silences.map(({ text, asked, span }): Score.Span => ({
  ...span,
  scores: [{ silenceMs: 100, endOfTurn: TurnDetector.judgeText({ transcript: text, history: history(asked) }) }]
}))

/** Waits of the adaptive detector, which learns from pauses whose end it was patient enough to hear. */
const adaptive = (cutOffCostMs: number, mostMs: number): Score.Outcome => {
  let detector = TurnDetector.makeAdaptive({ cutOffCostMs, mostMs })
  let caller = -1
  const waits = silences.map((silence) => {
    if (silence.caller !== caller) {
      caller = silence.caller
      detector = TurnDetector.makeAdaptive({ cutOffCostMs, mostMs })
    }
    const input = { transcript: silence.text, history: history(silence.asked), silenceMs: 100 }
    const wait = detector.judge(input).waitMs!
    if (silence.span.kind === "hold" && silence.span.durationMs <= wait) detector.learn(silence.span.durationMs)
    return wait
  })
  return Score.scoreWaits(
    silences.map(({ span }) => span),
    waits
  )
}

/** Costs of a false cut-off. */
const costsMs = [500, 1000, 2000, 3000, 4000, 6000, 8000, 12_000, 16_000, 20_000, 24_000, 32_000]
const budget = 0.05
const silenceOnly = Score.fastest(
  Score.silenceOnly(
    byText,
    Array.from({ length: 100 }, (_, index) => 200 + 50 * index)
  ),
  budget
)!
const text = Score.fastest(Score.sweep(byText), budget)!
const adapted = Score.fastest(
  costsMs.flatMap((cost) => [2500, 3500].map((mostMs) => adaptive(cost, mostMs))),
  budget
)!

const row = (name: string, found: Score.Outcome, bound: number) => {
  const ratio = silenceOnly.delayMs / found.delayMs
  return {
    budget: `delay at 5 % false cut-offs, ${name}: silence alone takes ${bound} x`,
    measured: ms(found.delayMs),
    floor: ms(silenceOnly.delayMs),
    ratio: `${ratio.toFixed(2)} x`,
    ok: ratio >= bound
  }
}

report([row("by the words", text, 2), row("by the words and the caller's pauses", adapted, 2)])
