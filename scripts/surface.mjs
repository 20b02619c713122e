// Lists the public names of each package in its surface.txt, a line for each module, so that a review sees what a change adds to
// the surface or takes from it. With --check it changes nothing and fails if a list differs from the sources.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"

const check = process.argv.includes("--check")

/** The names that a module exports. The repository writes one export in a line and never exports by default in a package. */
const namesOf = (source) => {
  const names = new Set()
  for (const [, name] of source.matchAll(
    /^export (?:declare )?(?:abstract )?(?:const|let|function\*?|class|interface|type|namespace) (\w+)/gm
  )) {
    names.add(name)
  }
  for (const [, name] of source.matchAll(/^export (?:type )?\* as (\w+) from/gm)) names.add(name)
  for (const [, list] of source.matchAll(/^export (?:type |const )?\{([^}]*)\}/gm)) {
    for (const item of list.split(",").filter((item) => item.trim() !== "")) {
      names.add(
        item
          .trim()
          .split(/\s+as\s+|:\s*/)
          .at(-1)
          .replace(/^type /, "")
      )
    }
  }
  return [...names].sort()
}

const surfaceOf = (folder) =>
  readdirSync(`${folder}/src`, { recursive: true })
    .filter((path) => path.endsWith(".ts") && !path.split("/").includes("internal"))
    .map((path) => [path.replace(/(\.d)?\.ts$/, ""), namesOf(readFileSync(`${folder}/src/${path}`, "utf8"))])
    .filter(([, names]) => names.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([module, names]) => `${module}: ${names.join(" ")}\n`)
    .join("")

let stale = 0
for (const folder of readdirSync("packages").map((name) => `packages/${name}`)) {
  const { private: isPrivate = false } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"))
  if (isPrivate) continue
  const path = `${folder}/surface.txt`
  const after = surfaceOf(folder)
  if (after === "" || (existsSync(path) && readFileSync(path, "utf8") === after)) continue
  stale++
  if (check) console.error(`${path}: differs from the public names of the package; run npm run surface and review it`)
  else writeFileSync(path, after)
}
process.exit(check && stale > 0 ? 1 : 0)
