/** Keys and addresses of carriers: what was given, or environment variables. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { CarrierError } from "../CarrierError.ts"

/** A variable that is set and not empty. */
export const variable = (name: string): Effect.Effect<string | undefined> =>
  Effect.map(Effect.orDie(Config.option(Config.String(name))), (found) =>
    Option.isSome(found) && found.value.trim() !== "" ? found.value.trim() : undefined
  )

/** What was given, or a variable. Fails with the name of the variable that is missing. */
export const required = (
  carrier: string,
  given: string | undefined,
  name: string
): Effect.Effect<string, CarrierError> =>
  Effect.flatMap(given === undefined ? variable(name) : Effect.succeed(given), (value) =>
    value === undefined || value === ""
      ? Effect.fail(new CarrierError({ carrier, reason: { _tag: "MissingKey", variables: [name] } }))
      : Effect.succeed(value)
  )

/** As `required`, for what must not be shown. */
export const secret = (
  carrier: string,
  given: Redacted.Redacted | undefined,
  name: string
): Effect.Effect<Redacted.Redacted, CarrierError> =>
  Effect.map(required(carrier, given === undefined ? undefined : Redacted.value(given), name), (value) =>
    Redacted.make(value, { label: name })
  )

/** An address without a slash at its end. */
export const address = (given: string | undefined, otherwise: string): string =>
  (given ?? otherwise).replace(/(?<!\/)\/+$/, "")
