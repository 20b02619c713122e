/**
 * What a stream has brought and the pipeline has not taken yet. The pipeline is resumed at once when something arrives, while a
 * `Queue` would resume it in another turn of the event loop.
 */
import type * as Transport from "@antiphon/speech/Transport"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"

type Incoming = Transport.Incoming

/** The inbox of a call. */
export interface Inbox {
  /** Adds as much as there is room for, and returns the rest. After the end, everything is dropped. */
  readonly offer: (incoming: ReadonlyArray<Incoming>) => ReadonlyArray<Incoming>
  /** Adds everything, as soon as there is room. */
  readonly put: (incoming: ReadonlyArray<Incoming>) => Effect.Effect<void>
  /**
   * What an effect adds is taken together afterwards, or once there is no more room. So a reader that was held up sees the marks behind a
   * frame before it acts on the frame.
   */
  readonly together: <E>(adding: Effect.Effect<void, E>) => Effect.Effect<void, E>
  /** Ends the stream behind what was added, with or without a failure. */
  readonly end: (error?: Transport.TransportError) => void
  /** For a single reader. */
  readonly stream: Stream.Stream<Incoming, Transport.TransportError>
}

/** Makes an inbox with room for `most` items. */
export const make = (most: number): Inbox => {
  let items: Array<Incoming> = []
  let ending: Effect.Effect<never, Transport.TransportError | Cause.Done> | undefined
  let isTogether = false
  const some = Latch.makeUnsafe(false)
  const room = Latch.makeUnsafe(true)

  const offer = (incoming: ReadonlyArray<Incoming>): ReadonlyArray<Incoming> => {
    if (ending !== undefined || incoming.length === 0) return []
    const added = Math.min(incoming.length, Math.max(0, most - items.length))
    for (let i = 0; i < added; i++) items.push(incoming[i]!)
    if (items.length >= most) room.closeUnsafe()
    if (!isTogether || items.length >= most) some.openUnsafe()
    return added === incoming.length ? [] : incoming.slice(added)
  }
  const put = (incoming: ReadonlyArray<Incoming>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const rest = offer(incoming)
      return rest.length === 0 ? Effect.void : Effect.andThen(room.await, put(rest))
    })
  const take: Effect.Effect<
    Arr.NonEmptyReadonlyArray<Incoming>,
    Transport.TransportError | Cause.Done
  > = Effect.suspend(() => {
    const taken = items
    if (Arr.isReadonlyArrayNonEmpty(taken)) {
      items = []
      if (ending === undefined) some.closeUnsafe()
      room.openUnsafe()
      return Effect.succeed(taken)
    }
    return ending ?? Effect.andThen(some.await, take)
  })
  return {
    offer,
    put,
    together: (adding) =>
      Effect.suspend(() => {
        isTogether = true
        return Effect.ensuring(
          adding,
          Effect.sync(() => {
            isTogether = false
            if (items.length > 0) some.openUnsafe()
          })
        )
      }),
    end: (error) => {
      ending ??= error === undefined ? Cause.done() : Effect.fail(error)
      some.openUnsafe()
      room.openUnsafe()
    },
    stream: Stream.fromPull(Effect.succeed(take))
  }
}
