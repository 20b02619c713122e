/**
 * A call in the terminal as data: what the agent has yet to say, and what the user is typing.
 *
 * `step` takes an event and returns the next state with the actions to take. It has neither clock nor terminal: `due`
 * returns how long to wait before the next word is spoken.
 */
import type * as Event from "@antiphon/core/Event"
import type * as Harness from "@antiphon/core/Harness"

/** What happened. */
export type Told =
  /** The agent produced an output. */
  | { readonly _tag: "Wanted"; readonly output: Event.Output }
  | { readonly _tag: "Turn"; readonly change: Harness.TurnChange }
  /** The user's last words start no turn. */
  | { readonly _tag: "Unanswered" }
  /** The next word is due. */
  | { readonly _tag: "Due" }
  /** The user has started to type, which interrupts the agent like speech. */
  | { readonly _tag: "Typing" }
  /** The user has deleted the typed text. */
  | { readonly _tag: "Abandoned" }
  /** The user has typed a line. One that begins with `/` is a command. */
  | { readonly _tag: "Line"; readonly text: string }
  /** The user has left. */
  | { readonly _tag: "Gone" }
  /** The agent failed, and the call with it. */
  | { readonly _tag: "Broken"; readonly message: string }

/** The effects of a step. */
export type Todo =
  | { readonly _tag: "Report"; readonly report: Event.Report }
  | { readonly _tag: "Show"; readonly item: Item }
  /** The call is over. */
  | { readonly _tag: "End" }

/** Items on the page. */
export type Item =
  | { readonly _tag: "You"; readonly text: string }
  /** Words of the agent, as they are spoken. */
  | { readonly _tag: "Word"; readonly text: string }
  /** The agent has said everything. */
  | { readonly _tag: "Quiet" }
  /** The agent was interrupted, and these words were not spoken. */
  | { readonly _tag: "Cut"; readonly rest: string }
  | { readonly _tag: "ToolCalled"; readonly name: string; readonly args: unknown }
  | { readonly _tag: "ToolReturned"; readonly name: string; readonly result: unknown }
  /** Something else that the agent did, or that the user should know, in one sentence. */
  | { readonly _tag: "Note"; readonly text: string }

/** A word waiting to be spoken, or an item to show after it. `offset` is its end within all text sent in the turn. */
type Waiting = Word | { readonly _tag: "Shown"; readonly item: Item }
interface Word {
  readonly _tag: "Word"
  readonly text: string
  readonly interruptible: boolean
  readonly respondingTo: string
  readonly offset: number
}

/** The state of the call. */
export interface Conversation {
  readonly waiting: ReadonlyArray<Waiting>
  /** Whether the agent is heard. */
  readonly speaking: boolean
  /** Whether the user is typing. */
  readonly typing: boolean
  /** Whether a turn of the agent is running. */
  readonly thinking: boolean
  /** Length of the text sent in response to each event, in UTF-16 units. */
  readonly sent: ReadonlyMap<string, number>
  /** Ends the call once everything was said. */
  readonly ending: string | undefined
  readonly over: boolean
}

/** A call at its start. */
export const initial: Conversation = {
  waiting: [],
  speaking: false,
  typing: false,
  thinking: false,
  sent: new Map(),
  ending: undefined,
  over: false
}

type Step = readonly [Conversation, ReadonlyArray<Todo>]

/** The help text for commands. */
export const help = "/press 5 presses a key, /silence 8 is silent for eight seconds, /quit hangs up"

/** Whether it is the user's turn: the agent has said everything, and no turn runs. */
export const isQuiet = ({ over, speaking, thinking, waiting }: Conversation): boolean =>
  over || (!thinking && !speaking && waiting.length === 0)

/**
 * Time without a word after which the agent is considered to pause, in milliseconds, because a model's tokens arrive
 * unevenly.
 */
const breath = 500

/**
 * Milliseconds until the next word, for a rate in words per minute; undefined if nothing is left to say. A rate of 0
 * means at once.
 */
export const due = ({ ending, over, speaking, thinking, waiting }: Conversation, pace: number): number | undefined => {
  if (over) return undefined
  const [next] = waiting
  if (next === undefined) return speaking ? (thinking ? breath : 0) : ending === undefined ? undefined : 0
  if (next._tag === "Shown" || pace === 0) return 0
  return (60_000 / pace) * Math.min(2, 0.5 + next.text.trim().length / 10)
}

/** Updates a call with an event. */
export const step = (state: Conversation, told: Told): Step => {
  if (state.over) return [state, []]
  switch (told._tag) {
    case "Wanted":
      return wanted(state, told.output)
    case "Turn":
      return turned(state, told.change)
    case "Unanswered":
      return [{ ...state, thinking: false }, []]
    case "Due":
      return speak(state)
    case "Typing":
      return typing(state)
    case "Abandoned":
      return state.typing ? [{ ...state, typing: false }, [report({ _tag: "UserTurnAbandoned" })]] : [state, []]
    case "Line":
      return line(state, told.text.trim())
    case "Gone":
      return over(state, [])
    case "Broken":
      return over(state, [note(`The agent failed, and the call with it: ${told.message}`)])
    default:
      return told satisfies never
  }
}

const report = (report: Event.Report): Todo => ({ _tag: "Report", report })
const show = (item: Item): Todo => ({ _tag: "Show", item })
const note = (text: string): Todo => show({ _tag: "Note", text })
const over = (state: Conversation, todo: ReadonlyArray<Todo>): Step => [
  { ...state, waiting: [], over: true },
  [...todo, { _tag: "End" }]
]

const wanted = (state: Conversation, output: Event.Output): Step => {
  switch (output._tag) {
    case "AgentSendText":
      return [queue(state, output), []]
    case "AgentSendDtmf":
      return [
        state,
        [note(`The agent presses ${output.button}.`), report({ _tag: "AgentDtmfSent", button: output.button })]
      ]
    case "AgentEndCall":
      return [{ ...state, ending: "The agent has hung up." }, []]
    case "AgentTransferCall":
      return [{ ...state, ending: `The agent transfers the call to ${output.targetPhoneNumber}.` }, []]
    case "AgentToolCalled":
      return behind(state, { _tag: "ToolCalled", name: output.toolName, args: output.toolArgs })
    case "AgentToolReturned":
      return behind(state, { _tag: "ToolReturned", name: output.toolName, result: output.result })
    case "AgentUpdateCall": {
      const { language, voiceId: voice } = output
      return behind(state, {
        _tag: "Note",
        text: `The agent changes its voice: ${JSON.stringify({ voice, language })}`
      })
    }
    case "AgentSendCustom":
      return behind(state, { _tag: "Note", text: `The agent sends ${JSON.stringify(output.metadata)}` })
    case "LogMessage":
      return [state, output.level === "error" ? [note(`Error: ${output.message}`)] : []]
    case "LogMetric":
      return [state, []]
    default:
      return output satisfies never
  }
}

/** Shows an item once all words before it were spoken. */
const behind = (state: Conversation, item: Item): Step => [
  { ...state, waiting: [...state.waiting, { _tag: "Shown", item }] },
  []
]

/** Adds the words of a text to those that wait. */
const queue = (state: Conversation, { interruptible, respondingTo = "", text }: Event.AgentSendText): Conversation => {
  let offset = state.sent.get(respondingTo) ?? 0
  const added = (text.match(/\s*\S+|\s+$/g) ?? []).map((word): Word => {
    offset += word.length
    return { _tag: "Word", text: word, interruptible: interruptible !== false, respondingTo, offset }
  })
  return { ...state, waiting: [...state.waiting, ...added], sent: new Map(state.sent).set(respondingTo, offset) }
}

/** Words of a cancelled turn may still arrive, and must not be heard. */
const turned = (state: Conversation, { _tag, trigger, turn }: Harness.TurnChange): Step => {
  // A turn without a number was dropped before it started, in favour of one that is still to come.
  const next = turn === 0 ? state : { ...state, thinking: _tag === "Started" }
  const isStale = (waiting: Waiting) =>
    waiting._tag === "Word" && waiting.interruptible && waiting.respondingTo === trigger.eventId
  return [_tag === "Cancelled" ? { ...next, waiting: next.waiting.filter((waiting) => !isStale(waiting)) } : next, []]
}

/** Speaks the next word. After the last one the agent is quiet, and a call that is to end does. */
const speak = (state: Conversation): Step => {
  const [next, ...waiting] = state.waiting
  if (next === undefined) {
    const quiet = state.speaking ? [show({ _tag: "Quiet" }), report({ _tag: "AgentTurnEnded" })] : []
    const silent = { ...state, speaking: false }
    return silent.ending === undefined ? [silent, quiet] : over(silent, [...quiet, note(silent.ending)])
  }
  if (next._tag === "Shown") return [{ ...state, waiting }, [show(next.item)]]
  const { offset, respondingTo, text } = next
  return [
    { ...state, waiting, speaking: true },
    [
      ...(state.speaking ? [] : [report({ _tag: "AgentTurnStarted" })]),
      report({ _tag: "AgentTextSent", content: text, at: { respondingTo, offset } }),
      show({ _tag: "Word", text })
    ]
  ]
}

/** The user talks over the agent: interruptible words are dropped at once. */
const typing = (state: Conversation): Step => {
  if (state.typing) return [state, []]
  const waiting = state.waiting.filter((next) => next._tag === "Shown" || !next.interruptible)
  const goesOn = waiting.some(({ _tag }) => _tag === "Word")
  const rest = state.waiting.flatMap((next) => (next._tag === "Word" && next.interruptible ? [next.text] : [])).join("")
  return [
    { ...state, typing: true, waiting, speaking: state.speaking && goesOn },
    [
      ...(rest === "" || goesOn ? [] : [show({ _tag: "Cut", rest })]),
      report({ _tag: "UserTurnStarted" }),
      ...(state.speaking && !goesOn ? [report({ _tag: "AgentTurnEnded" })] : [])
    ]
  ]
}

const line = (state: Conversation, text: string): Step => {
  if (text === "") return step(state, { _tag: "Abandoned" })
  const you = show({ _tag: "You", text })
  if (text.startsWith("/")) {
    const [next, todo] = command(state, text)
    return [next, [you, ...todo]]
  }
  const [begun, before] = typing(state)
  return [
    { ...begun, typing: false, thinking: true },
    [...before, you, report({ _tag: "UserTextSent", content: text }), report({ _tag: "UserTurnEnded" })]
  ]
}

const command = (state: Conversation, text: string): Step => {
  const [name, argument = ""] = text.slice(1).split(/\s+/)
  const [idle, retracted] = step(state, { _tag: "Abandoned" })
  switch (name) {
    case "quit":
    case "q":
      return over(idle, retracted)
    case "press":
      return /^[0-9*#]+$/.test(argument)
        ? [idle, [...retracted, ...Array.from(argument, (button) => report({ _tag: "UserDtmfSent", button }))]]
        : [idle, [...retracted, note("Keys are 0 to 9, * and #, as in /press 42#")]]
    case "silence": {
      const seconds = Number(argument || 10)
      return seconds > 0 && Number.isFinite(seconds)
        ? [idle, [...retracted, report({ _tag: "UserSilent", seconds })]]
        : [idle, [...retracted, note("Say for how many seconds, as in /silence 8")]]
    }
    default:
      return [idle, [...retracted, note(`There is no /${name}. ${help}.`)]]
  }
}
