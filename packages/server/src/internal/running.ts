/**
 * Finds the call on whose behalf a fiber, a timer or a promise is running.
 *
 * Effect's fibers keep the asynchronous context in which they were started, so code that runs in the context of a call
 * is attributed to it, even if the code was left behind outside every fiber.
 */
import { AsyncLocalStorage } from "node:async_hooks"

/** The call as shown: it has an id from its start message on. */
export interface Owner {
  readonly callId: () => string
}

const owners = new AsyncLocalStorage<Owner>()

/** Runs something on behalf of a call. */
export const enter = <A>(owner: Owner, run: () => A): A => owners.run(owner, run)

/** Continues on behalf of a call, until the current fiber has ended. */
export const become = (owner: Owner): void => owners.enterWith(owner)

/** Id of the call whose code is running, safe to show. */
export const callId = (): string | undefined => owners.getStore()?.callId()

/** Global name by which the process's debugger finds `callId` while the event loop is blocked. */
export const probe = Symbol.for("@antiphon/server/running")

/** Makes `callId` available to the debugger. */
export const expose = (): void => {
  Object.defineProperty(globalThis, probe, { configurable: true, value: callId })
}
