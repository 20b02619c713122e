/**
 * A simulated network between the caller and the server: audio arrives late, in bursts, and with gaps. Drawn from a
 * seed, so that each run is the same.
 *
 * @since 0.1.0
 */

/** The faults of the network. All are off by default. */
export interface Network {
  /** The longest delay of a 20 ms stretch relative to the previous one, in milliseconds. A burst follows a delay. */
  readonly jitterMs?: number | undefined
  /** The share of lost audio, from 0 to 1. */
  readonly loss?: number | undefined
  /** Average number of consecutive stretches lost. 3 by default, because losses come in bursts. */
  readonly burst?: number | undefined
  /**
   * What arrives instead of lost audio: a note of its duration (`gap`, by default), `silence`, or `nothing`, so that
   * later audio moves up.
   */
  readonly lost?: "gap" | "silence" | "nothing" | undefined
}

/** The noise around a caller. */
export interface Noise {
  /** `hiss`: white noise; `hum`: a machine; `babble`: a crowd of unintelligible voices. */
  readonly kind: "hiss" | "hum" | "babble"
  /** Its level, in dB below full scale. -50 is a quiet room, -35 a loud one. */
  readonly levelDbfs: number
}
