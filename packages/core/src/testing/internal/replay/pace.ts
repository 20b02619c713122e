/**
 * The pace of a recorded call while it is replayed: whatever happens a little early waits for its recorded time, and
 * for what came before it.
 *
 * On a real clock, computing took time and timers woke late. Replayed on virtual time, the call would get further ahead
 * with every step, until a barge-in came in another word. Therefore every participant of the replay (the agent, the
 * model) waits for the moment of a line before doing what the line says.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Recorder } from "../../../recording/Recorder.ts"
import type * as Recording from "../../../recording/Recording.ts"
import * as VirtualTime from "../../VirtualTime.ts"
import * as World from "../time/world.ts"

/** The pace of a call. */
export interface Pace {
  /**
   * Waits for the moment of a line: for its time, if that is within the tolerance, and then for the lines before it, as
   * long as something could still write them. `at` replaces the line's own time.
   */
  readonly until: (line: Recording.Line, at?: number) => Effect.Effect<void>
  /** Waits in the same way, however far away the line is. */
  readonly exactly: (line: Recording.Line) => Effect.Effect<void>
  /** Counts the lines that a recorder of the call writes. */
  readonly follow: (recorder: Recorder) => Recorder
}

/** The pace of the call that is being replayed. Undefined on any other call. */
export const Current: Context.Reference<Pace | undefined> = Context.Reference<Pace | undefined>(
  "@antiphon/core/testing/Pace",
  { defaultValue: () => undefined }
)

/**
 * Makes the pace of a recorded call. The tolerance is in milliseconds, and the call must begin together with its
 * program.
 */
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
        count >= place ? Effect.void : Effect.raceFirst(reached(place), World.momentOver)
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
