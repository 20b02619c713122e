import { assert, describe, it } from "@effect/vitest"
import { Redacted as Secret } from "effect"
import * as CallRequest from "../../../src/CallRequest.ts"
import * as Redacted from "../../../src/recording/internal/redacted.ts"
import type * as Recording from "../../../src/recording/Recording.ts"
import type * as Redaction from "../../../src/recording/Redaction.ts"

const hide = (text: string) => `<${text.length}>`
const noted = (redaction: Redaction.Redaction, note: Recording.Note): unknown => Redacted.make(redaction).note(note)
const replied = (...parts: Recording.ModelReplied["parts"]): Recording.Note => ({
  _tag: "ModelReplied",
  request: 1,
  parts
})
const asked = (...messages: Recording.ModelRequested["messages"]) => ({
  _tag: "ModelRequested" as const,
  turn: 1,
  request: 1,
  method: "streamText" as const,
  messages
})

describe("Redacted", () => {
  it("masks the parts of a message as words of its author", () => {
    const redaction: Redaction.Redaction = {
      userText: () => "user",
      agentText: () => "agent",
      instructions: () => "told"
    }
    const parts = [{ type: "text", text: "a" }]
    assert.deepStrictEqual(
      noted(
        redaction,
        asked(
          { role: "system", content: "a" },
          { role: "user", content: "a" },
          { role: "user", content: parts },
          { role: "assistant", content: parts },
          { role: "tool", content: [{ type: "tool-approval-response", approvalId: "i", approved: true }] }
        )
      ),
      asked(
        { role: "system", content: "told" },
        { role: "user", content: "user" },
        { role: "user", content: [{ type: "text", text: "user" }] },
        { role: "assistant", content: [{ type: "text", text: "agent" }] },
        { role: "tool", content: [{ type: "tool-approval-response", approvalId: "i", approved: true }] }
      )
    )
  })

  it("masks sources and files of a reply as words of the agent", () => {
    const source = { type: "source", sourceType: "url", id: "s", url: "https://a", title: "Anna" }
    const file = { type: "file", mediaType: "image/png", data: "aWQ=" }
    assert.deepStrictEqual(
      noted({ agentText: hide }, replied(source, file)),
      replied({ ...source, url: "<9>", title: "<4>" }, { ...file, data: "<4>" })
    )
  })

  it("leaves out fragments of redacted arguments, and keeps those of other tools", () => {
    const start = (id: string, name: string) => ({ type: "tool-params-start", id, name })
    const fragment = (id: string) => ({ type: "tool-params-delta", id, delta: '{"card":' })
    assert.deepStrictEqual(
      noted(
        { tools: { pay: { args: ["card"] } } },
        replied(start("1", "pay"), start("2", "look"), fragment("1"), fragment("2"))
      ),
      replied(start("1", "pay"), start("2", "look"), fragment("2"))
    )
  })

  it("redacts model settings that are neither numbers nor flags as metadata", () => {
    const settings = { temperature: 0.5, seed: 7, stop: "Anna", extra: { user: "Anna", tier: "gold" } }
    const kept = { temperature: 0.5, seed: 7 }
    const of = (metadata: Redaction.Fields) =>
      (noted({ metadata }, { ...asked(), settings }) as typeof settings & { readonly settings: unknown }).settings
    assert.deepStrictEqual(of(["user"]), { ...settings, extra: { user: "[redacted]", tier: "gold" } })
    assert.deepStrictEqual(
      of(() => ({ gone: true })),
      { ...kept, gone: true }
    )
  })

  it("redacts a metric that is not a number as metadata", () => {
    const metric = (value: unknown): Recording.Note => ({
      _tag: "Sent",
      turn: 1,
      output: { _tag: "LogMetric", name: "n", value }
    })
    const redaction: Redaction.Redaction = { metadata: () => "gone" }
    assert.deepStrictEqual(noted(redaction, metric(5)), metric(5))
    assert.deepStrictEqual(noted(redaction, metric({ ms: 5, of: "Anna" })), metric({ ms: 5, of: "gone" }))
    assert.deepStrictEqual(
      noted({ metadata: ["of"] }, metric({ ms: 5, of: "Anna" })),
      metric({ ms: 5, of: "[redacted]" })
    )
  })

  it("masks the message of a failed result, and the value of a returned one", () => {
    const result = (outcome: "Returned" | "Failed"): Recording.Note => ({
      _tag: "Happened",
      event: { _tag: "BackgroundReturned", eventId: "e", name: "pay", respondingTo: "r", outcome, result: "Anna" }
    })
    const redaction: Redaction.Redaction = { message: () => "message", tools: { pay: { result: () => "result" } } }
    assert.include(JSON.stringify(noted(redaction, result("Failed"))), '"result":"message"')
    assert.include(JSON.stringify(noted(redaction, result("Returned"))), '"result":"result"')
  })

  it("keeps the kind of a model failure and nothing more", () => {
    const failed = (reason: unknown): Recording.Note => ({
      _tag: "ModelEnded",
      request: 1,
      outcome: "Failed",
      error: { _tag: "AiError", module: "OpenAi", method: "streamText", reason }
    })
    assert.deepStrictEqual(
      noted(
        { message: hide },
        failed({ _tag: "NetworkError", reason: "TransportError", method: "POST", url: "https://a?key=1" })
      ),
      failed({ _tag: "NetworkError", reason: "TransportError", method: "POST", url: "<15>" })
    )
    assert.deepStrictEqual(
      noted({}, failed({ _tag: "MoodError", mood: "furious", level: 9 })),
      failed({ _tag: "MoodError", mood: "xxxxxxx", level: 0 })
    )
  })

  it("drops the token of a request, and masks what has no rule", () => {
    const request = CallRequest.make({ agentToken: "secret", apiBaseUrl: "https://a.example", from: "+1555" })
    const masked = Redacted.make({}).request(request)
    assert.isNull(masked.agentToken)
    assert.strictEqual(masked.apiBaseUrl, "xxxxx://x.xxxxxxx")
    assert.strictEqual(masked.from, "+1555")
    assert.strictEqual(Secret.value(request.agentToken!), "secret")
  })
})
