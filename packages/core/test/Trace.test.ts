import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Spans from "../src/testing/Spans.ts"
import * as Trace from "../src/Trace.ts"

class Refused extends Data.TaggedError("Refused")<{ readonly number: string }> {}
class Wrapped extends Data.TaggedError("Wrapped")<{ readonly reason: Refused }> {}

describe("Trace", () => {
  it.effect("a span is the parent of what runs inside it, and ends with it", () =>
    Effect.gen(function* () {
      const spans = Spans.make()
      const inner = Effect.withSpan(Effect.void, "inner")
      yield* spans.collect(Trace.within("outer", { attributes: { a: 1 } }, () => inner))
      yield* spans.collect(Stream.runDrain(Trace.streamWithin("stream", {}, () => Stream.fromEffect(inner))))
      assert.strictEqual(spans.tree(), "outer\n  inner\nstream\n  inner\n")
      assert.strictEqual(spans.named("outer")[0]!.attributes.get("a"), 1)
    })
  )

  it.effect("a failure puts its kind on the span, and none of its content", () =>
    Effect.gen(function* () {
      const spans = Spans.make()
      const failing = Effect.fail(new Wrapped({ reason: new Refused({ number: "+4366" }) }))
      yield* spans.collect(Effect.ignore(Trace.within("effect", {}, () => failing)))
      yield* spans.collect(
        Effect.ignore(Stream.runDrain(Trace.streamWithin("stream", {}, () => Stream.fromEffect(failing))))
      )
      assert.strictEqual(spans.tree(), "effect (Refused)\nstream (Refused)\n")
      for (const { attributes, status } of spans.all()) {
        assert.deepStrictEqual([...attributes], [["error.type", "Refused"]])
        assert.notInclude(status._tag === "Ended" ? JSON.stringify(status.exit) : "", "+4366")
      }
    })
  )

  it.effect("interruption is not a failure", () =>
    Effect.gen(function* () {
      const spans = Spans.make()
      yield* spans.collect(Effect.timeoutOption(Effect.never, 0))
      yield* spans.collect(Effect.exit(Trace.within("effect", {}, () => Effect.interrupt)))
      yield* spans.collect(
        Effect.exit(Stream.runDrain(Trace.streamWithin("stream", {}, () => Stream.fromEffect(Effect.interrupt))))
      )
      assert.strictEqual(spans.tree(), "effect (interrupted)\nstream (interrupted)\n")
    })
  )

  it("names the kind of any failure", () => {
    const kinds: ReadonlyArray<readonly [unknown, string]> = [
      [new Refused({ number: "1" }), "Refused"],
      [new Wrapped({ reason: new Refused({ number: "1" }) }), "Refused"],
      [new RangeError("x"), "RangeError"],
      [{ _tag: "Plain" }, "Plain"],
      ["some words", "_OTHER"],
      [undefined, "_OTHER"]
    ]
    for (const [error, kind] of kinds) assert.strictEqual(Trace.errorType(Cause.fail(error)), kind)
    assert.strictEqual(Trace.errorType(Cause.die(new TypeError("x"))), "TypeError")
  })

  it.effect("work beside a turn outside of any call gets its own trace, linked to where it started", () =>
    Effect.gen(function* () {
      const spans = Spans.make()
      yield* spans.collect(
        Effect.withSpan(
          Trace.within("beside", { beside: true }, () => Effect.void),
          "now"
        )
      )
      assert.strictEqual(spans.tree(), "now\nbeside\n")
      assert.deepStrictEqual(
        spans.named("beside")[0]!.links.map(({ span }) => span),
        [...spans.named("now")]
      )
    })
  )

  it.effect("finished work becomes a span that started in the past", () =>
    Effect.gen(function* () {
      const spans = Spans.make()
      yield* TestClock.adjust("10 seconds")
      const work = Effect.flatMap(Effect.makeSpan("call"), (parent) =>
        Trace.past("answer", { parent, seconds: 1.5, attributes: { "antiphon.turn.id": 2 } })
      )
      yield* spans.collect(work)
      const [answer] = spans.named("answer")
      assert.strictEqual(spans.tree(), "call (running)\n  answer\n")
      assert.include(answer!.status, { startTime: 8_500_000_000n, endTime: 10_000_000_000n })
      assert.deepStrictEqual([...answer!.attributes], [["antiphon.turn.id", 2]])
    })
  )
})
