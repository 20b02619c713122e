/**
 * Puts a space between texts that were produced separately: a greeting after "I put you through.", or an answer after
 * "One moment." and a tool.
 */
import type * as Event from "@antiphon/core/Event"
import * as Stream from "effect/Stream"
import { parted } from "../../internal/parted.ts"

/** The end of the last text said in a turn, as data. */
export interface Seam {
  /** The last piece of text. Nothing was said yet if it is empty. */
  last: string
  /** Whether somebody else speaks next, or the same model again. */
  turned: boolean
}

export const make = (): Seam => ({ last: "", turned: false })

/** Takes note of an outgoing output. */
export const note = (seam: Seam, output: Event.Output): void => {
  if (output._tag === "AgentSendText" && output.text !== "") seam.last = output.text
}

/** Takes note of all outgoing outputs. */
export const noting =
  (seam: Seam) =>
  <E, R>(outputs: Stream.Stream<Event.Output, E, R>): Stream.Stream<Event.Output, E, R> =>
    Stream.mapArray(outputs, (all) => {
      for (const output of all) note(seam, output)
      return all
    })

/** Separates the first words of a stream from what was said before. */
export const part =
  (seam: Seam) =>
  <E, R>(outputs: Stream.Stream<Event.Output, E, R>): Stream.Stream<Event.Output, E, R> =>
    Stream.suspend(() => {
      let isFirst = true
      return Stream.map(outputs, (output) => {
        if (!isFirst || output._tag !== "AgentSendText" || output.text === "") return output
        isFirst = false
        return { ...output, text: parted(seam.last, output.text) }
      })
    })
