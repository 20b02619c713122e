// `npm run pack:check`: builds and packs every package that is published, and uses the tarballs the way somebody else
// would: in an empty project beside `effect`, type-checked and run from the built files. `--keep` leaves the project.
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const readJson = (path) => JSON.parse(readFileSync(path, "utf8"))
const pinned = readJson(join(root, "package.json")).devDependencies
const packages = readdirSync(join(root, "packages"))
  .map((folder) => ({
    folder: join(root, "packages", folder),
    manifest: join(root, "packages", folder, "package.json")
  }))
  .filter(({ manifest }) => existsSync(manifest))
  .map(({ folder, manifest }) => ({ folder, ...readJson(manifest) }))
  .filter((manifest) => manifest.private !== true)

class Failure extends Error {}
const check = (condition, message) => {
  if (!condition) throw new Failure(message)
}

const run = (command, args, cwd) => {
  const result = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
  check(result.status === 0, `${command} ${args.join(" ")}\n${result.stdout}${result.stderr}`)
  return result.stdout
}

const filesUnder = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .toSorted()

const project = mkdtempSync(join(tmpdir(), "antiphon-pack-"))
const installed = ({ name }) => join(project, "node_modules", name)

const build = () => {
  // From nothing: a file that was built once and has no source any more would be packed too.
  for (const { folder } of packages) rmSync(join(folder, "dist"), { recursive: true, force: true })
  run(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-b", ...packages.map(({ folder }) => folder)],
    root
  )
}

const pack = () => {
  mkdirSync(join(project, "tarballs"))
  return packages.map(({ folder, name }) => {
    const [packed] = Object.values(
      JSON.parse(run("npm", ["pack", "--json", "--pack-destination", join(project, "tarballs")], folder))
    )
    return [name, `file:tarballs/${packed.filename}`]
  })
}

const install = (tarballs) => {
  const exact = (...names) => Object.fromEntries(names.map((name) => [name, pinned[name]]))
  const manifest = {
    name: "somebody-elses-project",
    private: true,
    type: "module",
    dependencies: { ...exact("effect", "@effect/platform-node"), ...Object.fromEntries(tarballs) },
    devDependencies: exact("typescript", "@types/node")
  }
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest))
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], project)
  const copies = filesUnder(join(project, "node_modules")).filter((file) => /(^|\/)effect\/package\.json$/.test(file))
  check(copies.length === 1, `effect is installed more than once: ${copies.join(", ")}`)
}

/** Whether a package is compiled. What a web page loads as it is has no build, and knows nothing of effect. */
const isBuilt = ({ exports }) => exports["."].default.startsWith("./dist/")

/** The manifest as it was packed, and nothing in the tarball that is for development only. */
const checkContents = (published) => {
  const folder = installed(published)
  const { dependencies = {}, devDependencies, peerDependencies = {}, scripts } = readJson(join(folder, "package.json"))
  check(devDependencies === undefined && scripts === undefined, `${published.name} brings scripts or devDependencies`)
  check(
    !isBuilt(published) || published.name === "create-antiphon" || /^[~^]4\.1\./.test(peerDependencies.effect ?? ""),
    `${published.name} does not take effect as a peer`
  )
  for (const [name, range] of Object.entries(dependencies)) {
    const own = packages.find((other) => other.name === name)
    check(own === undefined || range === own.version, `${published.name} asks for ${name} ${range}`)
  }
  const files = filesUnder(folder)
  const stray = files.filter(
    (file) =>
      !/^(package\.json|README\.md|LICENSE|(data|public)\/.+|templates\/.+|src\/.+\.ts|dist\/.+\.(js|d\.ts)(\.map)?)$/.test(
        file
      ) && !(!isBuilt(published) && /^src\/.+\.js$/.test(file))
  )
  check(stray.length === 0, `${published.name} brings ${stray.join(", ")}`)
  const tests = files.filter((file) => !file.startsWith("templates/") && /(^|\/)tests?\/|\.(test|bench)\./.test(file))
  check(tests.length === 0, `${published.name} brings ${tests.join(", ")}`)
  return files
}

/** Every built file has a map, and every map leads to a source that was packed. */
const checkSourceMaps = (published, files) => {
  const folder = installed(published)
  const built = files.filter((file) => /\.(js|d\.ts)$/.test(file) && file.startsWith("dist/"))
  check(built.length > 0, `${published.name} has nothing built`)
  for (const file of built) {
    const [, map] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(join(folder, file), "utf8")) ?? []
    check(map !== undefined, `${published.name}/${file} names no source map`)
    const path = join(folder, dirname(file), map)
    check(existsSync(path), `${published.name}/${file} names ${map}, which is not there`)
    for (const source of readJson(path).sources) {
      check(
        existsSync(join(dirname(path), source)),
        `${published.name}/${file}.map leads to ${source}, which is not there`
      )
    }
  }
  return built.length
}

const moduleOf = (file) => /^dist\/(.+)\.js$/.exec(file)?.[1]
const isInternal = (module) => module.split("/").includes("internal")
const isPublic = (module) => !isInternal(module) && module !== "index" && !module.startsWith("bin/")
const modulesOf = (files) => files.flatMap((file) => moduleOf(file) ?? []).filter(isPublic)
const internalsOf = (files) => files.flatMap((file) => moduleOf(file) ?? []).filter(isInternal)

/** A program that imports every module by its subpath, and one that proves the private ones closed, for node and tsc. */
const writeImports = (contents) => {
  const open = contents.flatMap(([{ name }, files]) => [name, ...modulesOf(files).map((module) => `${name}/${module}`)])
  const closed = contents.flatMap(([{ name }, files]) => internalsOf(files).map((module) => `${name}/${module}`))
  const lines = [
    ...open.map((path, i) => `import * as M${i} from "${path}"`),
    ...closed.map((path) => `// @ts-expect-error\nimport type {} from "${path}"`),
    `for (const module of [${open.map((_, i) => `M${i}`)}]) if (typeof module !== "object") throw new Error("no module")`,
    `for (const path of ${JSON.stringify(closed)}) {`,
    '  const code = await import(path).then(() => "none", (error) => error.code)',
    '  if (code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw new Error(`${path} can be imported: ${code}`)',
    "}"
  ]
  writeFileSync(join(project, "imports.ts"), lines.join("\n"))
  return { open: open.length, closed: closed.length }
}

/** The agent of the README: its first block of TypeScript. */
const readmeAgent = () => {
  const readme = readFileSync(join(root, "README.md"), "utf8")
  const [, code] = /^```ts\b.*\n([\s\S]*?)^```/m.exec(readme) ?? []
  check(code?.includes("VoiceAgentApp.serve"), "the first ts block of README.md serves no agent")
  return code
}

const mounted = `
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { Config, Context, Effect, Layer, Stream } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { createServer } from "node:http"

class Greeting extends Context.Service<Greeting, { readonly text: string }>()("app/Greeting") {}
class Support extends Agent.Service<Support>()("app/Support") {}

const SupportLive = Agent.layer(Support, () =>
  Effect.map(Greeting, ({ text }) =>
    Agent.make(Agent.route({ CallStarted: () => Stream.make(Event.sendText(text)) }))
  )
)
const Existing = HttpRouter.add("GET", "/orders", HttpServerResponse.text("2 orders"))
const Routes = Layer.mergeAll(Existing, VoiceAgentApp.layer(Support.factory))

VoiceAgentApp.drain.pipe(
  Layer.provide(HttpRouter.serve(Routes)),
  Layer.provide(NodeHttpServer.layerConfig(() => createServer(), { port: Config.Port("PORT") })),
  Layer.provide(SupportLive),
  Layer.provide(Layer.succeed(Greeting, { text: "Mounted." })),
  Layer.launch,
  NodeRuntime.runMain
)
`

const evaluated = `
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { Caller } from "@antiphon/core/testing"
import { Evaluation, Judge } from "@antiphon/llm/testing"
import { Console, Effect, Stream } from "effect"

const agent = Agent.make(Agent.route({ UserTurnEnded: () => Stream.make(Event.sendText("Good morning.")) }))
const judge = Judge.check({ name: "polite", description: "The agent greets." }, (call) => ({
  passed: call.some((line) => line._tag === "AgentSaid" && line.heard === "Good morning."),
  reason: "It has to."
}))
const scenario = Evaluation.script(() => Effect.succeed(agent), [Caller.says("Hello")], judge, { name: "hello" })

Evaluation.run({ name: "packed", runs: 3, scenarios: [scenario] }).pipe(
  Effect.flatMap((report) => Console.log(Evaluation.toText(report))),
  Effect.runPromise
)
`

const subjects = `
import * as Agent from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import { Rules } from "@antiphon/core/testing"
import { Stream } from "effect"

const agent = Agent.make(Agent.route({ UserTurnEnded: () => Stream.make(Event.sendText("Good morning.")) }))
const subject: Rules.Subject = { callers: {}, simulate: (caller) => Rules.simulate(agent, caller) }

export default subject
`

const heard = `
import * as Vad from "@antiphon/speech/Vad"
import * as VadWindows from "@antiphon/speech/VadWindows"
import * as Flite from "@antiphon/speech/provider/flite/Flite"
import { Console, Effect, Stream } from "effect"

Effect.gen(function* () {
  const { speak } = yield* Flite.make
  const [part] = yield* Stream.runCollect(speak("Good morning to you."))
  const { make } = yield* Vad.Vad
  const windows = VadWindows.make(yield* make, part!.audio.format)
  const found = yield* Effect.fromResult(windows.push(part!.audio))
  const speech = found.filter(({ probability }) => probability > 0.5)
  yield* Console.log(speech.length > found.length / 2 ? "heard" : "not heard")
}).pipe(Effect.scoped, Effect.provide(Vad.silero), Effect.runPromise)
`

const writePrograms = (agent) => {
  writeFileSync(join(project, "agent.ts"), agent)
  writeFileSync(join(project, "evaluated.ts"), evaluated)
  writeFileSync(join(project, "heard.ts"), heard)
  writeFileSync(join(project, "mounted.ts"), mounted)
  writeFileSync(join(project, "subjects.ts"), subjects)
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024", "dom"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    skipLibCheck: false
  }
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))
}

const freePort = async () => {
  const server = createServer().listen(0)
  await once(server, "listening")
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

const answering = async (url, child) => {
  for (let i = 0; i < 200 && child.exitCode === null; i++) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok) return response
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Failure(`${url} does not answer`)
}

const greetingOf = (port) =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
    const timer = setTimeout(() => reject(new Failure("no greeting came within 5 s")), 5000)
    socket.onopen = () => socket.send(JSON.stringify({ type: "start", call_id: "pack-check" }))
    socket.onerror = () => reject(new Failure("the socket failed"))
    socket.onmessage = ({ data }) => {
      clearTimeout(timer)
      const message = JSON.parse(data)
      socket.close()
      if (message.type === "message" && message.content !== "") resolve(message.content)
      else reject(new Failure(`the first message is ${data}`))
    }
  })

/** Runs a program of the project as a server, and hands its port to a check. */
const serving = async (file, body) => {
  const port = await freePort()
  const child = spawn(process.execPath, [file], { cwd: project, env: { ...process.env, PORT: String(port) } })
  let output = ""
  child.stdout.on("data", (data) => (output += data))
  child.stderr.on("data", (data) => (output += data))
  try {
    const status = await (await answering(`http://127.0.0.1:${port}/status`, child)).json()
    check(status.status === "ok", `/status says ${JSON.stringify(status)}`)
    return await body(port)
  } catch (error) {
    throw new Failure(`${file}: ${error.message}\n${output}`)
  } finally {
    child.kill("SIGTERM")
    if (child.exitCode === null) await once(child, "exit")
  }
}

const step = async (name, body) => {
  const begin = performance.now()
  const detail = await body()
  const seconds = ((performance.now() - begin) / 1000).toFixed(1)
  console.log(`ok  ${name}${typeof detail === "string" ? `: ${detail}` : ""} (${seconds} s)`)
  return detail
}

try {
  await step("build", build)
  const tarballs = await step("pack", pack)
  await step("install into an empty project", () => install(tarballs))
  const contents = []
  for (const published of packages) {
    await step(`${published.name}: contents and source maps`, () => {
      const files = checkContents(published)
      contents.push([published, files])
      return `${files.length} files, ${isBuilt(published) ? checkSourceMaps(published, files) : "none"} with a map`
    })
  }
  await step("type-check against the built declarations", () => {
    writePrograms(readmeAgent())
    const { closed, open } = writeImports(contents)
    run(process.execPath, [join(project, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"], project)
    return `${open} public modules, ${closed} private ones`
  })
  await step("public modules load, private ones do not", () => void run(process.execPath, ["imports.ts"], project))
  await step("an agent is evaluated on calls in virtual time", () => {
    const report = run(process.execPath, ["evaluated.ts"], project)
    check(/hello +3\/3 +100\.0 %/.test(report) && /^Passed$/m.test(report), `the evaluation says\n${report}`)
  })
  await step("the antiphon command simulates calls, on two threads", () => {
    const command = join(project, "node_modules/@antiphon/cli/dist/bin/antiphon.js")
    const args = [command, "simulate", "--agent", "subjects.ts", "--calls", "60", "--threads", "2"]
    const report = run(process.execPath, args, project)
    check(/All rules hold\. 60 of 60 calls/.test(report), `the simulation says\n${report}`)
    check(existsSync(join(project, "node_modules/.bin/antiphon")), "the antiphon command is not linked")
  })
  await step("a voice without a key is heard by the voice detector", () => {
    const output = run(process.execPath, ["heard.ts"], project)
    check(output.trim() === "heard", `the voice is ${output}`)
  })
  await step("the agent of the README answers", () =>
    serving("agent.ts", async (port) => `"${await greetingOf(port)}"`)
  )
  await step("mounted into an existing HttpRouter application", () =>
    serving("mounted.ts", async (port) => {
      const orders = await (await fetch(`http://127.0.0.1:${port}/orders`)).text()
      check(orders === "2 orders", `the application's own route says ${orders}`)
      return `"${await greetingOf(port)}"`
    })
  )
} catch (error) {
  if (!(error instanceof Failure)) throw error
  console.error(`FAILED ${error.message}`)
  process.exitCode = 1
} finally {
  if (process.argv.includes("--keep")) console.log(`The project is in ${project}`)
  else rmSync(project, { recursive: true, force: true })
}
