/** The consecutive streams of a call, and those who wait for them. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Stream } from "./stream.ts"

/** An open stream, or the status with which it was rejected. */
export type Opened = Exit.Exit<Stream, number>

export interface Streams {
  readonly note: (opened: Opened) => void
  /** The stream opened last. */
  readonly current: () => Stream | undefined
  readonly all: () => ReadonlyArray<Stream>
  /** Waits for the nth stream, counted from 1. */
  readonly nth: (nth: number) => Effect.Effect<void, number>
}

export const make = (): Streams => {
  const opened: Array<Opened> = []
  const waiting: Array<{ readonly nth: number; readonly done: Deferred.Deferred<void, number> }> = []
  const all = () => opened.flatMap((exit) => (Exit.isSuccess(exit) ? [exit.value] : []))
  return {
    note: (exit) => {
      opened.push(exit)
      for (const { done, nth } of waiting) {
        if (nth === opened.length) Deferred.doneUnsafe(done, Exit.asVoid(exit))
      }
    },
    current: () => all().at(-1),
    all,
    nth: (nth) =>
      Effect.suspend(() => {
        const known = opened[nth - 1]
        if (known !== undefined) return Exit.asVoid(known)
        const done = Deferred.makeUnsafe<void, number>()
        waiting.push({ nth, done })
        return Deferred.await(done)
      })
  }
}
