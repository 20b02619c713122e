/**
 * Turns failures of SDKs and providers into typed reasons.
 *
 * It keeps the status, the short names of the error, when to try again, and the provider's own sentence without private
 * content.
 *
 * @since 0.1.0
 */
import * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as ContextWording from "./contextWording.ts"
import * as ErrorKinds from "./errorKinds.ts"
import * as ErrorNames from "./errorNames.ts"
import * as ProviderSentence from "./providerSentence.ts"
import * as RetryAfter from "./retryAfter.ts"

/** Which request failed. */
export interface Source {
  readonly module: string
  readonly method: string
  readonly url: string
  /** The model that was asked. */
  readonly model?: string | undefined
  /** The text of the request, so that it is not quoted. */
  readonly asked?: ProviderSentence.Asked | undefined
}

/** The meaning of an error, if its type does not tell it. */
export type Kind = "Timeout" | "Overloaded" | "NotFound" | "EmptyReply" | "ContextTooLong"

/** Details of a reason under `metadata.antiphon`, which its type cannot express. */
export interface Details {
  readonly kind?: Kind | undefined
  /** Why an empty reply had ended. */
  readonly finish?: string | undefined
  /** The provider's message without private content. */
  readonly said?: string | undefined
  readonly retryAfterMillis?: number | undefined
  /** For a prompt that was too long: the model's limit in tokens, and the length of the prompt. */
  readonly contextMost?: number | undefined
  readonly contextAsked?: number | undefined
}

/** The error of a request. */
export const make = (source: Source, reason: AiError.AiErrorReason): AiError.AiError =>
  AiError.make({ module: source.module, method: source.method, reason })

/** Returns how long the provider asks to wait, wherever the reason keeps it. */
export const retryAfter = (error: AiError.AiError): Duration.Duration | undefined => {
  if (error.retryAfter !== undefined) return error.retryAfter
  const { retryAfterMillis } = details(error)
  return retryAfterMillis === undefined ? undefined : Duration.millis(retryAfterMillis)
}

/** Returns the sizes in an error about a prompt that was too long, as far as the provider reports them. */
export const sizesOf = (error: AiError.AiError): ContextWording.Sizes | undefined => {
  const { contextAsked, contextMost } = details(error)
  return contextMost === undefined ? undefined : { most: contextMost, asked: contextAsked }
}

/** Reads the details in the reason of an error. */
export const details = (error: AiError.AiError): Details => {
  const { reason } = error
  const own = "metadata" in reason ? reason.metadata["antiphon"] : undefined
  return Predicate.isObject(own) ? (own as Details) : {}
}

/** Whether a request failed because of the answer, rather than for lack of one. */
export const hasStatus = (cause: unknown): cause is { readonly status: number } =>
  Predicate.hasProperty(cause, "status") && typeof cause.status === "number"

/** The body of a provider's answer to a refused request: all of it if it was kept, or else the `error` that an SDK keeps. */
export const bodyOf = (cause: object): unknown =>
  "body" in cause ? cause.body : "error" in cause ? cause.error : undefined

/** Maps the rejection of a request. */
export const fromRejection = (source: Source, cause: unknown): AiError.AiErrorReason => {
  if (AiError.isAiErrorReason(cause)) return cause
  if (hasStatus(cause)) {
    const headers =
      Predicate.hasProperty(cause, "headers") && cause.headers instanceof Headers ? cause.headers : undefined
    return fromStatus(source, { status: cause.status, body: bodyOf(cause), headers })
  }
  const code = codeOf(cause)
  if ((code !== undefined && timeouts.has(code)) || isTimeoutOfSdk(cause)) return timedOut("the connection")
  return network(source, code ?? "the connection failed")
}

/** Codes of a connection that was not made in time, or brought no answer in time. */
const timeouts: ReadonlySet<string> = new Set(["ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT"])

const isTimeoutOfSdk = (cause: unknown): boolean =>
  cause instanceof Error && cause.constructor.name === "APIConnectionTimeoutError"

/** An error reported within a reply, to be interpreted together with the request. */
export class Told {
  readonly body: unknown
  constructor(body: unknown) {
    this.body = body
  }
}

/** The outcome of a reply. */
export type Failure = AiError.AiErrorReason | Told

/** An error that came as an event of the stream. */
export const fromEvent = (body: unknown): Told => new Told(body)

/** The reason of a failure. For an error in the stream, its description stands in for the missing status. */
export const reasonOf = (source: Source, failure: Failure): AiError.AiErrorReason => {
  if (!(failure instanceof Told)) return failure
  const { body } = failure
  return fromStatus(source, { status: ErrorNames.statusOf(body) ?? statusLike(body), body })
}

/** A status for an error that tells none: the provider's fault, unless its words say otherwise. */
const statusLike = (body: unknown): number => {
  const sentence = ProviderSentence.raw(body) ?? ""
  const kind = ErrorKinds.of({ status: 400, sentence, names: namesOf(body) })
  return kind === undefined || kind === "Overloaded" ? 500 : 400
}

const namesOf = (body: unknown): ReadonlyArray<string> =>
  Object.values(ErrorNames.of(body)).filter((name) => name !== undefined)

/** The provider said nothing for too long. */
export const timedOut = (what: string): AiError.AiErrorReason =>
  new AiError.InternalProviderError({ description: `${what} timed out`, metadata: metadata({ kind: "Timeout" }) })

/** The connection ended before the reply did. */
export const cut = (source: Source, cause: unknown): AiError.AiErrorReason =>
  network(source, `the reply was cut off${suffix(codeOf(cause))}`)

/** The provider violated its own format. */
export const malformed = (description: string): AiError.AiErrorReason =>
  new AiError.InvalidResponseError({ description })

/** The reply ended without a word or a call. */
export const emptyReply = (finish: string): AiError.AiErrorReason =>
  new AiError.InvalidOutputError({
    description: `the reply was empty (finish reason: ${finish})`,
    metadata: metadata({ kind: "EmptyReply", finish })
  })

/** The model wrote a tool call that cannot be run. */
export const unreadableCall = (how: string): AiError.AiErrorReason =>
  new AiError.InvalidOutputError({ description: `the model wrote an unreadable tool call (${how})` })

/** The provider withheld the whole reply. */
export const withheld = (): AiError.AiErrorReason =>
  new AiError.ContentPolicyError({ description: "the provider withheld the reply" })

const network = (source: Source, description: string): AiError.AiErrorReason =>
  new AiError.NetworkError({ reason: "TransportError", method: "POST", url: publicUrl(source.url), description })

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Headers | undefined
}

const fromStatus = (source: Source, { body, headers, status }: Answer): AiError.AiErrorReason => {
  const names = ErrorNames.of(body)
  const sentence = ProviderSentence.raw(body) ?? ""
  const said = ProviderSentence.scrub(sentence, source.asked)
  const wait = RetryAfter.millis(headers, body)
  const http = { response: { status, headers: publicHeaders(headers) } }
  const of = (own: Details = {}) => metadata({ ...own, said })
  const description = describe(status, names, said)
  const kind = ErrorKinds.of({ status, sentence, names: namesOf(body) })

  switch (kind) {
    case "Content":
      return new AiError.ContentPolicyError({ description, http, metadata: of() })
    case "Quota":
      return new AiError.QuotaExhaustedError({ http, metadata: of() })
    case "Key":
    case "ExpiredKey":
      return new AiError.AuthenticationError({
        kind: kind === "ExpiredKey" ? "ExpiredKey" : "InvalidKey",
        description,
        http,
        metadata: of()
      })
    case "Permission":
      return new AiError.AuthenticationError({ kind: "InsufficientPermissions", description, http, metadata: of() })
    case "RateLimit":
      return rateLimit(http, wait, of())
    case "BadCall":
      return new AiError.InvalidOutputError({ description, metadata: of() })
    case "ContextTooLong":
      return new AiError.InvalidRequestError({ description, http, metadata: of(tooLong(sentence)) })
    case "NoModel":
      return missing(source, description, http, of({ kind: "NotFound" }))
    case "Overloaded":
    case undefined:
  }
  if (status === 402) return new AiError.QuotaExhaustedError({ http, metadata: of() })
  if (status === 401) return new AiError.AuthenticationError({ kind: "InvalidKey", description, http, metadata: of() })
  if (status === 429) return rateLimit(http, wait, of())
  if (status === 404) return missing(source, description, http, of({ kind: "NotFound" }))
  if (kind === "Overloaded" || status >= 500 || [408, 409, 425].includes(status)) {
    const about =
      kind === "Overloaded" || status === 529 || status === 503
        ? "Overloaded"
        : status === 408 || status === 504
          ? "Timeout"
          : undefined
    return new AiError.InternalProviderError({
      // The message for harnesses. The provider's words are for the log.
      description: `${status}${suffix(names.code ?? names.type)}`,
      http,
      metadata: of({ kind: about, retryAfterMillis: wait })
    })
  }
  if (status >= 400) {
    return new AiError.InvalidRequestError({ parameter: names.param, description, http, metadata: of() })
  }
  if (status >= 300 && status < 400) {
    const leading = leadsTo(headers)
    return new AiError.InvalidRequestError({
      description: `the address redirects${leading}, and is not followed (${status}): make that the base address`,
      http,
      metadata: of({ kind: "NotFound" })
    })
  }
  return new AiError.UnknownError({ description, http, metadata: of() })
}

/** The host that a redirect leads to. The rest of its address may have anything in it. */
const leadsTo = (headers: Headers | undefined): string => {
  const location = headers?.get("location") ?? ""
  return URL.canParse(location) ? ` to ${new URL(location).origin}` : ""
}

const tooLong = (sentence: string): Details => {
  const sizes = ContextWording.sizesOf(sentence.slice(0, 2000))
  return { kind: "ContextTooLong", contextMost: sizes?.most, contextAsked: sizes?.asked }
}

type Http = { readonly response: { readonly status: number; readonly headers: Record<string, string> } }

const rateLimit = (http: Http, wait: number | undefined, metadata: AiError.ProviderMetadata) =>
  new AiError.RateLimitError({ http, metadata, retryAfter: wait === undefined ? undefined : Duration.millis(wait) })

const missing = ({ model }: Source, description: string, http: Http, metadata: AiError.ProviderMetadata) =>
  new AiError.InvalidRequestError({
    description: `${model === undefined ? "not found" : `no model "${model}" at this address`}: ${description}`,
    http,
    metadata
  })

/** The provider's sentence, then its status and the name that it gives to the error. */
const describe = (status: number, { code, state, type }: ErrorNames.Names, said: string | undefined): string => {
  const name = [code, state, type].find((name) => name !== undefined && name !== String(status))
  return said === undefined
    ? `the provider answered ${status}${suffix(name)}`
    : `${said} (${status}${name === undefined ? "" : ` ${name}`})`
}

const publicHeaders = (headers: Headers | undefined): Record<string, string> => {
  const kept: Record<string, string> = {}
  for (const name of ["x-request-id", "request-id", "retry-after", "retry-after-ms"]) {
    const value = headers?.get(name)
    if (value != null) kept[name] = value
  }
  return kept
}

const publicUrl = (url: string): string => {
  if (!URL.canParse(url)) return ""
  const { origin, pathname } = new URL(url)
  return origin + pathname
}

// undici hides the code of the operating system two causes deep.
const codeOf = (cause: unknown): string | undefined => {
  for (let error = cause, depth = 0; depth < 4 && Predicate.isObject(error); depth++) {
    if (Predicate.hasProperty(error, "code") && typeof error.code === "string") return error.code
    const errors: unknown = Predicate.hasProperty(error, "errors") ? error.errors : undefined
    error = Array.isArray(errors) ? errors[0] : Predicate.hasProperty(error, "cause") ? error.cause : undefined
  }
  return undefined
}

const suffix = (name: string | undefined): string => (name === undefined ? "" : ` (${name})`)

const metadata = (own: Details): AiError.ProviderMetadata => {
  const kept: Record<string, string | number> = {}
  for (const [key, value] of Object.entries(own)) if (value !== undefined) kept[key] = value
  return { antiphon: kept }
}
