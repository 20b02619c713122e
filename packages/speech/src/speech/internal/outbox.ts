/** What goes to the line, in order. Sending waits here, and nowhere else. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Playback from "../../Playback.ts"
import { TransportError, type Transport } from "../../Transport.ts"

/** Something to do on the line. */
type Item =
  | { readonly _tag: "Send"; readonly outputs: ReadonlyArray<Playback.Output> }
  | { readonly _tag: "Do"; readonly effect: Effect.Effect<void, TransportError> }

/** Items that may wait. A line that takes none of them for so long has stalled. */
const most = 2000

/** The way to the line. */
export interface Outbox {
  readonly send: (outputs: ReadonlyArray<Playback.Output>) => void
  /** Clears the line. What was to be sent before it and was not is dropped. */
  readonly clear: (of: { readonly generation: number; readonly stream: number }) => void
  readonly perform: (effect: Effect.Effect<void, TransportError>) => void
  /** Carries everything out, until the line breaks. */
  readonly run: Effect.Effect<never, TransportError>
  /** Waits until all has been carried out. */
  readonly drained: Effect.Effect<void>
}

/** Makes the way to a line. */
export const make = (transport: Transport): Outbox => {
  let items: Array<Item> = []
  const some = Latch.makeUnsafe(false)
  const idle = Latch.makeUnsafe(true)
  const add = (item: Item) => {
    items.push(item)
    idle.closeUnsafe()
    some.openUnsafe()
  }
  const carryOut = (item: Item): Effect.Effect<void, TransportError> => {
    if (item._tag === "Do") return item.effect
    return Arr.isReadonlyArrayNonEmpty(item.outputs) ? transport.send(item.outputs) : Effect.void
  }
  const next = Effect.suspend(() => {
    const item = items.shift()
    if (item !== undefined) return carryOut(item)
    some.closeUnsafe()
    idle.openUnsafe()
    return some.await
  })
  return {
    send: (outputs) => add({ _tag: "Send", outputs }),
    clear: (of) => {
      items = items.filter((item) => item._tag !== "Send")
      add({ _tag: "Do", effect: transport.clear(of) })
    },
    perform: (effect) => add({ _tag: "Do", effect }),
    run: Effect.forever(
      Effect.suspend(() =>
        items.length > most
          ? Effect.fail(new TransportError({ reason: "Stalled", detail: `${most} messages wait to be sent` }))
          : next
      ),
      { disableYield: true }
    ),
    drained: idle.await
  }
}
