/**
 * Writes a recorded call as the source of a test: the caller and the model's replies become scripts, and what was heard
 * and called becomes expectations.
 *
 * @since 0.1.0
 */
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Recording from "@antiphon/core/recording/Recording"
import * as RecordedScript from "@antiphon/core/testing/RecordedScript"
import * as DateTime from "effect/DateTime"
import * as Equal from "effect/Equal"
import * as Result from "effect/Result"

/** What to make the test from. */
export interface Options {
  /** Module whose default export is the test's agent. */
  readonly agent: string
}

/** Writes the test. It runs with vitest and `@effect/vitest`. */
export const make = (
  recording: Recording.Recording,
  { agent }: Options
): Result.Result<string, Recording.RecordingError> =>
  Result.map(Recording.modelRequests(recording), (requests) => {
    const { header } = recording
    const replies = requests.map(replyOf)
    const hasModel = replies.length > 0
    const isFailing = replies.some((reply) => reply.includes("AiError."))
    const title = `behaves as on the call ${header.request.callId} of ${DateTime.formatIso(header.startedAt).slice(0, 16)}`
    return [
      `import { CallRequest } from "@antiphon/core"`,
      `import { Caller, Expect, TestCall } from "@antiphon/core/testing"`,
      ...(hasModel ? [`import { ScriptedModel } from "@antiphon/llm/testing"`] : []),
      `import { it } from "@effect/vitest"`,
      `import { Effect } from "effect"`,
      ...(isFailing ? [`import { AiError } from "effect/ai"`] : []),
      `import agent from ${quote(agent)}`,
      "",
      ...(hasModel
        ? ["const model = ScriptedModel.make([", replies.map((reply) => `  ${reply}`).join(",\n"), "])", ""]
        : []),
      "const script = [",
      RecordedScript.toSource(RecordedScript.make(recording), "  "),
      "]",
      "",
      `it.effect(${quote(title)}, () =>`,
      "  Effect.gen(function* () {",
      "    const call = yield* TestCall.run(agent, script, {",
      `      startsAt: Date.parse(${quote(DateTime.formatIso(header.startedAt))}),`,
      `      request: ${requestOf(recording)}`,
      "    })",
      ...expectations(recording).map((line) => `    ${line}`),
      `  })${hasModel ? ".pipe(Effect.provide(model.layer))" : ""}`,
      ")",
      ""
    ].join("\n")
  })

const quote = (text: string): string => JSON.stringify(text)

/** Writes a value as source code. */
const literal = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined"
  const fields = Object.entries(value).map(([name, field]) => `${keyOf(name)}: ${literal(field)}`)
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`
}

const keyOf = (name: string): string =>
  /^[A-Za-z_$][\w$]*$/.test(name) && name !== "__proto__" ? name : `[${quote(name)}]`

/** The parts of the request that the agent may read: fields that differ from a standard request. */
const requestOf = ({ header: { request } }: Recording.Recording): string => {
  const standard = CallRequest.make({ callId: request.callId })
  const fields = Object.entries(request).filter(
    ([name, value]) => name === "callId" || !Equal.equals(value, standard[name as keyof CallRequest.CallRequest])
  )
  return `CallRequest.make(${literal(Object.fromEntries(fields))})`
}

const expectations = (recording: Recording.Recording): ReadonlyArray<string> => {
  const said = RecordedScript.transcript(recording)
  const outputs = recording.lines.flatMap((line) => (line._tag === "Sent" || line._tag === "Kept" ? [line.output] : []))
  const heard = said.flatMap(({ text, who }) => (who === "agent" ? [`Expect.heard(call, ${quote(text)})`] : []))
  const tools = outputs.flatMap((output) =>
    output._tag === "AgentToolCalled"
      ? [`Expect.tool(call, ${quote(output.toolName)}, { args: ${literal(output.toolArgs)} })`]
      : []
  )
  return [...heard, ...tools, `Expect.endedBy(call, ${quote(endedBy(recording))})`, "Expect.nothingLeft(call)"]
}

const endedBy = ({ lines }: Recording.Recording): string => {
  if (lines.some((line) => line._tag === "CallFailed")) return "failure"
  if (lines.at(-1)?._tag === "CallClosed" && !lines.some(isEnd)) return "connection"
  const last = lines.findLast(
    (line) =>
      (line._tag === "Sent" && (line.output._tag === "AgentEndCall" || line.output._tag === "AgentTransferCall")) ||
      (line._tag === "Reported" && line.report._tag === "UserTurnStarted")
  )
  if (last?._tag !== "Sent") return "caller"
  return last.output._tag === "AgentEndCall" ? "agent" : "transfer"
}

const isEnd = (line: Recording.Line): boolean => line._tag === "Happened" && line.event._tag === "CallEnded"

type Part = { readonly [key: string]: unknown }

/** Writes a reply as a piece of a script. An interrupted reply continues with silence. */
const replyOf = ({ end, replies }: Recording.ModelRequest): string => {
  const pieces: Array<string> = []
  let text: Array<string> = []
  const flush = () => {
    if (text.length > 0) pieces.push(`ScriptedModel.text(${quote(text.join(""))})`)
    text = []
  }
  for (const part of replies.flatMap(({ parts }): ReadonlyArray<Part> => parts)) {
    if (part["type"] === "text-delta") text.push(String(part["delta"]))
    if (part["type"] === "text") text.push(String(part["text"]))
    if (part["type"] !== "tool-call") continue
    flush()
    const id = typeof part["id"] === "string" ? `, { id: ${quote(part["id"])} }` : ""
    pieces.push(`ScriptedModel.toolCall(${literal(part["name"])}, ${literal(part["params"] ?? {})}${id})`)
  }
  flush()
  if (end?.outcome === "Failed") {
    pieces.push(`ScriptedModel.fail(new AiError.UnknownError({ description: ${quote(whyOf(end))} }))`)
  } else if (end?.outcome !== "Finished") pieces.push("ScriptedModel.stall")
  return pieces.length === 1 ? pieces[0]! : `[${pieces.join(", ")}]`
}

const whyOf = ({ error }: Recording.LineOf<"ModelEnded">): string => {
  const reason = error?.["reason"]
  const known = typeof reason === "object" && reason !== null ? (reason as Part) : {}
  return String(known["description"] ?? known["_tag"] ?? "the request failed then")
}
