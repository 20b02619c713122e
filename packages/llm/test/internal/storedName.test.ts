import { assert, it } from "@effect/vitest"
import * as StoredName from "../../src/internal/storedName.ts"

it("storedName: names that every database takes", () => {
  for (const name of ["a", "🙂".repeat(5), "x".repeat(10)]) assert.isTrue(StoredName.isStorable(name, 10), name)
  for (const name of ["", "x".repeat(11), "a\0", "a\ud83d", "\udc00a", undefined, 5]) {
    assert.isFalse(StoredName.isStorable(name, 10), String(name))
  }
})
