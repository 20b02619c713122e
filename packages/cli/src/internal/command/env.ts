/** `antiphon env`: lists the supported environment variables, and which of them are set. */
import * as Printable from "@antiphon/core/Printable"
import * as Models from "@antiphon/llm/model/Models"
import * as Settings from "@antiphon/server/Settings"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Screen from "../screen.ts"

const flags = {
  all: Flag.Boolean("all").pipe(
    Flag.withDescription("Also list keys of providers that are not set"),
    Flag.withDefault(false)
  )
}

/** The command. */
export const make = () =>
  Command.make("env", flags, ({ all }) =>
    Effect.gen(function* () {
      const { bold, dim } = Screen.styles(process.stdout)
      const keys = [
        ...new Set(["ANTHROPIC_API_KEY", ...Models.presets.flatMap(({ keyVariables }) => keyVariables)])
      ].filter((name) => all || isSet(name))
      const groups = [
        ["Server", yield* readBy(Settings.load())],
        ["Model", ["ANTIPHON_MODEL", ...keys]],
        ["Voice", ["ANTIPHON_STT", "ANTIPHON_TTS", ...voices.filter((name) => all || isSet(name))]],
        ["Telephone", telephone.filter((name) => all || name === "ANTIPHON_PUBLIC_URL" || isSet(name))],
        ["Metrics and traces", operation]
      ] as const
      const width = Math.max(...groups.flatMap(([, names]) => names.map((name) => name.length)))
      for (const [title, names] of groups) {
        yield* Console.log(`\n  ${bold(title)}`)
        for (const name of names) {
          const value = shown(name, process.env[name])
          yield* Console.log(`  ${name.padEnd(width)}  ${value === undefined ? dim("not set") : value}`)
        }
      }
      const model = yield* Effect.orElseSucceed(DefaultModel.chosen, () => DefaultModel.demo)
      yield* Console.log(`\n  ${dim(`The model is ${model}. What each variable means: docs/settings.md`)}\n`)
    })
  ).pipe(Command.withDescription("Shows the supported variables and their values, but no keys"))

/** Keys of providers that only recognise or speak; those of the others are among the keys of models. */
const voices = ["CARTESIA_API_KEY", "DEEPGRAM_API_KEY", "ELEVENLABS_API_KEY", "ELEVEN_API_KEY"]
const telephone = [
  "ANTIPHON_PUBLIC_URL",
  "TWILIO_ACCOUNT_SID",
  "TWILIO_AUTH_TOKEN",
  "TWILIO_NUMBER",
  "TWILIO_BASE_URL",
  "TELNYX_API_KEY",
  "TELNYX_PUBLIC_KEY",
  "TELNYX_CONNECTION_ID",
  "TELNYX_BASE_URL"
]
const operation = [
  "ANTIPHON_METRICS_TOKEN",
  "ANTIPHON_METRICS_OPEN",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_SERVICE_NAME"
]

const isSet = (name: string): boolean => (process.env[name] ?? "").trim() !== ""

/** Shows the value of a variable without its secrets. */
const shown = (name: string, value: string | undefined): string | undefined => {
  if (value === undefined) return undefined
  if (/KEY|TOKEN|SECRET|PASSWORD|_PAT$/.test(name)) return value.trim() === "" ? "empty" : "set"
  return value === "" ? "empty" : Printable.line(value).replace(/\/\/[^/@\s]*@/, "//…@")
}

/** Lists the variables that a config reads, in order. Ignores values that the config rejects. */
const readBy = (settings: ReturnType<typeof Settings.load>) => {
  const names = new Set<string>()
  const asking = ConfigProvider.make((path) => {
    const name = path.join("_")
    if (name !== "") names.add(name)
    return Effect.succeed(undefined)
  })
  return settings.pipe(
    Effect.ignore,
    Effect.provideService(ConfigProvider.ConfigProvider, asking),
    Effect.map(() => [...names].filter((name) => /^[A-Z][A-Z_]+$/.test(name) && name !== "ANTIPHON").sort())
  )
}
