import { existsSync, readdirSync } from "node:fs"
import { defineConfig } from "vitest/config"

const roots = [...readdirSync("packages").map((name) => `packages/${name}`), "conformance"].filter((root) =>
  existsSync(`${root}/test`)
)

export default defineConfig({
  ssr: { resolve: { conditions: ["antiphon-source", "module", "node", "development|production"] } },
  test: {
    projects: roots.map((root) => ({
      extends: true as const,
      test: { name: root.split("/").at(-1)!, root, include: ["test/**/*.test.ts"] }
    }))
  }
})
