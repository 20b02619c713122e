/**
 * The pace of a recorded call, where it is played again: what happens a little early waits for the time that it had, and
 * for what came before it.
 *
 * A call that was recorded on a real clock took its time to compute, and a timer of it woke late; played again on virtual
 * time it would be ahead, by more with every step, until a barge-in came in another word. Whoever plays a part of the
 * recorded call (its agent, its model) therefore asks for the moment of each line before it does what the line says.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Recorder } from "../recording/Recorder.ts"
import type * as Recording from "../recording/Recording.ts"
import * as VirtualTime from "./VirtualTime.ts"

/** The pace of a call. */
export interface Pace {
  /**
   * Waits for the moment of a line: for its time, if that is not further away than the tolerance, and at that time for the
   * lines before it, while there is anything that could write them. `at` is another time than that of the line.
   */
  readonly until: (line: Recording.Line, at?: number) => Effect.Effect<void>
  /** The same, however far away the line is. */
  readonly exactly: (line: Recording.Line) => Effect.Effect<void>
  /** Counts the lines that a recorder of the call writes. */
  readonly follow: (recorder: Recorder) => Recorder
}

/** The pace of the call that is being played again. None on any other call. */
export const Current: Context.Reference<Pace | undefined> = Context.Reference<Pace | undefined>(
  "@antiphon/core/testing/Pace",
  { defaultValue: () => undefined }
)

/** Waits for the moment of a line, where a recorded call is played again. */
export const until = (line: Recording.Line): Effect.Effect<void> =>
  Effect.flatMap(Current, (pace) => pace?.until(line) ?? Effect.void)

/** Makes the pace of a recorded call. Tolerance is in milliseconds, and the call is to begin with its program. */
export const make = (lines: ReadonlyArray<Recording.Line>, tolerance: number): Pace => {
  const places = new Map(lines.map((line, place) => [line, place]))
  let count = 0
  let waiting: Array<{ readonly place: number; readonly wake: () => void }> = []

  const reached = (place: number) =>
    Effect.callback<void>((resume) => {
      if (count >= place) return resume(Effect.void)
      const one = { place, wake: () => resume(Effect.void) }
      waiting.push(one)
      return Effect.sync(() => {
        waiting = waiting.filter((other) => other !== one)
      })
    })

  const wait = (line: Recording.Line, atMost: number, at = line.at): Effect.Effect<void> => {
    const place = places.get(line)
    if (place === undefined) return Effect.void
    return Effect.flatMap(VirtualTime.now, (now) => {
      const left = Math.round((at - now) * 1000) / 1000
      if (left > atMost) return Effect.void
      const inOrder = Effect.suspend(() =>
        count >= place ? Effect.void : Effect.raceFirst(reached(place), VirtualTime.momentOver)
      )
      return left > 0 ? Effect.andThen(Effect.sleep(left), inOrder) : inOrder
    })
  }

  const advance = () => {
    count++
    for (const one of waiting) if (count >= one.place) one.wake()
  }

  return {
    until: (line, at) => wait(line, tolerance, at),
    exactly: (line) => wait(line, Infinity),
    follow: (recorder) => ({
      ...recorder,
      note: (note) => {
        recorder.note(note)
        advance()
      },
      asked: (request) => {
        const number = recorder.asked(request)
        advance()
        return number
      }
    })
  }
}
