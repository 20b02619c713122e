/**
 * Finds the call on whose behalf a fiber, a timer or a promise is running.
 *
 * Effect's fibers keep the asynchronous context in which they were started, so code that runs in the context of a call
 * is attributed to it, even if the code was left behind outside every fiber.
 */
import { AsyncLocalStorage } from "node:async_hooks"

/** The call's id for display. Known from its start message on. */
export interface Owner {
  readonly callId: () => string
}

const owners = new AsyncLocalStorage<Owner>()

/** Runs a function on behalf of a call. */
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

const longestId = 512
/** The id of the call served last, as its length and bytes, readable by a thread while this one is blocked. */
export const served = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT + longestId)
const servedLength = new Int32Array(served, 0, 1)
const servedBytes = new Uint8Array(served, Int32Array.BYTES_PER_ELEMENT)
const encoder = new TextEncoder()

/** Notes which call is being served now. */
export const serve = (callId: string): void => {
  servedLength[0] = encoder.encodeInto(callId, servedBytes).written
}

/** Reads the id of the call served last. */
export const lastServed = (memory: SharedArrayBuffer): string | undefined => {
  const length = Math.min(new Int32Array(memory, 0, 1)[0]!, longestId)
  // Copied, because a decoder rejects views of shared memory.
  const bytes = Uint8Array.from(new Uint8Array(memory, Int32Array.BYTES_PER_ELEMENT, length))
  return length === 0 ? undefined : new TextDecoder().decode(bytes)
}
