import type * as Event from "@antiphon/core/Event"
import { assert, describe, it } from "@effect/vitest"
import * as Conversation from "../../../src/internal/chat/conversation.ts"

type State = Conversation.Conversation
type Todo = Conversation.Todo

/** Tells a call several things, and returns its state and everything it wanted done. */
const told = (start: State, ...all: ReadonlyArray<Conversation.Told>) => {
  let state = start
  const todo: Array<Todo> = []
  for (const one of all) {
    const [next, more] = Conversation.step(state, one)
    state = next
    todo.push(...more)
  }
  return { state, todo }
}

const trigger: Event.CallStarted = { _tag: "CallStarted", eventId: "e1" }
const turn = (_tag: "Started" | "Completed" | "Cancelled", number = 1): Conversation.Told => ({
  _tag: "Turn",
  change: { _tag, turn: number, trigger }
})
const says = (text: string, interruptible = true): Conversation.Told => ({
  _tag: "Wanted",
  output: { _tag: "AgentSendText", text, respondingTo: "e1", interruptible }
})
const due: Conversation.Told = { _tag: "Due" }
const reports = (todo: ReadonlyArray<Todo>) => todo.flatMap((one) => (one._tag === "Report" ? [one.report] : []))
const tags = (todo: ReadonlyArray<Todo>) => reports(todo).map(({ _tag }) => _tag)
const shown = (todo: ReadonlyArray<Todo>) => todo.flatMap((one) => (one._tag === "Show" ? [one.item] : []))

describe("A call in the terminal", () => {
  it("reports each word when it is spoken, with its place in what was sent", () => {
    const { state, todo } = told(Conversation.initial, turn("Started"), says("Good mor"), says("ning, Ann. "), due, due)
    assert.deepStrictEqual(reports(todo), [
      { _tag: "AgentTurnStarted" },
      { _tag: "AgentTextSent", content: "Good", at: { respondingTo: "e1", offset: 4 } },
      { _tag: "AgentTextSent", content: " mor", at: { respondingTo: "e1", offset: 8 } }
    ])
    const rest = told(state, due, due, due, turn("Completed"), due)
    assert.strictEqual(
      shown([...todo, ...rest.todo])
        .map((item) => (item._tag === "Word" ? item.text : ""))
        .join(""),
      "Good morning, Ann. "
    )
    assert.deepStrictEqual(tags(rest.todo).at(-1), "AgentTurnEnded")
    assert.isTrue(Conversation.isQuiet(rest.state))
  })

  it("drops unspoken words when the user starts to type, and shows which", () => {
    const begun = told(Conversation.initial, turn("Started"), says("One two three."), due).state
    const { state, todo } = told(begun, { _tag: "Typing" }, { _tag: "Typing" })
    assert.deepStrictEqual(shown(todo), [{ _tag: "Cut", rest: " two three." }])
    assert.deepStrictEqual(tags(todo), ["UserTurnStarted", "AgentTurnEnded"])
    assert.deepStrictEqual(state.waiting, [])
  })

  it("continues uninterruptible text", () => {
    const begun = told(Conversation.initial, turn("Started"), says("Read me. ", false), says("Skip me."), due).state
    const { state, todo } = told(begun, { _tag: "Typing" })
    assert.deepStrictEqual(tags(todo), ["UserTurnStarted"])
    assert.deepStrictEqual(
      told(state, due, due).todo.flatMap((one) =>
        one._tag === "Show" && one.item._tag === "Word" ? [one.item.text] : []
      ),
      [" me.", " "]
    )
  })

  it("speaks no word of a cancelled turn, even if it arrives late", () => {
    const begun = told(Conversation.initial, turn("Started"), says("One two."), due, { _tag: "Typing" }).state
    const { state } = told(begun, says(" late"), turn("Cancelled"))
    assert.deepStrictEqual(state.waiting, [])
  })

  it("reports a line as a turn, and an empty or deleted one as none", () => {
    const { state, todo } = told(Conversation.initial, { _tag: "Typing" }, { _tag: "Line", text: "Hello" })
    assert.deepStrictEqual(tags(todo), ["UserTurnStarted", "UserTextSent", "UserTurnEnded"])
    assert.isFalse(Conversation.isQuiet(state))
    assert.isTrue(Conversation.isQuiet(told(state, { _tag: "Unanswered" }).state))
    assert.deepStrictEqual(tags(told(Conversation.initial, { _tag: "Typing" }, { _tag: "Abandoned" }).todo), [
      "UserTurnStarted",
      "UserTurnAbandoned"
    ])
    assert.deepStrictEqual(told(Conversation.initial, { _tag: "Line", text: " " }).todo, [])
  })

  it("has commands for keys and silence, and explains what is wrong with others", () => {
    const line = (text: string) => told(Conversation.initial, { _tag: "Line", text }).todo
    assert.deepStrictEqual(reports(line("/press 4#")), [
      { _tag: "UserDtmfSent", button: "4" },
      { _tag: "UserDtmfSent", button: "#" }
    ])
    assert.deepStrictEqual(reports(line("/silence 8")), [{ _tag: "UserSilent", seconds: 8 }])
    for (const wrong of ["/press x", "/press", "/silence -1", "/silence soon", "/dance"]) {
      assert.deepStrictEqual(reports(line(wrong)), [])
      assert.strictEqual(shown(line(wrong)).at(-1)?._tag, "Note")
    }
  })

  it("ends once the goodbye was spoken, and accepts nothing after the end", () => {
    const bye: Conversation.Told = { _tag: "Wanted", output: { _tag: "AgentEndCall" } }
    const { state, todo } = told(Conversation.initial, turn("Started"), says("Bye."), bye, turn("Completed"), due)
    assert.isFalse(state.over)
    assert.notInclude(
      todo.map(({ _tag }) => _tag),
      "End"
    )
    const end = told(state, due)
    assert.deepStrictEqual(end.todo.at(-1), { _tag: "End" })
    assert.deepStrictEqual(told(end.state, { _tag: "Line", text: "Hello?" }, says("What?")).todo, [])
    assert.strictEqual(Conversation.due(end.state, 300), undefined)
  })

  it("shows a tool after the words before it", () => {
    const called: Conversation.Told = {
      _tag: "Wanted",
      output: { _tag: "AgentToolCalled", toolCallId: "c", toolName: "look_up", toolArgs: { topic: "tides" } }
    }
    const { todo } = told(Conversation.initial, turn("Started"), says("One moment."), called, due, due, due)
    assert.deepStrictEqual(
      shown(todo).map(({ _tag }) => _tag),
      ["Word", "Word", "ToolCalled"]
    )
  })

  it("schedules the next word by the length of the current one, and none if nothing waits", () => {
    const of = (text: string) => told(Conversation.initial, turn("Started"), says(text)).state
    assert.isAbove(Conversation.due(of("extraordinarily"), 300)!, Conversation.due(of("a"), 300)!)
    assert.strictEqual(Conversation.due(of("a"), 0), 0)
    assert.strictEqual(Conversation.due(Conversation.initial, 300), undefined)
  })
})
