/**
 * Keeps tool calls that a model writes as text from being spoken.
 *
 * Text is held back until enough has followed it to show that it is speech. If it turns out to be the beginning of a tool
 * call, the guard drops the held text and the reply with it: the tools that such a reply asks for are not trusted either.
 *
 * `LlmAgent` guards its replies if it is given `speechLeakGuard`; `agent` guards any other agent.
 *
 * @since 0.1.0
 */
import type { Agent } from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import * as Stream from "effect/Stream"
import * as SpeechLeak from "./internal/speechLeak.ts"

/** What is said: words, or a function that is asked when they are needed. Empty words are not said. */
export type Words = SpeechLeak.Words

/** How leaks are found. */
export type Detection = SpeechLeak.Detection

/** What an agent does about a leak. */
export type Options = SpeechLeak.Options

/**
 * The pattern of leaks if `Detection` names none: JSON, a call with JSON or a string in it, an address of tools, a token of the
 * model's own.
 */
export const defaultPattern: RegExp = SpeechLeak.defaultPattern

/** Guards an agent: at a leak its turn ends with the fallback. */
export const agent =
  <E, R>(agent: Agent<E, R>, options: Pick<Options, keyof Detection | "fallbackText"> = {}): Agent<E, R> =>
  (event, turn) =>
    SpeechLeak.outputs(agent(event, turn), options).pipe(
      Stream.catchIf(SpeechLeak.isSpeechLeak, () =>
        Stream.fromIterable(SpeechLeak.excuse(options, { again: false, partlyHeard: false }))
      )
    ) as Stream.Stream<Event.Output, E, R>
