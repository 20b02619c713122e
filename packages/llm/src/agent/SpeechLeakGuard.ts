/**
 * Keeps tool calls that a model writes as text from being spoken.
 *
 * Text is held back until the text after it shows that it is speech. If it turns out to be the beginning of a tool
 * call, the guard drops the held text and the rest of the reply: the tools that such a reply calls are not trusted
 * either.
 *
 * `LlmAgent` guards its replies if it is given `speechLeakGuard`; `agent` guards any other agent.
 *
 * @since 0.1.0
 */
import type { Agent } from "@antiphon/core/Agent"
import type * as Event from "@antiphon/core/Event"
import * as Stream from "effect/Stream"
import * as SpeechLeak from "./internal/speechLeak.ts"

/** What to say: text, or a function that is called when it is needed. Empty text is not said. */
export type Words = SpeechLeak.Words

/** How to find leaks. */
export type Detection = SpeechLeak.Detection

/** What to do about a leak. */
export type Options = SpeechLeak.Options

/**
 * The default pattern of a leak: JSON, a call with JSON or a string in it, a tool address, or one of the model's
 * special tokens.
 */
export const defaultPattern: RegExp = SpeechLeak.defaultPattern

/** Guards an agent. A leak ends its turn with the fallback. */
export const agent =
  <E, R>(agent: Agent<E, R>, options: Pick<Options, keyof Detection | "fallbackText"> = {}): Agent<E, R> =>
  (event, turn) =>
    SpeechLeak.outputs(agent(event, turn), options).pipe(
      Stream.catchIf(SpeechLeak.isSpeechLeak, () =>
        Stream.fromIterable(SpeechLeak.excuse(options, { again: false, partlyHeard: false }))
      )
    ) as Stream.Stream<Event.Output, E, R>
