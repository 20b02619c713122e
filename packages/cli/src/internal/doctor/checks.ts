/** The checks of `antiphon doctor`. They change nothing, ask no model and show no key. */
import * as ErrorText from "@antiphon/core/ErrorText"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Models from "@antiphon/llm/model/Models"
import * as Settings from "@antiphon/server/Settings"
import * as SpeechToText from "@antiphon/speech/SpeechToText"
import * as TextToSpeech from "@antiphon/speech/TextToSpeech"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { constants } from "node:fs"
import { access, readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { join } from "node:path"
import * as LocalServer from "../../LocalServer.ts"
import type * as AgentModule from "../agentModule.ts"
import { isAtLeast, leastNode } from "../nodeVersion.ts"
import { bad, clock, type Finding, good, note, versions } from "./finding.ts"

/** The version of Node. */
export const node = Effect.sync((): Finding =>
  isAtLeast(process.versions.node, leastNode)
    ? good("Node", process.versions.node)
    : bad("Node", `${process.versions.node}, but ${leastNode} or newer is needed`)
)

/** The packages installed in the current folder. */
export const packages = Effect.promise(async (): Promise<ReadonlyArray<Finding>> => {
  const own = JSON.parse(await readFile(new URL("../../../package.json", import.meta.url), "utf8")) as {
    readonly peerDependencies: { readonly effect: string }
  }
  const require = createRequire(join(process.cwd(), "package.json"))
  const installed = new Map<string, string>()
  const names = ["core", "llm", "server", "speech", "telephony", "operate", "browser", "console", "cli"]
  for (const name of ["effect", ...names.map((name) => `@antiphon/${name}`)]) {
    try {
      const manifest = await readFile(require.resolve(`${name}/package.json`), "utf8")
      installed.set(name, (JSON.parse(manifest) as { readonly version: string }).version)
    } catch {
      // The package is not installed.
    }
  }
  return versions(installed, own.peerDependencies.effect)
}).pipe(Effect.catchDefect((defect) => Effect.succeed([bad("packages", String(defect))])))

/** The settings of the server, its port, and its folder for recordings. */
export const server: Effect.Effect<ReadonlyArray<Finding>> = Settings.load().pipe(
  Effect.flatMap((settings) =>
    Effect.all([port(settings.port, settings.host), openness(settings), recordings(settings.recordDir)])
  ),
  Effect.map((found) => found.flat()),
  Effect.catch((error) => Effect.succeed([bad("settings", LocalServer.complaint(error, String))]))
)

const port = (port: number, host: string) =>
  Effect.callback<Finding>((resume) => {
    const server = createServer()
    server.once("error", (error: NodeJS.ErrnoException) =>
      resume(
        Effect.succeed(
          error.code === "EADDRINUSE"
            ? bad("port", `${port} is in use: set PORT to another one`)
            : bad("port", `${port} cannot be used: ${error.message}`)
        )
      )
    )
    server.listen(port, host === "" ? undefined : host, () =>
      server.close(() => resume(Effect.succeed(good("port", `${port} is free`))))
    )
    return Effect.sync(() => server.close())
  })

const openness = ({ host, token }: Settings.Settings): Effect.Effect<Finding> =>
  Effect.succeed(
    token !== undefined
      ? good("access", "with the token of ANTIPHON_TOKEN")
      : /^(localhost|127\.|::1$)/.test(host)
        ? good("access", "from this machine only")
        : note("access", "open to everybody who reaches this machine: set ANTIPHON_TOKEN, or HOST=127.0.0.1")
  )

const recordings = (directory: string | undefined): Effect.Effect<ReadonlyArray<Finding>> =>
  directory === undefined
    ? Effect.succeed([])
    : Effect.promise(async () => {
        try {
          // Only a folder has something below it.
          await access(join(directory, "."), constants.W_OK | constants.X_OK)
          return [good("recordings", `calls are recorded into ${directory}`)]
        } catch (error) {
          return [
            (error as NodeJS.ErrnoException).code === "ENOENT"
              ? note("recordings", `${directory} is made when the server starts`)
              : bad("recordings", `ANTIPHON_RECORD_DIR: ${directory} is no folder that can be written to`)
          ]
        }
      })

/** The model providers that have a key, with their addresses. */
interface Provider {
  readonly name: string
  readonly keys: ReadonlyArray<string>
  readonly addresses: ReadonlyArray<string>
  readonly address: string | undefined
}
const providers: ReadonlyArray<Provider> = [
  {
    name: "anthropic",
    keys: ["ANTHROPIC_API_KEY"],
    addresses: ["ANTHROPIC_BASE_URL"],
    address: "https://api.anthropic.com"
  },
  ...Models.presets.map(({ baseUrl, baseUrlVariables, keyVariables, name }) => ({
    name,
    keys: keyVariables,
    addresses: baseUrlVariables,
    address: baseUrl
  }))
]

/** Returns the first variable that is set and not empty. */
const first = (variables: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    for (const name of variables) {
      const value = yield* Effect.orElseSucceed(Config.withDefault(Config.String(name), ""), () => "")
      if (value.trim() !== "") return { name, value: value.trim() }
    }
    return undefined
  })

/**
 * Checks which model providers have a key, and how long each takes to answer. The first answer also serves to check the
 * clock.
 */
export const models: Effect.Effect<ReadonlyArray<Finding>> = Effect.gen(function* () {
  const answers = yield* Effect.forEach(
    providers,
    ({ address, addresses, keys, name }) =>
      Effect.gen(function* () {
        const key = yield* first(keys)
        const own = yield* first(addresses)
        const url = own?.value ?? address
        if ((key === undefined && own === undefined) || url === undefined) return undefined
        return yield* answerOf(name, url, key?.name ?? own!.name)
      }),
    { concurrency: 8 }
  )
  const there = answers.filter((answer) => answer !== undefined)
  const skew = there.find((answer) => answer.skew !== undefined)?.skew
  if (there.length === 0) {
    const named = (yield* first(["ANTIPHON_MODEL"])) !== undefined
    return [note("models", `no key is set${named ? "" : ": the embedded demo model answers"}`)]
  }
  return [...there.map(({ finding }) => finding), ...(skew === undefined ? [] : [clock(skew)])]
})

/** Requests the address without the key: any answer shows that it can be reached. */
const answerOf = (name: string, url: string, variable: string) =>
  Effect.gen(function* () {
    const begun = yield* Clock.monotonicTimeNanos
    const response = yield* Effect.tryPromise((signal) => fetch(url, { signal, redirect: "manual" }))
    const took = Number((yield* Clock.monotonicTimeNanos) - begun) / 1e6
    const date = Date.parse(response.headers.get("date") ?? "")
    const now = yield* Clock.currentTimeMillis
    return {
      finding: good(name, `answers in ${Math.round(took)} ms (${variable} is set)`),
      skew: Number.isNaN(date) ? undefined : now - took / 2 - date
    }
  }).pipe(
    Effect.timeout("5 seconds"),
    Effect.catch(() =>
      Effect.succeed({ finding: bad(name, `${variable} is set, but ${hostOf(url)} does not answer`), skew: undefined })
    )
  )

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : "its address")

/** The model that answers: that of the module, or the one that the environment chooses. */
export const model = (module: AgentModule.AgentModule | undefined): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.gen(function* () {
    if (module?.model !== undefined) return [yield* builds("model", "the one of the agent's module", module.model)]
    const name = yield* DefaultModel.chosen
    return name === DefaultModel.demo ? [] : [yield* builds("model", name, DefaultModel.only(name))]
  }).pipe(Effect.catch((error) => Effect.succeed([bad("model", LocalServer.complaint(error, String))])))

/** Whether a layer can be built, which asks nobody. */
const builds = <A, E>(what: string, name: string, layer: Layer.Layer<A, E>): Effect.Effect<Finding> =>
  Effect.scoped(Layer.build(layer)).pipe(
    Effect.timeout("5 seconds"),
    Effect.as(good(what, name)),
    Effect.catchCause((cause) => Effect.succeed(bad(what, `${name} cannot be used: ${ErrorText.of(cause)}`)))
  )

/** Checks the recogniser and the voice. Only a telephone needs a recogniser: a page has its browser's, or a keyboard. */
export const speech: Effect.Effect<ReadonlyArray<Finding>> = Effect.gen(function* () {
  const recogniser = yield* first(["ANTIPHON_STT"])
  const voice = yield* first(["ANTIPHON_TTS"])
  const hearing =
    recogniser !== undefined
      ? yield* builds("hearing", recogniser.value, SpeechToText.fromString(recogniser.value))
      : (yield* isTelephone)
        ? bad("hearing", "ANTIPHON_STT is not set, so nothing hears who calls: set it, for example to deepgram/nova-3")
        : note(
            "hearing",
            "ANTIPHON_STT is not set: the page uses the browser's speech recognition if there is one, or you type"
          )
  return [
    hearing,
    voice === undefined
      ? good("voice", "flite/slt, which needs no key")
      : yield* builds("voice", voice.value, TextToSpeech.fromString(voice.value)),
    note("microphone", "the browser asks for it: the page must be at localhost, or served over https")
  ]
})

/** Whether the project in the current folder is for the telephone, or the environment has an account with a carrier. */
const isTelephone = Effect.gen(function* () {
  if (carriers.some(({ all }) => all.some((name) => isSet(name)))) return true
  const manifest = yield* Effect.promise(() => readFile("package.json", "utf8").catch(() => "{}"))
  return dependsOn(manifest, "@antiphon/telephony")
})

/** Whether the text of a manifest names a package among its dependencies. */
const dependsOn = (manifest: string, name: string): boolean => {
  try {
    const { dependencies } = JSON.parse(manifest) as { readonly dependencies?: Readonly<Record<string, string>> }
    return dependencies !== undefined && Object.hasOwn(dependencies, name)
  } catch {
    return false
  }
}

/** The variables of each carrier that belong together, and what only some calls need. */
const carriers = [
  {
    name: "twilio",
    all: ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"],
    outgoing: ["TWILIO_NUMBER", "ANTIPHON_PUBLIC_URL"]
  },
  {
    name: "telnyx",
    all: ["TELNYX_API_KEY", "TELNYX_PUBLIC_KEY"],
    outgoing: ["TELNYX_CONNECTION_ID", "ANTIPHON_PUBLIC_URL"]
  }
] as const

const isSet = (name: string): boolean => (process.env[name] ?? "").trim() !== ""

/** Checks the variables of the carriers. A project for the telephone needs one of them. */
export const telephone: Effect.Effect<ReadonlyArray<Finding>> = Effect.gen(function* () {
  if (!(yield* isTelephone)) return []
  const used = carriers.filter(({ all }) => all.some(isSet))
  const address = process.env["ANTIPHON_PUBLIC_URL"]?.trim() ?? ""
  return [
    ...(used.length === 0 ? [bad("telephone", "no account: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")] : []),
    ...used.map(({ all, name, outgoing }) => {
      const missing = all.filter((variable) => !isSet(variable))
      const later = outgoing.filter((variable) => !isSet(variable))
      if (missing.length > 0) return bad(name, `${missing.join(" and ")} is missing`)
      return later.length > 0
        ? note(name, `takes calls; to make calls, set ${later.join(" and ")}`)
        : good(name, "its keys are set")
    }),
    ...(address === "" || /^https?:$/.test(URL.parse(address)?.protocol ?? "")
      ? []
      : [
          bad(
            "telephone",
            `ANTIPHON_PUBLIC_URL must be an address such as https://agent.example.com, and is ${address}`
          )
        ])
  ]
})

/** Checks the variables of what watches a server. */
export const watching: Effect.Effect<ReadonlyArray<Finding>> = Effect.sync(() => {
  const metrics = process.env["ANTIPHON_METRICS_TOKEN"]
  const collector = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"]?.trim() ?? ""
  return [
    ...(metrics?.trim() === "" ? [bad("metrics", "ANTIPHON_METRICS_TOKEN is set, but empty")] : []),
    ...(collector === "" || URL.canParse(collector)
      ? []
      : [
          bad(
            "traces",
            `OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as http://collector:4318, and is ${collector}`
          )
        ])
  ]
})
