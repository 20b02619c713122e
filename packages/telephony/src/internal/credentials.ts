/** Credentials and addresses of carriers, from options or environment variables. */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CarrierError } from "../CarrierError.ts"

/** Reads a variable. An empty one counts as missing. */
export const variable = (name: string): Effect.Effect<string | undefined> =>
  Effect.map(Effect.orDie(Config.option(Config.String(name))), (found) =>
    Option.isSome(found) && found.value.trim() !== "" ? found.value.trim() : undefined
  )

/** Reads several values, each given or from its variable. Fails with the names of all that are missing. */
export const all = (
  carrier: string,
  given: Readonly<Record<string, string | undefined>>
): Effect.Effect<ReadonlyArray<string>, CarrierError> =>
  Effect.gen(function* () {
    const values: Array<string> = []
    const missing: Array<string> = []
    for (const [name, one] of Object.entries(given)) {
      const value = one ?? (yield* variable(name))
      if (value === undefined || value === "") missing.push(name)
      else values.push(value)
    }
    return missing.length === 0
      ? values
      : yield* Effect.fail(new CarrierError({ carrier, reason: { _tag: "MissingKey", variables: missing } }))
  })

/** Reads a value, given or from its variable. Fails with the name if it is missing. */
export const required = (
  carrier: string,
  given: string | undefined,
  name: string
): Effect.Effect<string, CarrierError> => Effect.map(all(carrier, { [name]: given }), ([value]) => value!)

/** An address without a trailing slash. */
export const address = (given: string | undefined, otherwise: string): string =>
  (given ?? otherwise).replace(/(?<!\/)\/+$/, "")
