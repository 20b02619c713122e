/** Lines of a recording with what a redaction names blanked, each kind of line by a function of its own. */
import type { CallRequest } from "../../CallRequest.ts"
import type * as Event from "../../Event.ts"
import type * as Recording from "../Recording.ts"
import type * as Redaction from "../Redaction.ts"

type Members = { readonly [key: string]: unknown }
type Blank = (text: string) => string

/** A redaction in which every kind of text has its function. */
export interface Rules {
  readonly phoneNumber: Blank
  readonly userText: Blank
  readonly agentText: Blank
  readonly instructions: Blank
  readonly dtmf: Blank
  /** Undefined where messages stay as they are. */
  readonly message: Blank | undefined
  readonly metadata: (metadata: Members) => Members
  readonly tool: (name: string) => Redaction.ToolRedaction
  readonly request: (request: CallRequest) => CallRequest
  /** Names of the tools whose arguments are coming in fragments, by the id of the call. */
  readonly streaming: Map<string, string>
}

const same: Blank = (text) => text

export const rules = (redaction: Redaction.Redaction): Rules => {
  const tools = new Map(Object.entries(redaction.tools ?? {}))
  return {
    phoneNumber: redaction.phoneNumber ?? same,
    userText: redaction.userText ?? same,
    agentText: redaction.agentText ?? same,
    instructions: redaction.instructions ?? same,
    dtmf: redaction.dtmf ?? same,
    message: redaction.message,
    metadata: (metadata) => members(blankFields(redaction.metadata, metadata)),
    tool: (name) => tools.get(name) ?? tools.get("*") ?? {},
    request: redaction.request ?? ((request) => request),
    streaming: new Map()
  }
}

export const request = (rules: Rules, request: CallRequest): CallRequest => {
  const instructions = (text: string | null) => (text === null ? null : rules.instructions(text))
  const { agent, from, metadata, to } = request
  return rules.request({
    ...request,
    from: rules.phoneNumber(from),
    to: rules.phoneNumber(to),
    metadata: rules.metadata(metadata),
    agent: {
      ...agent,
      systemPrompt: instructions(agent.systemPrompt),
      introduction: instructions(agent.introduction)
    }
  })
}

export const note = (rules: Rules, note: Recording.Note): Recording.Note => {
  switch (note._tag) {
    case "Reported":
      return { ...note, report: report(rules, note.report) }
    case "Happened":
      return { ...note, event: happened(rules, note.event) }
    case "Sent":
    case "Kept":
      return { ...note, output: output(rules, note.output) }
    case "CallFailed":
      return { ...note, message: message(rules, note.message) }
    case "ModelRequested":
      return { ...note, messages: note.messages.map((line) => promptMessage(rules, line)) }
    case "ModelReplied":
      return { ...note, parts: note.parts.flatMap((item) => part(rules, item, rules.agentText)) }
    case "ModelEnded":
      return note.error === undefined ? note : { ...note, error: failure(rules, note.error) }
    default:
      return note
  }
}

const message = (rules: Rules, text: string): string => (rules.message ?? same)(text)

const report = (rules: Rules, report: Event.Report): Event.Report => {
  switch (report._tag) {
    case "UserTextSent":
      return { ...report, content: rules.userText(report.content) }
    case "AgentTextSent":
      return { ...report, content: rules.agentText(report.content) }
    case "UserDtmfSent":
    case "AgentDtmfSent":
      return { ...report, button: rules.dtmf(report.button) }
    case "UserCustomSent":
      return { ...report, metadata: rules.metadata(report.metadata) }
    default:
      return report
  }
}

type Happened = Recording.LineOf<"Happened">["event"]

const happened = (rules: Rules, event: Happened): Happened => {
  switch (event._tag) {
    case "TurnFailed":
      return { ...event, message: message(rules, event.message) }
    case "BackgroundReturned":
      return {
        ...event,
        result:
          event.outcome === "Failed" && typeof event.result === "string"
            ? message(rules, event.result)
            : blankFields(rules.tool(event.name).result, event.result)
      }
    default:
      return event
  }
}

const output = (rules: Rules, output: Event.Output): Event.Output => {
  switch (output._tag) {
    case "AgentSendText":
      return { ...output, text: rules.agentText(output.text) }
    case "AgentSendDtmf":
      return { ...output, button: rules.dtmf(output.button) }
    case "AgentTransferCall":
      return { ...output, targetPhoneNumber: rules.phoneNumber(output.targetPhoneNumber) }
    case "AgentToolCalled":
      return { ...output, toolArgs: args(rules, output) }
    case "AgentToolReturned": {
      const result = blankFields(rules.tool(output.toolName).result, output.result)
      return { ...output, toolArgs: args(rules, output), result }
    }
    case "AgentSendCustom":
      return { ...output, metadata: rules.metadata(output.metadata) }
    case "AgentEndCall":
      return output.reason === undefined ? output : { ...output, reason: message(rules, output.reason) }
    case "LogMessage": {
      const rest = output.metadata === undefined ? {} : { metadata: rules.metadata(output.metadata) }
      return { ...output, message: message(rules, output.message), ...rest }
    }
    case "LogMetric":
    case "AgentUpdateCall":
      return output
  }
}

const args = (
  rules: Rules,
  { toolArgs, toolName }: { readonly toolArgs: Members; readonly toolName: string }
): Members => members(blankFields(rules.tool(toolName).args, toolArgs))

/** A part of a reply or of a prompt's message. None where it cannot be blanked. */
const part = (rules: Rules, part: Members, text: Blank): ReadonlyArray<Members> => {
  const [name, id] = [String(part["name"]), String(part["id"])]
  switch (part["type"]) {
    case "text":
    case "reasoning":
      return [{ ...part, text: text(String(part["text"])) }]
    case "text-delta":
    case "reasoning-delta":
      return [{ ...part, delta: text(String(part["delta"])) }]
    case "tool-params-start":
      rules.streaming.set(id, name)
      return [part]
    case "tool-params-delta":
      // A piece of JSON cannot be blanked by the name of a field.
      return rules.tool(rules.streaming.get(id) ?? "").args === undefined ? [part] : []
    case "tool-params-end":
      rules.streaming.delete(id)
      return [part]
    case "tool-call":
      return [{ ...part, params: blankFields(rules.tool(name).args, part["params"]) }]
    case "tool-result":
      return [{ ...part, result: blankFields(rules.tool(name).result, part["result"]) }]
    case "error":
      return [rules.message === undefined ? part : { ...part, error: rules.message(String(part["error"])) }]
    default:
      return [part]
  }
}

const promptMessage = (rules: Rules, line: Members): Members => {
  const { content, role } = line
  const text = role === "system" ? rules.instructions : role === "user" ? rules.userText : rules.agentText
  if (typeof content === "string") return { ...line, content: text(content) }
  return Array.isArray(content)
    ? { ...line, content: content.flatMap((item: Members) => part(rules, item, text)) }
    : line
}

/** A failure of a model: its words are blanked, and not the names that tell what kind of failure it is. */
const failure = ({ message }: Rules, error: Members): Members => {
  if (message === undefined) return error
  const words = (value: unknown): unknown =>
    mapMembers(value, (member, key) => {
      if (key === "_tag" || key === "reason") return member
      return typeof member === "string" ? message(member) : words(member)
    })
  return "reason" in error ? { ...error, reason: words(error["reason"]) } : error
}

const isMembers = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Arguments and metadata have names, whatever a redaction makes of them. */
const members = (value: unknown): Members => (isMembers(value) ? value : { [blank]: value })

/** What is written in place of a blanked field. */
export const blank = "[redacted]"

const blankFields = (fields: Redaction.Fields | undefined, value: unknown): unknown => {
  if (fields === undefined) return value
  if (typeof fields === "function") return fields(value)
  const names = new Set(fields)
  const walk = (value: unknown): unknown =>
    mapMembers(value, (member, key) => (key !== undefined && names.has(key) ? blank : walk(member)))
  return walk(value)
}

/** A value with its members changed. Other values are themselves. */
export const mapMembers = (value: unknown, change: (member: unknown, key: string | undefined) => unknown): unknown => {
  if (Array.isArray(value)) return value.map((member) => change(member, undefined))
  if (!isMembers(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, change(member, key)]))
}
