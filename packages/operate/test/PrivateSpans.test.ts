import * as Spans from "@antiphon/core/testing/Spans"
import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, Tracer } from "effect"
import * as PrivateSpans from "../src/PrivateSpans.ts"

class NoSeat extends Data.TaggedError("NoSeat")<{ readonly caller: string }> {}

/** Runs an effect under a tracer that exports only harmless attributes, and returns what it exported. */
const out = <A, E>(self: Effect.Effect<A, E>, also?: PrivateSpans.Also) =>
  Effect.gen(function* () {
    const spans = Spans.make()
    const under = Effect.flatMap(Tracer.Tracer, (inner) =>
      Effect.provideService(self, Tracer.Tracer, PrivateSpans.tracer(inner, also))
    )
    yield* spans.collect(Effect.exit(under))
    return spans
  })
const said = (span: Tracer.Span | undefined) => Object.fromEntries(span!.attributes)

describe("PrivateSpans", () => {
  it.effect("exports known harmless attributes: conventions without content, and HTTP without addresses", () =>
    Effect.gen(function* () {
      const harmless = {
        "antiphon.turn.id": 3,
        "gen_ai.request.model": "m",
        "gen_ai.usage.input_tokens": 5,
        "http.response.status_code": 200
      }
      const attributes = {
        ...harmless,
        tool: "book",
        parameters: { name: "Anna" },
        "gen_ai.input.messages": "Anna",
        "gen_ai.output.messages": "Anna",
        "gen_ai.system_instructions": "Anna",
        "gen_ai.tool.call.arguments": "Anna",
        "gen_ai.tool.call.result": "Anna",
        "url.full": "https://x/?phone=+4366",
        "http.request.header.authorization": "Bearer",
        "client.address": "1.2.3.4",
        anything: 4321
      }
      const spans = yield* out(Effect.withSpan(Effect.void, "s", { attributes }))
      assert.deepStrictEqual(said(spans.named("s")[0]), harmless)
    })
  )

  it.effect("a failure is exported by its kind, without its message and its cause", () =>
    Effect.gen(function* () {
      const spans = yield* out(Effect.withSpan(Effect.fail(new NoSeat({ caller: "Anna" })), "s"))
      const [span] = spans.named("s")
      assert.strictEqual(spans.tree(), "s (NoSeat)\n")
      assert.deepStrictEqual(said(span), { "error.type": "NoSeat" })
      assert.notInclude(span!.status._tag === "Ended" ? JSON.stringify(span!.status.exit) : "", "Anna")
    })
  )

  it.effect("links and events keep their names, and only their harmless attributes", () =>
    Effect.gen(function* () {
      const work = Effect.gen(function* () {
        const first = yield* Effect.makeSpan("first")
        yield* Effect.gen(function* () {
          const now = yield* Effect.currentSpan
          now.event("seen", 1n, { words: "Anna", "antiphon.turn.id": 1 })
          now.addLinks([{ span: first, attributes: { words: "Anna" } }])
        }).pipe(Effect.withSpan("s", { links: [{ span: first, attributes: { words: "Anna", "error.type": "x" } }] }))
      })
      const [span] = (yield* out(work)).named("s")
      assert.deepStrictEqual(span!.events, [["seen", 1n, { "antiphon.turn.id": 1 }]])
      assert.deepStrictEqual(
        span!.links.map(({ attributes }) => attributes),
        [{ "error.type": "x" }, {}]
      )
    })
  )

  it.effect("spans stay connected, and a remote parent does too", () =>
    Effect.gen(function* () {
      const outer = Tracer.externalSpan({ spanId: "1".repeat(16), traceId: "2".repeat(32) })
      const work = Effect.withSpan(Effect.withSpan(Effect.interrupt, "inner"), "outer", { parent: outer })
      const spans = yield* out(work)
      const [inner, parent] = [spans.named("inner")[0]!, spans.named("outer")[0]!]
      assert.strictEqual(inner.traceId, outer.traceId)
      assert.strictEqual(inner.parent._tag === "Some" ? inner.parent.value.spanId : "", parent.spanId)
      assert.isTrue(inner.status._tag === "Ended" && inner.status.exit._tag === "Failure")
      assert.deepStrictEqual(said(inner), {})
    })
  )

  it.effect("exports additional attributes, by name or by a function", () =>
    Effect.gen(function* () {
      const work = Effect.withSpan(Effect.void, "s", { attributes: { "app.seats": 2, "app.name": "Anna" } })
      assert.deepStrictEqual(said((yield* out(work, ["app.seats"])).named("s")[0]), { "app.seats": 2 })
      const both = yield* out(work, (name) => name.startsWith("app."))
      assert.deepStrictEqual(said(both.named("s")[0]), { "app.seats": 2, "app.name": "Anna" })
    })
  )
})
