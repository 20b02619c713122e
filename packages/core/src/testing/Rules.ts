/**
 * The rules of a call, as checks for any agent.
 *
 * ```ts
 * yield* Rules.check(Support, { calls: 500, seed: 1 })
 * ```
 *
 * plays simulated callers against the agent and dies if a rule is broken, with the shortest call that still breaks it.
 * `statements` has the rules in words. Rule 6, the cost of an event, is not checked here, because the cost of the
 * agent's own work cannot be separated from it. Rule 4, about prompts, is checked by `PromptRules` of
 * `@antiphon/llm/testing`: pass it as `also`.
 *
 * @since 0.1.0
 */
import type * as Agent from "../Agent.ts"
import * as Printable from "../Printable.ts"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Rule from "./internal/rules/rule.ts"
import * as AllRules from "./internal/rules/rules.ts"
import * as ShorterCaller from "./internal/rules/shorterCaller.ts"
import type * as Caller from "./Caller.ts"
import type * as Played from "./Played.ts"
import * as SimulatedCaller from "./SimulatedCaller.ts"
import * as TestCall from "./TestCall.ts"
import * as Timeline from "./Timeline.ts"

/** A rule that does not hold. `at` is in milliseconds of the call. */
export type Breach = Rule.Breach

/** Checks a call, and returns every breach. */
export interface Check {
  (call: Played.Played): ReadonlyArray<Breach>
}

/** A rule in words, with its number. */
export type Statement = AllRules.Statement

/** The rules of a call, from 1 on, in words. */
export const statements: ReadonlyArray<Statement> = AllRules.statements

/** Checks a call against the rules. */
export const breaches: Check = AllRules.breaches

/** What to check, and how often. */
export interface Options<in ROut = never> extends SimulatedCaller.Options {
  /** How many calls. 100 by default. */
  readonly calls?: number | undefined
  /** Seed of the first call; each further call has the next seed. 1 by default. */
  readonly seed?: number | undefined
  /** Only these rules. All by default. */
  readonly rules?: ReadonlyArray<number> | undefined
  /** Further checks beside the rules. */
  readonly also?: ReadonlyArray<Check> | undefined
  /** The agent's services for each call, for example a model that fails now and then, drawn from the seed. */
  readonly provide?: ((seed: number) => Layer.Layer<ROut>) | undefined
  /** Called with each call. */
  readonly onCall?: ((call: Simulated) => Effect.Effect<void>) | undefined
}

/** A call with a simulated caller. */
export interface Simulated {
  readonly caller: SimulatedCaller.SimulatedCaller
  readonly played: Played.Played
  readonly breaches: ReadonlyArray<Breach>
}

/** A call broke a rule. The message shows the shortest such call that was found, and its seed. */
export class RulesBroken extends Data.TaggedError("RulesBroken")<{ readonly seed: number; readonly message: string }> {}

/** Describes a call that breaks rules: which ones, the script, and the call as a timeline. */
export const render = ({ breaches, caller, played }: Simulated): string =>
  [
    `The call with the seed ${caller.seed} (${caller.temper}) breaks ${breaches.length === 1 ? "a rule" : "rules"}:`,
    ...breaches.map(({ at, rule, what }) => `  rule ${rule}, at ${Math.round(at)} ms: ${Printable.line(what)}`),
    "",
    "The script of the call:",
    ...caller.script.map((step) => `  ${Printable.line(describe(step))}`),
    "",
    Timeline.render(played.entries)
  ].join("\n")

const describe = ({ _tag, ...fields }: Caller.Step): string =>
  `${_tag} ${Object.entries(fields)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join(", ")}`

/** What was played. */
export interface Report {
  readonly calls: number
  /** Total length of the calls, in milliseconds. */
  readonly duration: number
}

type Needs<R, R2, ROut> = Exclude<Exclude<R | R2, Scope.Scope>, ROut>

/** Plays a simulated caller against an agent. */
export const simulate = <E = never, R = never, R2 = never, ROut = never>(
  agent: Agent.Source<E, R, R2>,
  caller: SimulatedCaller.SimulatedCaller,
  options: Pick<Options<ROut>, "rules" | "also" | "provide"> = {}
): Effect.Effect<Simulated, E, Needs<R, R2, ROut>> =>
  Effect.suspend(() => {
    const { also = [], provide, rules } = options
    const call = TestCall.run(agent, caller.script, { seed: caller.seed, phone: caller.phone })
    // Each call builds its own Layer, so that calls share no state.
    const played = (
      provide === undefined ? call : Effect.provide(call, provide(caller.seed), { local: true })
    ) as Effect.Effect<Played.Played, E, Needs<R, R2, ROut>>
    return Effect.map(played, (played) => ({
      caller,
      played,
      breaches: [breaches, ...also]
        .flatMap((check) => check(played))
        .filter(({ rule }) => rules === undefined || rules.includes(rule))
    }))
  })

/** An agent with its services, to be checked by others, such as a command. */
export interface Subject {
  readonly simulate: (caller: SimulatedCaller.SimulatedCaller) => Effect.Effect<Simulated, unknown>
  readonly callers: SimulatedCaller.Options
}

/**
 * Plays simulated callers against an agent. At the first call that breaks a rule, looks for a shorter one and dies with
 * `RulesBroken`.
 */
export const check = <E = never, R = never, R2 = never, ROut = never>(
  agent: Agent.Source<E, R, R2>,
  options: Options<ROut> = {}
): Effect.Effect<Report, E, Needs<R, R2, ROut>> =>
  Effect.gen(function* () {
    const { calls = 100, onCall, seed: firstSeed = 1 } = options
    const play = (caller: SimulatedCaller.SimulatedCaller) => simulate(agent, caller, options)
    let duration = 0
    for (let seed = firstSeed; seed < firstSeed + calls; seed++) {
      const first = yield* play(SimulatedCaller.make(seed, options))
      duration += first.played.entries.at(-1)?.at ?? 0
      if (onCall !== undefined) yield* onCall(first)
      if (first.breaches.length > 0)
        return yield* Effect.die(new RulesBroken({ seed, message: render(yield* shorten(first, play)) }))
    }
    return { calls, duration }
  })

/**
 * Looks for a shorter call that breaks one of the same rules. Plays each candidate in the same way as the first call.
 */
export const shorten = <E, R>(
  first: Simulated,
  play: (caller: SimulatedCaller.SimulatedCaller) => Effect.Effect<Simulated, E, R>
): Effect.Effect<Simulated, E, R> => {
  const broken = new Set(first.breaches.map(({ rule }) => rule))
  let shortest = first
  const shrunk = ShorterCaller.find(first.caller, (candidate) =>
    Effect.map(play(candidate), (played) => {
      const fails = played.breaches.some(({ rule }) => broken.has(rule))
      if (fails) shortest = played
      return fails
    })
  )
  return Effect.map(shrunk, () => shortest)
}
