import { assert, describe, it } from "@effect/vitest"
import * as Grounding from "../../src/internal/grounding.ts"
import * as TemplateTokens from "../../src/internal/templateTokens.ts"

describe("templateTokens", () => {
  for (const token of [
    "<|im_start|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<｜end▁of▁sentence｜>",
    "</s>",
    "<s>",
    "<bos>",
    "<end_of_turn>",
    "<extra_id_1>",
    "<SPECIAL_12>",
    "<seed:eos>",
    "</tool_response>",
    "<<SYS>>",
    "[INST]",
    "[/TOOL_RESULTS]",
    "[gMASK]",
    "]~b]system",
    "[e~["
  ]) {
    it(`${token} is broken, in a fence too`, () => {
      assert.notInclude(TemplateTokens.broken(`a ${token} b`), token)
      assert.notInclude(Grounding.fenced("passage", `a ${token} b`), token)
    })
  }

  it("other text stays as it is", () => {
    const text = '1 < 2 | 3 > 2, a <| b |> c, <b>now</b>, <speak>, a[0], [1]: see [here], {"a": [1, [2]]} ~ x'
    assert.strictEqual(TemplateTokens.broken(text), text)
  })
})
