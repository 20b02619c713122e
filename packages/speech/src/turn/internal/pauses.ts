/**
 * How long a caller pauses inside a turn: a log-normal distribution, learned from the pauses of one call.
 */

/** What is known of a caller's pauses: sums of their logarithms. Plain data. */
export interface Pauses {
  readonly weight: number
  readonly sum: number
  readonly squares: number
}

/**
 * What is assumed of a caller nobody has heard yet: as much as ten pauses, of which half are shorter than 350 ms and one in
 * twenty is longer than about 1.1 s.
 */
const prior = { weight: 10, mean: Math.log(350), variance: 0.5 }

/** A caller nobody has heard yet. */
export const unknown: Pauses = {
  weight: prior.weight,
  sum: prior.weight * prior.mean,
  squares: prior.weight * (prior.variance + prior.mean ** 2)
}

/** What is learned from earlier pauses counts a little less with each new one, so that about the last 40 matter. */
const memory = 0.975

/** A pause farther from the mean than this many deviations counts as if it were so far: one odd pause teaches little. */
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

/** The silence that a share of the pauses does not exceed. */
export const quantile = (pauses: Pauses, share: number): number => {
  const { mean, deviation } = moments(pauses)
  return Math.exp(mean + deviation * normalQuantile(share))
}

const moments = (pauses: Pauses): { readonly mean: number; readonly deviation: number } => {
  const mean = pauses.sum / pauses.weight
  return { mean, deviation: Math.sqrt(Math.max(0.05, pauses.squares / pauses.weight - mean ** 2)) }
}

/** Inverse of the standard normal distribution, by Acklam's approximation; relative error below 1.2e-9. */
export const normalQuantile = (share: number): number => {
  if (share <= 0) return Number.NEGATIVE_INFINITY
  if (share >= 1) return Number.POSITIVE_INFINITY
  if (share > 0.97575) return -normalQuantile(1 - share)
  if (share < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(share))
    return polynomial(tailTop, q) / (polynomial(tailBottom, q) * q + 1)
  }
  const q = share - 0.5
  const r = q * q
  return (polynomial(middleTop, r) * q) / (polynomial(middleBottom, r) * r + 1)
}

const polynomial = (coefficients: ReadonlyArray<number>, x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)

const middleTop = [
  -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239
]
const middleBottom = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572]
const tailTop = [
  -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783
]
const tailBottom = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416]
