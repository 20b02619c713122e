import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import * as Compatibility from "../src/Compatibility.ts"
import * as Conformance from "../src/Conformance.ts"

/** One test for each case of a folder. All of them are played together, several at once, by the first test that runs. */
const cases = (title: string, folder: string, options: Conformance.Options) =>
  describe.skipIf(!existsSync(folder))(title, () => {
    let playing: Promise<ReadonlyMap<string, Conformance.Played>> | undefined
    const play = async () => {
      const played = await Effect.runPromise(
        Effect.provide(Conformance.playFolder(folder, options), NodeServices.layer)
      )
      return new Map(played.map((one) => [basename(one.file), one]))
    }
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : []
    for (const name of names) {
      it(name, { timeout: 120_000 }, async ({ skip }) => {
        const { outcome } = (await (playing ??= play())).get(name)!
        if (outcome._tag === "NotRun") skip(`agents of kind ${outcome.kind} are not known yet`)
        if (outcome._tag === "Failed") throw new Error(outcome.reason)
      })
    }
  })

const compatibility = readFileSync(Conformance.compatibility, "utf8")
const replacements = Effect.runSync(Compatibility.parse(compatibility))

cases("our own cases", Conformance.ownCases, Conformance.exactly)
cases("recorded cases", Conformance.recordedCases, { ...Conformance.exactly, replacements })

describe("docs/compatibility.md", () => {
  const own = readdirSync(Conformance.ownCases)
  const named = new Set([...compatibility.matchAll(/`([\w-]+\.json)`/g)].map((found) => found[1]!))

  it("names only cases that exist", () => {
    assert.deepStrictEqual(
      [...named].filter((name) => !own.includes(name)),
      []
    )
  })

  it("names every case that shows a difference", () => {
    const isDifference = (name: string) => {
      const { tags } = JSON.parse(readFileSync(`${Conformance.ownCases}/${name}`, "utf8")) as { tags: Array<string> }
      return tags.includes("difference")
    }
    assert.deepStrictEqual(
      own.filter((name) => isDifference(name) && !named.has(name)),
      []
    )
  })

  it("names only tests that exist", () => {
    const root = new URL("../../", import.meta.url)
    const places = [...compatibility.matchAll(/`(packages\/[^`]+\.test\.ts)`(?:, “([^”]+)”)?/g)]
    assert.isAbove(places.length, 0)
    for (const [, file, name] of places) {
      const source = readFileSync(new URL(file!, root), "utf8")
      assert.isTrue(name === undefined || source.includes(name), `${file}: ${name}`)
    }
  })

  it("the name of each of our cases is that of its file", () => {
    for (const name of own) {
      const { name: said } = JSON.parse(readFileSync(`${Conformance.ownCases}/${name}`, "utf8")) as { name: string }
      assert.strictEqual(`${said}.json`, name)
    }
  })
})
