import { DemoModel } from "@antiphon/llm"
import { assert, it } from "@effect/vitest"
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { HttpBody, HttpClient, HttpRouter } from "effect/http"
import { Customers, Routes } from "../../src/agents/preCall.ts"

const Server = HttpRouter.serve(Routes, { disableLogger: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide([Customers.layer, DemoModel.layer()])
)

const ask = (from: string) =>
  Effect.flatMap(
    HttpClient.post("/chats", { body: HttpBody.jsonUnsafe({ call_id: "c1", from_: from, to: "+33999" }) }),
    (response) => Effect.map(response.text, (text) => ({ status: response.status, text }))
  )

it.live("preCall: known callers are accepted in their language, others are rejected", () =>
  Effect.gen(function* () {
    const known = yield* ask("+33123")
    assert.strictEqual(known.status, 200)
    assert.include(known.text, `"language":"fr"`)
    assert.strictEqual((yield* ask("+33666")).status, 403)
  }).pipe(Effect.provide(Server))
)
