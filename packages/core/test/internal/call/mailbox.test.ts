import { assert } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber } from "effect"
import * as Event from "../../../src/Event.ts"
import * as Mailbox from "../../../src/internal/call/mailbox.ts"
import { pass, settled, test } from "../../virtualTest.ts"

const texts = (...texts: ReadonlyArray<string>) => texts.map((text) => Event.sendText(text))
const textOf = (output: Event.Output) => (output._tag === "AgentSendText" ? output.text : output._tag)
const none = () => {}

test("takes outputs in the order they were put, and only those sent", function* () {
  const box = Mailbox.make<never>(2)
  const sent: Array<string> = []
  const putting = yield* Effect.forkChild(box.put(1, texts("a", "b", "c"), (output) => sent.push(textOf(output))))
  yield* settled
  assert.deepStrictEqual(sent, [])
  assert.isUndefined(putting.pollUnsafe())
  assert.strictEqual(textOf(yield* box.take), "a")
  yield* Fiber.join(putting)
  assert.deepStrictEqual(sent, ["a"])
  yield* box.take
  yield* box.take
  assert.deepStrictEqual(sent, ["a", "b", "c"])
})

test("takes nothing of a purged turn, not even what waited for room", function* () {
  const box = Mailbox.make<never>(1)
  yield* Effect.forkChild(box.put(1, texts("a", "b", "c"), none))
  yield* settled
  box.purge(1)
  yield* settled
  yield* box.put(2, texts("d"), none)
  assert.strictEqual(textOf(yield* box.take), "d")
})

test("takes nothing of a purged turn that cannot be interrupted, even after others have been purged", function* () {
  const box = Mailbox.make<never>(1)
  const stubborn = Effect.andThen(Effect.sleep("10 millis"), box.put(1, texts("late"), none))
  yield* Effect.forkChild(stubborn)
  box.purge(1)
  for (let turn = 2; turn < 10; turn++) box.purge(turn)
  yield* pass("10 millis")
  yield* box.put(10, texts("next"), none)
  assert.strictEqual(textOf(yield* box.take), "next")
})

test("is drained of a turn once its last output is taken", function* () {
  const box = Mailbox.make<never>(4)
  yield* box.put(1, texts("a"), none)
  yield* box.put(2, texts("b"), none)
  const drained = yield* Effect.forkChild(box.drained(1))
  yield* settled
  assert.isUndefined(drained.pollUnsafe())
  yield* box.take
  yield* Fiber.join(drained)
})

test("ends or fails once it is closed and empty, and accepts nothing more", function* () {
  const box = Mailbox.make<string>(4)
  yield* box.put(1, texts("a"), none)
  yield* box.close(Exit.fail("lost"))
  yield* box.close(Exit.void)
  yield* box.put(1, texts("b"), none)
  assert.strictEqual(textOf(yield* box.take), "a")
  assert.deepStrictEqual(yield* Effect.exit(box.take), Exit.fail("lost"))
  const over = Mailbox.make<never>(1)
  yield* over.close(Exit.void)
  const exit = yield* Effect.exit(over.take)
  assert.isTrue(Exit.isFailure(exit) && Cause.isDone(Cause.squash(exit.cause)))
})

test("purging a turn releases its senders that wait for room, even if there is none", function* () {
  const box = Mailbox.make<never>(1)
  yield* box.put(1, texts("a"), none)
  const putting = yield* Effect.forkChild(box.put(2, texts("b"), none))
  yield* settled
  box.purge(2)
  yield* settled
  assert.isDefined(putting.pollUnsafe())
  assert.strictEqual(textOf(yield* box.take), "a")
})
