import { existsSync, readdirSync } from "node:fs"
import { defineConfig } from "vitest/config"

const packages = readdirSync("packages").filter((name) => existsSync(`packages/${name}/test`))

export default defineConfig({
  ssr: { resolve: { conditions: ["antiphon-source", "module", "node", "development|production"] } },
  test: {
    projects: packages.map((name) => ({
      extends: true as const,
      test: { name, root: `packages/${name}`, include: ["test/**/*.test.ts"] }
    }))
  }
})
