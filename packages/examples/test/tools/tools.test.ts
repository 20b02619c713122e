import { CallRequest } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { ScriptedModel } from "@antiphon/llm/testing"
import { WebSearch } from "@antiphon/llm/tools"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { desk } from "../../src/tools/builtIn.ts"
import { makeHelpdesk } from "../../src/tools/elsewhere.ts"
import { shop } from "../../src/tools/kinds.ts"
import { OrdersLive, support } from "../../src/tools/toolkit.ts"

const { make, text, toolCall } = ScriptedModel
const listens = Caller.listens()

describe("tools", () => {
  it.effect("kinds: results for the model, outputs for the caller", () =>
    Effect.gen(function* () {
      const model = make([
        [toolCall("opening_hours", { day: "Monday" }), toolCall("weather", {}), toolCall("stock", {})],
        text("Nine to six, and we have three tubes."),
        toolCall("emergency", {})
      ])
      const script = [Caller.says("Open? Any tubes?"), listens, Caller.says("Somebody is hurt"), listens]
      const call = yield* TestCall.run(shop, script).pipe(Effect.provide(model.layer))
      for (const result of ["Monday: nine to six", "sunny", "tubes"]) Expect.prompt(call, 2, result)
      Expect.heard(call, "I'm looking in the back. Nine to six")
      Expect.endedBy(call, "transfer", "+33140000015")
    })
  )

  it.effect("kinds: background work is announced, reported, and finished after a hang-up", () =>
    Effect.gen(function* () {
      const model = make([toolCall("order", { part: "tube" }, { id: "a" }), text("It arrives on Friday.")])
      const call = yield* TestCall.run(shop, [Caller.says("A tube"), listens, Caller.pauses("6 seconds")]).pipe(
        Effect.provide(model.layer)
      )
      Expect.heard(call, "I'm ordering it now. It arrives on Friday.")
      const short = yield* TestCall.run(shop, [Caller.says("A tube"), listens, Caller.hangsUp]).pipe(
        Effect.provide(make([toolCall("order", { part: "tube" })]).layer)
      )
      Expect.tool(short, "order", { result: "tube arrives on Friday" })
    })
  )

  it.effect("toolkit: tools of effect/ai, with their handlers as a Layer", () =>
    Effect.gen(function* () {
      const model = make([toolCall("cancel_order", { id: "A7" }), text("Done.")])
      const call = yield* TestCall.run(support, [Caller.says("Cancel A7"), listens]).pipe(
        Effect.provide([model.layer, OrdersLive])
      )
      Expect.tool(call, "cancel_order", { result: "A7 is cancelled" })
      Expect.heard(call, "Done.")
    })
  )

  const answering = (body: unknown) =>
    Layer.succeed(
      HttpClient.HttpClient,
      HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(body))))
    )
  const search = Layer.succeed(WebSearch.Search, {
    search: () => Effect.succeed([{ title: "Acme", body: "makes anvils", url: "https://acme.test" }])
  })

  it.effect("builtIn: the model reads documents and the web, and leaves a message on a machine", () =>
    Effect.gen(function* () {
      const model = make([
        [toolCall("web_search", { query: "acme" }), toolCall("knowledge_base", { query: "refunds" })],
        text("Thirty days."),
        toolCall("voicemail", {})
      ])
      const request = CallRequest.make({ agent: { id: "agent_1" }, agentToken: "secret" })
      const script = [Caller.says("Refunds?"), listens, Caller.says("Please leave a message"), listens]
      const call = yield* TestCall.run(desk, script, { request }).pipe(
        Effect.provide([model.layer, search, answering({ results: [{ content: "Within thirty days." }] })])
      )
      Expect.prompt(call, 2, "makes anvils")
      Expect.prompt(call, 2, "Within thirty days.")
      Expect.heard(call, "This is Acme. Please call us back.")
      Expect.endedBy(call, "agent", "voicemail_detected")
    })
  )

  const key = ConfigProvider.layer(ConfigProvider.fromUnknown({ TICKETS_KEY: "secret" }))

  it.live("elsewhere: an HTTP tool, and a server of tools that is down", () =>
    Effect.gen(function* () {
      const model = make([text("Hello.")])
      const call = yield* TestCall.run(makeHelpdesk("http://127.0.0.1:9/mcp"), [Caller.says("Hi"), listens]).pipe(
        Effect.provide([model.layer, NodeHttpClient.layerUndici, key])
      )
      Expect.heard(call, "Hello.")
      const [asked] = yield* model.prompts
      assert.deepStrictEqual(
        asked!.tools.map(({ name }) => name),
        ["open_ticket", "mcp_crm"]
      )
    })
  )
})
