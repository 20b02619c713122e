import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as AgentModule from "../../src/internal/agentModule.ts"

const modules = fileURLToPath(new URL("../../../../node_modules", import.meta.url))

/** A folder of modules, one for each name. */
const folder = (files: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const path = mkdtempSync(join(tmpdir(), "antiphon-modules-"))
      symlinkSync(modules, join(path, "node_modules"))
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(join(path, name, ".."), { recursive: true })
        writeFileSync(join(path, name), text)
      }
      return path
    }),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )

const complaintOf = (path: string) =>
  Effect.map(Effect.result(AgentModule.load(path)), (result) =>
    Result.isFailure(result) ? result.failure.message : "it was loaded"
  )

const agent = `export default () => {}`

describe("The module of an agent", () => {
  it.live("is loaded from any path, even one with spaces and other scripts", () =>
    Effect.gen(function* () {
      const names = ["a gent.ts", "ünï/é🙂.ts", "with.mjs"]
      const path = yield* folder(Object.fromEntries(names.map((name) => [name, agent])))
      for (const name of names) {
        assert.isFunction((yield* AgentModule.load(join(path, name))).agent, name)
        assert.isFunction((yield* AgentModule.load(pathToFileURL(join(path, name)).href)).agent, name)
      }
    }).pipe(Effect.scoped)
  )

  it.live("is refused with a sentence that says what to do", () =>
    Effect.gen(function* () {
      const path = yield* folder({
        "agent.ts": agent,
        "named.ts": "export const clinic = () => {}",
        "nothing.ts": "export default 42",
        "async.ts": "export default async () => {}",
        "generator.ts": "export default async function* () {}",
        "agent.py": "pass",
        "agent.json": "{}",
        "sub/x.txt": ""
      })
      for (const [name, expected] of [
        ["agent", / Did you mean .*agent\.ts\?$/],
        ["nowhere.ts", /^There is no file .*nowhere\.ts\.$/],
        ["sub", /sub is a folder: name the file of the agent in it\.$/],
        ["agent.py", /is not a module of JavaScript or TypeScript: its name should end in \.ts or \.js\.$/],
        ["agent.json", /is not a module of JavaScript or TypeScript/],
        ["sub/x.txt", /is not a module of JavaScript or TypeScript/],
        ["nothing.ts", /has no agent: its default export must be an agent, a factory, or an Agent\.Service\.$/],
        ["named.ts", / Export clinic by default\.$/],
        ["async.ts", /is an async function: make an agent of it with AsyncAgent\.make\(…\)\.$/],
        ["generator.ts", /is an async function: make an agent of it with AsyncAgent\.make\(…\)\.$/]
      ] as const) {
        assert.match(yield* complaintOf(join(path, name)), expected)
      }
      assert.match(yield* complaintOf(" "), /^The name of the agent's module is empty/)
      assert.match(yield* complaintOf("file://host/agent.ts"), /^There is no file file:\/\/host\/agent\.ts\.$/)
      assert.match(yield* complaintOf("https://host/agent.ts"), /^There is no file https:\/\/host\/agent\.ts\.$/)
    }).pipe(Effect.scoped)
  )
})
