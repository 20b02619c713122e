import { assert, describe, it } from "@effect/vitest"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as LoadFailure from "../../src/internal/loadFailure.ts"

const at = (path: string, line: number) => `${pathToFileURL(join(process.cwd(), path)).href}:${line}`

/** An error as Node makes it. */
const thrown = (message: string, facts: { readonly code?: string; readonly stack?: string } = {}) =>
  Object.assign(new Error(message), { stack: `Error: ${message}` }, facts)

describe("A failure to load a module", () => {
  it("names the file and the line of the user's code", () => {
    for (const [stack, place] of [
      [`${at("src/agent.ts", 3)}\nlet x y\n\nSyntaxError: no`, "src/agent.ts:3"],
      [`Error: no\n    at ${at("src/agent.ts", 12)}:5\n    at node:internal/x:1:1`, "src/agent.ts:12"],
      [`Error: no\n    at f (${at("src/a b.ts", 7)}:5)`, "src/a b.ts:7"],
      [`Error: no\n    at f (${at("node_modules/lib/x.js", 7)}:5)\n    at g (${at("agent.ts", 9)}:1)`, "agent.ts:9"]
    ] as const) {
      assert.strictEqual(LoadFailure.message(thrown("no", { stack })), `no (${place}).`)
    }
  })

  it("leaves out places that are not the user's", () => {
    const stack = `Error: no\n    at ${pathToFileURL("/elsewhere/x.js").href}:1:1\n    at node:internal/x:1:1`
    assert.strictEqual(LoadFailure.message(thrown("no", { stack })), "no.")
    assert.strictEqual(LoadFailure.message("a string"), "a string.")
    assert.strictEqual(LoadFailure.message(undefined), "undefined.")
  })

  it("says what to do if it is known", () => {
    const missing = (name: string) =>
      thrown(`Cannot find ${name.startsWith("/") ? "module" : "package"} '${name}' imported from /p/agent.ts`, {
        code: "ERR_MODULE_NOT_FOUND"
      })
    assert.match(LoadFailure.message(missing("zod")), /agent\.ts\. Install it: npm install zod\.$/)
    assert.match(LoadFailure.message(missing("/p/Billing")), /An import needs the ending of its file/)
    assert.match(LoadFailure.message(missing("/p/Billing.ts")), /imported from \/p\/agent\.ts\.$/)
    assert.match(
      LoadFailure.message(thrown("TypeScript enum is not supported", { code: "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX" })),
      /it has no enums/
    )
  })

  it("stays on one line, and obeys no terminal", () => {
    assert.strictEqual(LoadFailure.message(thrown("a\nb\u001b[2Jc")), "a b [2Jc.")
  })
})
