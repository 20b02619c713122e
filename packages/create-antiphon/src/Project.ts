/**
 * Generates a new project as a list of files, from a template.
 *
 * @since 0.1.0
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { manifest, runsOn, type Source, versions } from "./internal/manifest.ts"
import { readme } from "./internal/readme.ts"

export type { Source } from "./internal/manifest.ts"

/** The templates, with descriptions. */
export const templates = {
  minimal: "an agent without a model, to see how calls work",
  model: "an agent with a language model and tools",
  telephone: "the same on a telephone number of Twilio's",
  agents: "a reception that hands calls over to billing and gets them back"
} as const
/** The name of a template. */
export type Template = keyof typeof templates

/** Whether a text names a template. */
export const isTemplate = (name: string): name is Template => Object.hasOwn(templates, name)

/** Options of a project. */
export interface Options {
  /** Name of the package. */
  readonly name: string
  readonly template: Template
  /** Where to install our packages from. The registry by default, in the version of this package. */
  readonly source?: Source | undefined
  /** The version of Node on this machine. If it is too old, the project brings its own for its scripts. */
  readonly nodeVersion?: string | undefined
}

/** Whether a version of Node runs a project without one of its own. */
export const isRunBy: (nodeVersion: string) => boolean = runsOn

/** A file of the project, with its path relative to the project. */
export interface File {
  readonly path: string
  readonly text: string
}

/** Returns what is wrong with a package name, or undefined if npm accepts it. */
export const complaintAbout = (name: string): string | undefined => {
  if (isPackageName(name)) return undefined
  const similar = name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60)
  if (reserved.has(name))
    return `The name "${name}" is taken by what the project uses: choose another, such as my-${similar}.`
  const hint = isPackageName(similar) ? `, such as ${similar}` : ""
  return `"${name.slice(0, 60)}" is not a valid package name: use lower-case letters, digits and dashes${hint}.`
}

/** npm reserves two names, and cannot install a package into one of the same name. */
const reserved: ReadonlySet<string> = new Set(["node_modules", "favicon.ico", ...Object.keys(versions)])

const isPackageName = (name: string): boolean =>
  /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name) && name.length <= 214 && !reserved.has(name)

const folder = fileURLToPath(new URL("../templates/", import.meta.url))

/** Returns the files of a project, sorted by path. */
export const files = (options: Options): ReadonlyArray<File> =>
  [
    ...readdirSync(join(folder, options.template), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => ({
        path: path.slice(join(folder, options.template).length + 1).replaceAll("\\", "/"),
        text: readFileSync(path, "utf8")
      })),
    { path: "package.json", text: manifest(options.name, options.template, options.source, options.nodeVersion) },
    { path: "README.md", text: readme(options.name, options.template) },
    { path: "tsconfig.json", text: tsconfig },
    { path: ".gitignore", text: "node_modules\n.env\nrecordings\n" },
    { path: ".env.example", text: options.template === "telephone" ? environment + telephone : environment }
  ].toSorted((a, b) => (a.path < b.path ? -1 : 1))

const tsconfig = `${JSON.stringify(
  {
    compilerOptions: {
      target: "es2024",
      lib: ["es2024"],
      module: "nodenext",
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      erasableSyntaxOnly: true,
      verbatimModuleSyntax: true,
      types: ["node"]
    },
    include: ["src", "test"]
  },
  undefined,
  2
)}\n`

const environment = `\
# Copy to .env, which the antiphon command reads. Without a key, a small demo model answers by rules.
# ANTHROPIC_API_KEY=
# OPENAI_API_KEY=
# ANTIPHON_MODEL=groq/llama-3.3-70b-versatile

# Speech on the page /voice.html: by default the browser hears, and flite speaks.
# ANTIPHON_STT=deepgram/nova-3
# ANTIPHON_TTS=deepgram/aura-2-thalia-en
# DEEPGRAM_API_KEY=

# Who may call. Without a token, everybody who reaches this machine.
# ANTIPHON_TOKEN=
# PORT=8000
`

const telephone = `
# The telephone: an account with Twilio, and where Twilio reaches this server. Speech (above) needs ANTIPHON_STT.
# TWILIO_ACCOUNT_SID=
# TWILIO_AUTH_TOKEN=
# TWILIO_NUMBER=
# ANTIPHON_PUBLIC_URL=https://….ngrok.app
`
