#!/usr/bin/env node
/** `npm create antiphon`: creates a project, and installs its dependencies. */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
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
    return refuse(error instanceof Error ? error.message : String(error))
  }
}

/** Finds our packages among the archives in a folder, by the names `npm pack` gives them. */
const archives = (folder: string, project: string): Project.Source => {
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
  const folder = positionals[0] ?? (await ask("Which folder?", "my-agent"))
  const project = resolve(folder)
  const name = basename(project)
  const complaint = Project.complaintAbout(name)
  if (complaint !== undefined) refuse(complaint)
  if (existsSync(project) && readdirSync(project).some((file) => file !== ".git")) {
    refuse(`${folder} is not empty: nothing was written.`)
  }
  const names = Object.keys(Project.templates).join(", ")
  const template = values.template ?? (await ask(`Which template: ${names}?`, "model"))
  if (!Project.isTemplate(template)) return refuse(`There is no template "${template}". There are ${names}.`)

  const source = values.packages === undefined ? undefined : archives(values.packages, project)
  for (const { path, text } of Project.files({ name, template, source, nodeVersion: process.versions.node })) {
    mkdirSync(dirname(join(project, path)), { recursive: true })
    writeFileSync(join(project, path), text)
  }
  console.log(`\n  ${folder} is there: ${Project.templates[template]}.`)
  if (!Project.isRunBy(process.versions.node)) {
    console.log(
      `\n  Node ${process.versions.node} is too old for it, so it brings a newer one: use its npm scripts and npx.`
    )
  }
  const installed = !values["no-install"] && install(project)
  const steps = [`cd ${folder}`, ...(installed ? [] : ["npm install"]), "npm run dev"]
  console.log(`\n  Next:\n\n${steps.map((step) => `    ${step}`).join("\n")}\n`)
}

const install = (project: string): boolean => {
  console.log("  Installing …\n")
  const npm = process.platform === "win32" ? "npm.cmd" : "npm"
  const { status } = spawnSync(npm, ["install", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: project,
    stdio: "inherit"
  })
  if (status !== 0)
    console.error("\n  npm install failed. What it needs may not be reachable from here; try it again later.")
  return status === 0
}

run().catch((error: unknown) => {
  console.error(error instanceof Refused ? `\n  ✗ ${error.message}\n` : error)
  process.exitCode = 1
})
