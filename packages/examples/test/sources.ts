/** The source text of the repository: its files, and what they import. */
import { readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"

/** The root folder of the repository. File paths are relative to it. */
export const root = resolve(import.meta.dirname, "../../..")

const skipped = new Set(["node_modules", "dist", ".git", "coverage"])

/** All files under a folder. */
export const filesUnder = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (skipped.has(entry.name)) return []
    return entry.isDirectory() ? filesUnder(path) : [path]
  })

export const isProgram = (file: string): boolean => /\.(ts|mjs)$/.test(file)

/** The imports of a file: static, dynamic, or only for types. An import in a comment does not count. */
export const importsOf = (file: string): ReadonlyArray<string> => {
  const code = readFileSync(join(root, file), "utf8").replace(/^\s*(\/?\*|\/\/).*$/gm, "")
  const statements = /^\s*(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm
  return [...code.matchAll(statements)].map(([, fixed, dynamic]) => (fixed ?? dynamic)!)
}

export const isRelative = (specifier: string): boolean => specifier.startsWith(".") || specifier.startsWith("/")

/** The package of an import specifier. */
export const packageOf = (specifier: string): string =>
  specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/")
