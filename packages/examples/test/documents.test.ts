import * as Models from "@antiphon/llm/model/Models"
import { assert, describe, it } from "@effect/vitest"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import { filesUnder, root } from "./sources.ts"

const read = (file: string) => readFileSync(join(root, file), "utf8")
const everyFile = filesUnder(".")
const documents = everyFile.filter((file) => file.endsWith(".md") || file.endsWith("llms.txt"))

/** A document without its code blocks. */
const prose = (file: string) => read(file).replace(/^(```+)[\s\S]*?^\1$/gm, "")

/** The anchors that GitHub gives to the headings of a document. */
const anchorsOf = (file: string): ReadonlySet<string> => {
  const headings = [...prose(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!)
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-")
    )
  )
}

/** Pages that are read outside of the repository link to it by its address. */
const address = /^https:\/\/github\.com\/antiphon-dev\/antiphon(?:\/(?:blob|tree)\/main\/([^#]*))?(?:#(.*))?$/

/** The file and the anchor in the repository that a link leads to, or undefined if it leads elsewhere. */
const target = (from: string, link: string): readonly [file: string, anchor: string | undefined] | undefined => {
  const ours = address.exec(link)
  if (ours !== null) return [ours[1] ?? "README.md", ours[2]]
  if (/^[a-z]+:/.test(link)) return undefined
  const [path, anchor] = link.split("#")
  return [path === "" ? from : join(dirname(from), path!), anchor]
}

const isDead = (from: string, link: string): boolean => {
  const found = target(from, link)
  if (found === undefined) return false
  const [file, anchor] = found
  // "readme" is the anchor of a repository's front page.
  if (!existsSync(join(root, file))) return true
  return anchor !== undefined && anchor !== "readme" && file.endsWith(".md") && !anchorsOf(file).has(anchor)
}

describe("documents", () => {
  it("have links that resolve: relative ones, anchors, and addresses of the repository", () => {
    assert.includeMembers(documents, ["README.md", join("docs", "architecture.md")])
    assert.isTrue(isDead("README.md", "docs/nowhere.md"))
    assert.isTrue(isDead("README.md", "docs/architecture.md#nowhere"))
    assert.isTrue(isDead("README.md", "https://github.com/antiphon-dev/antiphon/blob/main/docs/nowhere.md"))
    assert.isFalse(isDead("README.md", "docs/architecture.md#the-walk-of-a-frame"))
  })

  for (const file of documents) {
    it(`${file} has no dead link`, () => {
      const links = [...prose(file).matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map(([, link]) => link!)
      assert.deepStrictEqual(
        links.filter((link) => isDead(file, link)),
        []
      )
    })
  }
})

describe("tables", () => {
  it("end before the paragraph that follows them, which would otherwise be a row", () => {
    const rowsOf = (file: string) => read(file).match(/^\|.*\|$/gm) ?? []
    const swallowed = (row: string) => /^\| *[^| ][^|]*\|(?: +\|)+$/.test(row)
    assert.isTrue(swallowed("| a paragraph |   |   |"))
    for (const file of documents) assert.deepStrictEqual(rowsOf(file).filter(swallowed), [], file)
  })
})

describe("docs/models.md", () => {
  const rows = [
    ...read(join("docs", "models.md")).matchAll(
      /^\| `([^`]+)` +\| `([^`]+)` +\| `([^`]+)` +\| `([^`]+)` +\| (.*) \|$/gm
    )
  ]

  it("has a table of how names are read", () => assert.isAbove(rows.length, 6))

  for (const [, name, provider, model, api, needed] of rows) {
    it(`reads ${name} as the table says`, () => {
      assert.deepStrictEqual(Models.parse(name!), { provider: provider!, model: model! })
      assert.strictEqual(Models.describe(name!).api, api)
      const preset = Models.presets.find((preset) => preset.name === provider)
      for (const [, variable] of needed!.matchAll(/`(\w+)`/g)) {
        const known = [...(preset?.keyVariables ?? ["ANTHROPIC_API_KEY"]), ...(preset?.baseUrlVariables ?? [])]
        assert.include(known, variable)
      }
    })
  }
})

describe("docs/architecture.md", () => {
  const text = read(join("docs", "architecture.md"))
  const places = everyFile.map((file) => `/${file}`)
  /** A path of the page begins in any folder above the file, and may go up from the folder that its table names. */
  const exists = (path: string) => {
    const end = `/${normalize(path).replace(/^(\.\.\/)+/, "")}`
    return places.some((place) => (end.endsWith("/") ? place.includes(end) : place.endsWith(end)))
  }

  it("names only files and folders that exist", () => {
    const paths = [...text.matchAll(/`([\w./-]+(?:\.(?:ts|md|mjs|json)|\/))`/g)].map(([, path]) => path!)
    assert.isAbove(paths.length, 80)
    assert.isFalse(exists("internal/nowhere.ts"))
    assert.deepStrictEqual(
      paths.filter((path) => !exists(path)),
      []
    )
  })
})
