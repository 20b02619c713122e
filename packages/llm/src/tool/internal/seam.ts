/**
 * Puts a space between words that were made apart: a greeting after "I put you through.", an answer after "One moment." and the
 * tool between them.
 */
import type * as Event from "@antiphon/core/Event"
import * as Stream from "effect/Stream"
import * as Unspaced from "../../internal/unspaced.ts"

/** The end of what was last said in a turn, as data. */
export interface Seam {
  /** Whether it ends without white space, so that the next words would be joined to it. */
  open: boolean
  /** Whether its last character is of a script without spaces. */
  unspaced: boolean
  /** Whether somebody else speaks next. */
  turned: boolean
}

export const make = (): Seam => ({ open: false, unspaced: false, turned: false })

/** Takes note of an outgoing output. */
export const note = (seam: Seam, output: Event.Output): void => {
  if (output._tag !== "AgentSendText" || output.text === "") return
  seam.open = !/\s$/.test(output.text)
  seam.unspaced = Unspaced.ends.test(output.text)
}

/** The same words, with a space before them if they would be joined to the last ones. */
export const parted = (seam: Seam, text: string): string => {
  const isJoined = seam.open && /^[^\s,.;:!?)\]…]/.test(text)
  return isJoined && !(seam.unspaced && Unspaced.begins.test(text)) ? ` ${text}` : text
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
        return { ...output, text: parted(seam, output.text) }
      })
    })
