/** A rule is a small state machine that follows a call, observation by observation, and reports breaches. */
import type * as Played from "../../Played.ts"
import type { Entry } from "../time/happening.ts"
import * as Situation from "./situation.ts"

/** A breach of a rule. `at` is in milliseconds of the call. */
export interface Breach {
  readonly rule: number
  readonly at: number
  readonly what: string
}

/** An observation of a call. */
export type Observation =
  /** Something happened, with the situations before and after it. */
  | {
      readonly _tag: "Happened"
      readonly entry: Entry
      readonly before: Situation.Situation
      readonly now: Situation.Situation
    }
  /** Nothing more can happen at this moment, and time advances to the next. */
  | { readonly _tag: "Passes"; readonly until: number; readonly now: Situation.Situation }
  /** The call is over, with its final results. */
  | { readonly _tag: "Over"; readonly call: Played.Played; readonly now: Situation.Situation }

/** The state of a rule after an observation, and the breaches that it revealed. */
export type Step<State> = readonly [state: State, ...broken: ReadonlyArray<string>]

/** A rule as a pure machine. */
export interface Machine<State> {
  readonly start: State
  readonly step: (state: State, observation: Observation) => Step<State>
}

/** A rule of the design that can be checked on a call. */
export interface Rule {
  readonly number: number
  /** Begins to follow a call. The result returns the breaches of each observation. */
  readonly begin: () => (observation: Observation) => ReadonlyArray<Breach>
}

/** Makes a rule from a state machine. */
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

/** Makes a rule without state. */
export const stateless = (number: number, broken: (observation: Observation) => ReadonlyArray<string>): Rule =>
  make<undefined>(number, { start: undefined, step: (_, observation) => [undefined, ...broken(observation)] })

/** Returns a breach unless a condition holds. */
export const unless = (condition: boolean, what: string): ReadonlyArray<string> => (condition ? [] : [what])

/** Turns a call into observations. */
export function* observe(call: Played.Played): Generator<Observation> {
  let now = Situation.start(call.policies)
  for (const entry of call.entries) {
    // Time passes only when nothing more can happen: observes the end of the previous moment.
    const passes = entry.at !== now.at
    if (passes) yield { _tag: "Passes", until: entry.at, now }
    const before: Situation.Situation = passes ? { ...now, at: entry.at } : now
    now = Situation.follow(before, entry)
    yield { _tag: "Happened", entry, before, now }
  }
  yield { _tag: "Over", call, now }
}

/** Checks rules on a call. Returns breaches in the order of the rules. */
export const breaches = (rules: ReadonlyArray<Rule>, call: Played.Played): ReadonlyArray<Breach> => {
  const followed = rules.map(({ begin }) => ({ step: begin(), found: [] as Array<Breach> }))
  for (const observation of observe(call)) {
    for (const { found, step } of followed) found.push(...step(observation))
  }
  return followed.flatMap(({ found }) => found)
}
