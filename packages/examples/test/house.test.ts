import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { filesUnder, importsOf, isProgram, isRelative, packageOf, root } from "./sources.ts"

/** A list of exceptions is exact: remove an exception from the list when it is mended. */
const exactly = (found: Iterable<string>, known: ReadonlyArray<string>) =>
  assert.deepStrictEqual([...new Set(found)].toSorted(), [...known].toSorted())

interface Import {
  readonly from: string
  readonly to: string
}
const arrow = ({ from, to }: Import) => `${from} -> ${to}`

/** The sources of a package or of another folder, and their imports of each other. */
const houseOf = (folder: string) => {
  const src = join(folder, "src")
  const files = existsSync(join(root, src)) ? filesUnder(src).filter(isProgram) : []
  const name = (file: string) => file.slice(src.length + 1)
  return {
    folder,
    files,
    names: files.map(name),
    imports: files.flatMap((file) =>
      importsOf(file)
        .filter(isRelative)
        .map((specifier): Import => ({ from: name(file), to: name(join(dirname(file), specifier)) }))
    )
  }
}

const packages = readdirSync(join(root, "packages")).filter((name) =>
  existsSync(join(root, "packages", name, "package.json"))
)
const houses = [...packages.map((name) => houseOf(join("packages", name))), houseOf("conformance")]
const house = (folder: string) => houses.find((one) => one.folder === folder)!

describe("imports between packages", () => {
  const libraries = [
    "core",
    "llm",
    "speech",
    "server",
    "operate",
    "cluster",
    "telephony",
    "browser",
    "client",
    "sqlite"
  ]
  /** The packages of ours that each may import. */
  const mayImport: Readonly<Record<string, ReadonlyArray<string>>> = {
    "packages/core": [],
    "packages/sqlite": [],
    "packages/llm": ["core"],
    "packages/speech": ["core"],
    "packages/server": ["core"],
    "packages/operate": ["core"],
    "packages/cluster": ["core"],
    "packages/telephony": ["core", "server", "speech"],
    "packages/client": [],
    "packages/browser": ["client", "core", "server", "speech"],
    "packages/console": libraries,
    "packages/cli": [...libraries, "console"],
    "packages/create-antiphon": [],
    "packages/examples": [...libraries, "console", "cli"],
    conformance: [...libraries, "console", "cli"]
  }

  for (const { files, folder } of houses) {
    it(`${folder} imports only what lies below it`, () => {
      const allowed = mayImport[folder]
      assert.isDefined(allowed, `${folder} has no place in the house`)
      const found = new Set(
        files.flatMap(importsOf).flatMap((specifier) => {
          const [scope, name] = packageOf(specifier).split("/")
          return scope === "@antiphon" ? [name!] : []
        })
      )
      found.delete(folder.split("/").at(-1)!)
      exactly(
        [...found].filter((name) => !allowed!.includes(name)),
        []
      )
    })
  }
})

describe("imports inside packages", () => {
  /** The rooms of a package from the ground floor up: what a room holds may import its own room and those before it. */
  const floors: Readonly<Record<string, ReadonlyArray<ReadonlyArray<string>>>> = {
    "packages/core": [
      [
        "Event.ts",
        "EventId.ts",
        "CallRequest.ts",
        "CallError.ts",
        "ErrorText.ts",
        "JsonText.ts",
        "Privacy.ts",
        "Script.ts",
        "Monotonic.ts",
        "Printable.ts",
        "internal/characters.ts",
        "internal/flatText.ts",
        "internal/successor.ts"
      ],
      ["EventFilter.ts", "History.ts", "Trace.ts", "Turn.ts"],
      ["Agent.ts", "agent/", "internal/source.ts"],
      ["Harness.ts", "CallLimits.ts", "Call.ts", "internal/call/", "internal/spoken/"],
      ["recording/"],
      ["testing/"],
      ["index.ts", "testing.ts"]
    ],
    "packages/llm": [
      ["model/", "Transcript.ts", "internal/"],
      ["knowledge/", "memory/"],
      ["tool/", "tools.ts"],
      ["agent/"],
      ["demo/"],
      ["testing/"],
      ["index.ts", "testing.ts"]
    ]
  }
  /** The rooms behind the kit's door. */
  const kit = ["time", "phone", "rules", "replay"].map((room) => `testing/internal/${room}/`)

  const floorOf = (floors: ReadonlyArray<ReadonlyArray<string>>, file: string) =>
    floors.findIndex((rooms) => rooms.some((room) => (room.endsWith("/") ? file.startsWith(room) : file === room)))

  /** Imports that still lead up. Add none. */
  const upward: Readonly<Record<string, ReadonlyArray<string>>> = {
    "packages/core": [],
    "packages/llm": []
  }

  for (const [folder, rooms] of Object.entries(floors)) {
    it(`every file of ${folder} has a room`, () =>
      exactly(
        house(folder).names.filter((file) => floorOf(rooms, file) < 0),
        []
      ))

    it(`the imports of ${folder} lead down`, () => {
      const up = house(folder).imports.filter(({ from, to }) => floorOf(rooms, to) > floorOf(rooms, from))
      exactly(up.map(arrow), upward[folder]!)
    })
  }

  it("the kit has four rooms, and what they import of each other leads down", () => {
    const { imports, names } = house("packages/core")
    const inside = names.filter((file) => file.startsWith("testing/internal/"))
    exactly(
      inside.filter((file) => !kit.some((room) => file.startsWith(room))),
      []
    )
    const roomOf = (file: string) => kit.findIndex((room) => file.startsWith(room))
    const up = imports.filter(({ from, to }) => roomOf(from) >= 0 && roomOf(to) > roomOf(from))
    exactly(up.map(arrow), [])
  })

  for (const { files, folder } of houses) {
    const manifest: { readonly private?: boolean; readonly exports?: Readonly<Record<string, unknown>> } = existsSync(
      join(root, folder, "package.json")
    )
      ? JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))
      : { private: true }
    if (manifest.private === true) continue

    it(`${folder} closes its internal folders to others`, () => {
      const insides = new Set(files.flatMap((file) => /\/src\/(.*?internal)\//.exec(file)?.[1] ?? []))
      for (const inside of insides) assert.isNull(manifest.exports?.[`./${inside}/*`], inside)
    })
  }
})

describe("circles", () => {
  /** Modules that import each other, even indirectly or only for a type. Each list is one circle. */
  const circlesOf = (imports: ReadonlyArray<Import>): ReadonlyArray<ReadonlyArray<string>> => {
    const reached = new Map<string, ReadonlySet<string>>()
    const below = (start: string): ReadonlySet<string> => {
      const known = reached.get(start)
      if (known !== undefined) return known
      const found = new Set<string>()
      const left = [start]
      for (let at = left.pop(); at !== undefined; at = left.pop()) {
        for (const { from, to } of imports) {
          if (from !== at || found.has(to)) continue
          left.push(to)
          found.add(to)
        }
      }
      reached.set(start, found)
      return found
    }
    const circles = new Map<string, ReadonlyArray<string>>()
    for (const file of new Set(imports.map(({ from }) => from))) {
      const circle = [...below(file)].filter((other) => below(other).has(file)).toSorted()
      if (circle.length > 0) circles.set(circle.join(), circle)
    }
    return [...circles.values()]
  }

  it("are found, however long they are", () => {
    const imports = ["a>b", "b>c", "c>a", "c>d", "d>e", "f>f"].map((text) => {
      const [from, to] = text.split(">")
      return { from: from!, to: to! }
    })
    assert.deepStrictEqual(circlesOf(imports), [["a", "b", "c"], ["f"]])
  })

  for (const { folder, imports } of houses) {
    it(`${folder} has none`, () =>
      assert.deepStrictEqual(
        circlesOf(imports).map((circle) => circle.join(", ")),
        []
      ))
  }
})
