import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import * as ErrorText from "../src/ErrorText.ts"

const hostile = new Proxy(new Error(), {
  get: () => {
    throw new Error("do not look")
  }
})

const texts: ReadonlyArray<readonly [string, unknown, string]> = [
  ["an error", new Error("broken"), "broken"],
  ["an error without a message", new TypeError(), "TypeError"],
  ["text", "broken", "broken"],
  ["nothing", undefined, "undefined"],
  ["an object without a prototype", Object.create(null), "unknown error"],
  ["a failure", Cause.fail(new Error("broken")), "broken"],
  ["a defect", Cause.die("broken"), "broken"],
  ["an error that throws when it is looked at", hostile, "an error that cannot be shown"],
  ["a defect that throws when it is looked at", Cause.die(hostile), "an error that cannot be shown"]
]

describe("ErrorText", () => {
  for (const [what, error, text] of texts) it(`describes ${what}`, () => assert.strictEqual(ErrorText.of(error), text))
})
