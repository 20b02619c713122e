import { Agent, Event } from "@antiphon/core"
import { Effect, Ref, Stream } from "effect"

/** Notes down the order even if the caller hangs up meanwhile, and then how the call went. */
export const makeDesk = (book: Ref.Ref<ReadonlyArray<string>>) => {
  const write = (line: string) => Ref.update(book, (lines) => [...lines, line])
  const order = Effect.andThen(Effect.sleep("3 seconds"), write("ordered"))
  return Agent.make(
    Agent.route({
      UserTurnEnded: (_, turn) =>
        Stream.concat(
          Stream.fromEffectDrain(turn.background("order", order, { atEnd: "finish" })),
          Stream.make(Event.sendText("I am placing your order."))
        ),
      BackgroundReturned: () => Stream.make(Event.sendText("It is ordered.")),
      CallEnded: (_, turn) => Stream.fromEffectDrain(write(`${turn.history.events.length} events`))
    }),
    { endGrace: "8 seconds" }
  )
}
