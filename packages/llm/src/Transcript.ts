/**
 * The history of a call as a model is to read it: what the caller said, what the caller really heard, and every tool call
 * directly followed by its outcome.
 *
 * Text of the turn in progress counts as it was sent. Text of earlier turns counts as it was spoken, so a reply that was
 * cut off is as long as the caller heard it, and tool calls stand where they stood among the sentences.
 *
 * @since 0.1.0
 */
import * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import * as JsonText from "@antiphon/core/JsonText"

/** A line of what the model reads. */
export type Line =
  | { readonly role: "system" | "user" | "assistant"; readonly text: string }
  | { readonly role: "tool"; readonly call: ToolCall }

/** A tool call and its outcome. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  readonly args: { readonly [key: string]: unknown }
  /** What the model reads: the result as text, or `pending` where there is none yet. */
  readonly result: string
}

/** How a history is read. */
export interface Options {
  /** The turn in progress. Its text counts as sent. */
  readonly turn: number
  /** The event that started it. What happened later is left to the next turn. */
  readonly trigger: Event.Input | undefined
  /** Words for events that models do not read by themselves, such as key presses. Undefined leaves one out. */
  readonly describeEvent?: ((event: Event.Input) => string | undefined) | undefined
  /** Put behind a reply that the caller did not hear to its end. */
  readonly interruptedMark?: string | undefined
}

/** Text is `begun` where it is what was left when its beginning was spoken. */
type Sent = { readonly text: string; readonly turn: number; readonly begun?: true } | { readonly call: ToolCall }

/** Reads a history. */
export const lines = (history: History.History, options: Options): ReadonlyArray<Line> => {
  const { entries } = history
  const calls = toolCalls(entries)
  const end = options.trigger === undefined ? -1 : entries.findLastIndex(({ item }) => item === options.trigger)
  const after = end < 0 ? [] : entries.slice(end + 1)
  const before = withLateCalls(end < 0 ? entries : entries.slice(0, end + 1), after, options.turn)
  const out: Array<Line> = []
  // What earlier turns have sent and nothing has placed yet.
  let sent: Array<Sent> = []

  const placeCalls = (items: ReadonlyArray<Sent>) => {
    for (const item of items) if ("call" in item) out.push({ role: "tool", call: item.call })
  }
  const placeUser = (text: string) => {
    // A call of an earlier turn was made before these words.
    placeCalls(sent)
    sent = sent.filter((item) => "text" in item)
    out.push({ role: "user", text })
  }
  let mark: Line | undefined
  const placeSpoken = (event: Event.InputOf<"AgentTextSent">) => {
    const placed = place(sent, event.content)
    // A voice that paused and went on was not interrupted.
    if (placed.goesOn && mark !== undefined && out.at(-1) === mark) out.pop()
    for (const item of placed.lines) out.push(item)
    sent = placed.rest
    if (!placed.cut || options.interruptedMark === undefined) return
    mark = { role: "assistant", text: options.interruptedMark }
    out.push(mark)
  }

  for (const { item, turn } of before) {
    if (turn === options.turn && turn !== 0) continue
    switch (item._tag) {
      case "UserTextSent":
        placeUser(item.content)
        break
      case "CustomHistoryEntry":
        out.push({ role: item.role, text: item.content })
        break
      case "AgentTextSent":
        placeSpoken(item)
        break
      case "AgentSendText":
        append(sent, item.text, turn)
        break
      case "AgentToolCalled":
      case "AgentToolReturned":
        if (calls.stands(item, turn)) sent.push({ call: calls.get(item.toolCallId)! })
        break
      default: {
        const words = "eventId" in item ? options.describeEvent?.(item) : undefined
        if (words !== undefined) placeUser(words)
      }
    }
  }
  placeCalls(sent)

  const current: Array<Sent> = []
  for (const { item, turn } of entries) {
    if (turn === options.turn && turn !== 0) {
      if (item._tag === "AgentSendText") append(current, item.text, turn)
      else if (item._tag === "AgentToolCalled" || item._tag === "AgentToolReturned") {
        // What a tool says while it runs comes before its result: the model is to go on from the result.
        const isOpen = item._tag === "AgentToolReturned" || !calls.isSettled(item.toolCallId)
        if (isOpen && calls.stands(item, turn)) current.push({ call: calls.get(item.toolCallId)! })
      }
    }
  }
  for (const item of current) {
    out.push("call" in item ? { role: "tool", call: item.call } : { role: "assistant", text: item.text })
  }
  for (const { item } of after) {
    if (item._tag === "CustomHistoryEntry") out.push({ role: item.role, text: item.content })
  }
  return normalise(out)
}

/** Drops what says nothing. Models refuse blank messages. */
const normalise = (lines: ReadonlyArray<Line>): ReadonlyArray<Line> =>
  lines.filter((line) => line.role === "tool" || line.text.trim() !== "")

/** Whether there is something to answer: a conversation that ends with the agent's own words has had its answer. */
export const wantsAnswer = (lines: ReadonlyArray<Line>): boolean => {
  const last = lines.at(-1)
  return last !== undefined && last.role !== "assistant"
}

const append = (items: Array<Sent>, text: string, turn: number): void => {
  const last = items.at(-1)
  if (last !== undefined && "text" in last && last.turn === turn)
    items[items.length - 1] = { text: last.text + text, turn }
  else items.push({ text, turn })
}

/**
 * Puts calls of an earlier turn that were recorded only after the trigger, as when it was the trigger that interrupted
 * them, behind what their turn has sent.
 */
const withLateCalls = (
  before: ReadonlyArray<History.Entry>,
  after: ReadonlyArray<History.Entry>,
  current: number
): ReadonlyArray<History.Entry> =>
  after.reduce((entries, entry) => {
    if (entry.item._tag !== "AgentToolCalled" || entry.turn === current) return entries
    const last = entries.findLastIndex(({ turn }) => turn === entry.turn)
    return entries.toSpliced(last < 0 ? entries.length : last + 1, 0, entry)
  }, before)

type ToolItem = Event.OutputOf<"AgentToolCalled" | "AgentToolReturned">

/**
 * Each call by its id, with the one outcome that was recorded for it, wherever in the record it stands. A call stands
 * where it was made, or, where its outcome came in a later turn, in that turn: there it is news to the model.
 */
const toolCalls = (entries: ReadonlyArray<History.Entry>) => {
  const calls = new Map<string, ToolCall>()
  const turns = new Map<string, number>()
  const settled = new Set<string>()
  for (const { item, turn } of entries) {
    if (item._tag !== "AgentToolCalled" && item._tag !== "AgentToolReturned") continue
    const call = { id: item.toolCallId, name: item.toolName, args: item.toolArgs }
    if (item._tag === "AgentToolReturned") {
      const result = typeof item.result === "string" ? item.result : JsonText.stringify(item.result, "null")
      calls.set(item.toolCallId, { ...call, result })
      settled.add(item.toolCallId)
      turns.set(item.toolCallId, turn)
    } else if (!calls.has(item.toolCallId)) {
      calls.set(item.toolCallId, { ...call, result: "pending" })
      turns.set(item.toolCallId, turn)
    }
  }
  const placed = new Set<string>()
  return {
    get: (id: string) => calls.get(id),
    isSettled: (id: string) => settled.has(id),
    /** Whether a line of the record is the one at which its call stands. True once for each call. */
    stands: ({ toolCallId }: ToolItem, turn: number): boolean => {
      if (turns.get(toolCallId) !== turn || placed.has(toolCallId)) return false
      placed.add(toolCallId)
      return true
    }
  }
}

/**
 * Places spoken words among what earlier turns have sent: sentences and the calls between them. Where the words fit no
 * sentence they stand as they are, and what was sent goes on waiting.
 */
const place = (
  sent: ReadonlyArray<Sent>,
  spoken: string
): {
  readonly lines: ReadonlyArray<Line>
  readonly rest: Array<Sent>
  readonly cut: boolean
  readonly goesOn: boolean
} => {
  const start = sent.findIndex((item) => "text" in item && fits(item.text, spoken))
  if (start < 0) return { lines: [{ role: "assistant", text: spoken }], rest: [...sent], cut: false, goesOn: false }
  const first = sent[start]!
  const goesOn = "text" in first && first.begun === true
  const lines: Array<Line> = []
  const rest = [...sent]
  let words = spoken
  let cut = false
  for (let i = 0; i < start; i++) {
    const item = rest.shift()!
    if ("call" in item) lines.push({ role: "tool", call: item.call })
  }
  while (words.trim() !== "" && rest.length > 0) {
    const item = rest[0]!
    if ("call" in item) {
      lines.push({ role: "tool", call: item.call })
      rest.shift()
      continue
    }
    const text = item.text.trim()
    if (goesOnAfter(words.trim(), text)) {
      const said = words.indexOf(text) + text.length
      // The space between two sentences goes with the first, as models write it.
      const end = words.length - words.slice(said).trimStart().length
      lines.push({ role: "assistant", text: rest.length === 1 ? words : words.slice(0, end) })
      words = rest.length === 1 ? "" : words.slice(end)
      rest.shift()
    } else if (text.startsWith(words.trim())) {
      lines.push({ role: "assistant", text: words })
      rest[0] = { text: text.slice(words.trim().length), turn: item.turn, begun: true }
      words = ""
      cut = true
    } else break
  }
  if (words.trim() !== "") lines.push({ role: "assistant", text: words })
  return { lines, rest, cut, goesOn }
}

const fits = (text: string, spoken: string): boolean => {
  const [a, b] = [text.trim(), spoken.trim()]
  return a !== "" && b !== "" && (a.startsWith(b) || goesOnAfter(b, a))
}

/** Whether words begin with a sentence that ends where one of them does: "a13" does not begin with "a1". */
const goesOnAfter = (words: string, sentence: string): boolean =>
  words.startsWith(sentence) &&
  !(/[\p{L}\p{N}]$/u.test(sentence) && /^[\p{L}\p{N}]/u.test(words.slice(sentence.length)))
