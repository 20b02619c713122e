/**
 * The short names that a provider gives to an error. Unlike sentences, names cannot quote anything.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as ProviderSentence from "./providerSentence.ts"

/** The names of an error. */
export interface Names {
  readonly code: string | undefined
  /** Google's name of the status. */
  readonly state: string | undefined
  readonly type: string | undefined
  readonly param: string | undefined
}

/** Reads them from the body of an answer, or from an event. */
export const of = (body: unknown): Names => {
  const error = ProviderSentence.inner(body)
  const name = (field: string) => {
    if (!Predicate.hasProperty(error, field)) return undefined
    const value = error[field]
    const text = typeof value === "number" ? String(value) : value
    return typeof text === "string" && isName(text) ? text : undefined
  }
  return { code: name("code"), state: name("status"), type: name("type"), param: name("param") }
}

/** Whether a text is a name: no sentence, which could quote something, and not as many digits as keys and ids have. */
const isName = (text: string): boolean =>
  /^[\w.:[\]-]{1,64}$/.test(text) && (/^\d{1,6}$/.test(text) || text.replace(/\D/g, "").length <= 4)

/** Whether a body or an event is an error in one of the forms that servers give to it. */
export const isError = (body: object): boolean => {
  const { error, errors, object } = body as {
    readonly error?: unknown
    readonly errors?: unknown
    readonly object?: unknown
  }
  return (error != null && error !== "") || (Array.isArray(errors) && errors.length > 0) || object === "error"
}

/** The equivalent status of an error that came as an event of a stream. */
export const statusOf = (body: unknown): number | undefined => {
  const { code, type } = of(body)
  for (const name of [code, type]) {
    const status = name === undefined ? undefined : (statuses[name] ?? Number(name))
    if (status !== undefined && status >= 400 && status < 600) return status
  }
  return undefined
}

// Names in errors by Anthropic, and by servers that pass its errors on.
const statuses: { readonly [name: string]: number | undefined } = {
  invalid_request_error: 400,
  authentication_error: 401,
  billing_error: 402,
  insufficient_quota: 429,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  api_error: 500,
  server_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
  content_filter: 400,
  // Exceptions of Bedrock (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ResponseStream.html).
  validationException: 400,
  throttlingException: 429,
  internalServerException: 500,
  modelStreamErrorException: 500,
  modelTimeoutException: 504,
  serviceUnavailableException: 503
}
