/**
 * Sends an agent's text word by word, so that a pronunciation dictionary behind the harness never sees half a word.
 *
 * The last word is held until white space, another output or the end of the stream shows that it is over. When the stream
 * fails or is interrupted, the half word is lost with it.
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

/** How text is cut into words. */
export interface Options {
  readonly strategy?: Strategy | undefined
}

/** What a buffer holds: the last word, as long as it may go on. */
export interface WordBuffer extends HeldText.HeldText {}

/** The buffer that holds nothing. */
export const empty: WordBuffer = HeldText.empty

// Line's helper waits for no space in Korean either.
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

/** Takes one more output: the buffer after it, and what goes out. */
export const push = (
  buffer: WordBuffer,
  output: Event.Output,
  options?: Options
): readonly [WordBuffer, ReadonlyArray<Event.Output>] =>
  HeldText.push(buffer, output, strategies[options?.strategy ?? "auto"])

/** What goes out at the end of a stream. */
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
