import { assert, describe, it } from "@effect/vitest"
import * as Secret from "../../src/internal/secret.ts"

describe("Secret.equals", () => {
  it("compares texts of any length, and never accepts an empty one", () => {
    assert.isTrue(Secret.equals("a", "a"))
    assert.isFalse(Secret.equals("a", "ab"))
    assert.isFalse(Secret.equals("", ""))
  })
})
