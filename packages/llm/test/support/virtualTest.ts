/** Tests on virtual time. */
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { it } from "@effect/vitest"
import { type Duration, Effect, type Scope } from "effect"

/** A test whose body, and all that its scope holds, is on virtual time. */
export const test = <E>(name: string, body: () => Effect.fn.Return<void, E, Scope.Scope>) =>
  it.effect(name, () => VirtualTime.run(Effect.scoped(Effect.gen(body))))

/** Lets time pass, and all happen that is to happen by then. */
export const pass = (time: Duration.Input) => Effect.andThen(Effect.sleep(time), VirtualTime.momentOver)

export const { settled } = VirtualTime
