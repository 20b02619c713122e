import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { versions } from "../src/internal/manifest.ts"
import * as Project from "../src/Project.ts"
// Runs the tests of each template as its users do.
import "../templates/minimal/test/agent.test.ts"
import "../templates/model/test/agent.test.ts"
import "../templates/telephone/test/agent.test.ts"
import "../templates/agents/test/agent.test.ts"

const root = fileURLToPath(new URL("../../..", import.meta.url))
const program = fileURLToPath(new URL("../src/bin/create-antiphon.ts", import.meta.url))
/** Our packages that the templates depend on. */
const ours = ["cli", "core", "llm", "server"]
const names = Object.keys(Project.templates).filter(Project.isTemplate)

const within = (use: (folder: string) => void) => {
  const folder = mkdtempSync(join(tmpdir(), "create-antiphon-"))
  try {
    use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
const create = (folder: string, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: "utf8" })
  return { status, printed: stdout + stderr }
}

describe("A new project", () => {
  it("has the versions the repository is tested with", () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    for (const [name, version] of Object.entries(versions)) assert.strictEqual(version, devDependencies[name], name)
  })

  it("brings a Node of its own if that of the machine is too old, in the version the repository uses", () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    const manifestOn = (nodeVersion?: string) =>
      JSON.parse(
        Project.files({ name: "x", template: "minimal", nodeVersion }).find(({ path }) => path === "package.json")!.text
      )
    for (const version of ["18.20.0", "20.20.2", "22.18.9"]) {
      assert.strictEqual(manifestOn(version).devDependencies.node, devDependencies.node, version)
      assert.deepStrictEqual(manifestOn(version).allowScripts, { node: true })
    }
    for (const version of [undefined, "22.19.0", "24.0.1", "30.0.0"]) {
      assert.notProperty(manifestOn(version).devDependencies, "node", version)
      assert.notProperty(manifestOn(version), "allowScripts")
    }
  })

  it("depends on what its files import, and only on existing packages of ours", () => {
    for (const template of names) {
      const files = Project.files({ name: "x", template })
      const manifest = JSON.parse(files.find(({ path }) => path === "package.json")!.text)
      const known = { ...manifest.dependencies, ...manifest.devDependencies }
      for (const { path, text } of files.filter(({ path }) => path.endsWith(".ts"))) {
        for (const [, imported] of text.matchAll(/ from "([^."][^"]*)"/g)) {
          const [scope, name] = imported!.split("/")
          assert.property(known, scope!.startsWith("@") ? `${scope}/${name}` : scope!, path)
        }
      }
      for (const name of Object.keys(manifest.dependencies).filter((name) => name.startsWith("@antiphon/"))) {
        assert.include(readdirSync(join(root, "packages")), name.slice("@antiphon/".length))
      }
    }
  })

  it.each(names)(
    "from %s passes its own type check, and its agent answers in the terminal",
    { timeout: 120_000 },
    (template) => {
      within((folder) => {
        for (const { path, text } of Project.files({ name: "x", template })) {
          mkdirSync(dirname(join(folder, path)), { recursive: true })
          writeFileSync(join(folder, path), text)
        }
        symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
        const node = (...args: ReadonlyArray<string>) =>
          spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", input: "Good morning\n" })
        const types = node(
          join(root, "node_modules/typescript/bin/tsc"),
          "--customConditions",
          "antiphon-source",
          "--noUnusedLocals",
          "false"
        )
        assert.strictEqual(types.status, 0, types.stdout)
        const chat = node(
          "--conditions=antiphon-source",
          join(root, "scripts/antiphon.mjs"),
          "chat",
          "src/agent.ts",
          "--model",
          "demo"
        )
        assert.strictEqual(chat.status, 0, chat.stderr)
        assert.match(chat.stdout, /agent {2}\w[^]*you {4}Good morning\n {2}agent {2}\w/)
      })
    }
  )
})

describe("npm create antiphon", () => {
  it("writes the files and explains the next steps", () => {
    within((folder) => {
      const { printed, status } = create(folder, "my-agent", "--template", "minimal", "--no-install")
      assert.strictEqual(status, 0, printed)
      assert.match(printed, /cd my-agent\n {4}npm install\n {4}npm run dev/)
      assert.includeMembers(readdirSync(join(folder, "my-agent")), [
        "src",
        "test",
        "package.json",
        ".gitignore",
        ".env.example"
      ])
      assert.strictEqual(JSON.parse(readFileSync(join(folder, "my-agent/package.json"), "utf8")).name, "my-agent")
    })
  })

  it("uses the current folder, and quotes one with spaces", () => {
    within((folder) => {
      mkdirSync(join(folder, "here"))
      const here = create(join(folder, "here"), ".", "--template", "minimal", "--no-install")
      assert.match(here.printed, /Next:\n\n {4}npm install\n/)
      mkdirSync(join(folder, "my agents"))
      const there = create(folder, "my agents/one", "--template", "minimal", "--no-install")
      assert.match(there.printed, /cd "my agents\/one"\n/)
    })
  })

  it("installs packages from archives", () => {
    within((folder) => {
      mkdirSync(join(folder, "archives"))
      for (const name of ours) writeFileSync(join(folder, `archives/antiphon-${name}-0.1.0.tgz`), "")
      const { status } = create(folder, "a", "--template", "model", "--no-install", "--packages", "archives")
      assert.strictEqual(status, 0)
      const { dependencies } = JSON.parse(readFileSync(join(folder, "a/package.json"), "utf8"))
      assert.strictEqual(dependencies["@antiphon/core"], "file:../archives/antiphon-core-0.1.0.tgz")
      rmSync(join(folder, "archives/antiphon-llm-0.1.0.tgz"))
      const without = create(folder, "b", "--template", "model", "--no-install", "--packages", "archives")
      assert.match(without.printed, /^\s*✗ There is no archive of @antiphon\/llm in archives\./)
    })
  })

  it("overwrites nothing, and explains in one line what is wrong", () => {
    within((folder) => {
      mkdirSync(join(folder, "full"))
      writeFileSync(join(folder, "full/file"), "kept")
      for (const [args, message] of [
        [["full", "--template", "model"], /^✗ full is not empty: nothing was written\.$/],
        [["Bad Name", "--template", "model"], /^✗ "Bad Name" is not a valid package name: .* such as bad-name\.$/],
        [["x", "--template", "nothing"], /^✗ There is no template "nothing"\. There are minimal, /],
        [["x", "--colour"], /^✗ Unknown option '--colour'/],
        [["x", "--template"], /^✗ Option '--template.*See --help\.$/],
        [["x", "y", "--template", "model"], /^✗ One folder at a time, not x and y\.$/],
        [["", "--template", "model"], /^✗ The name of the folder is empty\.$/],
        [["full/file", "--template", "model"], /^✗ full\/file is a file: nothing was written\.$/],
        [["full/file/x", "--template", "model"], /^✗ The project could not be written: [A-Z]+: [^\n]*\.$/],
        [["x", "--template", "model", "--packages", "nowhere"], /^✗ There is no folder nowhere\.$/],
        [["vitest", "--template", "model"], /^✗ The name "vitest" is taken/],
        [["node_modules", "--template", "model"], /^✗ The name "node_modules" is taken/]
      ] as const) {
        const { printed, status } = create(
          folder,
          ...args,
          ...(args.includes("--colour" as never) ? [] : ["--no-install"])
        )
        assert.strictEqual(status, 1)
        assert.match(printed.trim(), message)
      }
      assert.deepStrictEqual(readdirSync(folder), ["full"])
      assert.deepStrictEqual(readdirSync(join(folder, "full")), ["file"])
    })
  })
})
