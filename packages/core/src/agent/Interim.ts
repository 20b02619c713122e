/**
 * The caller's words recognised so far, before they count.
 *
 * They are not events: they change, are not recorded, and start no turn. A harness that has them passes them to
 * listeners registered when the agent of the call was made, such as a search that should be done by the time the caller
 * has finished.
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
  /** Adds a listener for all words of the caller's turn, called whenever they change. It must not throw. */
  readonly listen: (listener: (text: string) => void) => void
  /** Reports the words of the turn so far. For harnesses. */
  readonly tell: (text: string) => void
}

/** The interim words of the call whose agent is being made. Undefined if its harness has none. */
export const Current: Context.Reference<Interim | undefined> = Context.Reference("@antiphon/core/agent/Interim", {
  defaultValue: (): Interim | undefined => undefined
})

/** Makes the interim words of a call. */
export const make = (): Interim => {
  const listeners: Array<(text: string) => void> = []
  return {
    listen: (listener) => void listeners.push(listener),
    tell: (text) => {
      for (const listener of listeners) listener(text)
    }
  }
}
