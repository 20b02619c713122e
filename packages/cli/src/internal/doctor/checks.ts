/** The checks of `antiphon doctor`. They change nothing, ask no model and show no key. */
import * as ErrorText from "@antiphon/core/ErrorText"
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
import { bad, clock, type Finding, good, isAtLeast, note, versions } from "./finding.ts"

/** The oldest supported version of Node. */
const leastNode = "22.19.0"

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
    : Effect.promise(() =>
        access(directory, constants.W_OK | constants.X_OK).then(
          () => [good("recordings", `calls are recorded into ${directory}`)],
          (error: NodeJS.ErrnoException) => [
            error.code === "ENOENT"
              ? note("recordings", `${directory} is made with the first call`)
              : bad("recordings", `${directory} cannot be written to`)
          ]
        )
      )

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
  if (there.length === 0) return [note("models", "no key is set: the embedded demo model answers")]
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

/** Checks the recogniser and the voice for the voice page. */
export const speech: Effect.Effect<ReadonlyArray<Finding>> = Effect.gen(function* () {
  const recogniser = yield* first(["ANTIPHON_STT"])
  const voice = yield* first(["ANTIPHON_TTS"])
  const works = <A, E>(what: string, name: string, layer: Layer.Layer<A, E>) =>
    Effect.scoped(Layer.build(layer)).pipe(
      Effect.as(good(what, name)),
      Effect.catchCause((cause) => Effect.succeed(bad(what, `${name} cannot be used: ${ErrorText.of(cause)}`)))
    )
  return [
    recogniser === undefined
      ? note(
          "hearing",
          "ANTIPHON_STT is not set: the page uses the browser's speech recognition if there is one, or you type"
        )
      : yield* works("hearing", recogniser.value, SpeechToText.fromString(recogniser.value)),
    voice === undefined
      ? good("voice", "flite/slt, which needs no key")
      : yield* works("voice", voice.value, TextToSpeech.fromString(voice.value)),
    note("microphone", "the browser asks for it: the page must be at localhost, or served over https")
  ]
})
