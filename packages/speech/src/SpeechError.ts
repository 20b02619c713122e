/**
 * Why a recogniser or a voice failed, and whether trying again makes sense.
 *
 * Errors hold no audio, no transcript and no key. What a vendor wrote about a failure may quote any of them, so it is
 * kept as `Redacted` and is not part of the message.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** What happened. `code` is the vendor's own word for it, such as `NET-0001`; `status` is an HTTP status. */
export const Reason = Schema.TaggedUnion({
  /** No provider has this name. */
  UnknownProvider: { name: Schema.String, known: Schema.Array(Schema.String) },
  /** The name says which provider, but not which model or voice. `example` is a name that does. */
  MissingName: { what: Schema.Literals(["model", "voice"]), example: Schema.String },
  /** None of these environment variables is set. */
  MissingKey: { variables: Schema.Array(Schema.String) },
  /** The address is missing or is not a URL. `variables` may set it. */
  InvalidAddress: { variables: Schema.Array(Schema.String) },
  /** The key was refused. */
  Unauthorized: { status: Schema.optional(Schema.Int), code: Schema.optional(Schema.String) },
  /** Too many requests or connections at once. */
  RateLimited: { retryAfterMs: Schema.optional(Schema.Finite), code: Schema.optional(Schema.String) },
  /** The account's quota is used up. */
  QuotaExceeded: { code: Schema.optional(Schema.String) },
  /** The request is wrong for this provider: its model, voice, format or language. */
  Rejected: { status: Schema.optional(Schema.Int), code: Schema.optional(Schema.String) },
  /** No connection could be made. `code` is that of the system, such as `ECONNREFUSED`. */
  Unreachable: { code: Schema.optional(Schema.String) },
  /** The provider failed. */
  Unavailable: { status: Schema.optional(Schema.Int), code: Schema.optional(Schema.String) },
  /** The connection closed too early. `closeCode` is that of the WebSocket. */
  Closed: { closeCode: Schema.Int },
  /** Nothing came in time. */
  TimedOut: { what: Schema.Literals(["connection", "answer", "audio"]), afterMs: Schema.Finite },
  /** The provider's answer cannot be read. */
  BadAnswer: { what: Schema.String },
  /** A local engine failed. */
  Engine: { cause: Schema.Defect() }
})
export type Reason = typeof Reason.Type

/**
 * A recogniser or a voice failed. It ends the session or the reply in progress; a plan goes on with another attempt.
 *
 * `provider` is the name before the slash, such as `deepgram`. `detail` is what the vendor wrote about it.
 */
export class SpeechError extends Schema.TaggedError<SpeechError>()("SpeechError", {
  provider: Schema.String,
  reason: Reason,
  detail: Schema.optional(Schema.Redacted(Schema.String))
}) {
  override get message(): string {
    return `${this.provider}: ${describe(this.reason)}`
  }

  /** Whether the same request may succeed at the same provider. */
  get isRetryable(): boolean {
    return retryable[this.reason._tag]
  }

  /** How long the provider asked to wait, in milliseconds. 0 if it did not. */
  get retryAfterMs(): number {
    return this.reason._tag === "RateLimited" ? (this.reason.retryAfterMs ?? 0) : 0
  }
}

const retryable: Readonly<Record<Reason["_tag"], boolean>> = {
  UnknownProvider: false,
  MissingName: false,
  MissingKey: false,
  InvalidAddress: false,
  Unauthorized: false,
  RateLimited: true,
  QuotaExceeded: false,
  Rejected: false,
  Unreachable: true,
  Unavailable: true,
  Closed: true,
  TimedOut: true,
  BadAnswer: true,
  Engine: true
}

/** Makes an error. `detail` is what the vendor wrote; it never reaches a log. */
export const make = (provider: string, reason: Reason, detail?: string): SpeechError =>
  new SpeechError({
    provider,
    reason,
    ...(detail === undefined || detail === "" ? undefined : { detail: Redacted.make(detail) })
  })

const describe = (reason: Reason): string => {
  switch (reason._tag) {
    case "UnknownProvider":
      return `unknown provider "${reason.name}"; known are ${reason.known.join(", ")}`
    case "MissingName":
      return `no ${reason.what} is named: write for example ${reason.example}`
    case "MissingKey":
      return `a key is needed: set ${reason.variables.join(" or ")}, or give the layer an apiKey`
    case "InvalidAddress":
      return `the address is missing or is not a URL: set ${reason.variables.join(" or ")}, or give the layer a baseUrl`
    case "Unauthorized":
      return `the key was refused${said(reason)}`
    case "RateLimited":
      return `too many requests at once${said(reason)}${
        reason.retryAfterMs === undefined ? "" : `, again in ${reason.retryAfterMs} ms`
      }`
    case "QuotaExceeded":
      return `the quota of the account is used up${said(reason)}`
    case "Rejected":
      return `the request was rejected${said(reason)}`
    case "Unreachable":
      return `no connection could be made${said(reason)}`
    case "Unavailable":
      return `the provider failed${said(reason)}`
    case "Closed":
      return `the connection closed too early (${reason.closeCode})`
    case "TimedOut":
      return `no ${reason.what} within ${reason.afterMs} ms`
    case "BadAnswer":
      return `the answer cannot be read: ${reason.what}`
    case "Engine":
      return "the engine failed"
  }
}

const said = (reason: { readonly status?: number | undefined; readonly code?: string | undefined }): string => {
  const parts = [reason.status, reason.code].filter((part) => part !== undefined)
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`
}
