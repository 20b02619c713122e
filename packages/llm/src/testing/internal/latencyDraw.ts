/** Draws times as providers have them. */
import type * as Chance from "@antiphon/core/testing/Chance"
import * as Duration from "effect/Duration"

interface Latency {
  readonly median: Duration.Input
  readonly p99: Duration.Input
}

/** Draws a time, in milliseconds. */
export const draw = ({ median, p99 }: Latency, chance: Chance.Chance): number => {
  const [middle, late] = [Duration.toMillis(median), Duration.toMillis(p99)]
  if (middle === late) return middle
  // The normal distribution by Box and Muller, stretched so that its 99 % quantile is where it is asked for.
  const normal = Math.sqrt(-2 * Math.log(1 - chance.next())) * Math.cos(2 * Math.PI * chance.next())
  return middle * Math.exp((normal * Math.log(late / middle)) / quantile99)
}

/** Of the standard normal distribution. */
const quantile99 = 2.3263478740408408
