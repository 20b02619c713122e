import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Redacted, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Rest from "../../src/internal/rest.ts"

const ask = (status: number, body: string) =>
  Effect.provideService(
    Rest.json("carrier", HttpClientRequest.get("http://carrier.test/"), Schema.Struct({ sid: Schema.String })),
    HttpClient.HttpClient,
    HttpClient.make((request) =>
      Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body === "" ? null : body, { status })))
    )
  )

const rows: ReadonlyArray<readonly [status: number, body: string, tag: string, code?: number]> = [
  [401, '{"code":20003}', "Unauthorized", 20_003],
  [403, "", "Unauthorized"],
  [404, '{"code":20404}', "NotFound", 20_404],
  [422, '{"errors":[{"code":"90018"}]}', "NotFound", 90_018],
  [400, '{"code":21211,"message":"+1555 is no number"}', "Refused", 21_211],
  [429, "slow down", "Refused"],
  [500, "", "Unreachable"],
  [200, "<html>", "BadAnswer"],
  [200, '{"sid":7}', "BadAnswer"]
]

describe("rest", () => {
  it.effect("returns what was asked for", () =>
    Effect.map(ask(200, '{"sid":"CA1","more":1}'), (answer) => assert.deepStrictEqual(answer, { sid: "CA1" }))
  )

  for (const [status, body, tag, code] of rows) {
    it.effect(`${status} ${body.slice(0, 30)} is ${tag}`, () =>
      Effect.gen(function* () {
        const asked = yield* Effect.forkChild(Effect.flip(ask(status, body)), { startImmediately: true })
        yield* TestClock.adjust("5 seconds")
        const error = yield* Fiber.join(asked)
        assert.strictEqual(error.reason._tag, tag)
        if (code !== undefined) assert.strictEqual("code" in error.reason ? error.reason.code : undefined, code)
        // The carrier's text may contain telephone numbers, so only the code is shown.
        assert.notInclude(`${error.message} ${JSON.stringify(error)}`, "+1555")
        if (error.detail !== undefined) assert.isString(Redacted.value(error.detail))
      })
    )
  }

  for (const [what, statuses, isIdempotent, asked] of [
    ["what was turned away, because it was not done", [429, 429, 200], false, 3],
    ["what may be done twice, if nobody knows what became of it", [500, 503, 200], true, 3],
    ["nothing else, because the telephone would ring twice", [500, 200], false, 1],
    ["nothing that was refused", [400, 200], true, 1],
    ["nothing more than twice", [429, 429, 429, 200], true, 3]
  ] as const) {
    it.effect(`sends again ${what}`, () =>
      Effect.gen(function* () {
        let count = 0
        const carrier = HttpClient.make((request) =>
          Effect.sync(() =>
            HttpClientResponse.fromWeb(request, new Response('{"sid":"CA1"}', { status: statuses[count++] ?? 200 }))
          )
        )
        const request = HttpClientRequest.get("http://carrier.test/")
        const answer = yield* Rest.json("carrier", request, Schema.Unknown, { isIdempotent }).pipe(
          Effect.provideService(HttpClient.HttpClient, carrier),
          Effect.result,
          Effect.forkChild({ startImmediately: true })
        )
        yield* TestClock.adjust("5 seconds")
        const isDone = (yield* Fiber.join(answer))._tag === "Success"
        assert.strictEqual(count, asked)
        assert.strictEqual(isDone, statuses[asked - 1] === 200)
      })
    )
  }

  it.effect("gives up after ten seconds", () =>
    Effect.gen(function* () {
      const never = HttpClient.make(() => Effect.never)
      const asked = Rest.json("carrier", HttpClientRequest.get("http://carrier.test/"), Schema.Unknown)
      const fiber = yield* Effect.forkChild(Effect.flip(Effect.provideService(asked, HttpClient.HttpClient, never)), {
        startImmediately: true
      })
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* Fiber.join(fiber)).reason._tag, "Unreachable")
    })
  )
})
