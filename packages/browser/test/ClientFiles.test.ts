import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import * as ClientFiles from "../src/ClientFiles.ts"
import { serve } from "./support/server.ts"

const folder = new URL("../../client/src/", import.meta.url)

describe("ClientFiles", () => {
  it("names every file a page needs, and nothing else", () => {
    const programs = readdirSync(folder).filter((name) => name.endsWith(".js"))
    assert.deepStrictEqual([...ClientFiles.files].toSorted(), programs.toSorted())
  })

  it.live("serves them unchanged, and nothing else", () =>
    Effect.gen(function* () {
      const port = yield* serve(() => Effect.void)
      const get = (path: string, method = "GET") =>
        Effect.promise(() => fetch(`http://127.0.0.1:${port}${path}`, { method }))
      for (const name of ClientFiles.files) {
        const response = yield* get(`/antiphon/${name}`)
        assert.strictEqual(response.headers.get("content-type"), "text/javascript; charset=utf-8")
        assert.strictEqual(yield* Effect.promise(() => response.text()), readFileSync(new URL(name, folder), "utf8"))
      }
      assert.strictEqual((yield* get("/antiphon/package.json")).status, 404)
      assert.strictEqual((yield* get("/antiphon/index.js", "POST")).status, 405)
    }).pipe(Effect.scoped)
  )
})
