import { assert, describe, it } from "@effect/vitest"
import * as Machine from "../../src/internal/machine.ts"
import type * as Protocol from "../../src/Protocol.ts"
import * as Hourglass from "../support/hourglass.ts"

const frame = (frame: string): Protocol.Told => ({ _tag: "Frame", frame })
const request: Protocol.WireRequest = { method: "GET", url: "/", params: {}, headers: {}, body: "" }

describe("A machine", () => {
  it("keeps its own state, separate from other machines", () => {
    const [one, first] = Machine.start(Hourglass.protocol, { request }, 5)
    const [other] = Machine.start(Hourglass.protocol, { request }, 5)
    assert.deepStrictEqual(first, [])
    assert.deepStrictEqual(
      one.tell(frame("flip c1"), 6).map(({ _tag }) => _tag),
      ["Start"]
    )
    one.tell(frame("ask 1 hello"), 7)
    assert.strictEqual(one.due(), 7 + Hourglass.patienceMs)
    assert.isUndefined(other.due())
  })
})
