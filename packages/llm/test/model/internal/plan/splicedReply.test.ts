import { assert, describe, it } from "@effect/vitest"
import * as SplicedReply from "../../../../src/model/internal/plan/splicedReply.ts"

const usage = {
  inputTokens: { uncached: 1, total: 1, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 1, text: 1, reasoning: undefined }
}
const text = (delta: string): SplicedReply.Part => ({ type: "text-delta", id: "0", delta })
const finish = (reason: "stop" | "length" | "pause" | "content-filter" | "error"): SplicedReply.Part => ({
  type: "finish",
  reason,
  usage
})
const call: SplicedReply.Part = { type: "tool-call", id: "c", name: "f", params: {} }

const fed = (...parts: ReadonlyArray<SplicedReply.Part>) => {
  const reply = new SplicedReply.SplicedReply("… again: ")
  const out: Array<SplicedReply.Part> = []
  return { reply, out, accepted: reply.accept(parts, out) }
}

describe("splicedReply", () => {
  const ends: ReadonlyArray<readonly [SplicedReply.Accepted, ...ReadonlyArray<SplicedReply.Part>]> = [
    ["accepted", text("Hello you."), finish("stop")],
    ["failed", text("Hello"), finish("error")],
    ["failed", text("Hello"), { type: "error", error: "odd" }],
    ["length", text("Hello you"), finish("length")],
    ["accepted", text("Hello you."), finish("length")],
    ["accepted", text("Hello"), call, finish("length")],
    ["filtered", text("Hello you."), finish("content-filter")],
    ["paused", text("Hello "), finish("pause")]
  ]
  for (const [accepted, ...parts] of ends) {
    it(`${parts.map((part) => part.type + ("reason" in part ? ` ${part.reason}` : "")).join(", ")}: ${accepted}`, () => {
      assert.strictEqual(fed(...parts).accepted, accepted)
    })
  }

  it("ends a reply where it was cut short, with the reason", () => {
    const { out, reply } = fed(text("Hello you"), finish("length"))
    reply.endShort(out)
    assert.isTrue(reply.finished)
    assert.deepStrictEqual(out.at(-1), finish("length"))
  })

  it("a reply with complete calls ends where its attempt breaks off", () => {
    const { out, reply } = fed(text("Hello"), call)
    reply.cut(out)
    assert.isTrue(reply.finished)
    assert.strictEqual((out.at(-1) as { reason?: string }).reason, "tool-calls")
  })

  it("a model that refuses to continue leaves the seam unchanged", () => {
    const { out, reply } = fed(text("We are open "))
    reply.cut(out)
    assert.strictEqual(
      reply.accept([text("I'm sorry, but I can't continue that message. "), finish("stop")], out),
      "declined"
    )
    reply.cut(out)
    assert.strictEqual(reply.accept([text("until six."), finish("stop")], out), "accepted")
    assert.strictEqual(reply.spoken, "We are open until six.")
  })
})
