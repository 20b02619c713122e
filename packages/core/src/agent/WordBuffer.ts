/**
 * Sends an agent's text word by word, so that a pronunciation dictionary behind the harness never sees half a word.
 *
 * The last word is held until white space, another output or the end of the stream shows that it is complete. If the
 * stream fails or is interrupted, the incomplete word is dropped.
 *
 * @since 0.1.0
 */
import type * as Stream from "effect/Stream"
import { dual } from "effect/Function"
import * as Agent from "../Agent.ts"
import type * as Event from "../Event.ts"
import * as Script from "../Script.ts"
import * as HeldText from "./internal/heldText.ts"

/**
 * Where a word ends: at ASCII white space (`space`), and also wherever text in a script without spaces between words
 * arrives (`auto`, the default).
 */
export type Strategy = "auto" | "space"

/** How to cut text into words. */
export interface Options {
  readonly strategy?: Strategy | undefined
}

/** A buffer: holds the last word while it may still grow. */
export interface WordBuffer extends HeldText.HeldText {}

/** The empty buffer. */
export const empty: WordBuffer = HeldText.empty

// Korean too, as in Line's helper.
const unspaced = new RegExp(`[${Script.unspaced}\\p{Script=Hangul}]`, "u")
const lastSpace = /[ \t\n\r\v\f](?=[^ \t\n\r\v\f]*$)/

const units = (strategy: Strategy): HeldText.Units => ({
  waits: () => false,
  ends: (held, added) => {
    if (strategy === "auto" && unspaced.test(added)) return [held.length + added.length]
    const index = added.search(lastSpace)
    return index < 0 ? [] : [held.length + index + 1]
  }
})
const strategies = { auto: units("auto"), space: units("space") }

/** Adds an output. Returns the next buffer, and the outputs to send. */
export const push = (
  buffer: WordBuffer,
  output: Event.Output,
  options?: Options
): readonly [WordBuffer, ReadonlyArray<Event.Output>] =>
  HeldText.push(buffer, output, strategies[options?.strategy ?? "auto"])

/** Returns the outputs to send at the end of a stream. */
export const end: (buffer: WordBuffer) => ReadonlyArray<Event.Output> = HeldText.end

/** Sends the text of a stream word by word. */
export const stream = <E, R>(
  outputs: Stream.Stream<Event.Output, E, R>,
  options?: Options
): Stream.Stream<Event.Output, E, R> => HeldText.regroup(outputs, strategies[options?.strategy ?? "auto"])

/** Sends the text of an agent word by word. */
export const agent: {
  (options?: Options): Agent.Operator
  <E = never, R = never, R2 = never>(source: Agent.Made<E, R, R2>, options?: Options): Agent.Factory<E, R, R2>
  <E, R>(agent: Agent.Agent<E, R>, options?: Options): Agent.Agent<E, R>
} = dual(
  ({ 0: first }) => typeof first === "function" || (typeof first === "object" && first !== null && "agent" in first),
  <R>(source: Agent.AgentSpec<unknown, R>, options?: Options) =>
    Agent.map(
      source,
      (agent: Agent.Agent<unknown, R>): Agent.Agent<unknown, R> =>
        (event, turn) =>
          stream(agent(event, turn), options)
    )
)
