import { Agent, Event } from "@antiphon/core"
import { Effect, Ref, Stream } from "effect"

/** Thinks while the caller has only probably finished, and books once they have. */
export const makeBooking = (booked: Ref.Ref<number>) =>
  Agent.make(
    Agent.route({
      UserTurnEnded: (_, turn) =>
        Stream.fromEffect(
          Effect.gen(function* () {
            yield* Effect.sleep("500 millis") // harmless: looks for a table
            yield* turn.committed
            yield* Ref.update(booked, (n) => n + 1)
            return Event.sendText("Your table is booked.")
          })
        )
    })
  )
