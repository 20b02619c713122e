/**
 * Breaks down the time of an answer, from the end of the caller's speech to the first sample that the caller hears. All
 * times are on the monotonic clock; audio times are converted by the frame they belong to.
 */

/** The stages of an answer, in order. */
export const stages = [
  "endOfTurn",
  "asked",
  "firstText",
  "firstClause",
  "firstAudio",
  "firstSent",
  "firstHeard"
] as const

export type Stage = (typeof stages)[number]

/**
 * The stages of one answer, in milliseconds from the end of the caller's speech. Stages that did not happen are absent.
 */
export interface TurnTiming {
  /** Number of the agent's turn. 0 if the turn has not begun. */
  readonly turn: number
  readonly ms: { readonly [S in Stage]?: number }
  /** The longest stage, measured from the one before it. */
  readonly slowest: Stage | undefined
  /** Whether the budget was exceeded. */
  readonly isLate: boolean
}

/** An answer that is being measured. */
export interface Timing {
  /** The event being answered. */
  readonly reply: string
  readonly turn: number
  readonly from: number
  readonly ms: { readonly [S in Stage]?: number }
  /** The pipeline has already reacted to an exceeded budget. */
  readonly hasActed: boolean
}

/** Begins measuring. `from`: the end of the caller's speech, in milliseconds of the monotonic clock. */
export const begin = (reply: string, from: number): Timing => ({ reply, turn: 0, from, ms: {}, hasActed: false })

/** Notes that a stage was reached. Only the first time counts. */
export const reached = (timing: Timing, stage: Stage, at: number): Timing =>
  timing.ms[stage] === undefined ? { ...timing, ms: { ...timing.ms, [stage]: at - timing.from } } : timing

/** Returns the measurements. */
export const report = ({ turn, ms }: Timing, budgetMs: number): TurnTiming => {
  let [slowest, most, before]: [Stage | undefined, number, number] = [undefined, 0, 0]
  for (const stage of stages) {
    const at = ms[stage]
    if (at === undefined) continue
    if (at - before > most) [slowest, most] = [stage, at - before]
    before = Math.max(before, at)
  }
  return { turn, ms, slowest, isLate: (ms.firstHeard ?? ms.firstSent ?? 0) > budgetMs }
}
