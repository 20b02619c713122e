/**
 * A tool that is an HTTP request: where it goes, what the model fills in, and what it never sees.
 *
 * The request goes only to the host that is written in the address, unless a list allows others, and never to a private
 * address. Secrets are read from `Config` when the tool is made, and never appear in what the model sees, in a result
 * or in an error.
 *
 * @since 0.1.0
 */
import * as JsonText from "@antiphon/core/JsonText"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Egress from "./internal/egress.ts"
import * as HttpToolSpec from "./internal/httpToolSpec.ts"
import * as JsonArguments from "./internal/jsonArguments.ts"
import * as StrictSchema from "./internal/strictSchema.ts"
import * as VoiceTool from "./VoiceTool.ts"

/** A value of a request: a JSON Schema for the model to fill in, or a constant that the model does not see. */
export type Property = HttpToolSpec.Property

/** Values by their names. */
export type ObjectSchema = HttpToolSpec.ObjectSchema

/** The specification of a tool. */
export type Spec = HttpToolSpec.Spec

/** A tool could not be made. The message names the tool and what is wrong. */
export class HttpToolError extends Schema.TaggedError<HttpToolError>()("HttpToolError", {
  reason: Schema.Literals(["InvalidSpec", "MissingVariable"]),
  tool: Schema.String,
  description: Schema.String
}) {
  override get message() {
    return `HTTP tool "${this.tool}": ${this.description}`
  }
}

/** Characters of a response that the model reads. */
const maxCharacters = 4096

/** Makes a tool from its specification. */
export const make = (spec: Spec): Effect.Effect<VoiceTool.VoiceTool, HttpToolError> =>
  Effect.gen(function* () {
    const fail = (reason: HttpToolError["reason"], description: string) =>
      Effect.fail(new HttpToolError({ reason, tool: String(spec.name), description }))
    const problem = HttpToolSpec.problem(spec)
    if (problem !== undefined) return yield* fail("InvalidSpec", problem)
    const host = new URL(spec.url.replace(/\{[^{}]*\}/g, "x")).hostname
    const policy: Egress.Policy = {
      allowedHosts: spec.allowedHosts ?? [host],
      allowPrivateAddresses: spec.allowPrivateAddresses ?? false,
      maxRedirects: spec.maxRedirects ?? 3
    }
    if (!Egress.isAllowed(host, policy.allowedHosts))
      return yield* fail("InvalidSpec", `url leads to ${host}, which is not among allowedHosts`)

    const variables = new Set(
      Object.values(spec.auth ?? {}).flatMap((value) => [...value.matchAll(variable)].map(([, name]) => name!))
    )
    const secrets = new Map<string, Redacted.Redacted>()
    for (const name of variables) {
      const secret = yield* Effect.catch(Config.Redacted(name), () =>
        fail("MissingVariable", `auth needs the environment variable ${name}, which is not set`)
      )
      if (/[\r\n\0]/.test(Redacted.value(secret)))
        return yield* fail("InvalidSpec", `the environment variable ${name} has a line break in it`)
      secrets.set(name, secret)
    }
    return build(spec, policy, secrets)
  })

const variable = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

type Secrets = ReadonlyMap<string, Redacted.Redacted>

const headersOf = (spec: Spec, secrets: Secrets, body: string | undefined): { readonly [name: string]: string } => {
  const named = (headers: Spec["headers"], value: (given: string) => string) =>
    Object.fromEntries(Object.entries(headers ?? {}).map(([name, given]) => [name.toLowerCase(), value(given)]))
  return {
    ...(body === undefined ? undefined : { "content-type": HttpToolSpec.contentTypeOf(spec) }),
    ...named(spec.headers, (value) => value),
    ...named(spec.auth, (value) => value.replace(variable, (_, name: string) => Redacted.value(secrets.get(name)!)))
  }
}

/** Removes secrets that a response repeats, as debugging servers do, from the history. */
const scrubbed = (secrets: Secrets, text: string): string =>
  [...secrets].reduce((text, [name, secret]) => {
    const value = Redacted.value(secret)
    return value.length < 4 ? text : text.replaceAll(value, `<${name}>`)
  }, text)

const build = (spec: Spec, policy: Egress.Policy, secrets: Secrets): VoiceTool.VoiceTool => {
  const timeout = Duration.fromInputUnsafe(spec.timeout ?? "30 seconds")
  const parameters = HttpToolSpec.parameters(spec)
  const closed = StrictSchema.close(parameters)

  const run = (args: unknown): Effect.Effect<string> => {
    const meant = JsonArguments.meant(parameters, args)
    const request = HttpToolSpec.fillRequest(spec, Predicate.isReadonlyObject(meant) ? meant : {})
    if (Result.isFailure(request)) return Effect.succeed(failed(null, request.failure))
    const { body, url } = request.success
    const method = (spec.method ?? "POST").toUpperCase()
    return Egress.send({ method, url, headers: headersOf(spec, secrets, body), body, maxCharacters }, policy).pipe(
      Effect.map(({ cut, status, text }) => {
        const shown = `${scrubbed(secrets, text)}${cut ? "... (truncated)" : ""}`
        return status >= 200 && status < 300
          ? JsonText.stringify({ ok: true, status, body: shown })
          : failed(status, shown)
      }),
      Effect.catchTag("EgressError", (error) =>
        Effect.succeed(failed(null, `Request failed: ${scrubbed(secrets, error.message)}`))
      ),
      Effect.timeoutOrElse({
        duration: timeout,
        orElse: () =>
          Effect.succeed(
            failed(null, `Request timed out${spec.timeout === undefined ? "" : ` after ${seconds(timeout)}`}.`)
          )
      })
    )
  }

  return VoiceTool.dynamic(
    spec.name,
    {
      description: spec.description,
      parameters: StrictSchema.isStrict(closed) ? (closed as typeof parameters) : parameters,
      background: spec.background ?? true,
      activeTurns: spec.activeTurns,
      interruption: spec.interruption,
      duplicates: spec.duplicates,
      // The request has its own timeout, with its own message.
      timeout: Duration.sum(timeout, Duration.seconds(1))
    },
    run
  )
}

const failed = (status: number | null, error: string): string => JsonText.stringify({ ok: false, status, error })

/** Formatted like a Python float: `5.0s`, `0.2s`. */
const seconds = (duration: Duration.Duration): string => {
  const value = Duration.toMillis(duration) / 1000
  return `${Number.isInteger(value) ? value.toFixed(1) : value}s`
}
