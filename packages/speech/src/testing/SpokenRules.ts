/**
 * Checks of what must hold on every call over audio, for any agent: the rules of a call, the laws of the floor, and the
 * observations of the line.
 *
 * ```ts
 * yield* SpokenRules.check(Support, { calls: 50, seed: 1 })
 * ```
 *
 * plays simulated callers with voices, over lines with noise, jitter, loss and echo. At the first call that breaks a
 * rule, it shrinks the call and dies.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as Rules from "@antiphon/core/testing/Rules"
import * as Timeline from "@antiphon/core/testing/Timeline"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Words from "../floor/internal/words.ts"
import * as Caller from "./Caller.ts"
import * as ShorterCaller from "./internal/shorterCaller.ts"
import * as SimulatedCaller from "./SimulatedCaller.ts"
import * as TestCall from "./TestCall.ts"

/** A breach. `at` is in milliseconds of the call. */
export interface Breach {
  /** A rule of a call such as `rule 7`, the name of a law of the floor, or an observation of the line. */
  readonly law: string
  readonly at: number
  readonly what: string
}

/** Checks a call, and returns every breach. */
export interface Check {
  (call: TestCall.Played): ReadonlyArray<Breach>
}

/** The longest delay of a mark, plus a frame. Milliseconds. */
const markMs = 100
const frameMs = 20

/** The words reported to the agent as heard are exactly the words that the line has played. */
const heardExactly: Check = ({ entries, line }) => {
  const played = new Map<string, number>()
  const told = new Map<string, number>()
  const unsure = new Map<string, number>()
  const said: Array<string> = []
  const tally = (into: Map<string, number>, text: string) => {
    for (const word of Words.list(text)) into.set(word, (into.get(word) ?? 0) + 1)
  }
  for (const entry of entries) {
    if (entry._tag === "Spoken") tally(played, entry.text)
    if (entry._tag === "Reported" && entry.report._tag === "AgentTextSent") tally(told, entry.report.content)
    if (entry._tag === "Sent" && entry.output._tag === "AgentSendText") said.push(entry.output.text)
  }
  // Text spoken differently from how it is written cannot be compared word by word, and neither can estimates.
  const isPlain = !said.some((text) => /[^\p{L}\p{M}\s.,;:!?'’"-]/u.test(text))
  if (!isPlain || line.transport.capabilities.heard === "estimate") return []
  // A mark that returns after a clear is ignored, so the last word before it may be missing, but there may be no extra
  // word.
  const moments = line.transport.capabilities.heard === "marks" ? line.clears.map(({ at }) => at) : []
  // Nor does one that comes back after the end of the call.
  const ends = entries.flatMap((entry) => (entry._tag === "HungUp" ? [entry.at] : []))
  for (const entry of entries) {
    if (entry._tag !== "Spoken") continue
    const isLast = [...moments, ...ends].some((at) => entry.at <= at + frameMs && entry.at > at - markMs)
    for (const word of isLast ? Words.list(entry.text) : []) unsure.set(word, (unsure.get(word) ?? 0) + 1)
  }
  const at = entries.at(-1)?.at ?? 0
  const law = "heard is what was played"
  return [...new Set([...played.keys(), ...told.keys()])].flatMap((word) => {
    const [was, is] = [played.get(word) ?? 0, told.get(word) ?? 0]
    const isRight = was === is || (is < was && is >= was - (unsure.get(word) ?? 0))
    return isRight ? [] : [{ law, at, what: `“${word}” was played ${was} times and told as heard ${is} times` }]
  })
}

/** After a clear, no audio of an old generation reaches the line. */
const nothingStale: Check = ({ line }) =>
  line.stale.length === 0
    ? []
    : [{ law: "nothing follows a clear", at: 0, what: `${line.stale.length} frames of what was cleared` }]

/** A retracted turn is never heard. */
const nothingRetracted: Check = ({ entries }) => {
  const cancelled = new Map<number, number>()
  const firm = new Set<number>()
  const sent = new Map<number, Set<string>>()
  const found: Array<Breach> = []
  for (const entry of entries) {
    if (entry._tag === "TurnTold" && entry.change === "Cancelled") cancelled.set(entry.turn, entry.at)
    if (entry._tag === "Sent" && "interruptible" in entry.output && entry.output.interruptible === false) {
      firm.add(entry.turn)
    }
    if (entry._tag === "Sent" && entry.output._tag === "AgentSendText") {
      const words = sent.get(entry.turn) ?? new Set()
      for (const word of Words.list(entry.output.text)) words.add(word)
      sent.set(entry.turn, words)
    }
    if (entry._tag !== "Spoken" || firm.has(entry.turn)) continue
    // What the pipeline says by itself belongs to no turn.
    if (!Words.list(entry.text).some((word) => sent.get(entry.turn)?.has(word) === true)) continue
    const since = cancelled.get(entry.turn)
    // The word being spoken when the turn was cancelled had begun before.
    if (since === undefined || entry.from <= since) continue
    found.push({ law: "what was taken back is not heard", at: entry.at, what: `“${entry.text.trim()}”` })
  }
  return found
}

/** All checks of a call over audio. */
export const breaches: Check = (call) => [
  ...Rules.breaches(call).map(({ at, rule, what }): Breach => ({ law: `rule ${rule}`, at, what })),
  ...call.floorBreaches.map(({ at, law, message }): Breach => ({ law, at, what: message })),
  ...heardExactly(call),
  ...nothingStale(call),
  ...nothingRetracted(call)
]

/** What to check, and how often. */
export interface Options extends SimulatedCaller.Options {
  /** Number of calls. 20 by default. */
  readonly calls?: number | undefined
  /** Seed of the first call; the others follow in sequence. 1 by default. */
  readonly seed?: number | undefined
  /** Additional checks. */
  readonly also?: ReadonlyArray<Check> | undefined
  /** Options for each call, unless the caller's line sets them. */
  readonly call?: TestCall.Options | undefined
  /** Called after each call. */
  readonly onCall?: ((call: Simulated) => Effect.Effect<void>) | undefined
}

/** A call with a simulated caller. */
export interface Simulated {
  readonly caller: SimulatedCaller.SimulatedCaller
  readonly played: TestCall.Played
  readonly breaches: ReadonlyArray<Breach>
}

/** A call broke a rule. The message shows the shortest such call found, and its seed. */
export class RulesBroken extends Data.TaggedError("RulesBroken")<{ readonly seed: number; readonly message: string }> {}

/** The calls played. */
export interface Report {
  readonly calls: number
  /** Total duration of the calls, in milliseconds. */
  readonly duration: number
}

/** Plays a simulated caller against an agent. */
export const simulate = <E = never, R = never, R2 = never>(
  agent: Agent.Made<E, R, R2>,
  caller: SimulatedCaller.SimulatedCaller,
  options: Pick<Options, "also" | "call"> = {}
): Effect.Effect<Simulated, E, Exclude<R | R2, Scope.Scope>> =>
  Effect.map(
    TestCall.run(agent, caller.script, { seed: caller.seed, ...options.call, ...caller.line }),
    (played): Simulated => ({
      caller,
      played,
      breaches: [breaches, ...(options.also ?? [])].flatMap((check) => check(played))
    })
  )

/** Formats a call that breaks a rule. */
const render = ({ breaches, caller, played }: Simulated): string =>
  [
    `The call with the seed ${caller.seed} (${caller.temper}, ${caller.place}) breaks:`,
    ...breaches.map(({ at, law, what }) => `  ${law}, at ${Math.round(at)} ms: ${what}`),
    "",
    "The script of the call:",
    ...caller.script.map((step) => `  ${Caller.describe(step)}`),
    "",
    Timeline.render(played.entries)
  ].join("\n")

/** Number of calls to try while shrinking. */
const attempts = 60

/** Plays simulated callers against an agent. Dies with `RulesBroken` at the first call that breaks a rule. */
export const check = <E = never, R = never, R2 = never>(
  agent: Agent.Made<E, R, R2>,
  options: Options = {}
): Effect.Effect<Report, E, Exclude<R | R2, Scope.Scope>> =>
  Effect.gen(function* () {
    const { calls = 20, onCall, seed: first = 1 } = options
    let duration = 0
    for (let seed = first; seed < first + calls; seed++) {
      const simulated = yield* simulate(agent, SimulatedCaller.make(seed, options), options)
      duration += simulated.played.entries.at(-1)?.at ?? 0
      if (onCall !== undefined) yield* onCall(simulated)
      if (simulated.breaches.length === 0) continue
      return yield* Effect.die(new RulesBroken({ seed, message: render(yield* shortened(agent, simulated, options)) }))
    }
    return { calls, duration }
  })

const shortened = <E, R, R2>(
  agent: Agent.Made<E, R, R2>,
  first: Simulated,
  options: Options
): Effect.Effect<Simulated, E, Exclude<R | R2, Scope.Scope>> =>
  Effect.gen(function* () {
    const laws = new Set(first.breaches.map(({ law }) => law))
    let best = first
    let left = attempts
    for (let isShorter = true; isShorter && left > 0;) {
      isShorter = false
      for (const candidate of ShorterCaller.candidates(best.caller)) {
        if (left-- <= 0) break
        const played = yield* simulate(agent, candidate, options)
        if (!played.breaches.some(({ law }) => laws.has(law))) continue
        best = played
        isShorter = true
        break
      }
    }
    return best
  })
