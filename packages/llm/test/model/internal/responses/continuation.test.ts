import { assert, describe, it } from "@effect/vitest"
import * as Continuation from "../../../../src/model/internal/responses/continuation.ts"

type Item = Parameters<typeof Continuation.rest>[1][number]

const user = (content: string): Item => ({ role: "user", content })
const agent = (content: string): Item => ({ role: "assistant", content })
const call = (id: string, args = '{"city":"Rome"}'): Item => ({
  type: "function_call",
  call_id: id,
  name: "weather",
  arguments: args
})
const result = (id: string): Item => ({ type: "function_call_output", call_id: id, output: "Sunny" })
const thought: Item = { type: "reasoning", id: "rs_1", summary: [] }

const message = (...texts: ReadonlyArray<string>) => ({
  type: "message",
  content: texts.map((text) => ({ type: "output_text", text }))
})
const called = (id: string, args = '{"city": "Rome"}') => ({
  type: "function_call",
  call_id: id,
  name: "weather",
  arguments: args
})

const rest = (input: ReadonlyArray<Item>, output: ReadonlyArray<unknown>, next: ReadonlyArray<Item>) => {
  const known = Continuation.known(input, { id: "r1", output })
  return known === undefined ? undefined : Continuation.rest(known, next)
}

const said = [user("hi")]

describe("continuation", () => {
  const continued: ReadonlyArray<readonly [string, ReadonlyArray<unknown>, ReadonlyArray<Item>, ReadonlyArray<Item>]> =
    [
      ["a reply and the next question", [message("Hello. ")], [agent("Hello."), user("bye")], [user("bye")]],
      ["a reply of several parts", [message("Hel", "lo.")], [agent("Hello."), user("bye")], [user("bye")]],
      ["thoughts on both sides", [{ type: "reasoning" }, message("A")], [thought, agent("A"), user("b")], [user("b")]],
      ["a call and its result", [called("c1")], [call("c1"), result("c1")], [result("c1")]],
      [
        "words, two calls at once, and their results in between",
        [message("One moment."), called("c1"), called("c2")],
        [agent("One moment."), call("c1"), result("c1"), call("c2"), result("c2")],
        [result("c1"), result("c2")]
      ],
      [
        "a search that the provider made",
        [{ type: "web_search_call" }, message("A")],
        [agent("A"), user("b")],
        [user("b")]
      ],
      [
        "a note behind the question",
        [message("A")],
        [agent("A"), user("b"), { role: "developer", content: "note" }],
        [user("b"), { role: "developer", content: "note" }]
      ]
    ]
  for (const [what, output, more, left] of continued) {
    it(`continues after ${what}`, () => assert.deepStrictEqual(rest(said, output, [...said, ...more]), left))
  }

  const anew: ReadonlyArray<readonly [string, ReadonlyArray<unknown>, ReadonlyArray<Item>]> = [
    ["the caller has not heard all of it", [message("Hello there.")], [...said, agent("Hello"), user("bye")]],
    ["the caller has heard none of it", [message("Hello.")], [...said, user("bye")]],
    ["nothing is new", [message("Hello.")], [...said, agent("Hello.")]],
    ["the history was edited", [message("Hello.")], [user("HI"), agent("Hello."), user("bye")]],
    ["the history is shorter", [message("Hello.")], []],
    ["a call has other arguments", [called("c1")], [...said, call("c1", "{}"), result("c1")]],
    ["a call has another id", [called("c1")], [...said, call("c2"), result("c2")]],
    ["a call is missing", [called("c1"), called("c2")], [...said, call("c1"), result("c1")]],
    ["the output is of a kind that is not known", [{ type: "new_thing" }], [...said, user("b")]],
    ["there was no output", [], [...said, user("b")]]
  ]
  for (const [what, output, next] of anew) {
    it(`starts over if ${what}`, () => assert.isUndefined(rest(said, output, next)))
  }

  it("recognises a conversation, whatever the model was told last", () => {
    const related = (before: ReadonlyArray<Item>, next: ReadonlyArray<Item>) =>
      Continuation.isRelated({ id: "r1", input: before, output: [] }, next)
    const note: Item = { role: "developer", content: "a passage" }
    const talk = [agent("Hello!"), user("hi")]
    assert.isTrue(related(talk, [...talk, agent("A"), user("b")]))
    assert.isTrue(related([...talk, note], [...talk, agent("A"), user("b")]))
    assert.isFalse(related(talk, [agent("Hello!"), user("another")]))
    assert.isFalse(related([...talk, agent("A"), user("b"), note], [agent("Hello!"), user("hi"), user("c")]))
  })

  it("starts over after a response that is not fully known", () => {
    for (const response of [undefined, null, {}, { id: 5, output: [] }, { id: "r1" }]) {
      assert.isUndefined(Continuation.known(said, response))
    }
  })
})
