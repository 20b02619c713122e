import { existsSync, readdirSync } from "node:fs"
import { defineConfig } from "vitest/config"

const roots = [...readdirSync("packages").map((name) => `packages/${name}`), "conformance"].filter((root) =>
  existsSync(`${root}/test`)
)

export default defineConfig({
  ssr: { resolve: { conditions: ["antiphon-source", "node", "development|production"] } },
  test: {
    // A bound against hanging, which decides nothing: on a machine that is busy with other things a test takes many times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: roots.map((root) => ({
      extends: true as const,
      test: { name: root.split("/").at(-1)!, root, include: ["test/**/*.test.ts"] }
    }))
  }
})
