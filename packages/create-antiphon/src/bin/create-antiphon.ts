#!/usr/bin/env node
/** `npm create antiphon`: creates a project, and installs its dependencies. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { createInterface } from "node:readline/promises"
import { parseArgs } from "node:util"
import * as Project from "../Project.ts"

const usage = `
  npm create antiphon [folder] -- [--template NAME] [--no-install]

${Object.entries(Project.templates)
  .map(([name, about]) => `    ${name.padEnd(10)} ${about}`)
  .join("\n")}

  --template NAME   which of them; asked for if it is missing
  --no-install      do not run npm install
  --packages DIR    take @antiphon/* from the archives in a folder, as npm pack makes them
`

class Refused extends Error {}
const refuse = (message: string): never => {
  throw new Refused(message)
}

const asksUser = process.stdin.isTTY === true && process.stdout.isTTY === true

const ask = async (question: string, otherwise: string): Promise<string> => {
  if (!asksUser) return otherwise
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await lines.question(`  ${question} (${otherwise}) `)).trim() || otherwise
  } finally {
    lines.close()
  }
}

/** The sentence of an error of `parseArgs`; what follows it explains how to write an argument that starts with a dash. */
const firstSentence = (text: string): string => text.split(/\.(?:\s|$)/, 1)[0] ?? text

const options = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        template: { type: "string" },
        packages: { type: "string" },
        "no-install": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false }
      }
    })
  } catch (error) {
    return refuse(`${firstSentence(error instanceof Error ? error.message : String(error))}. See --help.`)
  }
}

/** What the system refuses to do with a file or a folder. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && "code" in error

/** Creates a folder and its parents. Step by step, because Node's own way never ends in /proc. */
const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder)
}

const isFolder = (path: string): boolean => statSync(path).isDirectory()

/** Finds our packages among the archives in a folder, by the names `npm pack` gives them. */
const archives = (folder: string, project: string): Project.Source => {
  if (!existsSync(folder) || !isFolder(folder)) refuse(`There is no folder ${folder}.`)
  const all: ReadonlyMap<string, string> = new Map(
    readdirSync(folder).flatMap((file) => {
      const [, name] = /^antiphon-([a-z-]+)-\d.*\.tgz$/.exec(file) ?? []
      const address = `file:${relative(project, join(resolve(folder), file)).replaceAll("\\", "/")}`
      return name === undefined ? [] : [[`@antiphon/${name}`, address] as [string, string]]
    })
  )
  return {
    all,
    version: (name) =>
      all.get(name) ?? refuse(`There is no archive of ${name} in ${folder}. Make them with npm pack --workspaces.`)
  }
}

const run = async (): Promise<void> => {
  const { positionals, values } = options()
  if (values.help) return console.log(usage)
  if (positionals.length > 1) refuse(`One folder at a time, not ${positionals.join(" and ")}.`)
  const folder = positionals[0] ?? (await ask("Which folder?", "my-agent"))
  if (folder.trim() === "") refuse("The name of the folder is empty.")
  const project = resolve(folder)
  const name = basename(project)
  const complaint = Project.complaintAbout(name)
  if (complaint !== undefined) refuse(complaint)
  if (existsSync(project) && !isFolder(project)) refuse(`${folder} is a file: nothing was written.`)
  if (existsSync(project) && readdirSync(project).some((file) => file !== ".git")) {
    refuse(`${folder} is not empty: nothing was written.`)
  }
  const names = Object.keys(Project.templates).join(", ")
  const template = values.template ?? (await ask(`Which template: ${names}?`, "model"))
  if (!Project.isTemplate(template)) return refuse(`There is no template "${template}". There are ${names}.`)

  const source = values.packages === undefined ? undefined : archives(values.packages, project)
  for (const { path, text } of Project.files({ name, template, source, nodeVersion: process.versions.node })) {
    makeFolder(dirname(join(project, path)))
    writeFileSync(join(project, path), text)
  }
  console.log(`\n  ${folder} is there: ${Project.templates[template]}.`)
  if (!Project.isRunBy(process.versions.node)) {
    console.log(
      `\n  Node ${process.versions.node} is too old for it, so it brings a newer one: use its npm scripts and npx.`
    )
  }
  const installed = !values["no-install"] && install(project)
  if (!installed && !values["no-install"]) process.exitCode = 1
  const inside = project === process.cwd()
  const steps = [
    ...(inside ? [] : [`cd ${/\s/.test(folder) ? `"${folder}"` : folder}`]),
    ...(installed ? [] : ["npm install"]),
    "npm run dev"
  ]
  console.log(`\n  Next:\n\n${steps.map((step) => `    ${step}`).join("\n")}\n`)
}

const install = (project: string): boolean => {
  console.log("  Installing …\n")
  // On Windows npm is a script for the shell, which Node starts in no other way.
  const shell = process.platform === "win32"
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: project,
    stdio: "inherit",
    shell
  })
  if (status !== 0)
    console.error("\n  npm install failed. What it needs may not be reachable from here; try it again later.")
  return status === 0
}

run().catch((error: unknown) => {
  const message =
    error instanceof Refused
      ? error.message
      : isSystemError(error)
        ? `The project could not be written: ${error.message}.`
        : String(error)
  console.error(`\n  ✗ ${message}\n`)
  process.exitCode = 1
})
