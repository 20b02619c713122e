/** The queue to the line. Only this queue waits for the line to accept audio. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type * as Playback from "../../Playback.ts"
import { TransportError, type Transport } from "../../Transport.ts"

/** An operation on the line. */
type Item =
  | { readonly _tag: "Send"; readonly outputs: ReadonlyArray<Playback.Output> }
  | { readonly _tag: "Do"; readonly effect: Effect.Effect<void, TransportError> }

/** Number of items that may wait. A line with a full queue has stalled. */
const most = 2000

/** The queue to a line. */
export interface Outbox {
  readonly send: (outputs: ReadonlyArray<Playback.Output>) => void
  /** Clears the line, and drops all items not sent yet. */
  readonly clear: (of: { readonly generation: number; readonly stream: number }) => void
  readonly perform: (effect: Effect.Effect<void, TransportError>) => void
  /** Sends all items in order, until the line breaks. */
  readonly run: Effect.Effect<never, TransportError>
  /** Waits until all items were sent. */
  readonly drained: Effect.Effect<void>
}

/** Makes the queue to a line. */
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
