/** Tracks each client of a server: its open calls, its sockets without a call, and the rate of its bytes. */
import type { Clock } from "effect/Clock"
import type { Settings } from "../Settings.ts"
import * as Bucket from "./bucket.ts"
import type { ClientPace } from "./intake.ts"
import * as Monotonic from "@antiphon/core/Monotonic"

interface Client {
  calls: number
  openings: number
  readonly bytes: Bucket.Bucket
  lastAt: number
}

/** How long to remember an idle client: the period over which its rate is averaged. */
const rememberedMs = 10_000

type Limits = Partial<Pick<Settings, "maxCallsPerClient" | "maxOpeningsPerClient" | "maxBytesPerSecondPerClient">>

export const make = (
  { maxBytesPerSecondPerClient = 0, maxCallsPerClient = 0, maxOpeningsPerClient = 0 }: Limits,
  clock: Clock
) => {
  const clients = new Map<string, Client>()
  const of = (name: string): Client => {
    const known = clients.get(name)
    if (known !== undefined) return known
    const client = {
      calls: 0,
      openings: 0,
      bytes: Bucket.make(maxBytesPerSecondPerClient, clock),
      lastAt: Monotonic.millis(clock)
    }
    clients.set(name, client)
    return client
  }

  return {
    count: (name: string | undefined, what: "calls" | "openings", by: 1 | -1): void => {
      if (name === undefined) return
      const client = of(name)
      client[what] += by
      client.lastAt = Monotonic.millis(clock)
    },
    /** Whether a client has reached its limit of calls. */
    isFull: (name: string): boolean => maxCallsPerClient > 0 && (clients.get(name)?.calls ?? 0) >= maxCallsPerClient,
    hasAllOpenings: (name: string): boolean =>
      maxOpeningsPerClient > 0 && (clients.get(name)?.openings ?? 0) >= maxOpeningsPerClient,
    /** The client with the most openings, if any has a name. */
    mostOpenings: (): string | undefined =>
      [...clients].reduce<readonly [string | undefined, number]>(
        (most, [name, { openings }]) => (openings > most[1] ? [name, openings] : most),
        [undefined, 0]
      )[0],
    paceOf: (name: string): ClientPace | undefined =>
      maxBytesPerSecondPerClient === 0
        ? undefined
        : {
            limit: maxBytesPerSecondPerClient,
            take: (bytes) => {
              const client = of(name)
              client.lastAt = Monotonic.millis(clock)
              return client.bytes.take(bytes)
            }
          },
    /** Forgets clients that have been idle for a while. */
    forget: (now: number): void => {
      for (const [name, { calls, lastAt, openings }] of clients) {
        if (calls === 0 && openings === 0 && now - lastAt >= rememberedMs) clients.delete(name)
      }
    }
  }
}
