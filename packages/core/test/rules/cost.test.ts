import { assert, describe } from "@effect/vitest"
import { Effect } from "effect"
import { forAll } from "./forAll.ts"
import { countWork } from "./work.ts"

// In a file of its own, because counting slows down whatever runs beside it.
describe("6. an event costs the same however long the call", () => {
  for (const [habit, name] of [
    ["None", "in the work that is done for it"],
    ["Reads", "for an agent that reads its history at every turn"],
    ["Edits", "for an agent that edits its history at every turn"]
  ] as const) {
    forAll(name, (random) =>
      Effect.map(countWork(random, habit), ({ early, late }) =>
        assert.isAtMost(late, early * 1.2, `the work of the same events grew from ${early} to ${late}`)
      )
    )
  }
})
