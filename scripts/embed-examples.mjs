// Puts the examples into the code blocks that name their file: ```ts packages/examples/src/start/echo.ts
// With --check it changes nothing and fails where a block differs from its file.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"

const check = process.argv.includes("--check")
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
  ...readdirSync("packages")
    .map((name) => `packages/${name}/README.md`)
    .filter((path) => existsSync(path))
]
let stale = 0

for (const document of documents) {
  const before = readFileSync(document, "utf8")
  const after = before.replace(
    /^```(\w+) (\S+\.\w+)\n[\s\S]*?^```$/gm,
    (_, language, file) => `\`\`\`${language} ${file}\n${readFileSync(file, "utf8").trimEnd()}\n\`\`\``
  )
  if (after === before) continue
  stale++
  if (check) console.error(`${document}: a code block differs from its file; run npm run docs`)
  else writeFileSync(document, after)
}
process.exit(check && stale > 0 ? 1 : 0)
