/**
 * A Telnyx account and its Call Control API: answering, placing, transferring and ending calls.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { CarrierError } from "./CarrierError.ts"
import * as Credentials from "./internal/credentials.ts"
import * as Rest from "./internal/rest.ts"

/** Credentials of a Telnyx account. */
export interface TelnyxAccount {
  /** `TELNYX_API_KEY`. */
  readonly apiKey: Redacted.Redacted
  /** `TELNYX_PUBLIC_KEY` verifies webhooks. Empty if it is not set: outgoing calls do not need it. */
  readonly publicKey: string
  /** `TELNYX_BASE_URL`, `https://api.telnyx.com` by default. */
  readonly baseUrl: string
}

/** Credentials that override the environment. */
export type Options = Partial<TelnyxAccount>

/** Loads the account from the environment and the given options. Fails with the name of a missing variable. */
export const load = (options: Options = {}): Effect.Effect<TelnyxAccount, CarrierError> =>
  Effect.gen(function* () {
    return {
      apiKey: options.apiKey ?? Redacted.make(yield* Credentials.required(carrier, undefined, "TELNYX_API_KEY")),
      publicKey: options.publicKey ?? (yield* Credentials.variable("TELNYX_PUBLIC_KEY")) ?? "",
      baseUrl: Credentials.address(
        options.baseUrl ?? (yield* Credentials.variable("TELNYX_BASE_URL")),
        "https://api.telnyx.com"
      )
    }
  })

const carrier = "telnyx"

type Body = { readonly [key: string]: unknown }

const post = <S extends Schema.ConstraintDecoder<unknown>>(
  account: TelnyxAccount,
  path: string,
  body: Body,
  answer: S,
  isIdempotent = false
) =>
  Rest.json(
    carrier,
    HttpClientRequest.post(`${account.baseUrl}/v2/${path}`).pipe(
      HttpClientRequest.bearerToken(account.apiKey),
      HttpClientRequest.acceptJson,
      HttpClientRequest.bodyJsonUnsafe(body)
    ),
    answer,
    { isIdempotent }
  )

const Made = Schema.Struct({ data: Schema.Struct({ call_control_id: Schema.String }) })

/** Places a call. The fields are those of the API: `connection_id`, `to`, `from`, and others. */
export const createCall = (
  account: TelnyxAccount,
  fields: Body
): Effect.Effect<{ readonly callControlId: string }, CarrierError> =>
  Effect.map(post(account, "calls", fields, Made), ({ data }) => ({ callControlId: data.call_control_id }))

/** Sends a command to a call, such as `answer`, `streaming_start`, `transfer` or `send_dtmf`. */
export const command = (
  account: TelnyxAccount,
  callControlId: string,
  name: string,
  fields: Body = {}
): Effect.Effect<void, CarrierError> =>
  Effect.asVoid(
    post(
      account,
      `calls/${encodeURIComponent(callControlId)}/actions/${name}`,
      fields,
      Schema.Unknown,
      name === "hangup"
    )
  )

/** Hangs up a call. Succeeds if the call has already ended. */
export const hangUp = (account: TelnyxAccount, callControlId: string): Effect.Effect<void, CarrierError> =>
  Effect.catchIf(
    command(account, callControlId, "hangup"),
    (error) => error.reason._tag === "NotFound",
    () => Effect.void
  )
