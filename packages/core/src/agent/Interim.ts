/**
 * The words of the caller as a recogniser has them so far, before they count.
 *
 * They are no event: they change, are recorded nowhere, and start no turn. A harness that has them gives them to whoever asked for them
 * when the agent of the call was made, such as a search that is to be done when the caller has finished.
 *
 * ```ts
 * const factory: Agent.Factory = (request) =>
 *   Effect.gen(function* () {
 *     const interim = yield* Interim.Current
 *     interim?.listen((text) => ...)
 *     ...
 *   })
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/** The words of one call. */
export interface Interim {
  /** Hears all that the caller has said in their turn, each time it has changed. Must not throw. */
  readonly listen: (listener: (text: string) => void) => void
  /** Tells the words of the turn so far: for harnesses. */
  readonly tell: (text: string) => void
}

/** The words of the call whose agent is made. Undefined if its harness has none. */
export const Current: Context.Reference<Interim | undefined> = Context.Reference("@antiphon/core/agent/Interim", {
  defaultValue: (): Interim | undefined => undefined
})

/** Makes the words of a call. */
export const make = (): Interim => {
  const listeners: Array<(text: string) => void> = []
  return {
    listen: (listener) => void listeners.push(listener),
    tell: (text) => {
      for (const listener of listeners) listener(text)
    }
  }
}
