/** What all calls of a fake Twilio share: requests to the server, the behaviour of called numbers, and ids. */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Signature from "../../Signature.ts"

export const accountSid = "AC00000000000000000000000000000000"
export const authToken = "a token that only tests know"

/** What happens when a number is called. */
export type Behaviour = "answered" | "busy" | "no-answer" | "failed"

export type Fields = Readonly<Record<string, string>>

export interface Options {
  readonly numbers?: Readonly<Record<string, Behaviour>> | undefined
  readonly rings?: Duration.Input | undefined
  readonly talks?: Duration.Input | undefined
  readonly signs?: "wrong" | "never" | undefined
}

/** A response from a server. */
export interface Answer {
  readonly status: number
  readonly text: string
}

export interface Network {
  /** Scope of background fibers. */
  readonly scope: Scope.Scope
  readonly now: () => number
  readonly sid: (prefix: string) => string
  readonly behaviourOf: (number: string) => Behaviour
  readonly rings: Duration.Duration
  readonly talks: Duration.Duration
  /** The headers that authenticate a request. */
  readonly signature: (url: string, fields: Fields) => Record<string, string>
  readonly ask: (url: string, fields: Fields, method?: "GET" | "POST") => Effect.Effect<Answer>
  /** Sends a request if there is an address, and ignores the response. */
  readonly tell: (url: string | undefined, fields: Fields) => Effect.Effect<void>
}

/** Twilio's own times are in seconds; tests need shorter ones. */
const ringsFor = Duration.millis(30)
const talksFor = Duration.millis(100)

export const make = (scope: Scope.Scope, clock: Clock.Clock, options: Options): Network => {
  let count = 0
  const signature: Network["signature"] = (url, fields) => {
    if (options.signs === "never") return {}
    const token = options.signs === "wrong" ? "another token" : authToken
    return { "x-twilio-signature": Signature.twilio(token, url, Object.entries(fields)) }
  }
  const ask: Network["ask"] = (url, fields, method = "POST") =>
    Effect.promise(async (signal) => {
      const query = new URLSearchParams(fields)
      const asked = method === "POST" ? url : `${url}${url.includes("?") ? "&" : "?"}${query.toString()}`
      const headers = signature(asked, method === "POST" ? fields : {})
      const response = await fetch(asked, { method, headers, signal, ...(method === "POST" ? { body: query } : {}) })
      return { status: response.status, text: await response.text() }
    })
  return {
    scope,
    now: () => Number(clock.monotonicTimeNanosUnsafe()) / 1_000_000,
    sid: (prefix) => `${prefix}${String(++count).padStart(32, "0")}`,
    behaviourOf: (number) => options.numbers?.[number] ?? "answered",
    rings: Duration.fromInputUnsafe(options.rings ?? ringsFor),
    talks: Duration.fromInputUnsafe(options.talks ?? talksFor),
    signature,
    ask,
    tell: (url, fields) => (url === undefined ? Effect.void : Effect.ignoreCause(ask(url, fields)))
  }
}
