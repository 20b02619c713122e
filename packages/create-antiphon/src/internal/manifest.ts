/** The `package.json` of a new project. */
import { readFileSync } from "node:fs"

/** Versions of third-party packages, as ours were tested with them. A test compares them with the repository's own. */
export const versions = {
  effect: "4.1.0",
  "@effect/platform-node": "4.1.0",
  "@effect/vitest": "4.0.5",
  "@types/node": "24.19.2",
  typescript: "7.0.2",
  vitest: "5.1.1"
} as const

/** Node for a project on a machine whose own is too old. */
const node = "24.21.0"

/** Whether a version of Node runs a project: its scripts are TypeScript, which older ones cannot load. */
export const runsOn = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19)
}

/** What the templates import, and what their scripts need. */
const common = ["cli", "core", "llm", "server"]
const ours = { minimal: common, model: common, agents: common, telephone: [...common, "speech", "telephony"] }

/** Where to install our packages from: the version or address of each, and of their own dependencies. */
export interface Source {
  readonly version: (name: string) => string
  /** Addresses of packages that are not on a registry. */
  readonly all?: ReadonlyMap<string, string> | undefined
}

/** Writes the manifest. */
export const manifest = (
  name: string,
  template: keyof typeof ours,
  { all = new Map(), version }: Source = { version: () => ownVersion() },
  nodeVersion: string = node
): string => {
  const isOld = !runsOn(nodeVersion)
  const { effect, "@effect/platform-node": platform, ...development } = versions
  const dependencies = [
    ...ours[template].map((one) => [`@antiphon/${one}`, version(`@antiphon/${one}`)] as const),
    ["@effect/platform-node", platform] as const,
    ["effect", effect] as const
  ]
  const content = {
    name,
    version: "0.0.0",
    private: true,
    type: "module",
    engines: { node: ">=22.19" },
    scripts: {
      dev: "antiphon dev src/agent.ts",
      chat: "antiphon chat src/agent.ts",
      ...(template === "telephone"
        ? { start: "node --env-file-if-exists=.env src/main.ts", call: "antiphon call" }
        : { start: "antiphon start src/agent.ts" }),
      doctor: "antiphon doctor src/agent.ts",
      test: "vitest run",
      check: "tsc"
    },
    dependencies: Object.fromEntries(dependencies),
    devDependencies: isOld ? { ...development, node } : development,
    // Of npm: this package fetches the program when it is installed.
    ...(isOld ? { allowScripts: { node: true } } : {}),
    ...(all.size === 0
      ? {}
      : {
          overrides: Object.fromEntries([...all].filter(([name]) => !dependencies.some(([direct]) => direct === name)))
        })
  }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

const ownVersion = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly version: string })
    .version
