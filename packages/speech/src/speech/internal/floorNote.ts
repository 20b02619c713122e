/** Converts steps of the floor to lines of a recording, and back. */
import type * as Recording from "@antiphon/core/recording/Recording"
import * as AudioTime from "../../AudioTime.ts"
import type { FloorEvent } from "../../FloorEvent.ts"
import type { FloorStep } from "./watcher.ts"

/** Whether a step deserves a line, because more happened than the passing of time. */
export const isTold = ({ actions, event }: FloorStep): boolean => event._tag !== "Tick" || actions.length > 0

/** Converts a step to a line. Words are in its event only. */
export const of = ({ actions, event }: FloorStep): Recording.NoteOf<"Floor"> => {
  const { _tag: kind, ...rest } = event
  const fields = "text" in rest && kind === "AgentSaid" ? { at: rest.at, said: rest.text } : rest
  return {
    _tag: "Floor",
    // The pipeline may know more of an event than the floor.
    event: { kind, ...pick(fields) },
    ...(actions.length === 0
      ? {}
      : {
          actions: actions.map((action) => ({ kind: action._tag, ...("turn" in action ? { turn: action.turn } : {}) }))
        })
  }
}

const names = [
  "at",
  "from",
  "to",
  "text",
  "said",
  "digit",
  "final",
  "interruptible",
  "generation",
  "endOfTurn",
  "waitMs",
  "backchannel"
] as const

const pick = (fields: { readonly [name: string]: unknown }): { readonly at: number } =>
  Object.fromEntries(
    names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]]))
  ) as unknown as { readonly at: number }

const time = AudioTime.make

/** Converts a line to an event. Returns undefined if this version does not know its kind, or a part is missing. */
export const event = ({ event }: Recording.LineOf<"Floor">): FloorEvent | undefined => {
  const { backchannel, digit, endOfTurn, final, from, generation, interruptible, kind, said, text, to, waitMs } = event
  const at = time(event.at)
  switch (kind) {
    case "SpeechStarted":
    case "SpeechEnded":
      return from === undefined ? undefined : { _tag: kind, at, from: time(from) }
    case "Transcript":
      return text === undefined
        ? undefined
        : {
            _tag: kind,
            at,
            text,
            final: final === true,
            ...(from === undefined ? {} : { from: time(from) }),
            ...(to === undefined ? {} : { to: time(to) })
          }
    case "Predicted":
      return text === undefined || endOfTurn === undefined
        ? undefined
        : { _tag: kind, at, text, endOfTurn, waitMs, backchannel }
    case "SttEagerEnd":
    case "SttTurnEnded":
      return text === undefined ? undefined : { _tag: kind, at, text }
    case "AgentSaid":
      return said === undefined ? undefined : { _tag: kind, at, text: said }
    case "AgentThinking":
    case "AgentHeard":
    case "AgentQuiet":
      return generation === undefined ? undefined : { _tag: kind, at, generation }
    case "AgentSpeaking":
      return generation === undefined
        ? undefined
        : { _tag: kind, at, generation, interruptible: interruptible !== false }
    case "Dtmf":
      return { _tag: kind, at, digit: digit ?? "" }
    case "SttResumed":
    case "ToolsRunning":
    case "ToolsIdle":
    case "TalkPressed":
    case "TalkReleased":
    case "Tick":
      return { _tag: kind, at }
    default:
      return undefined
  }
}
