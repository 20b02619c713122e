import { assert, describe, it } from "@effect/vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { isBuiltin } from "node:module"
import { dirname, join, relative, sep } from "node:path"
import { filesUnder, importsOf, isProgram, isRelative, packageOf, root } from "./sources.ts"

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly workspaces?: ReadonlyArray<string>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}
const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))

const rootManifest = manifestOf(".")
const workspaces = readdirSync(join(root, "packages"))
  .filter((name) => existsSync(join(root, "packages", name, "package.json")))
  .map((name) => {
    const folder = join("packages", name)
    // Templates are projects of their own, with a test of their own for their imports.
    const isOwn = (file: string) => !file.startsWith(join(folder, "templates"))
    const files = filesUnder(folder).filter((file) => isProgram(file) && isOwn(file))
    return {
      folder,
      manifest: manifestOf(folder),
      files,
      src: files.filter((file) => file.includes(`${sep}src${sep}`))
    }
  })
const published = workspaces.filter(({ manifest }) => manifest.private !== true)
const importsOfAll = (files: ReadonlyArray<string>) => new Set(files.flatMap(importsOf))

/** Whether a module of Effect may break in a minor release, according to its own head comment. */
const isUnstable = (specifier: string): boolean => {
  if (packageOf(specifier) !== "effect") return specifier.startsWith("@effect/")
  const path = join(root, "node_modules/effect/src", specifier.slice("effect".length))
  const head = readFileSync(existsSync(`${path}.ts`) ? `${path}.ts` : join(path, "index.ts"), "utf8")
  return /@stability (\w+)/.exec(head)?.[1] !== "stable"
}

describe("the repository", () => {
  it("runs its npm scripts on its own Node", () => {
    assert.strictEqual(process.version, `v${rootManifest.devDependencies!.node}`)
    assert.match(process.version, /^v24\./)
  })

  it("contains no path of a developer's machine", () => {
    const machinePath = /(?<![\w.])\/(?:work|root|home|Users)\/\w|[A-Z]:\\+Users\\/
    const mentioning = filesUnder(".").filter(
      (file) => !/\.(png|ico|woff2|tsbuildinfo)$/.test(file) && machinePath.test(readFileSync(join(root, file), "utf8"))
    )
    assert.deepStrictEqual(mentioning, [])
  })

  it("gives every server of its examples and templates a teardown that exits with 0 when told to stop", () => {
    const servers = [join("packages", "examples", "src"), join("packages", "create-antiphon", "templates")]
      .flatMap(filesUnder)
      .filter((file) =>
        /runMain[^]*VoiceAgentApp|VoiceAgentApp[^]*runMain/.test(readFileSync(join(root, file), "utf8"))
      )
    assert.isAbove(servers.length, 5)
    for (const file of servers) {
      assert.include(readFileSync(join(root, file), "utf8"), "teardown: VoiceAgentApp.teardown", file)
    }
  })

  it("is readable for these tests: its packages, their imports, and which parts of Effect are unstable", () => {
    assert.includeMembers(
      published.map(({ manifest }) => manifest.name),
      ["@antiphon/core", "@antiphon/llm", "@antiphon/server"]
    )
    const server = published.find(({ manifest }) => manifest.name === "@antiphon/server")!
    assert.includeMembers([...importsOfAll(server.src)], ["@antiphon/core/Call", "effect/Effect", "node:http"])
    assert.isFalse(isUnstable("effect/Stream"))
    assert.isTrue(isUnstable("effect/http/HttpRouter"))
  })
})

describe("dependencies", () => {
  for (const { files, folder, manifest, src } of workspaces) {
    const { name } = manifest
    const own = { ...manifest.dependencies, ...manifest.peerDependencies }

    it(`${name} imports only what it declares`, () => {
      const undeclared = (imports: Iterable<string>, declared: object) =>
        [...imports].filter(
          (i) => !isRelative(i) && !isBuiltin(i) && !(packageOf(i) in declared) && packageOf(i) !== name
        )
      assert.deepStrictEqual(undeclared(importsOfAll(src), own), [])
      const ours = Object.fromEntries(workspaces.map(({ manifest }) => [manifest.name, manifest.version]))
      const tests = {
        ...own,
        ...manifest.devDependencies,
        ...rootManifest.devDependencies,
        ...(name === "@antiphon/core" ? {} : ours)
      }
      assert.deepStrictEqual(undeclared(importsOfAll(files), tests), [])
    })

    it(`${name} reaches no other package by a relative path`, () => {
      const outside = src.flatMap((file) =>
        importsOf(file).filter(
          (i) => isRelative(i) && relative(join(folder, "src"), join(dirname(file), i)).startsWith("..")
        )
      )
      assert.deepStrictEqual(outside, [])
    })

    if (manifest.private === true) continue

    it(`${name} depends on the current versions of our packages`, () => {
      const ours = [...new Set([...importsOfAll(src)].map(packageOf).filter((i) => i.startsWith("@antiphon/")))]
      for (const other of ours) assert.strictEqual(own[other], manifestOf(`packages/${other.split("/")[1]}`).version)
    })

    it(`${name} has Effect as a peer, in the range its modules support`, () => {
      const range = [...importsOfAll(src)].some(isUnstable) ? "~4.1.0" : "^4.1.0"
      const effectPackages = [...importsOfAll(src)]
        .map(packageOf)
        .filter((i) => i === "effect" || i.startsWith("@effect/"))
      // Code that runs in a page, and imports no Effect, needs none.
      for (const i of new Set(effectPackages.length === 0 ? [] : ["effect", ...effectPackages])) {
        assert.strictEqual(manifest.peerDependencies?.[i], range, i)
        assert.isUndefined(manifest.dependencies?.[i], i)
      }
    })
  }

  for (const { folder, manifest } of published) {
    it(`the README of ${manifest.name} names each public module`, () => {
      const readme = readFileSync(join(root, folder, "README.md"), "utf8")
      const modules = readFileSync(join(root, folder, "surface.txt"), "utf8")
        .split("\n")
        .flatMap((line) => /^(?:[\w-]+\/)*([A-Z]\w*):/.exec(line)?.[1] ?? [])
      const missing = modules.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))
      assert.deepStrictEqual(missing, [])
    })
  }

  it("core imports nothing but Effect, and nothing of Node", () => {
    const core = published.find(({ manifest }) => manifest.name === "@antiphon/core")!
    const foreign = [...importsOfAll(core.src)].filter((i) => !isRelative(i) && packageOf(i) !== "effect")
    assert.deepStrictEqual(foreign, [])
  })

  it("only the tests of the console and the command line import the examples", () => {
    const tried = [join("packages", "examples"), join("packages", "console", "test"), join("packages", "cli", "test")]
    const others = filesUnder(".").filter((file) => isProgram(file) && !tried.some((folder) => file.startsWith(folder)))
    const importing = others.filter((file) =>
      importsOf(file).some((i) => i.startsWith("@antiphon/examples") || /(^|\/)packages\/examples\//.test(i))
    )
    assert.deepStrictEqual(importing, [])
  })

  const peers = join("bench", "peers")
  const isOfPeers = (file: string) => file.startsWith(`${peers}${sep}`)
  const undeclared = (files: ReadonlyArray<string>, declared: Manifest["dependencies"]) =>
    [...importsOfAll(files)].filter(
      (i) => !isRelative(i) && !isBuiltin(i) && !(packageOf(i) in declared!) && !packageOf(i).startsWith("@antiphon/")
    )

  it("the benches and scripts import only what the root declares", () => {
    const files = ["bench", "scripts"].flatMap(filesUnder).filter((file) => isProgram(file) && !isOfPeers(file))
    assert.deepStrictEqual(undeclared(files, rootManifest.devDependencies), [])
  })

  it("the peers are pinned, and installed for their benchmark only", () => {
    const { dependencies } = manifestOf(peers)
    const files = filesUnder(peers).filter(isProgram)
    assert.deepStrictEqual(undeclared(files, { ...dependencies, effect: rootManifest.devDependencies!.effect! }), [])
    for (const [name, version] of Object.entries(dependencies!)) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name)
      assert.notProperty(rootManifest.devDependencies, name)
    }
    assert.strictEqual(dependencies!["@livekit/agents"], dependencies!["@livekit/agents-plugin-openai"])
    assert.isFalse(rootManifest.workspaces!.some((pattern) => pattern.startsWith("bench")))
  })
})
