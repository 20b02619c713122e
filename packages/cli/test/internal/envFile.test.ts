import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as EnvFile from "../../src/internal/envFile.ts"

describe("A file of variables", () => {
  it("is read in the encodings that editors write", () => {
    const text = "KEY=wört\r\n"
    const utf16 = Buffer.from(text, "utf16le")
    for (const bytes of [
      Buffer.from(text),
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]),
      Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()])
    ]) {
      assert.strictEqual(EnvFile.textOf(bytes), text)
    }
    assert.strictEqual(EnvFile.textOf(Buffer.alloc(0)), "")
  })

  it.effect("sets what the environment does not have, and may be missing", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "antiphon-env-"))
      const names = ["ANTIPHON_TEST_ENV_A", "ANTIPHON_TEST_ENV_B"] as const
      try {
        process.env[names[0]] = "kept"
        writeFileSync(join(folder, ".env"), `${names[0]}=file\n${names[1]}='of the file'\n`)
        yield* EnvFile.load(join(folder, ".env"))
        assert.deepStrictEqual(
          names.map((name) => process.env[name]),
          ["kept", "of the file"]
        )
        yield* EnvFile.load(join(folder, "nothing"))
        const { message } = yield* Effect.flip(EnvFile.load(folder))
        assert.match(message, /^The file .* cannot be read: EISDIR.*\.$/)
      } finally {
        for (const name of names) delete process.env[name]
        rmSync(folder, { recursive: true, force: true })
      }
    })
  )
})
