/**
 * Whose code runs: the call that a fiber, a timer or a promise belongs to.
 *
 * Fibers of Effect keep the asynchronous context in which they were started, so a call whose fibers start in its context is
 * found again wherever its code goes on, also in what that code has left behind outside every fiber.
 */
import { AsyncLocalStorage } from "node:async_hooks"

/** A call, as it may be shown: it has an id from its start message on. */
export interface Owner {
  readonly callId: () => string
}

const owners = new AsyncLocalStorage<Owner>()

/** Runs something on behalf of a call. */
export const enter = <A>(owner: Owner, run: () => A): A => owners.run(owner, run)

/** Goes on on behalf of a call, until the fiber that runs now has ended. */
export const become = (owner: Owner): void => owners.enterWith(owner)

/** Id of the call whose code runs now, as it may be shown. */
export const callId = (): string | undefined => owners.getStore()?.callId()

/** Name under which the debugger of the process finds `callId` while the event loop stands still. */
export const probe = Symbol.for("@antiphon/server/running")

/** Makes `callId` be found. */
export const expose = (): void => {
  Object.defineProperty(globalThis, probe, { configurable: true, value: callId })
}
