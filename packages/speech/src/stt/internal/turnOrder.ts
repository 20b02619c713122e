/**
 * Enforces the order of events of a recogniser with turns, whatever the provider sends: a turn begins with
 * `SpeechStarted`, an `EagerEnd` is followed by `Resumed` or by a `TurnEnded` with the same text, and no event is
 * repeated.
 */
import type { Event } from "./service.ts"

/**
 * The state between two events. `eager` is the text of an eager end not revoked yet, `partial` the text of the last
 * partial.
 */
export interface State {
  readonly isOpen: boolean
  readonly partial: string
  readonly eager: string | undefined
  /** The text of the last turn. */
  readonly ended: string
}

/** The initial state. */
const initial: State = { isOpen: false, partial: "", eager: undefined, ended: "" }

/** Adds an event, and returns what to report. */
const step = (state: State, event: Event): readonly [State, ReadonlyArray<Event>] => {
  if (!state.isOpen && isLate(state, event)) return [state, []]
  switch (event._tag) {
    case "SpeechStarted":
      return state.isOpen ? [state, []] : [{ ...initial, isOpen: true }, [event]]
    case "Resumed":
      return state.eager === undefined ? [state, []] : [{ ...state, eager: undefined }, [event]]
    case "Partial":
    case "Final": {
      const isNews = event.text !== state.partial && !(event.text === "" && !state.isOpen)
      if (!isNews) return [state, []]
      const { _tag: _, ...words } = event
      return [
        { ...state, isOpen: true, partial: event.text, eager: undefined },
        [...started(state, event.from), ...resumed(state), { _tag: "Partial", ...words }]
      ]
    }
    case "EagerEnd":
      return state.eager === event.text || event.text === ""
        ? [state, []]
        : [
            { ...state, isOpen: true, partial: event.text, eager: event.text },
            [...started(state, event.from), ...resumed(state), event]
          ]
    case "TurnEnded":
      if (!state.isOpen && event.text === "") return [state, []]
      return [
        { ...initial, ended: event.text },
        [...started(state, event.from), ...(state.eager === event.text ? [] : resumed(state)), event]
      ]
  }
}

/**
 * Whether words without a place in the audio are those of the last turn, told again: it has ended, and no other has begun.
 */
const isLate = ({ ended }: State, event: Event): boolean => {
  if (!("text" in event) || event.to !== undefined || event.text === "") return false
  return ended.toLowerCase().startsWith(event.text.toLowerCase().replace(/(?<![.,!?\u2026])[.,!?\u2026]+$/, ""))
}

const started = (state: State, at: Extract<Event, { _tag: "SpeechStarted" }>["at"]): ReadonlyArray<Event> =>
  state.isOpen ? [] : [{ _tag: "SpeechStarted", at }]

const resumed = (state: State): ReadonlyArray<Event> => (state.eager === undefined ? [] : [{ _tag: "Resumed" }])

/** Makes a function that keeps this state. */
export const make = (): ((events: ReadonlyArray<Event>) => ReadonlyArray<Event>) => {
  let state = initial
  return (events) =>
    events.flatMap((event) => {
      const [next, out] = step(state, event)
      state = next
      return out
    })
}
