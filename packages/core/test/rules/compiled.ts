/** Compiles a modified copy of the sources, and returns the compiler's errors. */
import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../../..", import.meta.url))
const modules = join(root, "node_modules")
const compiler = createRequire(import.meta.url)
  .resolve("typescript/package.json")
  .replace("package.json", "bin/tsc")
const packages = ["core", "llm", "server", "speech"]

/** A compiler error with its whole message. */
export interface Diagnostic {
  /** Below `packages`. */
  readonly file: string
  readonly line: number
  readonly message: string
}

/** A text in a file below `packages`, and its replacement. A missing file is created. */
export interface Change {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** The errors of the sources of all packages after some changes. */
export const errorsOf = async (changes: ReadonlyArray<Change>): Promise<ReadonlyArray<Diagnostic>> => {
  const copy = await mkdtemp(join(tmpdir(), "antiphon-compiled-"))
  try {
    await copySources(copy)
    for (const { file, from, to } of changes) await change(join(copy, "packages", file), from, to)
    return parse(await compile(copy))
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

const copySources = async (copy: string): Promise<void> => {
  await mkdir(join(copy, "node_modules", "@antiphon"), { recursive: true })
  for (const name of await readdir(modules)) {
    if (name.startsWith(".") || name === "@antiphon") continue
    await symlink(join(modules, name), join(copy, "node_modules", name))
  }
  for (const name of packages) {
    const [from, to] = [join(root, "packages", name), join(copy, "packages", name)]
    await cp(join(from, "src"), join(to, "src"), { recursive: true })
    await cp(join(from, "package.json"), join(to, "package.json"))
    await symlink(to, join(copy, "node_modules", "@antiphon", name))
  }
  await cp(join(root, "tsconfig.base.json"), join(copy, "tsconfig.base.json"))
  const compilerOptions = { noEmit: true, composite: false, declaration: false, declarationMap: false }
  const config = { extends: "./tsconfig.base.json", compilerOptions, include: ["packages/*/src"] }
  await writeFile(join(copy, "tsconfig.json"), JSON.stringify(config))
}

const change = async (path: string, from: string, to: string): Promise<void> => {
  if (from === "") {
    await mkdir(dirname(path), { recursive: true })
    return writeFile(path, to)
  }
  const text = await readFile(path, "utf8")
  if (text.split(from).length !== 2) throw new Error(`${path} has not one ${JSON.stringify(from)}`)
  await writeFile(
    path,
    text.replace(from, () => to)
  )
}

const compile = (copy: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { cwd: copy, maxBuffer: 64 * 2 ** 20 }
    execFile(process.execPath, [compiler, "-p", ".", "--pretty", "false"], options, (error, stdout, stderr) => {
      // The compiler exits with 1 or 2 for errors in what it compiles.
      if (error === null || error.code === 1 || error.code === 2) resolve(stdout)
      else reject(new Error(`${error.message}\n${stderr}`))
    })
  })

const parse = (output: string): ReadonlyArray<Diagnostic> => {
  const found: Array<{ file: string; line: number; message: string }> = []
  for (const line of output.split("\n")) {
    const [, file, number, message] = /^packages\/([^(]+)\((\d+),\d+\): error TS\d+: (.*)$/.exec(line) ?? []
    if (file !== undefined) found.push({ file, line: Number(number), message: message! })
    else if (found.length > 0 && line !== "") found.at(-1)!.message += `\n${line}`
    else if (line !== "") throw new Error(line)
  }
  return found
}
