/**
 * How long a caller pauses inside a turn: a log-normal distribution, learned from the pauses of one call.
 */

/** Statistics of a caller's pauses: sums of their logarithms. Plain data. */
export interface Pauses {
  readonly weight: number
  readonly sum: number
  readonly squares: number
}

/**
 * The prior for a new caller, worth ten pauses: half are shorter than 350 ms, and one in twenty is longer than about
 * 1.1 s.
 */
const prior = { weight: 10, mean: Math.log(350), variance: 0.5 }

/** A new caller. */
export const unknown: Pauses = {
  weight: prior.weight,
  sum: prior.weight * prior.mean,
  squares: prior.weight * (prior.variance + prior.mean ** 2)
}

/** Each new pause reduces the weight of earlier ones a little, so that about the last 40 matter. */
const memory = 0.975

/** Clamps a pause to this many deviations from the mean, so that a single odd pause has little effect. */
const mostDeviations = 2

/** Learns a pause that proved to be inside a turn. */
export const learn = (pauses: Pauses, pauseMs: number): Pauses => {
  const { mean, deviation } = moments(pauses)
  const reach = mostDeviations * deviation
  const log = Math.min(Math.max(Math.log(Math.max(pauseMs, 1)), mean - reach), mean + reach)
  return {
    weight: pauses.weight * memory + 1,
    sum: pauses.sum * memory + log,
    squares: pauses.squares * memory + log ** 2
  }
}

/** The share of pauses longer than a silence. */
export const longer = (pauses: Pauses, silenceMs: number): number => {
  const { mean, deviation } = moments(pauses)
  return 1 - normal((Math.log(Math.max(silenceMs, 1)) - mean) / deviation)
}

const moments = (pauses: Pauses): { readonly mean: number; readonly deviation: number } => {
  const mean = pauses.sum / pauses.weight
  return { mean, deviation: Math.sqrt(Math.max(0.05, pauses.squares / pauses.weight - mean ** 2)) }
}

/** The standard normal distribution, by Abramowitz and Stegun 26.2.17; error below 7.5e-8. */
export const normal = (x: number): number => {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const polynomial = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (Math.exp(-(x * x) / 2) / Math.sqrt(2 * Math.PI)) * polynomial
  return x < 0 ? tail : 1 - tail
}
