/** What Cartesia's services share. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as AudioFormat from "../../../AudioFormat.ts"
import type { Failure } from "../../../internal/wireMessage.ts"
import * as Credentials from "../../internal/credentials.ts"
import * as VendorReason from "../../../internal/vendorReason.ts"

export const provider = "cartesia"
const keyVariables = ["CARTESIA_API_KEY"]

/** The version of the API used here. */
export const version = "2026-03-01"

/** The address and the headers of a request. */
export const access = (options: Credentials.Options) =>
  Effect.gen(function* () {
    const key = yield* Credentials.keyOf(provider, keyVariables, options.apiKey)
    const address = yield* Credentials.addressOf(provider, options.baseUrl ?? "https://api.cartesia.ai", "ws")
    return { address, headers: { Authorization: `Bearer ${key}`, "Cartesia-Version": version } }
  })

/** The names of encodings. */
export const encodings: Readonly<Record<AudioFormat.Encoding, string>> = {
  pcm_s16le: "pcm_s16le",
  mulaw: "pcm_mulaw",
  alaw: "pcm_alaw"
}

/** The error message of all of Cartesia's sockets. Versions before 2026 have one `error` string. */
export const Failed = Schema.Struct({
  type: Schema.tag("error"),
  title: Schema.optional(Schema.String),
  message: Schema.optional(Schema.String),
  error: Schema.optional(Schema.String),
  error_code: Schema.optional(Schema.String),
  status_code: Schema.optional(Schema.Int),
  context_id: Schema.optional(Schema.NullOr(Schema.String))
})

/** The failure reported by an error message. */
export const failureOf = (failed: typeof Failed.Type): Failure => ({
  reason:
    failed.error_code === "quota_exceeded"
      ? { _tag: "QuotaExceeded", code: failed.error_code }
      : VendorReason.fromStatus(failed.status_code ?? 500, { code: failed.error_code }),
  detail: failed.message ?? failed.error ?? failed.title
})
