/** Tests on virtual time. */
import { it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import * as VirtualTime from "../src/testing/VirtualTime.ts"

/** A test whose body, and everything its scope holds, is on virtual time. */
export const test = <E>(name: string, body: () => Effect.fn.Return<void, E, Scope.Scope>) =>
  it.effect(name, () => VirtualTime.run(Effect.scoped(Effect.gen(body))))

export const { pass, settled } = VirtualTime
