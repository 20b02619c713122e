// Installs the dependencies where they are missing or older than the lock file, and costs nothing where they are not.
// Runs on whatever Node the machine has, before anything is installed: it may import nothing but `node:` modules. Given a
// folder that is no workspace, it does the same there.
import { spawnSync } from "node:child_process"
import { existsSync, statSync, utimesSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const folder = process.argv[2] ?? "."
const root = join(dirname(fileURLToPath(import.meta.url)), "..", folder)
const modifiedAt = (path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0)
const installed = modifiedAt("node_modules/.package-lock.json")
// The Node of the project belongs to the repository itself.
const nodeBinary = folder !== "." || existsSync(join(root, "node_modules/.bin/node"))

if (installed === 0 || !nodeBinary || installed < modifiedAt("package-lock.json")) {
  console.error(`Installing dependencies${folder === "." ? "" : ` of ${folder}`} (once) ...`)
  // Not `npm ci`: it refuses a lock file that was written where a registry lacks the binaries of other platforms.
  const args = ["install", "--no-audit", "--no-fund", "--loglevel=error"]
  const result = spawnSync("npm", args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" })
  if (result.status !== 0) {
    console.error("npm could not install the dependencies; see its message above.")
    process.exit(result.status ?? 1)
  }
  // Where nothing was to be done npm leaves the file as old as it was, and the next start would ask again.
  const now = new Date()
  utimesSync(join(root, "node_modules/.package-lock.json"), now, now)
}
