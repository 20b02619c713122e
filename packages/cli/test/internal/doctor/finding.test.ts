import { assert, describe, it } from "@effect/vitest"
import * as Finding from "../../../src/internal/doctor/finding.ts"
import * as NodeVersion from "../../../src/internal/nodeVersion.ts"

describe("findings of the doctor", () => {
  it("orders versions by number", () => {
    assert.isTrue(NodeVersion.isAtLeast("24.0.0", "22.19.0"))
    assert.isTrue(NodeVersion.isAtLeast("22.19.0", "22.19.0"))
    assert.isFalse(NodeVersion.isAtLeast("22.9.10", "22.19.0"))
  })

  it("requires the version of effect the packages were made for, and the same version of all packages", () => {
    const verdicts = (...installed: ReadonlyArray<readonly [string, string]>) =>
      Finding.versions(new Map(installed), "~4.1.0").map(({ verdict }) => verdict)
    assert.deepStrictEqual(verdicts(["effect", "4.1.3"], ["@antiphon/core", "0.1.0"]), ["Good", "Good"])
    assert.deepStrictEqual(verdicts(["effect", "4.2.0"]), ["Bad", "Good"])
    assert.deepStrictEqual(verdicts(["effect", "3.19.0"]), ["Bad", "Good"])
    assert.deepStrictEqual(verdicts(["@antiphon/core", "0.1.0"], ["@antiphon/llm", "0.2.0"]), ["Bad", "Bad"])
  })

  it("reports a clock that is off by more than the resolution of a header", () => {
    assert.strictEqual(Finding.clock(1500).verdict, "Good")
    assert.match(Finding.clock(-90_000).says, /90 s behind/)
    assert.match(Finding.clock(4000).says, /4 s ahead/)
  })
})
