/**
 * What of a call is blanked before it is recorded, field by field.
 *
 * Ids, kinds and times stay, so a redacted recording can be read and played like any other. What is said comes in pieces
 * (a word, a token), and each piece is blanked by itself: `mask` is made for that, a search for a phone number is not.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "./CallRequest.ts"
import type * as Event from "./Event.ts"
import type * as Recording from "./Recording.ts"

/** What becomes of a value: fields that are blanked, at any depth, or a function that gives what is written instead. */
export type Fields = ReadonlyArray<string> | ((value: unknown) => unknown)

/** What is blanked of a tool's calls, wherever they show up: outputs, replies of models, prompts, background results. */
export interface ToolRedaction {
  readonly args?: Fields | undefined
  readonly result?: Fields | undefined
}

/** What is blanked. What is not named is written as it is. */
export interface Redaction {
  /** The numbers of the request, and the one that a call is transferred to. */
  readonly phoneNumber?: ((number: string) => string) | undefined
  /** Words of the caller: as they were reported, and in prompts. */
  readonly userText?: ((text: string) => string) | undefined
  /** Words of the agent: as a model wrote or thought them, as they were said and heard, and in prompts. */
  readonly agentText?: ((text: string) => string) | undefined
  /** What a model is told before everything else, and the prompt and the introduction of the request. */
  readonly instructions?: ((text: string) => string) | undefined
  /** Keys that the caller or the agent pressed. */
  readonly dtmf?: ((button: string) => string) | undefined
  /** Metadata of the request, of custom messages both ways, and of log messages. */
  readonly metadata?: Fields | undefined
  /** By the name of the tool; `*` is for those that are not named. */
  readonly tools?: { readonly [name: string]: ToolRedaction } | undefined
  /** Messages of failures and of the agent's log, which may quote anything. */
  readonly message?: ((text: string) => string) | undefined
  /** Asked last about the request of the call. */
  readonly request?: ((request: CallRequest) => CallRequest) | undefined
  /** Asked last about each line. Undefined leaves it out. */
  readonly line?: ((note: Recording.Note) => Recording.Note | undefined) | undefined
}

/** What is written in place of a blanked field. */
export const blank = "[redacted]"

/**
 * Puts `x` for letters and `0` for digits, drops accents that stand alone, and keeps the rest, so that a masked text has
 * the words of the original, and masked pieces make the masked whole.
 */
export const mask = (text: string): string =>
  text
    .replace(/[\p{L}\p{Cs}]/gu, "x")
    .replace(/\p{N}/gu, "0")
    .replace(/\p{M}/gu, "")

/** Masks all text in a value, and puts 0 for its numbers. Names of fields stay. */
export const maskValue = (value: unknown): unknown => {
  if (typeof value === "string") return mask(value)
  if (typeof value === "number" || typeof value === "bigint") return 0
  return mapMembers(value, (member) => maskValue(member))
}

/** Masks all that was said, typed, told or passed, and leaves only how the call went. */
export const everything: Redaction = {
  phoneNumber: mask,
  userText: mask,
  agentText: mask,
  instructions: mask,
  dtmf: () => "0",
  metadata: maskValue,
  tools: { "*": { args: maskValue, result: maskValue } },
  message: mask
}

/** Blanks the header and the lines of one recording. Throws what a function of the redaction throws. */
export interface Redactor {
  readonly header: (header: Recording.Header) => Recording.Header
  readonly note: (note: Recording.Note) => Recording.Note | undefined
}

type Members = { readonly [key: string]: unknown }

/** Makes a redactor. It remembers which tool the fragments of a call's arguments belong to. */
export const redactor = (redaction: Redaction): Redactor => {
  const agentText = redaction.agentText ?? same
  const userText = redaction.userText ?? same
  const message = redaction.message ?? same
  const phoneNumber = redaction.phoneNumber ?? same
  const metadata = (value: Members) => blankFields(redaction.metadata, value) as Members
  const tools = new Map(Object.entries(redaction.tools ?? {}))
  const tool = (name: string): ToolRedaction => tools.get(name) ?? tools.get("*") ?? {}
  const streaming = new Map<string, string>()

  const report = (report: Event.Report): Event.Report => {
    switch (report._tag) {
      case "UserTextSent":
        return { ...report, content: userText(report.content) }
      case "AgentTextSent":
        return { ...report, content: agentText(report.content) }
      case "UserDtmfSent":
      case "AgentDtmfSent":
        return { ...report, button: (redaction.dtmf ?? same)(report.button) }
      case "UserCustomSent":
        return { ...report, metadata: metadata(report.metadata) }
      default:
        return report
    }
  }

  const event = (event: Recording.LineOf<"Happened">["event"]): typeof event => {
    if (event._tag === "TurnFailed") return { ...event, message: message(event.message) }
    if (event._tag !== "BackgroundReturned") return event
    return { ...event, result: blankFields(tool(event.name).result, event.result) }
  }

  const output = (output: Event.Output): Event.Output => {
    switch (output._tag) {
      case "AgentSendText":
        return { ...output, text: agentText(output.text) }
      case "AgentSendDtmf":
        return { ...output, button: (redaction.dtmf ?? same)(output.button) }
      case "AgentTransferCall":
        return { ...output, targetPhoneNumber: phoneNumber(output.targetPhoneNumber) }
      case "AgentToolCalled":
        return { ...output, toolArgs: args(output.toolName, output.toolArgs) }
      case "AgentToolReturned": {
        const result = blankFields(tool(output.toolName).result, output.result)
        return { ...output, toolArgs: args(output.toolName, output.toolArgs), result }
      }
      case "AgentSendCustom":
        return { ...output, metadata: metadata(output.metadata) }
      case "AgentEndCall":
        return output.reason === undefined ? output : { ...output, reason: message(output.reason) }
      case "LogMessage": {
        const rest = output.metadata === undefined ? {} : { metadata: metadata(output.metadata) }
        return { ...output, message: message(output.message), ...rest }
      }
      case "LogMetric":
      case "AgentUpdateCall":
        return output
    }
  }

  const args = (name: string, value: Members): Members => {
    const blanked = blankFields(tool(name).args, value)
    return isObject(blanked) ? blanked : { [blank]: blanked }
  }

  /** A part of a reply or of a prompt's message. */
  const part = (part: Members, text: (text: string) => string): ReadonlyArray<Members> => {
    const name = String(part.name)
    switch (part.type) {
      case "text":
      case "reasoning":
        return [{ ...part, text: text(String(part.text)) }]
      case "text-delta":
      case "reasoning-delta":
        return [{ ...part, delta: text(String(part.delta)) }]
      case "tool-params-start":
        streaming.set(String(part.id), name)
        return [part]
      case "tool-params-delta":
        // A piece of JSON cannot be blanked by the name of a field.
        return tool(streaming.get(String(part.id)) ?? "").args === undefined ? [part] : []
      case "tool-params-end":
        streaming.delete(String(part.id))
        return [part]
      case "tool-call":
        return [{ ...part, params: blankFields(tool(name).args, part.params) }]
      case "tool-result":
        return [{ ...part, result: blankFields(tool(name).result, part.result) }]
      case "error":
        return [redaction.message === undefined ? part : { ...part, error: message(String(part.error)) }]
      default:
        return [part]
    }
  }

  const promptMessage = (line: Members): Members => {
    const { content, role } = line
    const text = role === "system" ? (redaction.instructions ?? same) : role === "user" ? userText : agentText
    if (typeof content === "string") return { ...line, content: text(content) }
    return Array.isArray(content) ? { ...line, content: content.flatMap((item: Members) => part(item, text)) } : line
  }

  const error = (error: Members | undefined) =>
    error === undefined || redaction.message === undefined
      ? {}
      : { error: mapMembers(error, (value, key) => (key === "reason" ? messages(value, message) : value)) as Members }

  const note = (note: Recording.Note): Recording.Note => {
    switch (note._tag) {
      case "Reported":
        return { ...note, report: report(note.report) }
      case "Happened":
        return { ...note, event: event(note.event) }
      case "Sent":
      case "Kept":
        return { ...note, output: output(note.output) }
      case "CallFailed":
        return { ...note, message: message(note.message) }
      case "ModelRequested":
        return { ...note, messages: note.messages.map(promptMessage) }
      case "ModelReplied":
        return { ...note, parts: note.parts.flatMap((item) => part(item, agentText)) }
      case "ModelEnded":
        return { ...note, ...error(note.error) }
      default:
        return note
    }
  }

  return {
    header: (header) => {
      const { agent, from, metadata: passed, to } = header.request
      const instructions = (text: string | null) => (text === null ? null : (redaction.instructions ?? same)(text))
      const request = {
        ...header.request,
        from: phoneNumber(from),
        to: phoneNumber(to),
        metadata: metadata(passed),
        agent: {
          ...agent,
          systemPrompt: instructions(agent.systemPrompt),
          introduction: instructions(agent.introduction)
        }
      }
      return { ...header, request: redaction.request === undefined ? request : redaction.request(request) }
    },
    note: (plain) => {
      const blanked = note(plain)
      return redaction.line === undefined ? blanked : redaction.line(blanked)
    }
  }
}

const same = (text: string): string => text

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Fields of a failure that are words, and not the names that tell what kind of failure it is. */
const messages = (reason: unknown, message: (text: string) => string): unknown =>
  mapMembers(reason, (value, key) => {
    if (key === "_tag" || key === "reason") return value
    return typeof value === "string" ? message(value) : messages(value, message)
  })

const blankFields = (fields: Fields | undefined, value: unknown): unknown => {
  if (fields === undefined) return value
  if (typeof fields === "function") return fields(value)
  const names = new Set(fields)
  const walk = (value: unknown): unknown =>
    mapMembers(value, (member, key) => (key !== undefined && names.has(key) ? blank : walk(member)))
  return walk(value)
}

/** A value with its members changed. Other values are themselves. */
const mapMembers = (value: unknown, change: (member: unknown, key: string | undefined) => unknown): unknown => {
  if (Array.isArray(value)) return value.map((member) => change(member, undefined))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member, key)]))
}
