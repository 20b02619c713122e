/** Remembers what has happened, because carriers send an event again if they are not sure that it arrived. */

/** How many events are remembered. Beyond it the oldest are forgotten. */
const most = 10_000

/** Makes a memory that tells whether an event comes for the first time. */
export const make = (): ((event: string) => boolean) => {
  const known = new Set<string>()
  return (event) => {
    if (known.has(event)) return false
    known.add(event)
    if (known.size > most) for (const oldest of known) return known.delete(oldest)
    return true
  }
}
