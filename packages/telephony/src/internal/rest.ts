/** Requests to a carrier's API: refusals and timeouts become `CarrierError`s. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { CarrierError, type Reason } from "../CarrierError.ts"

/** Longest wait for a response, repetitions included. */
const answerTimeout = Duration.seconds(10)

/** The `HttpClient` in the context, or `fetch`. */
const client = Effect.flatMap(Effect.serviceOption(HttpClient.HttpClient), (given) =>
  Option.isSome(given) ? Effect.succeed(given.value) : Effect.provide(HttpClient.HttpClient, FetchHttpClient.layer)
)

/** Pauses before a request is sent again. */
const pauses = Schedule.exponential("300 millis").pipe(Schedule.upTo({ times: 2 }))

/**
 * Sends a request and decodes the JSON of its response. Sends it again if the carrier has turned it away because there are too many, and
 * if nobody knows what became of it, provided that it may be done twice.
 */
export const json = <S extends Schema.ConstraintDecoder<unknown>>(
  carrier: string,
  request: HttpClientRequest,
  answer: S,
  { isIdempotent = false }: { readonly isIdempotent?: boolean | undefined } = {}
): Effect.Effect<S["Type"], CarrierError> => {
  const decode = Schema.decodeUnknownResult(answer)
  const failed = (reason: Reason, detail?: string) =>
    new CarrierError({ carrier, reason, ...(detail === undefined ? {} : { detail: Redacted.make(detail) }) })
  const unreachable = () => failed({ _tag: "Unreachable" })
  return Effect.gen(function* () {
    const response = yield* Effect.mapError((yield* client).execute(request), unreachable)
    const text = yield* Effect.mapError(response.text, unreachable)
    const { status } = response
    if (status >= 400) return yield* Effect.fail(failed(refusal(status, text), text))
    const parsed = Result.try((): unknown => (text === "" ? {} : JSON.parse(text)))
    const decoded = Result.flatMap(parsed, decode)
    return Result.isSuccess(decoded) ? decoded.success : yield* Effect.fail(failed({ _tag: "BadAnswer" }, text))
  }).pipe(
    Effect.retry({
      schedule: pauses,
      while: ({ reason }) =>
        (reason._tag === "Refused" && reason.status === 429) || (isIdempotent && reason._tag === "Unreachable")
    }),
    Effect.timeoutOrElse({ duration: answerTimeout, orElse: () => Effect.fail(unreachable()) })
  )
}

const refusal = (status: number, text: string): Reason => {
  const code = codeOf(text)
  const coded = code === undefined ? { status } : { status, code }
  if (status === 401 || status === 403) return { _tag: "Unauthorized", ...coded }
  // Telnyx's code for a call that has ended.
  if (status === 404 || code === 90018) return { _tag: "NotFound", ...coded }
  return status >= 500 ? { _tag: "Unreachable" } : { _tag: "Refused", ...coded }
}

/** The carrier's own code, as a number or as digits. */
const codeOf = (text: string): number | undefined => {
  const digits = /"code"\s*:\s*"?(\d{3,6})\b/.exec(text)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
