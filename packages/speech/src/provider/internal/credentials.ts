/** The key and the address of a provider, from options or environment variables. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Connection from "../../internal/connection.ts"
import * as SpeechError from "../../SpeechError.ts"

/** The options common to all providers. */
export interface Options extends Connection.Timing {
  /** Defaults to the environment variable of the provider. */
  readonly apiKey?: Redacted.Redacted | undefined
  /** Overrides the address, for a proxy or a region. */
  readonly baseUrl?: string | undefined
}

/** Environment variables with the address of your own speech server. */
export const ownServerVariables: ReadonlyArray<string> = ["STT_URL"]

/** Returns the first of these environment variables that is set and not empty. */
export const firstSet = (variables: ReadonlyArray<string>): Effect.Effect<Redacted.Redacted | undefined> =>
  Effect.gen(function* () {
    for (const variable of variables) {
      const found = yield* Effect.orDie(Config.option(Config.Redacted(variable)))
      if (Option.isSome(found) && Redacted.value(found.value).trim() !== "") return found.value
    }
    return undefined
  })

/** Returns the key of a provider in plain text, for headers only. Fails with `MissingKey`. */
export const keyOf = (
  provider: string,
  variables: ReadonlyArray<string>,
  given: Redacted.Redacted | undefined
): Effect.Effect<string, SpeechError.SpeechError> =>
  Effect.gen(function* () {
    const key = given ?? (yield* firstSet(variables))
    const text = key === undefined ? "" : Redacted.value(key).trim()
    return text === "" ? yield* SpeechError.make(provider, { _tag: "MissingKey", variables: [...variables] }) : text
  })

/** Checks an address, and gives it the scheme of WebSockets or of HTTP. Fails with `InvalidAddress`. */
export const addressOf = (
  provider: string,
  url: string,
  scheme: "ws" | "http",
  variables: ReadonlyArray<string> = []
): Effect.Effect<string, SpeechError.SpeechError> =>
  /^(?:ws|http)s?:/.test(url) && URL.canParse(url)
    ? Effect.succeed(url.replace(/^(?:ws|http)/, scheme).replace(/(?<!\/)\/+$/, ""))
    : SpeechError.make(provider, { _tag: "InvalidAddress", variables: [...variables] })
