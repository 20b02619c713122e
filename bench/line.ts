/**
 * Figures of Line 0.2.17 (Python 3.13, asyncio, two cores of an AMD EPYC) with the same agent and the same steps,
 * measured once with a client like `harness.ts`. They are constants, because measuring them again requires Line's
 * package.
 */

/** Milliseconds from the end of the user's turn to the answer, by turn: three events per turn. */
export const roundTripMs: Readonly<Record<number, number>> = { 10: 0.9, 100: 4.3, 500: 33, 1000: 144, 2000: 600 }
/** The same if every answer is reported as spoken: six events per turn. It was stopped after 505 turns. */
export const roundTripSpokenMs: Readonly<Record<number, number>> = { 10: 0.9, 100: 9.9, 500: 90.5 }
/** Turns a second, by the number of calls. */
export const turnsPerSecond: Readonly<Record<number, number>> = { 1: 909, 50: 1349, 200: 1497 }
/** Resident memory of an idle call, 500 open, in KB. */
export const residentKb = 40
/** Milliseconds from the user's first word to the last message of the old turn, one call. */
export const interruptionMs = { p50: 0, p99: 4.1 }
/** Processor time of 80 turns of 40 words, each acknowledged by itself, in milliseconds. */
export const acknowledgedCpuMs = 53_000
