import { assert, describe, it } from "@effect/vitest"
import * as SpokenText from "../../../../src/model/internal/provider/spokenText.ts"

const read = (chunks: ReadonlyArray<string>, options?: SpokenText.Options) => {
  const reader = new SpokenText.SpokenText(options)
  const pieces = [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.flush()]
  const of = (kind: SpokenText.Piece["kind"]) =>
    pieces.flatMap((piece) => (piece.kind === kind ? [piece.text] : [])).join("")
  return { said: of("text"), thought: of("reasoning"), called: of("call") }
}

describe("spokenText", () => {
  const cases: ReadonlyArray<readonly [what: string, text: string, said: string, thought: string]> = [
    ["plain words", "Hello, wörld 👋", "Hello, wörld 👋", ""],
    ["a thought before the words", "<think>\nHm, hello.\n</think>\n\nHello!", "Hello!", "\nHm, hello.\n"],
    ["an empty thought", "<think>\n\n</think>\n\nHello!", "Hello!", "\n\n"],
    ["tags in capitals", "<THINK>x</Think>Hello", "Hello", "x"],
    ["other tags", "<thinking>a</thinking><thought>b</thought>Hi", "Hi", "ab"],
    ["Mistral's tags", "[THINK]Hm[/THINK]Hi", "Hi", "Hm"],
    ["Kimi's tags", "◁think▷Hm◁/think▷Hi", "Hi", "Hm"],
    ["Cohere's tokens", "<|START_THINKING|>Hm<|END_THINKING|><|START_RESPONSE|>Hi<|END_RESPONSE|>", "Hi", "Hm"],
    ["Gemma's channel", "<|channel>thought\nHm<channel|>Hi", "Hi", "\nHm"],
    ["Seed's tags", "<seed:think>Hm</seed:think>Hi", "Hi", "Hm"],
    ["LongCat's tags", "<longcat_think>Hm</longcat_think>Hi", "Hi", "Hm"],
    ["tags in several words", "<|begin_of_thought|>Hm<|end_of_thought|><|begin_of_solution|>Hi", "Hi", "Hm"],
    ["the tags of an answer", "<think>Hm</think><answer>Hi</answer>", "Hi", "Hm"],
    ["marks that end a text", "Hi</s><end_of_turn><｜end▁of▁sentence｜>", "Hi", ""],
    ["a tag with a space in it", "<think >Hm</think>Hi", "Hi", "Hm"],
    ["a tag with a line end in it", "<think\n>Hm</think>Hi", "Hi", "Hm"],
    ["a tag with attributes", '<thinking type="deep">Hm</thinking>Hi', "Hi", "Hm"],
    [
      "tags of other names",
      "<analysis>a</analysis><inner_monologue>b</inner_monologue><mm:think>c</mm:think>Hi",
      "Hi",
      "abc"
    ],
    ["tags that are tokens", "<|think|>Hm<|/think|>Hi", "Hi", "Hm"],
    ["Gemini's mark, on a line of its own", "thought\nI see you're calling.", "I see you're calling.", ""],
    ["Gemini's mark, glued to the words", "thoughtI see you're calling.", "I see you're calling.", ""],
    ["Gemini's mark, with brackets", "thought[]I see.", "I see.", ""],
    ["Gemini's mark, with brackets and spaces", "thought () Muddy waters.", "Muddy waters.", ""],
    ["Gemini's mark, with nothing behind it", "thought\n\n", "", ""],
    ["words that begin like Gemini's mark", "thought so, though", "thought so, though", ""],
    ["words that end like Gemini's mark", "thought (really)", "thought (really)", ""],
    ["the mark in the middle", "I thought\nI was thoughtI", "I thought\nI was thoughtI", ""],
    ["a word that is cut", "thou", "thou", ""],
    ["the turn of ChatML", "<|im_start|>assistant\nHi<|im_end|>", "Hi", ""],
    ["the turn of Llama", "<|start_header_id|>assistant<|end_header_id|>\n\nHi<|eot_id|>", "Hi", ""],
    ["the turn of DeepSeek", "<｜Assistant｜>Hi<｜User｜>", "Hi", ""],
    ["marks around a text", "<s>[INST]Hi[/INST]</s><eos>", "Hi", ""],
    ["a tag of nothing that is known", '<b class="x">Hi</b> <i >you</i>', '<b class="x">Hi</b> <i >you</i>', ""],
    ["code that is no call", "Press `1` or ```x```", "Press `1` or ```x```", ""],
    ["a thought in the middle", "One. <think>hm</think>Two.", "One. Two.", "hm"],
    ["a thought that never ends", "<think>Hm, so", "", "Hm, so"],
    ["another tag within a thought", "<think>a <b> </thin c</think>Hi", "Hi", "a <b> </thin c"],
    ["a closing tag alone", "</think>\n\nHello", "Hello", ""],
    [
      "channels",
      "<|channel|>analysis<|message|>User says hi.<|end|><|start|>assistant<|channel|>final<|message|>Hello!<|return|>",
      "Hello!",
      "User says hi."
    ],
    [
      "a call on the commentary channel",
      '<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city":"Oslo"}<|call|>',
      "",
      '{"city":"Oslo"}'
    ],
    ["a preamble", "<|channel|>commentary<|message|>One moment.<|end|>", "One moment.", ""],
    ["a message without a channel", "<|start|>assistant<|message|>Hi<|end|>", "Hi", ""],
    ["an end token", "Bye.<|im_end|>", "Bye.", ""],
    ["what only looks like a marker", "2 < 3, a <b>, [1], [Th], <|x, <", "2 < 3, a <b>, [1], [Th], <|x, <", ""]
  ]
  for (const [what, text, said, thought] of cases) {
    it(`reads ${what}, however it is cut`, () => {
      for (let size = 1; size <= text.length; size++) {
        const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
          text.slice(n * size, (n + 1) * size)
        )
        assert.deepStrictEqual(read(chunks), { said, thought, called: "" }, `in chunks of ${size}`)
      }
    })
  }

  const calls: ReadonlyArray<readonly [what: string, text: string, said: string]> = [
    ["Qwen", 'One moment. <tool_call>\n{"name":"weather","arguments":{}}\n</tool_call>', "One moment. "],
    ["Claude", '<function_calls><invoke name="weather"></invoke></function_calls>Done.', "Done."],
    ["MiniMax", '<minimax:tool_call><invoke name="weather"></invoke></minimax:tool_call>', ""],
    ["Llama", 'Hm. <|python_tag|>{"name": "weather", "parameters": {}}', "Hm. "],
    ["Llama, as a function", '<function=weather>{"city":"Oslo"}</function>', ""],
    ["Mistral", '[TOOL_CALLS][{"name":"weather","arguments":{}}]', ""],
    ["DeepSeek", "<｜tool▁calls▁begin｜>function<｜tool▁sep｜>weather<｜tool▁calls▁end｜>", ""],
    ["Kimi", "<|tool_calls_section_begin|>functions.weather:0{}<|tool_calls_section_end|>", ""],
    ["Gemini", "```tool_code\nprint(weather())\n```", ""],
    ["Phi", 'Sure.<|tool_call|>[{"name":"weather"}]<|/tool_call|>', "Sure."],
    ["Granite", 'Sure. <|tool_call|>[{"name": "weather", "arguments": {}}]', "Sure. "],
    ["Gemma", '<|tool_call>call:weather{city:<|"|>Oslo<|"|>}<tool_call|>', ""],
    ["FunctionGemma", "<start_function_call>call:weather{}<end_function_call>", ""],
    ["Jamba", 'Wait.<tool_calls>[{"name": "weather"}]</tool_calls>', "Wait."],
    ["InternLM", '<|action_start|><|plugin|>{"name":"weather"}<|action_end|>', ""],
    ["LFM2", "<|tool_call_start|>[weather()]<|tool_call_end|>Done.", "Done."],
    ["Cohere", '<|START_ACTION|>[{"tool_name": "weather"}]<|END_ACTION|>', ""],
    ["Apertus", '<|tools_prefix|>[{"weather": {}}]<|tools_suffix|>', ""],
    ["DeepSeek 3.2", '<｜DSML｜function_calls><｜DSML｜invoke name="weather"></｜DSML｜function_calls>', ""],
    ["Seed-OSS", "<seed:tool_call><function=weather></function></seed:tool_call>", ""],
    ["LM Studio", '[TOOL_REQUEST]{"name":"weather"}[END_TOOL_REQUEST]Done.', "Done."],
    ["Llama 4", "Hm. <|python_start|>[weather()]<|python_end|>", "Hm. "],
    ["a call alone, by DeepSeek", "<｜tool▁call▁begin｜>function<｜tool▁sep｜>weather<｜tool▁call▁end｜>", ""],
    ["a call alone, by Kimi", "<|tool_call_begin|>functions.weather:0{}<|tool_call_end|>", ""],
    ["tags with a name", '<invoke name="weather"><parameter name="city">Oslo</parameter></invoke>Done.', "Done."],
    ["a function with a name", '<function name="weather">{}</function>', ""],
    ["other tags", "<function_call>weather</function_call><tool_use>weather</tool_use>Done.", "Done."],
    ["a fence", "```tool_call\nweather\n```Done.", "Done."],
    ["a result that was made up", "<tool_response>weather: sun</tool_response>Done.", "Done."],
    ["LongCat", "<longcat_tool_call>weather</longcat_tool_call>", ""]
  ]
  for (const [whose, text, words] of calls) {
    it(`says nothing of a call that is text of ${whose}, however it is cut`, () => {
      for (let size = 1; size <= text.length; size++) {
        const chunks = text.match(new RegExp(`[^]{1,${size}}`, "g"))!
        const { called, said, thought } = read(chunks)
        assert.deepStrictEqual([said, thought], [words, ""], `in chunks of ${size}`)
        assert.include(called, "weather")
      }
    })
  }

  it("holds nothing back that cannot be a marker", () => {
    const reader = new SpokenText.SpokenText()
    assert.deepStrictEqual(reader.push("2 < 3"), [
      { kind: "text", text: "2 " },
      { kind: "text", text: "<" },
      { kind: "text", text: " 3" }
    ])
  })

  it("a reply that may start in a thought is a thought up to the closing tag, or all words", () => {
    const options = { mayBeginInThought: true }
    assert.deepStrictEqual(read(["Hm, so", " they</th", "ink>\n\nHello."], options), {
      said: "Hello.",
      thought: "Hm, so they",
      called: ""
    })
    assert.deepStrictEqual(read(["Hello", " you."], options), { said: "Hello you.", thought: "", called: "" })
    assert.deepStrictEqual(read(["<think>Hm</think>Hello."], options), { said: "Hello.", thought: "Hm", called: "" })
  })

  it("looks for no thoughts in the text if the provider sends them separately", () => {
    const reader = new SpokenText.SpokenText({ mayBeginInThought: true })
    assert.deepStrictEqual(reader.thoughtApart(), [])
    assert.deepStrictEqual(reader.push("Hello"), [{ kind: "text", text: "Hello" }])
  })

  it("takes time in proportion to the length of the text", () => {
    for (const unit of [
      "<",
      "<think></think>",
      "<think>a",
      "<|",
      "<|channel|>",
      "[",
      "a </thin",
      "<think ",
      "<invoke a",
      "<|im_start|>"
    ]) {
      const reader = new SpokenText.SpokenText()
      reader.push("<think>")
      let length = 0
      for (const text of [unit.repeat(200_000), "</think>", unit.repeat(200_000)]) {
        for (const piece of reader.push(text)) length += piece.text.length
      }
      assert.isAtLeast(length + reader.flush().length, 0)
    }
  })
})
