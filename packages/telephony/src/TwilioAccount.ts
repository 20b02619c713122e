/**
 * A Twilio account and its REST API: placing, changing and ending calls.
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

/** Credentials of a Twilio account. */
export interface TwilioAccount {
  /** `TWILIO_ACCOUNT_SID`. */
  readonly accountSid: string
  /** `TWILIO_AUTH_TOKEN`: Twilio signs its requests with it, and it authenticates requests to the API. */
  readonly authToken: Redacted.Redacted
  /** `TWILIO_BASE_URL`, `https://api.twilio.com` by default. Other regions have their own, such as `https://api.dublin.ie1.twilio.com`. */
  readonly baseUrl: string
}

/** Credentials that override the environment. */
export type Options = Partial<TwilioAccount>

/** Loads the account from the environment and the given options. Fails with the names of all missing variables. */
export const load = (options: Options = {}): Effect.Effect<TwilioAccount, CarrierError> =>
  Effect.gen(function* () {
    const [accountSid, authToken] = yield* Credentials.all(carrier, {
      TWILIO_ACCOUNT_SID: options.accountSid,
      TWILIO_AUTH_TOKEN: options.authToken === undefined ? undefined : Redacted.value(options.authToken)
    })
    return {
      accountSid: accountSid!,
      authToken: Redacted.make(authToken!, { label: "TWILIO_AUTH_TOKEN" }),
      baseUrl: Credentials.address(
        options.baseUrl ?? (yield* Credentials.variable("TWILIO_BASE_URL")),
        "https://api.twilio.com"
      )
    }
  })

const carrier = "twilio"

/** Schema for a call in the API's answers. */
export const Call = Schema.Struct({ sid: Schema.String, status: Schema.String })
export type Call = typeof Call.Type

const request = (
  account: TwilioAccount,
  path: string,
  form?: Readonly<Record<string, string | ReadonlyArray<string>>>,
  isIdempotent = form === undefined
) => {
  const url = `${account.baseUrl}/2010-04-01/Accounts/${account.accountSid}/${path}.json`
  const made =
    form === undefined
      ? HttpClientRequest.get(url)
      : HttpClientRequest.post(url).pipe(HttpClientRequest.bodyUrlParams(form))
  const authorized = HttpClientRequest.basicAuth(made, account.accountSid, account.authToken)
  return Rest.json(carrier, HttpClientRequest.acceptJson(authorized), Call, { isIdempotent })
}

/** Places a call. The fields are those of the API: `To`, `From`, `Url` or `Twiml`, and others. */
export const createCall = (
  account: TwilioAccount,
  fields: Readonly<Record<string, string | ReadonlyArray<string>>>
): Effect.Effect<Call, CarrierError> => request(account, "Calls", fields)

/** Fetches a call. Its status is `queued`, `ringing`, `in-progress`, `completed`, `busy`, `no-answer`, `failed`, `canceled`. */
export const call = (account: TwilioAccount, callSid: string): Effect.Effect<Call, CarrierError> =>
  request(account, `Calls/${encodeURIComponent(callSid)}`)

/** Replaces the instructions of a call in progress. Its media stream ends. */
export const updateCall = (account: TwilioAccount, callSid: string, twiml: string): Effect.Effect<void, CarrierError> =>
  Effect.asVoid(request(account, `Calls/${encodeURIComponent(callSid)}`, { Twiml: twiml }))

/** Hangs up a call. Succeeds if the call has already ended. */
export const hangUp = (account: TwilioAccount, callSid: string): Effect.Effect<void, CarrierError> =>
  request(account, `Calls/${encodeURIComponent(callSid)}`, { Status: "completed" }, true).pipe(
    Effect.asVoid,
    Effect.catchIf(
      (error) => error.reason._tag === "NotFound",
      () => Effect.void
    )
  )
