import { Rules } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { concierge } from "../../src/03-background.ts"

it.effect("whatever callers do, the concierge keeps the rules of a call", () =>
  Rules.check(concierge, { calls: 50, seed: 1 })
)
