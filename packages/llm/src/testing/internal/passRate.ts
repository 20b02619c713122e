/** How often something passed, and how certain that is after a limited number of tries. */
import type { PassRate } from "../EvaluationReport.ts"

/** The 97.5 % quantile of the standard normal distribution. */
const z = 1.959963984540054

/**
 * Makes the rate of `passed` out of `judged`. The interval is Wilson's score interval without continuity correction, which
 * stays between 0 and 1 and is sound for few tries and for rates near either end, where `p ± z √(p(1-p)/n)` is not:
 *
 *     (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)
 *
 * E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927) 209-212; method 3 of
 * R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998) 857-872.
 */
export const make = (passed: number, judged: number): PassRate => {
  if (judged === 0) return { passed, judged, rate: null, low: 0, high: 1 }
  const p = passed / judged
  const spread = (z * z) / judged
  const centre = (p + spread / 2) / (1 + spread)
  const half = (z * Math.sqrt((p * (1 - p)) / judged + spread / (4 * judged))) / (1 + spread)
  // The ends are exact for no passes and for all passes; rounding would miss them by a hair.
  const low = passed === 0 ? 0 : Math.max(0, centre - half)
  const high = passed === judged ? 1 : Math.min(1, centre + half)
  return { passed, judged, rate: p, low, high }
}
