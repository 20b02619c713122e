/** Finds tool calls that a model writes as text, and says what an agent does about one. `SpeechLeakGuard` says how. */
import * as Event from "@antiphon/core/Event"
import * as Script from "@antiphon/core/Script"
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type * as ModelSettings from "../../model/ModelSettings.ts"
import type * as Transcript from "../../Transcript.ts"

/** What is said: words, or a function that is asked when they are needed. Empty words are not said. */
export type Words = string | (() => string)

/** How leaks are found. */
export interface Detection {
  /** What a leak looks like. Matches up to `lookaheadChars` long are sure to be found. */
  readonly pattern?: RegExp | undefined
  /** How much text is held back. 128 characters. Fewer speak sooner, and let more of what leads to a leak be heard. */
  readonly lookaheadChars?: number | undefined
}

/** What an agent does about a leak. */
export interface Options extends Detection {
  /** How often the model is asked again. Once by default. */
  readonly maxRetries?: number | undefined
  /** What the model is told when it is asked again. */
  readonly retryNote?: string | undefined
  /** How hard the model should think when it is asked again. As before by default. */
  readonly retryReasoningEffort?: ModelSettings.ModelSettings["reasoningEffort"] | undefined
  /** Said before the model is asked again, if the caller has heard a part of the dropped reply. */
  readonly bridgeText?: Words | undefined
  /** Said if the model keeps leaking. The turn then ends. */
  readonly fallbackText?: Words | undefined
}

/** A tool call was about to be spoken. `partlyHeard` says whether text of the same reply had been let through before. */
export class SpeechLeak extends Data.TaggedError("SpeechLeak")<{ readonly partlyHeard: boolean }> {
  override get message() {
    return "the model wrote a tool call as text"
  }
}

/** Whether a failure is a leak. */
export const isSpeechLeak = (error: unknown): error is SpeechLeak => error instanceof SpeechLeak

/** Of what a leak is made: JSON, a call with JSON or a string in it, an address of tools, a token of the model's own. */
export const defaultPattern =
  /\{[ \t\r\n]{0,32}["']|[a-z_][a-z0-9_]{0,63}\([ \t\r\n]{0,32}[{"']|\bto=\w{1,64}\.|(?<![\w.])functions\.[A-Za-z_]|<\|/

export const defaultRetryNote =
  "Your last reply contained the syntax of a tool call as text, and was not spoken. Call tools only as tools, and reply in plain spoken words."
export const defaultBridgeText = "One moment."
export const defaultFallbackText = "Sorry, something went wrong. Could you say that again?"

/** What is held of a text, and how it stands. */
export interface Guard {
  /** Text that waits. */
  readonly held: string
  /** Whether some of the text has been let through. */
  readonly released: boolean
}

/** The guard of a text that has not begun. */
export const empty: Guard = { held: "", released: false }

/** Takes a piece of text: the guard after it, and what can be said; or undefined if a leak has come. */
export const push = (guard: Guard, delta: string, detection: Detection = {}): readonly [Guard, string] | undefined => {
  const lookahead = detection.lookaheadChars ?? 128
  const pattern = detection.pattern ?? defaultPattern
  // What was let through is never looked at again, so a piece costs as much as it is long. A large one is taken in steps.
  let { held, released } = guard
  let said = ""
  for (let start = 0; start < delta.length; start += step) {
    held += delta.slice(start, start + step)
    pattern.lastIndex = 0
    if (pattern.test(held)) return undefined
    const end = Script.wholeEnd(held, held.length - lookahead)
    if (end > 0) {
      said += held.slice(0, end)
      held = held.slice(end)
      released = true
    }
  }
  return [{ held, released }, said]
}

const step = 4096

/**
 * Guards the text of a stream, and fails it at a leak. Logs pass at once; any other output ends a text, and lets what is
 * held go before it.
 */
export const outputs = <E, R>(
  stream: Stream.Stream<Event.Output, E, R>,
  detection: Detection = {}
): Stream.Stream<Event.Output, E | SpeechLeak, R> =>
  Stream.suspend(() => {
    let guard = empty
    let last = Event.sendText("")
    let heard = false
    let leaked = false
    const speak = (text: string): ReadonlyArray<Event.Output> => {
      if (text === "") return []
      heard = true
      return [{ ...last, text }]
    }
    const flush = () => {
      const said = speak(guard.held)
      guard = empty
      return said
    }
    const take = (output: Event.Output): ReadonlyArray<Event.Output | undefined> => {
      if (leaked) return []
      if (Event.isLog(output)) return [output]
      if (output._tag !== "AgentSendText") return [...flush(), output]
      last = output
      const pushed = push(guard, output.text, detection)
      if (pushed === undefined) {
        leaked = true
        return [undefined]
      }
      guard = pushed[0]
      return speak(pushed[1])
    }
    return stream.pipe(
      Stream.mapArray((all): [ReadonlyArray<Event.Output | undefined>] => [all.flatMap(take)]),
      Stream.flattenIterable,
      Stream.takeWhile(Predicate.isNotUndefined),
      Stream.concat(
        Stream.suspend((): Stream.Stream<Event.Output, SpeechLeak> =>
          leaked ? Stream.fail(new SpeechLeak({ partlyHeard: heard })) : Stream.fromIterable(flush())
        )
      )
    )
  })

/** What the caller hears at a leak. */
export const excuse = (
  { bridgeText, fallbackText }: Options,
  leak: { readonly again: boolean; readonly partlyHeard: boolean }
): ReadonlyArray<Event.Output> => {
  if (leak.again && !leak.partlyHeard) return []
  const text = leak.again ? say(bridgeText, defaultBridgeText) : say(fallbackText, defaultFallbackText)
  return text === "" ? [] : [Event.sendText(text)]
}

const say = (words: Words | undefined, otherwise: string): string => {
  if (typeof words !== "function") return words ?? otherwise
  try {
    return words()
  } catch {
    return otherwise
  }
}

/** The last line of what the model reads when it is asked again. */
export const note = (options: Options): Transcript.Line => ({
  role: "system",
  text: options.retryNote ?? defaultRetryNote
})

/** The settings under which the model is asked again. */
export const settings = (
  { retryReasoningEffort }: Options,
  usual: ModelSettings.ModelSettings
): ModelSettings.ModelSettings =>
  retryReasoningEffort === undefined ? usual : { ...usual, reasoningEffort: retryReasoningEffort }
