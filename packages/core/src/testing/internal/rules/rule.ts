/** What a rule is: a small machine that follows a call, observation by observation, and says what is broken on the way. */
import type * as Played from "../../Played.ts"
import type { Entry } from "../time/happening.ts"
import * as Situation from "./situation.ts"

/** A rule that does not hold. `at` is in milliseconds of the call. */
export interface Breach {
  readonly rule: number
  readonly at: number
  readonly what: string
}

/** One thing that a rule is shown of a call. */
export type Observation =
  /** Something happened: what was known before, and what is known now. */
  | {
      readonly _tag: "Happened"
      readonly entry: Entry
      readonly before: Situation.Situation
      readonly now: Situation.Situation
    }
  /** Nothing more could happen at this moment, and time passes until the next one. */
  | { readonly _tag: "Passes"; readonly until: number; readonly now: Situation.Situation }
  /** The call is over, and this is what is left of it. */
  | { readonly _tag: "Over"; readonly call: Played.Played; readonly now: Situation.Situation }

/** The state of a rule after an observation, and what the observation has shown to be broken. */
export type Step<State> = readonly [state: State, ...broken: ReadonlyArray<string>]

/** A rule as a pure machine. */
export interface Machine<State> {
  readonly start: State
  readonly step: (state: State, observation: Observation) => Step<State>
}

/** A rule of the design that a call can be held against. */
export interface Rule {
  readonly number: number
  /** Begins to follow a call. Says of each observation what it has shown to be broken. */
  readonly begin: () => (observation: Observation) => ReadonlyArray<Breach>
}

/** Makes the rule of a machine. */
export const make = <State>(number: number, { start, step }: Machine<State>): Rule => ({
  number,
  begin: () => {
    let state = start
    return (observation) => {
      const [next, ...broken] = step(state, observation)
      state = next
      return broken.map((what): Breach => ({ rule: number, at: observation.now.at, what }))
    }
  }
})

/** Makes a rule that needs no state of its own. */
export const stateless = (number: number, broken: (observation: Observation) => ReadonlyArray<string>): Rule =>
  make<undefined>(number, { start: undefined, step: (_, observation) => [undefined, ...broken(observation)] })

/** Nothing if a condition holds, and otherwise what is broken. */
export const unless = (condition: boolean, what: string): ReadonlyArray<string> => (condition ? [] : [what])

/** A call as the rules see it, one observation after the other. */
export function* observe(call: Played.Played): Generator<Observation> {
  let now = Situation.start(call.policies)
  for (const entry of call.entries) {
    // Time passes only when nothing more can happen: this is how the moment before was left.
    const passes = entry.at !== now.at
    if (passes) yield { _tag: "Passes", until: entry.at, now }
    const before: Situation.Situation = passes ? { ...now, at: entry.at } : now
    now = Situation.follow(before, entry)
    yield { _tag: "Happened", entry, before, now }
  }
  yield { _tag: "Over", call, now }
}

/** Holds a call against rules. The breaches are those of the first rule first. */
export const breaches = (rules: ReadonlyArray<Rule>, call: Played.Played): ReadonlyArray<Breach> => {
  const followed = rules.map(({ begin }) => ({ step: begin(), found: [] as Array<Breach> }))
  for (const observation of observe(call)) {
    for (const { found, step } of followed) found.push(...step(observation))
  }
  return followed.flatMap(({ found }) => found)
}
