/** Tests on virtual time. */
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { it } from "@effect/vitest"
import { Effect, type Scope } from "effect"

/** A test whose body, and all that its scope holds, is on virtual time. */
export const test = <E>(name: string, body: () => Effect.fn.Return<void, E, Scope.Scope>) =>
  it.effect(name, () => VirtualTime.run(Effect.scoped(Effect.gen(body))))

export const { pass, settled } = VirtualTime
