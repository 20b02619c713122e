/**
 * Ids for events that the harness has not named: UUIDs of version 4, drawn from `Random`, so that a seeded call always
 * has the same ids. They are not secrets.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { flatText } from "./internal/flatText.ts"

/** Draws a fresh id. */
export interface EventId {
  (): string
}

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

const word = (bits: number): string =>
  hex[bits >>> 24]! + hex[(bits >>> 16) & 255]! + hex[(bits >>> 8) & 255]! + hex[bits & 255]!

/** Makes a source of ids from the current `Random`. */
export const make: Effect.Effect<EventId> = Effect.map(Random.Random, (random) => {
  const bits = () => Math.floor(random.nextDoubleUnsafe() * 0x1_0000_0000) >>> 0
  return () => {
    const middle = word((bits() & 0xffff0fff) | 0x4000)
    const variant = word((bits() & 0x3fffffff) | 0x80000000)
    return flatText(
      `${word(bits())}-${middle.slice(0, 4)}-${middle.slice(4)}-${variant.slice(0, 4)}-${variant.slice(4)}${word(bits())}`
    )
  }
})
