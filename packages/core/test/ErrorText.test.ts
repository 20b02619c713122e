import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import * as ErrorText from "../src/ErrorText.ts"

const texts: ReadonlyArray<readonly [string, unknown, string]> = [
  ["an error", new Error("broken"), "broken"],
  ["an error without a message", new TypeError(), "TypeError"],
  ["text", "broken", "broken"],
  ["nothing", undefined, "undefined"],
  ["an object without a prototype", Object.create(null), "unknown error"],
  ["a failure", Cause.fail(new Error("broken")), "broken"],
  ["a defect", Cause.die("broken"), "broken"]
]

describe("ErrorText", () => {
  for (const [what, error, text] of texts) it(`describes ${what}`, () => assert.strictEqual(ErrorText.of(error), text))
})
