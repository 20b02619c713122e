/**
 * Loads a package that only some models need, and that an application installs itself.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as ModelError from "./modelError.ts"

/** Loads it. A package that is not installed is an error that says how to install it; any other failure is a defect. */
export const load = <A>(
  provider: string,
  name: string,
  importing: () => Promise<A>
): Effect.Effect<A, ModelError.ModelError> =>
  Effect.tryPromise({ try: importing, catch: (cause) => cause }).pipe(
    Effect.catch((cause) =>
      isMissing(cause)
        ? Effect.fail(
            new ModelError.ModelError({
              reason: "MissingPackage",
              provider,
              description: `${provider} needs a package that is not installed: npm install ${name}`
            })
          )
        : Effect.die(cause)
    )
  )

const isMissing = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "code") && (cause.code === "ERR_MODULE_NOT_FOUND" || cause.code === "MODULE_NOT_FOUND")
