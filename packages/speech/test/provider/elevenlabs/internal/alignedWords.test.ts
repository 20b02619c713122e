import { assert, describe, it } from "@effect/vitest"
import * as AlignedWords from "../../../../src/provider/elevenlabs/internal/alignedWords.ts"

const chunk = (text: string): AlignedWords.Alignment => ({
  chars: [...text],
  charStartTimesMs: [...text].map((_, i) => i * 10),
  charDurationsMs: [...text].map(() => 10)
})

describe("words from characters", () => {
  it("may start in one message and end in the next, and count from the start of the reply", () => {
    const [first, none] = AlignedWords.push(AlignedWords.initial, chunk("Hel"), 30)
    assert.deepStrictEqual(none, [])
    const [second, words] = AlignedWords.push(first, chunk("lo you"), 60)
    assert.deepStrictEqual(words, [{ text: "Hello", startMs: 0, endMs: 50 }])
    assert.deepStrictEqual(AlignedWords.flush(second), [{ text: "you", startMs: 60, endMs: 90 }])
  })

  it("skip the duration of audio without characters", () => {
    const [state] = AlignedWords.push(AlignedWords.initial, undefined, 500)
    assert.deepStrictEqual(AlignedWords.push(state, chunk("a "), 20)[1], [{ text: "a", startMs: 500, endMs: 510 }])
  })
})
