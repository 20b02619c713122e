import { assert, describe, it } from "@effect/vitest"
import * as AiError from "effect/ai/AiError"
import * as Effect from "effect/Effect"
import OpenAI from "openai"
import AnthropicClient from "@anthropic-ai/sdk"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import * as AiErrors from "../../../../src/model/internal/provider/aiErrors.ts"
import * as Connections from "../../../../src/model/internal/provider/connections.ts"
import * as SdkPost from "../../../../src/model/internal/provider/sdkPost.ts"

interface Seen {
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A server that gives every request the same answer, and keeps the requests. */
const serverOf = (status: number, answer: string) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly url: string; readonly seen: Array<Seen>; readonly close: () => void }>((resume) => {
      const seen: Array<Seen> = []
      const server = createServer((request, response) => {
        let body = ""
        request.on("data", (piece: Buffer) => (body += piece.toString()))
        request.on("end", () => {
          seen.push({ url: request.url, headers: request.headers, body })
          response.writeHead(status, { "content-type": "application/json", "x-request-id": "req_1" }).end(answer)
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo
        const close = () => void (server.closeAllConnections(), server.close())
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}/v1`, seen, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )

const clientOf = (baseURL: string) =>
  new OpenAI({ baseURL, apiKey: "key", maxRetries: 0, logLevel: "off", defaultHeaders: { "x-own": "mine" } })

const postOf = (client: OpenAI) =>
  Effect.map(Connections.make(), (connections) =>
    SdkPost.make({ client, connections, path: "/chat/completions", failing: OpenAI.APIError.generate })
  )

/** Headers of the SDK, without those that `fetch` adds to any request. */
const own = ({ headers, ...rest }: Seen): Seen => {
  const { "accept-encoding": _, "accept-language": __, "sec-fetch-mode": ___, ...kept } = headers
  return { ...rest, headers: kept }
}

const body: OpenAI.ChatCompletionCreateParamsStreaming = { model: "m", messages: [], stream: true }

describe("sdkPost", () => {
  it.live("sends what the SDK would send, each time anew", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* serverOf(200, "{}")
      const client = clientOf(url)
      const post = yield* postOf(client)
      const { signal } = new AbortController()
      yield* Effect.promise(() => client.chat.completions.create({ ...body }, { signal }).asResponse())
      yield* Effect.promise(() => post(body, signal))
      yield* Effect.promise(() => post({ ...body, model: "other" }, signal))
      const [bySdk, first, second] = seen.map(own)
      assert.deepStrictEqual(first, bySdk)
      assert.strictEqual(second?.body, JSON.stringify({ ...body, model: "other" }))
    })
  )

  it.live("sends what Anthropic's SDK would send, with the beta that a body needs", () =>
    Effect.gen(function* () {
      const { seen, url } = yield* serverOf(200, "{}")
      const client = new AnthropicClient({ baseURL: url, apiKey: "key", maxRetries: 0, logLevel: "off" })
      const connections = yield* Connections.make()
      const headers = { "anthropic-beta": "thinking-2026" }
      const failing = AnthropicClient.APIError.generate
      const post = SdkPost.make({ client, connections, path: "/v1/messages", headers, failing })
      const { signal } = new AbortController()
      const sent = { model: "m", messages: [], stream: true }
      yield* Effect.promise(() =>
        client.post("/v1/messages", { body: sent, signal, stream: true, headers }).asResponse()
      )
      yield* Effect.promise(() => post(sent, signal))
      const [bySdk, ours] = seen.map(own)
      assert.deepStrictEqual(ours, bySdk)
      assert.strictEqual(ours?.headers["anthropic-beta"], "thinking-2026")
    })
  )

  for (const [what, answer] of [
    ["an error in JSON", `{"error":{"message":"too many","code":"rate_limit_exceeded"}}`],
    ["text", "upstream is gone"],
    ["nothing", ""]
  ] as const) {
    it.live(`rejects as the SDK does if the provider refuses with ${what}`, () =>
      Effect.gen(function* () {
        const { url } = yield* serverOf(429, answer)
        const client = clientOf(url)
        const { signal } = new AbortController()
        const rejection = (send: () => Promise<unknown>) =>
          Effect.flip(Effect.tryPromise({ try: send, catch: (cause) => cause as InstanceType<typeof OpenAI.APIError> }))
        const post = yield* postOf(client)
        const ours = yield* rejection(() => post(body, signal))
        const bySdk = yield* rejection(() => client.chat.completions.create({ ...body }, { signal }).asResponse())
        const shown = ({ code, error, message, requestID, status }: typeof ours) => ({
          code,
          error,
          message,
          requestID,
          status
        })
        assert.instanceOf(ours, OpenAI.RateLimitError)
        assert.deepStrictEqual(shown(ours), shown(bySdk))
      })
    )
  }

  for (const [what, answer, said] of [
    [
      "a body without `error`",
      `{"object":"error","message":"The temperature is too high"}`,
      "The temperature is too high"
    ],
    ["a list", `[{"error":{"message":"The temperature is too high"}}]`, "The temperature is too high"],
    ["text", "The temperature is too high", "The temperature is too high"],
    ["a body of megabytes", `The temperature is too high.${" ".repeat(3_000_000)}`, "The temperature is too high."],
    ["a body as deep as a mine", `${'{"error":'.repeat(20_000)}1${"}".repeat(20_000)}`, undefined]
  ] as const) {
    it.live(`what the provider says is known, also in ${what}`, () =>
      Effect.gen(function* () {
        const { url } = yield* serverOf(400, answer)
        const source: AiErrors.Source = { module: "Test", method: "streamText", url }
        const post = yield* postOf(clientOf(url))
        const reason = yield* Effect.flip(
          Effect.tryPromise({
            try: (signal) => post(body, signal),
            catch: (cause) => AiErrors.fromRejection(source, cause)
          })
        )
        assert.strictEqual(reason._tag, "InvalidRequestError")
        assert.strictEqual(AiErrors.details(AiErrors.make(source, reason)).said, said)
      })
    )
  }

  it("a connection that takes too long is a timeout, with and without the SDK", () => {
    const source: AiErrors.Source = { module: "Test", method: "streamText", url: "http://127.0.0.1/" }
    const late = new TypeError("fetch failed", {
      cause: Object.assign(new Error("Connect Timeout Error"), { code: "UND_ERR_CONNECT_TIMEOUT" })
    })
    for (const cause of [late, new OpenAI.APIConnectionTimeoutError()]) {
      const error = AiErrors.make(source, AiErrors.fromRejection(source, cause))
      assert.isTrue(AiError.isAiError(error))
      assert.strictEqual(AiErrors.details(error).kind, "Timeout")
    }
  })
})
