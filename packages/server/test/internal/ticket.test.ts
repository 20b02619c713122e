import { assert, describe, it } from "@effect/vitest"
import * as Ticket from "../../src/internal/ticket.ts"

const now = 1_800_000_000_000

describe("Ticket", () => {
  it("is valid once, for the call it was issued for", () => {
    const tickets = Ticket.make("secret")
    const ticket = tickets.issue("c1", now)
    const seal = tickets.use(ticket, now + 1000)
    assert.isTrue(seal?.fits("c1"))
    assert.isFalse(seal?.fits("c2"))
    assert.isUndefined(tickets.use(ticket, now + 1000))
  })

  it("expires", () => {
    const tickets = Ticket.make("secret")
    assert.isDefined(tickets.use(tickets.issue("c1", now), now + Ticket.lifeMs - 1))
    assert.isUndefined(tickets.use(tickets.issue("c1", now), now + Ticket.lifeMs))
  })

  it("is valid in every process that has the secret, and in no other", () => {
    const ticket = Ticket.make("secret").issue("c1", now)
    assert.isDefined(Ticket.make("secret").use(ticket, now))
    assert.isUndefined(Ticket.make("other").use(ticket, now))
    assert.isUndefined(Ticket.make(undefined).use(ticket, now))
    const random = Ticket.make(undefined)
    assert.isDefined(random.use(random.issue("c1", now), now))
  })

  it("is invalid if anything in it was changed", () => {
    const tickets = Ticket.make("secret")
    const ticket = tickets.issue("c1", now)
    for (let i = 0; i < ticket.length; i++) {
      const changed = ticket.slice(0, i) + (ticket[i] === "x" ? "y" : "x") + ticket.slice(i + 1)
      assert.isUndefined(tickets.use(changed, now), changed)
    }
    for (const wrong of ["", ".", "...", `${ticket}.`, ticket.slice(0, -1), `${ticket}x`, `x${ticket}`]) {
      assert.isUndefined(tickets.use(wrong, now), wrong)
    }
    assert.isDefined(tickets.use(ticket, now))
  })
})
