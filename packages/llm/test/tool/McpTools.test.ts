import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js"
import { Deferred, Effect, Exit, Fiber, Layer, Redacted, Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import { TestClock } from "effect/testing"
import { randomUUID } from "node:crypto"
import * as Http from "node:http"
import type * as Net from "node:net"
import { fileURLToPath } from "node:url"
import * as ToolCheck from "../../src/tool/internal/toolCheck.ts"
import * as McpTools from "../../src/tool/McpTools.ts"
import type { VoiceTool } from "../../src/tool/VoiceTool.ts"
import * as McpServer from "./mcp/server.ts"
import { run, shown } from "./calling.ts"

const services = Layer.merge(NodeServices.layer, FetchHttpClient.layer)

const program = [process.execPath, fileURLToPath(new URL("mcp/stdio.ts", import.meta.url))] as const

const oddProgram = [process.execPath, fileURLToPath(new URL("mcp/odd.ts", import.meta.url))] as const

/** The server over streamable HTTP, with sessions; `forget` ends them as a restart would. */
const httpServer = Effect.acquireRelease(
  Effect.callback<HttpServer>((resume) => {
    const sessions = new Map<string, StreamableHTTPServerTransport>()
    const headers: Array<Http.IncomingHttpHeaders> = []
    const methods: Array<string | undefined> = []
    const forget = () => sessions.clear()
    const handle = async (request: Http.IncomingMessage, response: Http.ServerResponse) => {
      headers.push(request.headers)
      methods.push(request.method)
      const id = request.headers["mcp-session-id"]
      const known = typeof id === "string" ? sessions.get(id) : undefined
      if (known !== undefined) return known.handleRequest(request, response)
      if (id !== undefined) return void response.writeHead(404).end()
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (session) => void sessions.set(session, transport)
      })
      await McpServer.make({ crash: forget }).connect(transport as never)
      return transport.handleRequest(request, response)
    }
    const server = Http.createServer((request, response) => void handle(request, response))
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as Net.AddressInfo
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}/mcp`, headers, methods, forget, server }))
    })
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.closeAllConnections()
      server.close()
    })
)

/** The machine may be busy with other tests. */
const slow = "1 minute"

interface Message {
  readonly id?: number
  readonly method: string
  readonly params?: { readonly protocolVersion: string }
}

/** Speaks JSON-RPC over HTTP by hand. */
const plainServer = (answer: (message: Message, response: Http.ServerResponse, session: unknown) => unknown) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<Http.Server>((resume) => {
        const server = Http.createServer((request, response) => {
          let body = ""
          request.on("data", (piece) => (body += piece))
          request.on("end", () => {
            // The end of a session has no message.
            if (body === "") return response.writeHead(200).end()
            return answer(JSON.parse(body) as Message, response, request.headers["mcp-session-id"])
          })
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => void server.close().closeAllConnections())
    ),
    (server) => `http://127.0.0.1:${(server.address() as Net.AddressInfo).port}/mcp`
  )

/** A hand-written server with these tools, whose calls are answered by the function. */
const handServer = (tools: unknown, call: (message: Message, response: Http.ServerResponse) => unknown) =>
  plainServer((message, response) => {
    const { id, method, params } = message
    if (method === "tools/call") return call(message, response)
    if (id === undefined) return response.writeHead(202).end()
    return answered(response, id, {
      ...(method === "tools/list" ? { tools } : undefined),
      ...(method === "initialize"
        ? {
            protocolVersion: params!.protocolVersion,
            capabilities: { tools: {} },
            serverInfo: { name: "s", version: "1" }
          }
        : undefined)
    })
  })

const answered = (response: Http.ServerResponse, id: number | undefined, result: unknown) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id, result }))

/** A schema that is too deep to be read. */
const deep = Array.from({ length: 2000 }).reduce<object>((inner) => ({ type: "object", properties: { inner } }), {})

const plainTool = { name: "do", inputSchema: { type: "object" } }

interface HttpServer {
  readonly url: string
  readonly headers: Array<Http.IncomingHttpHeaders>
  readonly methods: Array<string | undefined>
  readonly forget: () => void
  readonly server: Http.Server
}

const named = (tools: ReadonlyArray<VoiceTool>, name: string): VoiceTool => {
  const tool = tools.find((tool) => tool.name === name)
  if (tool === undefined) throw new Error(`no ${name} among ${tools.map(({ name }) => name).join(", ")}`)
  return tool
}

const result = (tools: ReadonlyArray<VoiceTool>, name: string, args: unknown = {}) =>
  Effect.map(run(named(tools, name), args), ({ values }) => values[0])

type Connecting = (
  options?: Partial<McpTools.ServerOptions>
) => Effect.Effect<ReadonlyArray<VoiceTool>, unknown, Scope.Scope | Layer.Success<typeof services>>

const suite = (connect: Connecting) => {
  it.live("offers each tool of the server with its own parameters", () =>
    Effect.gen(function* () {
      const tools = yield* connect()
      assert.deepStrictEqual(
        tools.map(({ name }) => name),
        ["calc_add", "calc_env_value", "calc_env_value_2", "calc_mixed", "calc_fail", "calc_crash"]
      )
      assert.deepStrictEqual(shown(tools[0]!), {
        name: "calc_add",
        description: "Adds two numbers.",
        parameters: {
          type: "object",
          properties: { a: { type: "number" }, b: { type: "number", description: "The other" } },
          required: ["a", "b"]
        },
        strict: false
      })
      const some = yield* connect({ only: ["add"], background: true })
      assert.deepStrictEqual(
        some.map(({ kind, name }) => [name, kind]),
        [["calc_add", "background"]]
      )
    }).pipe(Effect.scoped, Effect.provide(services))
  )

  it.live("gives the model the text of a result, or its error", () =>
    Effect.gen(function* () {
      const tools = yield* connect()
      assert.strictEqual(yield* result(tools, "calc_add", { a: 2, b: 3 }), "5")
      assert.strictEqual(yield* result(tools, "calc_mixed"), "one\ntwo\n[image]")
      assert.strictEqual(yield* result(tools, "calc_env_value_2"), "not a variable")
      assert.deepStrictEqual(yield* result(tools, "calc_fail"), { error: "no luck" })
      const thrown = (yield* result(tools, "calc_add", {})) as { readonly error: string }
      assert.match(thrown.error, /a must be a number/)
    }).pipe(Effect.scoped, Effect.provide(services))
  )

  it.live("reconnects after the server was lost", () =>
    Effect.gen(function* () {
      const tools = yield* connect()
      yield* result(tools, "calc_crash")
      const after = [yield* result(tools, "calc_add", { a: 1, b: 1 }), yield* result(tools, "calc_add", { a: 1, b: 1 })]
      assert.strictEqual(after[1], "2")
    }).pipe(Effect.scoped, Effect.provide(services))
  )
}

describe("McpTools", () => {
  describe("over stdio", () => {
    suite((options) => McpTools.make({ name: "calc", command: program, connectTimeout: slow, ...options }))

    it.live("gives the program its own environment on top of the essentials", () =>
      Effect.gen(function* () {
        const env = { A_SECRET: Redacted.make("s3cret") }
        const tools = yield* McpTools.make({ name: "calc", command: program, connectTimeout: slow, env })
        assert.strictEqual(yield* result(tools, "calc_env_value", { name: "A_SECRET" }), "s3cret")
        assert.strictEqual(yield* result(tools, "calc_env_value", { name: "PATH" }), process.env.PATH)
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("hides from the program everything of this process that it does not need", () =>
      Effect.gen(function* () {
        process.env.ANTIPHON_TEST_KEY = "s3cret"
        const tools = yield* McpTools.make({ name: "calc", command: program, connectTimeout: slow })
        assert.strictEqual(yield* result(tools, "calc_env_value", { name: "ANTIPHON_TEST_KEY" }), "unset")
        assert.strictEqual(yield* result(tools, "calc_env_value", { name: "HOME" }), process.env.HOME ?? "unset")
      }).pipe(
        Effect.ensuring(Effect.sync(() => delete process.env.ANTIPHON_TEST_KEY)),
        Effect.scoped,
        Effect.provide(services)
      )
    )

    it.live("reads past what a program prints between its messages, and lists of messages", () =>
      Effect.gen(function* () {
        const tools = yield* McpTools.make({ name: "odd", command: oddProgram, connectTimeout: slow })
        assert.strictEqual(yield* result(tools, "odd_do"), "fine")
        assert.strictEqual(yield* result(tools, "odd_do", { what: "batch" }), "fine")
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("starts a program again whose message was broken, or too long", () =>
      Effect.gen(function* () {
        const tools = yield* McpTools.make({ name: "odd", command: oddProgram, connectTimeout: slow })
        for (const what of ["broken", "huge"]) {
          assert.property(yield* result(tools, "odd_do", { what }), "error")
          assert.strictEqual(yield* result(tools, "odd_do"), "fine")
        }
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("fails if it is required and the program does not start or speaks something else", () =>
      Effect.gen(function* () {
        const missing = yield* Effect.flip(McpTools.make({ name: "x", command: ["/no/such/program"], required: true }))
        assert.strictEqual(missing._tag, "McpClientError")
        const silent = yield* Effect.flip(
          McpTools.make({ name: "x", command: [process.execPath, "-e", "console.log('hello')"], required: true })
        )
        assert.strictEqual(silent._tag, "McpClientError")
      }).pipe(Effect.scoped, Effect.provide(services))
    )
  })

  describe("over HTTP", () => {
    suite((options) =>
      Effect.flatMap(httpServer, ({ url }) => McpTools.make({ name: "calc", url, connectTimeout: slow, ...options }))
    )

    it.live("sends its headers with every request, and ends its session with the scope", () =>
      Effect.gen(function* () {
        const { headers, methods, url } = yield* httpServer
        const scope = yield* Scope.make()
        yield* McpTools.make({ name: "x", url, headers: { authorization: Redacted.make("Bearer k") } }).pipe(
          Effect.provideService(Scope.Scope, scope)
        )
        yield* Scope.close(scope, Exit.void)
        assert.isTrue(headers.every(({ authorization }) => authorization === "Bearer k"))
        assert.strictEqual(methods.at(-1), "DELETE")
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("speaks an older revision with an older server", () =>
      Effect.gen(function* () {
        const asked: Array<string> = []
        const url = yield* plainServer((message, response) => {
          if (message.method === "initialize") asked.push(message.params!.protocolVersion)
          const result =
            message.method === "tools/list"
              ? { tools: [{ name: "old", inputSchema: { type: "object" } }] }
              : { protocolVersion: "2025-03-26", capabilities: { tools: {} }, serverInfo: { name: "s", version: "1" } }
          if (message.id === undefined) return response.writeHead(202).end()
          response.setHeader("content-type", "application/json")
          return response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }))
        })
        const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow })
        assert.deepStrictEqual(
          tools.map(({ name }) => name),
          ["x_old"]
        )
        assert.deepStrictEqual(asked, ["2025-11-25", "2025-06-18", "2025-03-26"])
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("repeats a call in a new session if the server has forgotten the old one", () =>
      Effect.gen(function* () {
        const { forget, url } = yield* httpServer
        const tools = yield* McpTools.make({ name: "calc", url, connectTimeout: slow })
        forget()
        assert.strictEqual(yield* result(tools, "calc_add", { a: 1, b: 1 }), "2")
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("repeats every call that was sent in the old session, and lets a slow one end there", () =>
      Effect.gen(function* () {
        let sessions = 0
        const url = yield* plainServer(({ id, method, params }, response, session) => {
          if (id === undefined) return response.writeHead(202).end()
          if (method === "initialize") {
            response.setHeader("mcp-session-id", `s${++sessions}`)
            return answered(response, id, { protocolVersion: params!.protocolVersion, capabilities: { tools: {} } })
          }
          if (method === "tools/list") return answered(response, id, { tools: [plainTool] })
          const { n } = (params as unknown as { readonly arguments: { readonly n: number } }).arguments
          return setTimeout(() => {
            if (session === "s1" && n < 3) return response.writeHead(404).end()
            return answered(response, id, { content: [{ type: "text", text: session }] })
          }, n * 30)
        })
        const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow })
        const results = yield* Effect.forEach([1, 2, 3], (n) => result(tools, "x_do", { n }), { concurrency: 3 })
        assert.deepStrictEqual(results, ["s2", "s2", "s1"])
        assert.strictEqual(sessions, 2)
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    for (const message of ["Bad Request: No valid session ID provided", "Bad Request: Server not initialized"]) {
      it.live(`repeats a call if the server answers an unknown session with status 400: ${message}`, () =>
        Effect.gen(function* () {
          let calls = 0
          const url = yield* handServer([plainTool], ({ id }, response) => {
            if (calls++ > 0) return answered(response, id, { content: [{ type: "text", text: "fine" }] })
            return response
              .writeHead(400, { "content-type": "application/json" })
              .end(JSON.stringify({ jsonrpc: "2.0", id: null, error: { code: -32000, message } }))
          })
          assert.strictEqual(
            yield* result(yield* McpTools.make({ name: "x", url, connectTimeout: slow }), "x_do"),
            "fine"
          )
        }).pipe(Effect.scoped, Effect.provide(services))
      )
    }

    it.live("leaves out tools that cannot be called, and mends the others", () =>
      Effect.gen(function* () {
        const url = yield* handServer(
          [
            plainTool,
            { ...plainTool, description: "the same name again" },
            { name: "bare" },
            { name: "null", inputSchema: null, description: 5, annotations: "odd" },
            { name: "types", inputSchema: { type: ["object", "null"], properties: [], required: ["a", 1] } },
            { name: "list", inputSchema: { type: "array" } },
            { name: "" },
            { name: "deep", inputSchema: deep },
            "not a tool"
          ],
          () => undefined
        )
        const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow })
        assert.deepStrictEqual(
          tools.map(({ name }) => name),
          ["x_do", "x_bare", "x_null", "x_types"]
        )
        assert.deepStrictEqual(ToolCheck.problems(tools), [])
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    for (const [what, more] of [
      ["null", { nextCursor: null }],
      ["empty", { nextCursor: "" }],
      ["the same again", { nextCursor: "end" }]
    ] as const) {
      it.live(`ends the list of tools if its cursor is ${what}`, () =>
        Effect.gen(function* () {
          const url = yield* plainServer(({ id, method, params }, response) => {
            if (id === undefined) return response.writeHead(202).end()
            const welcome = { protocolVersion: params?.protocolVersion, capabilities: { tools: {}, odd: null } }
            return answered(response, id, method === "tools/list" ? { tools: [plainTool], ...more } : welcome)
          })
          const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow })
          assert.deepStrictEqual(
            tools.map(({ name }) => name),
            ["x_do"]
          )
        }).pipe(Effect.scoped, Effect.provide(services))
      )
    }

    for (const status of [200, 400]) {
      it.live(`speaks an older revision if the server rejects a newer one with status ${status}`, () =>
        Effect.gen(function* () {
          const url = yield* plainServer(({ id, method, params }, response) => {
            if (id === undefined) return response.writeHead(202).end()
            const { protocolVersion } = params ?? {}
            if (method !== "initialize") return answered(response, id, { tools: [plainTool] })
            if (protocolVersion === "2024-11-05") {
              return answered(response, id, { protocolVersion, capabilities: { tools: true } })
            }
            const error = { code: -32602, message: "Unsupported protocol version", data: { supported: ["2024-11-05"] } }
            return response
              .writeHead(status, { "content-type": "application/json" })
              .end(JSON.stringify({ jsonrpc: "2.0", id, error }))
          })
          const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow })
          assert.deepStrictEqual(
            tools.map(({ name }) => name),
            ["x_do"]
          )
        }).pipe(Effect.scoped, Effect.provide(services))
      )
    }

    it.live("offers more tools than a request may carry as one", () =>
      Effect.gen(function* () {
        const many = Array.from({ length: 129 }, (_, n) => ({ ...plainTool, name: `t${n}` }))
        const url = yield* handServer(many, ({ id }, response) =>
          answered(response, id, { content: [{ type: "text", text: "fine" }] })
        )
        const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow })
        assert.deepStrictEqual(
          tools.map(({ name }) => name),
          ["mcp_x"]
        )
        assert.strictEqual(yield* result(tools, "mcp_x", { tool_name: "t128" }), "fine")
        assert.strictEqual((yield* McpTools.make({ name: "x", url, only: ["t1", "t2"] })).length, 2)
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("sends arguments as they were meant", () =>
      Effect.gen(function* () {
        const properties = { n: { type: "integer" }, note: { type: "string" } }
        const seen: Array<unknown> = []
        const url = yield* handServer(
          [{ name: "do", inputSchema: { type: "object", properties } }],
          ({ id, params }, response) => {
            seen.push((params as unknown as { readonly arguments: unknown }).arguments)
            return answered(response, id, { content: [] })
          }
        )
        const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow })
        yield* result(tools, "x_do", { n: "3", note: null })
        yield* result([yield* McpTools.makeSingle({ name: "x", url })], "mcp_x", {
          tool_name: "do",
          tool_args: '{"n":"4","note":5}'
        })
        assert.deepStrictEqual(seen, [{ n: 3 }, { n: 4, note: "5" }])
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    const text = (text: unknown) => ({ type: "text", text })
    const results: ReadonlyArray<readonly [unknown, unknown]> = [
      [{ content: [{ type: "image", data: "AAAA", mimeType: "image/png" }] }, "[image]"],
      [{ content: [{ type: "resource", resource: { uri: "a:b", blob: "AAAA" } }, text("one")] }, "[resource]\none"],
      [{ content: [{ type: "resource", resource: { uri: "a:b", text: "two" } }] }, "two"],
      [{ content: [{ type: "resource_link", name: "n", uri: "https://a.test/" }] }, "n: https://a.test/"],
      [{ content: [{ type: "hologram" }, text("three")] }, "[hologram]\nthree"],
      [{ content: "four" }, "four"],
      [{ structuredContent: { five: 5 } }, { five: 5 }],
      [{ content: [], structuredContent: [6] }, { result: [6] }],
      [{ content: [text({ seven: 7 })] }, '{"seven":7}'],
      [{ content: [], isError: true }, { error: "the tool failed, and did not say why" }],
      [{ content: [], isError: true, structuredContent: { why: 8 } }, { error: { why: 8 } }],
      ["nine", "nine"]
    ]
    it.live("reads a result of any form", () =>
      Effect.gen(function* () {
        let at = 0
        const url = yield* handServer([plainTool], ({ id }, response) => answered(response, id, results[at++]![0]))
        const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow })
        for (const [, read] of results) assert.deepStrictEqual(yield* result(tools, "x_do"), read)
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.effect("makes the agent without the tools of a server that does not answer, and reaches it later", () =>
      Effect.gen(function* () {
        const asked = yield* Deferred.make<void>()
        let late: (() => unknown) | undefined
        const url = yield* plainServer((message, response) => {
          const results: Record<string, object> = {
            initialize: {
              protocolVersion: message.params?.protocolVersion,
              capabilities: { tools: {} },
              serverInfo: { name: "s", version: "1" }
            },
            "tools/list": { tools: [plainTool] },
            "tools/call": { content: [{ type: "text", text: "fine" }] }
          }
          const found = results[message.method]
          if (found === undefined) return response.writeHead(202).end()
          if (message.method !== "initialize") return answered(response, message.id, found)
          late = () => answered(response, message.id, found)
          return Deferred.doneUnsafe(asked, Exit.void)
        })
        const making = yield* Effect.forkChild(McpTools.make({ name: "x", url }))
        yield* Deferred.await(asked)
        yield* TestClock.adjust("5 seconds")
        const tools = yield* Fiber.join(making)
        assert.deepStrictEqual(
          tools.map(({ name }) => name),
          ["mcp_x"]
        )
        late!()
        assert.strictEqual(yield* result(tools, "mcp_x", { tool_name: "do" }), "fine")
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    // On the test clock, the server's grace period would never pass.
    it.effect("does not hold up an interruption if the server hangs", () =>
      Effect.gen(function* () {
        const called = yield* Deferred.make<void>()
        const url = yield* plainServer((message, response) => {
          if (message.method === "tools/call") Deferred.doneUnsafe(called, Exit.void)
          const results: Record<string, object> = {
            initialize: {
              protocolVersion: message.params?.protocolVersion,
              capabilities: { tools: {} },
              serverInfo: { name: "s", version: "1" }
            },
            "tools/list": { tools: [plainTool] }
          }
          const found = results[message.method]
          if (message.method === "notifications/initialized") return response.writeHead(202).end()
          return found === undefined ? undefined : answered(response, message.id, found)
        })
        const scope = yield* Scope.make()
        const tools = yield* McpTools.make({ name: "x", url, connectTimeout: slow }).pipe(
          Effect.provideService(Scope.Scope, scope)
        )
        const fiber = yield* Effect.forkChild(result(tools, "x_do"))
        yield* Deferred.await(called)
        yield* Fiber.interrupt(fiber)
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(closing)
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("leaves the agent one tool that reports an unreachable server, and reconnects once it is back", () =>
      Effect.gen(function* () {
        let up = false
        const url = yield* plainServer((message, response) => {
          if (!up) return response.writeHead(503).end()
          if (message.id === undefined) return response.writeHead(202).end()
          const results: Record<string, object> = {
            initialize: {
              protocolVersion: message.params?.protocolVersion,
              capabilities: { tools: {} },
              serverInfo: { name: "s", version: "1" }
            },
            "tools/list": { tools: [{ name: "issues", inputSchema: { type: "object" } }] },
            "tools/call": { content: [{ type: "text", text: "three issues" }] }
          }
          response.setHeader("content-type", "application/json")
          return response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result: results[message.method] ?? {} }))
        })
        const tools = yield* McpTools.make({ name: "gh", url })
        assert.deepStrictEqual(
          tools.map(({ name }) => name),
          ["mcp_gh"]
        )
        assert.match(shown(tools[0]!).description!, /could not be reached/)
        assert.property(yield* result(tools, "mcp_gh"), "error")
        up = true
        const call = { tool_name: "issues", tool_args: "{}" }
        assert.strictEqual(yield* result(tools, "mcp_gh", call), "three issues")
      }).pipe(Effect.scoped, Effect.provide(services))
    )

    it.live("fails if it is required and nobody answers", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(McpTools.make({ name: "x", url: "http://127.0.0.1:9/mcp", required: true }))
        assert.strictEqual(error.reason._tag, "TransportError")
      }).pipe(Effect.scoped, Effect.provide(services))
    )
  })

  it.live("can be one tool that lists and calls the others", () =>
    Effect.gen(function* () {
      const { url } = yield* httpServer
      const tool = yield* McpTools.makeSingle({ name: "calc", url, connectTimeout: slow })
      assert.strictEqual(tool.name, "mcp_calc")
      const ask = (args: unknown) => Effect.map(run(tool, args), ({ values }) => values[0])
      const listed = (yield* ask({})) as ReadonlyArray<{ readonly name: string; readonly parameters: object }>
      assert.deepStrictEqual(listed[0]!.name, "add")
      assert.property(listed[0]!.parameters, "properties")
      assert.strictEqual(yield* ask({ tool_name: "add", tool_args: '{"a": 1, "b": 2}' }), "3")
      assert.deepStrictEqual(yield* ask({ tool_name: "sub" }), { error: 'there is no tool "sub"' })
      const broken = (yield* ask({ tool_name: "add", tool_args: "{no" })) as { readonly error: string }
      assert.isString(broken.error)
    }).pipe(Effect.scoped, Effect.provide(services))
  )

  it.live(
    "requires an address or a program",
    () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(McpTools.make({ name: "x" } as never))
        assert.match(String((error as Error).message), /x: give url or command/)
      }).pipe(Effect.scoped, Effect.provide(services)) as Effect.Effect<void>
  )
})
