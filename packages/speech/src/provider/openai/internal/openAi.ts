/** What OpenAI's services share. */
import * as Effect from "effect/Effect"
import * as SpeechError from "../../../SpeechError.ts"
import * as Credentials from "../../internal/credentials.ts"
import * as VendorReason from "../../../internal/vendorReason.ts"

export const provider = "openai"
const keyVariables = ["OPENAI_API_KEY"]

/** The address and the key of a request. */
export const access = (options: Credentials.Options, scheme: "ws" | "http") =>
  Effect.gen(function* () {
    const key = yield* Credentials.keyOf(provider, keyVariables, options.apiKey)
    const address = yield* Credentials.addressOf(provider, options.baseUrl ?? "https://api.openai.com/v1", scheme)
    return { address, headers: { Authorization: `Bearer ${key}` } }
  })

/** The reason behind an error of the API, by its type and code. */
export const reasonOf = (type: string | undefined, code: string | undefined): SpeechError.Reason => {
  const known = VendorReason.readableCode(code ?? type)
  if (code === "insufficient_quota") return { _tag: "QuotaExceeded", code: known }
  if (code === "rate_limit_exceeded" || type === "rate_limit_error") return { _tag: "RateLimited", code: known }
  if (code === "invalid_api_key" || type === "authentication_error") return { _tag: "Unauthorized", code: known }
  return { _tag: type === "invalid_request_error" ? "Rejected" : "Unavailable", code: known }
}
