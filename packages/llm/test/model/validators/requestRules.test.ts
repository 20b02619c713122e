import { assert, describe, it } from "@effect/vitest"
import * as RequestRules from "./requestRules.ts"

const user = { role: "user", content: "hi" }
const tool = (name: string, parameters: object = { type: "object", properties: {} }) => ({
  type: "function",
  function: { name, parameters }
})

describe("requestRules", () => {
  const faults: ReadonlyArray<readonly [provider: string, model: string, body: object, what: string]> = [
    ["openai", "gpt-4.1", { messages: [user], stop: [] }, "an empty stop"],
    ["openai", "gpt-4.1", { messages: [user], tools: [] }, "an empty list of tools"],
    ["openai", "gpt-4.1", { messages: [user], tools: [tool("get.weather now!")] }, "a tool called get.weather now!"],
    [
      "openai",
      "gpt-4.1",
      { messages: [user], tools: Array.from({ length: 129 }, (_, n) => tool(`t${n}`)) },
      "more than"
    ],
    ["openai", "gpt-4.1", { messages: [user], tools: [tool("t", { type: "object", anyOf: [] })] }, "anyOf at the top"],
    ["openai", "gpt-5", { messages: [user], temperature: 1 }, "temperature"],
    ["openai", "gpt-5.1", { messages: [user], top_p: 1, reasoning_effort: "low" }, "top_p"],
    ["openai", "o4-mini", { messages: [user], max_tokens: 5 }, "max_tokens"],
    ["openai", "gpt-5.2", { messages: [user], reasoning_effort: "minimal" }, "effort minimal"],
    ["openai", "gpt-5.4", { messages: [user], tools: [tool("t")], reasoning_effort: "none" }, "an effort with tools"],
    ["openai", "gpt-5.6", { messages: [user], tools: [tool("t")] }, "tools without effort none"],
    ["openai", "gpt-5-pro", { messages: [user], reasoning_effort: "low" }, "effort low"],
    ["openai", "gpt-6-astra", { messages: [user], reasoning_effort: "none" }, "effort none"],
    ["openai", "gpt-6-luna", { messages: [user], tools: [tool("t")] }, "tools without effort none"],
    ["xai", "grok-4.7", { messages: [user], reasoning_effort: "none" }, "reasoning_effort"],
    ["ollama", "gemma3", { messages: [{ role: "assistant", content: "Hello" }, user] }, "alternate"],
    ["ollama", "gemma3", { messages: [user, user] }, "alternate"],
    [
      "ollama",
      "gemma3",
      { messages: [user, { role: "assistant", content: "a" }, { role: "system", content: "b" }] },
      "middle"
    ],
    ["mistral", "m", { messages: [user], seed: 7 }, "seed"],
    ["gemini", "g", { messages: [user], seed: 7 }, "seed"],
    [
      "gemini",
      "g",
      { messages: [user], tools: [tool("t", { type: "object", properties: { a: { $ref: "#" } } })] },
      "$ref"
    ],
    [
      "deepseek",
      "d",
      {
        messages: [
          user,
          {
            role: "assistant",
            content: null,
            tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }]
          },
          { role: "tool", tool_call_id: "c", content: "x" }
        ]
      },
      "reasoning_content"
    ],
    [
      "moonshot",
      "kimi-k2.6",
      { messages: [user], tools: [tool("t")], tool_choice: "required" },
      "a forced call of a model that thinks"
    ],
    ["xai", "grok-4", { messages: [user], stop: "x" }, "stop"],
    ["groq", "qwen/qwen3-32b", { messages: [user], reasoning_effort: "low" }, "effort low"]
  ]
  for (const [provider, model, body, what] of faults) {
    it(`finds in a request to ${provider}/${model}: ${what}`, () => {
      assert.include(RequestRules.chat({ provider, model }, body as never).join("\n"), what)
    })
  }

  it("finds nothing in valid requests", () => {
    for (const provider of ["openai", "ollama", "mistral", "gemini", "deepseek", "xai", "groq"]) {
      const body = {
        model: "m",
        messages: [{ role: "system", content: "s" }, user],
        temperature: 0.7,
        tools: [tool("t")]
      }
      assert.deepStrictEqual(RequestRules.chat({ provider, model: "m" }, body as never), [], provider)
    }
  })

  const thought = { type: "thinking", thinking: "hm", signature: "s" }
  const call = { type: "tool_use", id: "c", name: "f", input: {} }
  const result = { role: "user", content: [{ type: "tool_result", tool_use_id: "c", content: "x" }] }
  const hi = { role: "user", content: [{ type: "text", text: "hi" }] }
  const asked = { max_tokens: 5000, messages: [hi] }
  const claude: ReadonlyArray<readonly [model: string, body: object, what: string]> = [
    ["claude-haiku-4-5", { ...asked, temperature: 1, top_p: 1 }, "temperature and top_p"],
    ["claude-haiku-4-5", { ...asked, temperature: 1.5 }, "a temperature above 1"],
    ["claude-opus-5-5", { ...asked, temperature: 1 }, "sampling"],
    ["claude-opus-5-5", { ...asked, thinking: { type: "disabled" } }, "disabled"],
    ["claude-opus-5", { ...asked, thinking: { type: "between_tools" } }, "between_tools"],
    ["claude-opus-5-5", { ...asked, tool_choice: { type: "any" } }, "a forced call"],
    ["claude-opus-5-5", { ...asked, messages: [hi, { role: "assistant", content: "Well" }] }, "a prefill"],
    ["claude-haiku-4-5", { ...asked, thinking: { type: "enabled", budget_tokens: 8000 } }, "below the budget"],
    [
      "claude-haiku-4-5",
      {
        ...asked,
        tools: [{ name: "f", input_schema: {} }],
        messages: [
          hi,
          { role: "assistant", content: [thought, call] },
          result,
          { role: "assistant", content: "x" },
          hi,
          { role: "assistant", content: "y" },
          hi
        ]
      },
      "an earlier turn"
    ],
    [
      "claude-haiku-4-5",
      {
        ...asked,
        messages: [
          hi,
          {
            role: "assistant",
            content: [
              { type: "text", text: "place 1" },
              { type: "text", text: "place 0" }
            ]
          },
          hi
        ]
      },
      "out of order"
    ]
  ]
  for (const [model, body, what] of claude) {
    it(`finds in a request to ${model}: ${what}`, () => {
      assert.include(RequestRules.messages({ provider: "anthropic", model }, body as never).join("\n"), what)
    })
  }
})
