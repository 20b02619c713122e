import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Effect, type Scope } from "effect"
import * as Http from "node:http"
import type * as Net from "node:net"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import * as HttpTool from "../../src/tool/HttpTool.ts"
import { run, shown } from "./calling.ts"

interface Seen {
  readonly method: string | undefined
  readonly url: string | undefined
  readonly headers: Http.IncomingHttpHeaders
  readonly body: string
}

interface Serving {
  readonly url: string
  readonly port: number
  readonly seen: Array<Seen>
}

/** A server that answers with the result of a function, and keeps its requests. */
const serving = (
  answer: (seen: Seen, response: Http.ServerResponse) => unknown = (_, response) => response.end()
): Effect.Effect<Serving, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<Serving & { readonly server: Http.Server }>((resume) => {
      const seen: Array<Seen> = []
      const server = Http.createServer((request, response) => {
        let body = ""
        request.on("data", (piece) => (body += piece))
        request.on("end", () => {
          const one = { method: request.method, url: request.url, headers: request.headers, body }
          seen.push(one)
          answer(one, response)
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const { port } = server.address() as Net.AddressInfo
        resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, port, seen, server }))
      })
    }),
    ({ server }) => Effect.sync(() => void server.close().closeAllConnections())
  )

type Options = Partial<HttpTool.Spec>

const making = (spec: Options, env: Record<string, string> = {}) =>
  HttpTool.make({ name: "t", description: "T.", url: "https://api.example.com/x", ...spec }).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
  )

/** The result of the tool if it may connect to this machine. */
const asking = (spec: Options, args: unknown = {}, env: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const tool = yield* making({ allowPrivateAddresses: true, ...spec }, env)
    const { values } = yield* run(tool, args)
    return String(values[0])
  })

const object = (properties: Record<string, HttpTool.Property>, required?: ReadonlyArray<string>) =>
  ({ type: "object", properties, ...(required === undefined ? {} : { required }) }) as HttpTool.ObjectSchema

describe("HttpTool", () => {
  describe("is rejected at construction", () => {
    const string = { type: "string" }
    const wrong: ReadonlyArray<readonly [string, Options, RegExp]> = [
      ["a blank name", { name: " " }, /name must not be blank/],
      ["a blank description", { description: "" }, /description must not be blank/],
      ["a blank address", { url: "" }, /url must not be blank/],
      ["an unknown method", { method: "FETCH" }, /method "FETCH"/],
      ["nested braces", { url: "https://a.b/{x{y}}" }, /braces within braces/],
      ["an open brace", { url: "https://a.b/{x" }, /without a closing one/],
      ["a lonely closing brace", { url: "https://a.b/x}" }, /without an opening one/],
      ["an empty placeholder", { url: "https://a.b/{}" }, /placeholder "\{\}"/],
      ["a placeholder twice", { url: "https://a.b/{x}/{x}" }, /placeholder "\{x\}" twice/],
      ["a placeholder with a blank", { url: "https://a.b/{x y}" }, /placeholder "\{x y\}"/],
      ["a placeholder for the host", { url: "https://{host}/x" }, /placeholders before its path/],
      ["a placeholder for the port", { url: "https://a.b:80{x}/" }, /placeholders before its path|http or https/],
      ["another protocol", { url: "file:///etc/passwd" }, /http or https/],
      ["a password in the address", { url: "https://a:b@c.d/" }, /password/],
      ["a path schema too many", { pathParamsSchema: { id: string } }, /describes "id"/],
      [
        "a path schema too few",
        { url: "https://a.b/{x}/{y}", pathParamsSchema: { x: string } },
        /does not describe "y"/
      ],
      ["a path type", { url: "https://a.b/{x}", pathParamsSchema: { x: { type: "boolean" } } }, /type "boolean"/],
      ["a body that is no object", { requestBodySchema: { type: "array" } as never }, /type "object"/],
      ["a body without properties", { requestBodySchema: { type: "object" } as never }, /object of properties/],
      ["a required name that is none", { requestBodySchema: object({ a: string }, ["b"]) }, /names "b"/],
      [
        "a nested required name",
        { requestBodySchema: object({ a: { properties: { b: string }, required: ["c"] } }) },
        /requestBodySchema\.a\.required names "c"/
      ],
      ["an unknown type", { requestBodySchema: object({ a: { type: "text" } }) }, /unknown type "text"/],
      ["a property that is none", { requestBodySchema: object({ a: 5 as never }) }, /\.a must be an object/],
      [
        "a constant of another type",
        { requestBodySchema: object({ a: { type: "string", constantValue: 5 } }) },
        /not of type string/
      ],
      [
        "a boolean for an integer",
        { requestBodySchema: object({ a: { type: "integer", constantValue: true } }) },
        /not of type integer/
      ],
      ["a list in the query", { queryParamsSchema: object({ a: { type: "array" } }) }, /must be a scalar/],
      [
        "an object as constant of the query",
        { queryParamsSchema: object({ a: { constantValue: {} } }) },
        /must be a scalar/
      ],
      [
        "a list in a form",
        {
          contentType: "application/x-www-form-urlencoded",
          requestBodySchema: object({ a: { type: "object", properties: {} } })
        },
        /must be a scalar/
      ],
      ["a content type", { contentType: "text/plain" }, /contentType must be/],
      ["no time", { timeout: 0 }, /timeout must be/],
      ["a header twice", { auth: { "X-Key": "a" }, headers: { "x-key": "b" } }, /"x-key" stands in both/],
      ["a line break in a header", { headers: { a: "b\r\nc: d" } }, /line break/],
      ["a name from two sources", { url: "https://a.b/{a}", queryParamsSchema: object({ a: string }) }, /two sources/],
      ["a host that is not allowed", { allowedHosts: ["*.example.org"] }, /api\.example\.com, which is not among/]
    ]
    for (const [name, spec, message] of wrong) {
      it.effect(`for ${name}`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(making(spec))
          assert.strictEqual(error.reason, "InvalidSpec")
          assert.match(error.message, message)
          assert.isTrue(error.message.startsWith(`HTTP tool "${spec.name ?? "t"}": `))
        })
      )
    }

    it.effect("for a missing variable, but first for an invalid address", () =>
      Effect.gen(function* () {
        const auth = { Authorization: "Bearer ${SUPPORT_KEY}" }
        const error = yield* Effect.flip(making({ auth }))
        assert.strictEqual(error.reason, "MissingVariable")
        assert.match(error.message, /SUPPORT_KEY/)
        assert.strictEqual((yield* Effect.flip(making({ auth, url: "https://a.b/{" }))).reason, "InvalidSpec")
        const broken = yield* Effect.flip(making({ auth }, { SUPPORT_KEY: "sek\nret" }))
        assert.notInclude(JSON.stringify(broken) + broken.message, "sek")
      })
    )
  })

  describe("shows the model", () => {
    const string = { type: "string" }

    it.effect("nothing if it has no parameters", () =>
      Effect.gen(function* () {
        const { parameters, strict } = shown(yield* making({}))
        assert.deepStrictEqual(parameters, { type: "object", properties: {}, additionalProperties: false })
        assert.isTrue(strict)
      })
    )

    it.effect("path, query and body, without constants or objects that consist of constants", () =>
      Effect.gen(function* () {
        const tool = yield* making({
          url: "https://api.example.com/{tenant}/tickets",
          queryParamsSchema: object({ verbose: { type: "boolean" }, api: { type: "string", constant_value: "v2" } }),
          requestBodySchema: object(
            {
              subject: { type: "string", description: "Short." },
              source: { type: "string", constantValue: "voice" },
              who: object({ name: string, kind: { type: "string", constantValue: "caller" } }, [
                "name",
                "kind"
              ]) as never,
              fixed: object({ a: { constantValue: 1 } }, ["a"]) as never
            },
            ["subject", "fixed", "source"]
          )
        })
        assert.deepStrictEqual(shown(tool), {
          name: "t",
          description: "T.",
          parameters: {
            type: "object",
            properties: {
              tenant: { type: "string", description: "URL path parameter 'tenant'" },
              verbose: { type: "boolean" },
              subject: { type: "string", description: "Short." },
              who: { type: "object", properties: { name: string }, required: ["name"] }
            },
            required: ["tenant", "subject"]
          },
          strict: false
        })
        assert.strictEqual(tool.kind, "background")
      })
    )

    it.effect("a closed schema if nothing is left open", () =>
      Effect.gen(function* () {
        const tool = yield* making({
          url: "https://a.b/{id}",
          pathParamsSchema: { id: { type: "integer", description: "Number" } },
          requestBodySchema: object({ who: object({ name: string }, ["name"]) as never }, ["who"]),
          background: false
        })
        const { parameters, strict } = shown(tool)
        assert.isTrue(strict)
        assert.deepStrictEqual(parameters, {
          type: "object",
          properties: {
            id: { type: "integer", description: "Number" },
            who: { type: "object", properties: { name: string }, required: ["name"], additionalProperties: false }
          },
          required: ["id", "who"],
          additionalProperties: false
        })
        assert.strictEqual(tool.kind, "foreground")
      })
    )
  })

  describe("sends a request", () => {
    it.live("with body, constants, path and secrets", () =>
      Effect.gen(function* () {
        const { seen, url } = yield* serving((_, response) => response.writeHead(201).end('{"id": 9}'))
        const text = yield* asking(
          {
            url: `${url}/api/{tenant}/tickets`,
            auth: { Authorization: "Bearer ${SUPPORT_API_KEY}" },
            headers: { "X-Extra": "${NOT_EXPANDED}" },
            requestBodySchema: object({
              subject: { type: "string" },
              source: { type: "string", constantValue: "voice" },
              who: object({ name: { type: "string" }, kind: { type: "string", constantValue: "caller" } }) as never
            })
          },
          {
            tenant: "t 1/(é)",
            subject: "Broken",
            source: "mine",
            who: { name: "Al", kind: "admin" },
            unknown: 1
          },
          { SUPPORT_API_KEY: "sekret" }
        )
        assert.strictEqual(text, '{"ok": true, "status": 201, "body": "{\\"id\\": 9}"}')
        const [{ body, headers, ...rest }] = seen as [Seen]
        assert.deepStrictEqual(rest, { method: "POST", url: "/api/t%201%2F%28%C3%A9%29/tickets" })
        assert.deepStrictEqual(JSON.parse(body), {
          subject: "Broken",
          source: "voice",
          who: { name: "Al", kind: "caller" }
        })
        assert.strictEqual(headers.authorization, "Bearer sekret")
        assert.strictEqual(headers["x-extra"], "${NOT_EXPANDED}")
        assert.strictEqual(headers["content-type"], "application/json")
      }).pipe(Effect.scoped)
    )

    it.live("with a query, booleans as words, and no body if there is nothing to send", () =>
      Effect.gen(function* () {
        const { seen, url } = yield* serving((_, response) => response.end("[1,2]"))
        const schema = object({ q: { type: "string" }, exact: { type: "boolean" }, api: { constantValue: "v2" } })
        const spec = { url: `${url}/search?old=1`, method: "get", queryParamsSchema: schema }
        const text = yield* asking(spec, { q: "a b&c", exact: true, page: null })
        assert.strictEqual(text, '{"ok": true, "status": 200, "body": "[1,2]"}')
        const { body, headers, method, url: path } = seen[0]!
        assert.deepStrictEqual(
          [...new URL(path!, url).searchParams],
          [
            ["old", "1"],
            ["q", "a b&c"],
            ["exact", "true"],
            ["api", "v2"]
          ]
        )
        assert.deepStrictEqual([method, body, headers["content-type"]], ["GET", "", undefined])
      }).pipe(Effect.scoped)
    )

    it.live("with a form", () =>
      Effect.gen(function* () {
        const { seen, url } = yield* serving()
        const spec = {
          url,
          contentType: "application/x-www-form-urlencoded",
          requestBodySchema: object({ a: { type: "string" }, b: { type: "integer" } })
        }
        yield* asking(spec, { a: "x y", b: 2 })
        assert.strictEqual(seen[0]!.body, "a=x+y&b=2")
        assert.strictEqual(seen[0]!.headers["content-type"], "application/x-www-form-urlencoded")
        assert.match(yield* asking(spec, { a: ["x"] }), /"ok": false, "status": null, "error": "the form field a/)
      }).pipe(Effect.scoped)
    )

    const path = { url: "http://127.0.0.1:9/a/{id}/b", requestBodySchema: undefined }
    for (const [name, args, error] of [
      ["a missing value", {}, "Missing required URL path parameter(s): id"],
      ["null", { id: null }, "Missing required URL path parameter(s): id"],
      ["an empty value", { id: "" }, "Missing required URL path parameter(s): id"],
      ["an object", { id: {} }, "the path parameter id must be a string or a number"],
      ["a step up", { id: ".." }, 'a path parameter must not be "." or ".."']
    ] as const) {
      it.effect(`to nobody if the path has ${name}`, () =>
        Effect.gen(function* () {
          assert.deepStrictEqual(JSON.parse(yield* asking(path, args)), { ok: false, status: null, error })
        })
      )
    }
  })

  describe("tells the model about", () => {
    it.live("an unsuccessful status", () =>
      Effect.gen(function* () {
        const { url } = yield* serving((_, response) => response.writeHead(422).end("nope"))
        assert.strictEqual(yield* asking({ url }), '{"ok": false, "status": 422, "error": "nope"}')
      }).pipe(Effect.scoped)
    )

    it.live("a failed connection, and one that broke", () =>
      Effect.gen(function* () {
        const refused = yield* asking({ url: "http://127.0.0.1:9/" })
        assert.match(refused, /^\{"ok": false, "status": null, "error": "Request failed: ECONNREFUSED: /)
        const { url } = yield* serving((_, response) => {
          response.writeHead(200, { "content-length": "10" }).write("abc")
          setImmediate(() => response.destroy())
        })
        assert.match(yield* asking({ url }), /"error": "Request failed: ECONNRESET: /)
      }).pipe(Effect.scoped)
    )

    it.live("a timeout, and its length if it was set", () =>
      Effect.gen(function* () {
        const { url } = yield* serving(() => {})
        const text = yield* asking({ url, timeout: "200 millis" })
        assert.strictEqual(text, '{"ok": false, "status": null, "error": "Request timed out after 0.2s."}')
      }).pipe(Effect.scoped)
    )

    it.live("the first 4096 characters of a long answer, without downloading the rest", () =>
      Effect.gen(function* () {
        const closed = yield* Deferred.make<void>()
        const { url } = yield* serving((_, response) => {
          const more = (): unknown => {
            if (response.destroyed) return
            return response.write("😀".repeat(16384)) ? setImmediate(more) : response.once("drain", more)
          }
          response.on("close", () => Deferred.doneUnsafe(closed, Effect.void))
          more()
        })
        const { body } = JSON.parse(yield* asking({ url })) as { readonly body: string }
        assert.strictEqual(body, `${"😀".repeat(4096)}... (truncated)`)
        yield* Deferred.await(closed)
      }).pipe(Effect.scoped)
    )

    it.live("an answer that was compressed although it should not be, up to the maximum length", () =>
      Effect.gen(function* () {
        const packed = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }
        for (const [encoding, pack] of Object.entries(packed)) {
          const server = yield* serving((_, response) =>
            response.writeHead(200, { "content-encoding": encoding }).end(pack("Grüße"))
          )
          const { body } = JSON.parse(yield* asking({ url: server.url })) as { readonly body: string }
          assert.strictEqual(body, "Grüße")
          const bomb = yield* serving((_, response) =>
            response.writeHead(200, { "content-encoding": encoding }).end(pack("x".repeat(8 * 1024 * 1024)))
          )
          assert.isBelow((yield* asking({ url: bomb.url })).length, 5000)
        }
        const broken = yield* serving((_, response) =>
          response.writeHead(200, { "content-encoding": "gzip" }).end("not gzip")
        )
        assert.notInclude(yield* asking({ url: broken.url }), "not gzip")
      }).pipe(Effect.scoped)
    )

    it.live("the type of an answer that is not text", () =>
      Effect.gen(function* () {
        const server = yield* serving((_, response) =>
          response.writeHead(200, { "content-type": "image/png" }).end(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1]))
        )
        const read = yield* asking({ url: server.url })
        assert.include(read, "[image/png]")
        assert.notInclude(read, "PNG")
      }).pipe(Effect.scoped)
    )

    it.live("all of an answer of exactly that length", () =>
      Effect.gen(function* () {
        const { url } = yield* serving((_, response) => response.end("😀".repeat(4096)))
        const { body } = JSON.parse(yield* asking({ url })) as { readonly body: string }
        assert.strictEqual(body, "😀".repeat(4096))
      }).pipe(Effect.scoped)
    )

    it.live("no secret, even if the answer repeats it", () =>
      Effect.gen(function* () {
        const { url } = yield* serving(({ headers }, response) => response.writeHead(400).end(JSON.stringify(headers)))
        const text = yield* asking({ url, auth: { "X-Key": "k-${TOKEN}" } }, {}, { TOKEN: "very-secret" })
        assert.notInclude(text, "very-secret")
        assert.include(text, "k-<TOKEN>")
      }).pipe(Effect.scoped)
    )
  })

  describe("does not follow", () => {
    const refused = (text: string) => (JSON.parse(text) as { readonly error: string }).error

    for (const host of [
      "127.0.0.1",
      "127.1",
      "2130706433",
      "0x7f.0.0.1",
      "0.0.0.0",
      "10.1.2.3",
      "169.254.169.254",
      "192.168.1.1",
      "172.31.0.1",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::ffff:a9fe:a9fe]",
      "[fe80::1]",
      "[fd00::1]",
      "[64:ff9b::7f00:1]",
      "[2002:7f00:1::]",
      "localhost"
    ]) {
      it.live(`an address outside of the open internet, such as ${host}`, () =>
        Effect.gen(function* () {
          const { port, seen } = yield* serving()
          const text = yield* asking({ url: `http://${host}:${port}/`, allowPrivateAddresses: false })
          assert.match(refused(text), /^Request failed: Forbidden: .* is a private address$/)
          assert.deepStrictEqual(seen, [])
        }).pipe(Effect.scoped)
      )
    }

    it.live("a redirect to another host, unless it is allowed", () =>
      Effect.gen(function* () {
        const target = yield* serving((_, response) => response.end("arrived"))
        const { url } = yield* serving((_, response) =>
          response.writeHead(302, { location: `http://localhost:${target.port}/next` }).end()
        )
        assert.strictEqual(
          refused(yield* asking({ url })),
          "Request failed: Forbidden: localhost is not an allowed host"
        )
        assert.deepStrictEqual(target.seen, [])
        const spec = { url, allowedHosts: ["127.0.0.1", "localhost"], auth: { "X-Key": "${KEY}" } }
        assert.include(yield* asking(spec, {}, { KEY: "sekret" }), "arrived")
        const [{ headers, method }] = target.seen as [Seen]
        assert.strictEqual(method, "GET")
        assert.isUndefined(headers["x-key"])
      }).pipe(Effect.scoped)
    )

    it.live("redirects without end", () =>
      Effect.gen(function* () {
        const { seen, url } = yield* serving((_, response) => response.writeHead(307, { location: "/again" }).end())
        const body = { requestBodySchema: object({ a: { constantValue: 1 } }), auth: { "X-Key": "${KEY}" } }
        const text = yield* asking({ url, ...body }, {}, { KEY: "sekret" })
        assert.strictEqual(refused(text), "Request failed: Forbidden: too many redirects")
        assert.deepStrictEqual(
          seen.map(({ body, headers, method }) => [method, body, headers["x-key"]]),
          Array.from({ length: 4 }, () => ["POST", '{"a":1}', "sekret"])
        )
        assert.strictEqual(seen.length, 4)
        yield* asking({ url, maxRedirects: 0 })
        assert.strictEqual(seen.length, 5)
      }).pipe(Effect.scoped)
    )
  })
})
