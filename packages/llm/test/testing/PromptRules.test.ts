import { assert, describe, it } from "@effect/vitest"
import * as Prompt from "effect/ai/Prompt"
import * as PromptRules from "../../src/testing/PromptRules.ts"

describe("promptRules: chat completions", () => {
  const user = { role: "user", content: "hi" }
  const call = (...ids: ReadonlyArray<string>) => ({
    role: "assistant",
    content: null,
    tool_calls: ids.map((id) => ({ id, type: "function", function: { name: "f", arguments: "{}" } }))
  })
  const changed = (change: object) => {
    const message = call("a")
    return { ...message, tool_calls: message.tool_calls.map((one) => ({ ...one, ...change })) }
  }
  const calling = (change: object) => changed({ function: { name: "f", arguments: "{}", ...change } })
  const result = (id: string, content: unknown = "done") => ({ role: "tool", tool_call_id: id, content })
  const breaches = (...messages: ReadonlyArray<object>) => PromptRules.openAi({ messages })

  it("accepts a conversation with parallel and consecutive calls", () => {
    assert.deepStrictEqual(
      breaches(
        { role: "system", content: "Be brief." },
        user,
        { ...call("a", "b"), content: "Let me see." },
        result("b"),
        result("a", ""),
        call("c"),
        result("c", [{ type: "text", text: "done" }]),
        { role: "assistant", content: "There." },
        { role: "user", content: [{ type: "text", text: "thanks" }] }
      ),
      []
    )
  })

  const refused: ReadonlyArray<readonly [string, ReadonlyArray<object>, string]> = [
    ["no message", [], "there is no message"],
    ["an unknown role", [{ role: "model", content: "hi" }], "message 0 has the role model"],
    ["a call without a result", [user, call("a")], "the end comes before the results of a"],
    [
      "something between a call and its result",
      [user, call("a", "b"), result("a"), user, result("b")],
      "message 3 comes before the results of b; message 4 is a result of b, which is not waited for"
    ],
    ["a result without a call", [user, result("a")], "message 1 is a result of a, which is not waited for"],
    [
      "a result given twice",
      [user, call("a"), result("a"), result("a")],
      "message 3 is a result of a, which is not waited for"
    ],
    [
      "an id that is taken",
      [user, call("a"), result("a"), call("a"), result("a")],
      "message 3 has another call with the id a"
    ],
    [
      "an id that is too long",
      [user, call("a".repeat(41)), result("a".repeat(41))],
      `message 1 has a call with the id ${"a".repeat(41)}, not of 1 to 40 characters`
    ],
    ["an empty list of calls", [user, call()], "message 1 has an empty list of calls"],
    [
      "a call that is no function's",
      [user, changed({ type: "custom" }), result("a")],
      "message 1 has a call of the type custom"
    ],
    [
      "a name that no function can have",
      [user, calling({ name: "f g" }), result("a")],
      "message 1 calls f g, which no function can be called"
    ],
    [
      "arguments that are no object",
      [user, calling({ arguments: "[]" }), result("a")],
      "message 1 has arguments that are no JSON object: []"
    ],
    [
      "arguments that are not JSON",
      [user, calling({ arguments: "{" }), result("a")],
      "message 1 has arguments that are no JSON object: {"
    ],
    ["a result without content", [user, call("a"), result("a", null)], "message 2 is a result without content"],
    ["a blank user", [{ role: "user", content: " " }], "message 0 is blank"],
    ["a user without content", [{ role: "user", content: [] }], "message 0 has no content"],
    ["a blank part of a user", [{ role: "user", content: [{ type: "text", text: "" }] }], "message 0 has a blank text"],
    ["a blank system prompt", [{ role: "system", content: "" }, user], "message 0 is blank"],
    ["a blank assistant", [user, { role: "assistant", content: " " }], "message 1 is blank"],
    ["an assistant with nothing", [user, { role: "assistant", content: null }], "message 1 is blank"]
  ]
  for (const [what, messages, breach] of refused) {
    it(`rejects ${what}`, () => assert.strictEqual(breaches(...messages).join("; "), breach))
  }

  it("rejects tools of the same name", () => {
    const tool = { type: "function", function: { name: "f" } }
    assert.deepStrictEqual(PromptRules.openAi({ messages: [user], tools: [tool, tool] }), ["two tools are called f"])
  })
})

describe("promptRules: messages", () => {
  const text = (text: string) => ({ type: "text", text })
  const user = (...content: ReadonlyArray<object>) => ({ role: "user", content })
  const assistant = (...content: ReadonlyArray<object>) => ({ role: "assistant", content })
  const call = (id: string, more: object = {}) => ({ type: "tool_use", id, name: "f", input: {}, ...more })
  const result = (id: string, content: unknown = "done") => ({ type: "tool_result", tool_use_id: id, content })
  const thought = { type: "thinking", thinking: "hm", signature: "s" }
  const hi = user(text("hi"))
  const tools = [{ name: "f" }]
  const breaches = (...messages: ReadonlyArray<object>) => PromptRules.anthropic({ messages, tools })

  it("accepts a conversation with thoughts and calls", () => {
    assert.deepStrictEqual(
      PromptRules.anthropic({
        system: [text("Be brief.")],
        tools,
        thinking: { type: "enabled" },
        messages: [
          { role: "user", content: "hi" },
          assistant(thought, text("Let me see."), call("a"), call("b")),
          user(result("b", [text("done")]), result("a", ""), text("and?")),
          assistant({ type: "redacted_thinking", data: "x" }, call("c")),
          user(result("c"))
        ]
      }),
      []
    )
  })

  const refused: ReadonlyArray<readonly [string, ReadonlyArray<object>, string]> = [
    ["no message", [], "there is no message"],
    ["an unknown role", [hi, { role: "system", content: "Hurry." }, hi], "message 1 has the role system"],
    ["an assistant who begins", [assistant(text("Hello!")), hi], "message 0 is the first and not the user's"],
    ["two messages of one side", [hi, hi], "message 1 follows another message of the user"],
    ["a message without content", [hi, assistant(), hi], "message 1 has no content"],
    ["a blank text", [user(text("hi"), text(" "))], "message 0 has a blank text"],
    ["a blank string", [{ role: "user", content: "" }], "message 0 has a blank text"],
    [
      "white space at the very end of the assistant",
      [hi, assistant(text("Well "))],
      "message 1 is the last and ends in white space"
    ],
    ["a call without a result", [hi, assistant(call("a"))], "the end comes before the results of a"],
    [
      "a call whose result is late",
      [hi, assistant(call("a")), hi, assistant(text("Well")), user(result("a"))],
      "message 2 does not have the results of a; message 4 has a result of a, which is not waited for"
    ],
    [
      "a result that is missing among others",
      [hi, assistant(call("a"), call("b")), user(result("a"))],
      "message 2 does not have the results of b"
    ],
    ["a result without a call", [user(result("a"))], "message 0 has a result of a, which is not waited for"],
    [
      "a result given twice",
      [hi, assistant(call("a")), user(result("a"), result("a"))],
      "message 2 has two results of a"
    ],
    [
      "a result behind a text",
      [hi, assistant(call("a")), user(text("and?"), result("a"))],
      "message 2 has a result behind something else"
    ],
    [
      "a result with a blank text",
      [hi, assistant(call("a")), user(result("a", [text("")]))],
      "message 2 has a result with a blank text"
    ],
    [
      "a call of the user",
      [user(call("a")), assistant(text("Well"))],
      "message 0 has a call and is not the assistant's; message 1 does not have the results of a"
    ],
    [
      "a result of the assistant",
      [hi, assistant(result("a"))],
      "message 1 has a result and is not the user's; message 1 has a result of a, which is not waited for"
    ],
    [
      "an id that is taken",
      [hi, assistant(call("a")), user(result("a")), assistant(call("a")), user(result("a"))],
      "message 3 has another call with the id a"
    ],
    [
      "an id with other characters",
      [hi, assistant(call("a.b")), user(result("a.b"))],
      "message 1 has a call with the id a.b"
    ],
    [
      "a name that no tool can have",
      [hi, assistant(call("a", { name: "" })), user(result("a"))],
      "message 1 calls , which no tool can be"
    ],
    [
      "input that is no object",
      [hi, assistant(call("a", { input: "x" })), user(result("a"))],
      "message 1 has a call whose input is not an object"
    ],
    [
      "a thought without a signature",
      [hi, assistant({ type: "thinking", thinking: "hm" }, text("Well"))],
      "message 1 has an unsigned thought"
    ],
    [
      "a hidden thought without its data",
      [hi, assistant({ type: "redacted_thinking" }, text("Well"))],
      "message 1 has an unsigned thought"
    ],
    [
      "a thought behind a call",
      [hi, assistant(call("a"), thought, call("b")), user(result("a"), result("b"))],
      "message 1 has a thought behind a call"
    ],
    ["a thought at the end", [hi, assistant(text("Well"), thought)], "message 1 ends with a thought"],
    ["a thought of the user", [user(thought, text("hi"))], "message 0 has a thought and is not the assistant's"]
  ]
  for (const [what, messages, breach] of refused) {
    it(`rejects ${what}`, () => assert.strictEqual(breaches(...messages).join("; "), breach))
  }

  it("rejects a blank system prompt, as a string and in blocks", () => {
    for (const system of [" ", [text("")]]) {
      assert.deepStrictEqual(PromptRules.anthropic({ system, messages: [hi] }), ["the system prompt has a blank text"])
    }
  })

  it("rejects tools of the same name", () => {
    const twice = { messages: [hi], tools: [...tools, ...tools] }
    assert.deepStrictEqual(PromptRules.anthropic(twice), ["two tools are called f"])
  })

  it("rejects calls if no tools are declared", () => {
    const messages = [hi, assistant(call("a")), user(result("a"))]
    assert.deepStrictEqual(PromptRules.anthropic({ messages }), ["there are calls and no tools"])
  })

  it("rejects thinking after a call whose thoughts are missing", () => {
    const thinking = { type: "enabled", budget_tokens: 1024 }
    const messages = [hi, assistant(call("a")), user(result("a"))]
    assert.deepStrictEqual(PromptRules.anthropic({ messages, tools, thinking }), [
      "message 2 is a result, and the thoughts before its call are missing"
    ])
  })
})

describe("promptRules: a prompt as our providers send it", () => {
  const user: Prompt.MessageEncoded = { role: "user", content: [{ type: "text", text: "hi" }] }
  const call: Prompt.MessageEncoded = {
    role: "assistant",
    content: [{ type: "tool-call", id: "a", name: "f", params: {} }]
  }
  const result: Prompt.MessageEncoded = {
    role: "tool",
    content: [{ type: "tool-result", id: "a", name: "f", isFailure: false, result: "done" }]
  }

  it("is valid for both if each call has its result", () => {
    assert.deepStrictEqual(PromptRules.breaches(Prompt.make([user, call, result])), [])
  })

  it("is judged by provider if a call has no result", () => {
    assert.deepStrictEqual(PromptRules.breaches(Prompt.make([user, call, user])), [
      "OpenAI: message 2 comes before the results of a",
      "Anthropic: message 2 does not have the results of a"
    ])
  })
})
