/**
 * Says why a model cannot be made, and what to do about it.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/** A model cannot be made. Fails before the first request; the message says what to set. */
export class ModelError extends Schema.TaggedError<ModelError>()("ModelError", {
  reason: Schema.Literals([
    "UnknownProvider",
    "UnknownModel",
    "MissingModel",
    "MissingKey",
    "MissingAddress",
    "InvalidAddress",
    "MissingPackage"
  ]),
  provider: Schema.String,
  description: Schema.String
}) {
  override get message() {
    return this.description
  }
}

/** Reads the first of these variables that is set and not empty. */
export const firstSet = (variables: ReadonlyArray<string>): Effect.Effect<string | undefined> =>
  Effect.gen(function* () {
    for (const variable of variables) {
      const value = yield* Effect.orDie(Config.option(Config.Redacted(variable)))
      const text = Option.isSome(value) ? Redacted.value(value.value).trim() : ""
      if (text !== "") return text
    }
    return undefined
  })

/** The key of a provider: the one given, or the first variable that is set. */
export const keyOf = (options: {
  readonly provider: string
  readonly given: Redacted.Redacted | undefined
  readonly variables: ReadonlyArray<string>
  readonly optional: boolean
}): Effect.Effect<string | undefined, ModelError> =>
  Effect.gen(function* () {
    const given = options.given === undefined ? "" : Redacted.value(options.given).trim()
    const key = given !== "" ? given : yield* firstSet(options.variables)
    if (key !== undefined || options.optional) return key
    return yield* new ModelError({
      reason: "MissingKey",
      provider: options.provider,
      description: `${options.provider} needs a key: set ${options.variables.join(" or ")}, or give the layer an apiKey`
    })
  })

/** Checks an address. */
export const checkAddress = (provider: string, url: string): Effect.Effect<string, ModelError> => {
  const wrong = (description: string) =>
    Effect.fail(
      new ModelError({ reason: "InvalidAddress", provider, description: `the address of ${provider} ${description}` })
    )
  const parsed = URL.parse(url)
  if (parsed === null || !/^https?:/.test(url)) return wrong("is not an http or https URL")
  // Nothing would send them, and the address is shown in logs.
  if (parsed.username !== "" || parsed.password !== "") {
    return wrong("has a user name or a password in it: give the layer headers instead")
  }
  return Effect.succeed(url.replace(/(?<!\/)\/+$/, ""))
}
