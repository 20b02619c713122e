import * as Agent from "@antiphon/core/Agent"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import { assert, describe, it } from "@effect/vitest"
import { type Cause, Effect, Fiber, Option, Queue, Stream, Terminal } from "effect"
import * as Talk from "../../../src/internal/chat/talk.ts"

const agent = Agent.from(
  Agent.make(
    Agent.route({
      CallStarted: () => Stream.make(Event.sendText("Hello there, this is a long greeting of many words.")),
      UserTurnEnded: (event, turn) => {
        const heard = turn.history.events.findLast(({ _tag }) => _tag === "AgentTextSent")
        return Stream.make(
          Event.sendText(
            `You said: ${Event.text(event)}, after ${heard === undefined ? "nothing" : Event.text(heard)}`
          ),
          ...(Event.text(event) === "bye" ? [Event.endCall()] : [])
        )
      }
    })
  )
)

/** A terminal with waiting lines, and keys that arrive when they are pressed. */
const terminalOf = Effect.fnUntraced(function* (lines: ReadonlyArray<string> = []) {
  const keys = yield* Queue.unbounded<Terminal.UserInput, Cause.Done>()
  const left = [...lines]
  const terminal = Terminal.make({
    columns: Effect.succeed(80),
    rows: Effect.succeed(24),
    size: Effect.die("not asked for"),
    display: () => Effect.void,
    readInput: Effect.succeed(keys),
    readLine: Effect.suspend(() => {
      const line = left.shift()
      return line === undefined ? Effect.fail(new Terminal.QuitError({})) : Effect.succeed(line)
    })
  })
  const press = (text: string) =>
    Effect.forEach([...text], (letter) =>
      Queue.offer(keys, {
        input: Option.some(letter),
        key: { name: letter === "\r" ? "return" : letter, ctrl: false, meta: false, shift: false }
      })
    )
  return { terminal, press, leave: Queue.end(keys) }
})

const screenOf = () => {
  const screen = { text: "", columns: 140, write: (text: string) => void (screen.text += text) }
  return screen
}
const request = CallRequest.make()

describe("A chat", () => {
  it.effect("sends each piped line once the agent has finished, and hangs up after the last", () =>
    Effect.gen(function* () {
      const { terminal } = yield* terminalOf(["one", "two"])
      const screen = screenOf()
      yield* Talk.talk(agent, terminal, { request, pace: 0, keys: false, screen })
      const lines = screen.text.trimEnd().split("\n")
      assert.deepStrictEqual(
        lines.map((line) => line.slice(0, 9).trim()),
        ["agent", "you", "agent", "you", "agent"]
      )
      assert.match(lines[2]!, /You said: one, after Hello there, this is a long greeting of many words\./)
    }).pipe((test) => VirtualTime.run(test))
  )

  it.effect("ends when the agent hangs up, once its words were spoken", () =>
    Effect.gen(function* () {
      const { terminal } = yield* terminalOf(["bye", "still there?"])
      const screen = screenOf()
      yield* Talk.talk(agent, terminal, { request, pace: 0, keys: false, screen })
      assert.match(screen.text, /You said: bye.*\n {9}The agent has hung up\.\n$/)
      assert.notInclude(screen.text, "still there?")
    }).pipe((test) => VirtualTime.run(test))
  )

  it.effect("is interrupted by the first key, and the agent knows what was heard", () =>
    Effect.gen(function* () {
      const { leave, press, terminal } = yield* terminalOf()
      const screen = screenOf()
      const talk = yield* Effect.forkScoped(Talk.talk(agent, terminal, { request, pace: 300, keys: true, screen }))
      // "Hello there," has been spoken, and "this" has not.
      yield* Effect.sleep("300 millis")
      yield* press("so")
      yield* Effect.sleep("2 seconds")
      assert.match(screen.text, /Hello there,\n[^]*not heard: this is a long greeting/)
      yield* press("\r")
      yield* Effect.sleep("5 seconds")
      assert.match(screen.text, /you {4}so\n/)
      assert.match(screen.text, /You said: so, after Hello there,\n$/)
      yield* leave
      yield* Fiber.join(talk)
    }).pipe(Effect.scoped, (test) => VirtualTime.run(test))
  )
})
