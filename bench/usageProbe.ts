/** Loaded before a server: reports the server's resource usage when the parent process asks. */
let asking = 0

const cpuMs = (): number => {
  const { system, user } = process.cpuUsage()
  return (user + system) / 1000
}

process.on("message", (message) => {
  if (message !== "usage") return
  const used = cpuMs()
  const answer = used - asking
  // Twice, because objects with a finalizer are freed by the second collection.
  void global.gc?.()
  void global.gc?.()
  // Asking does not count as the server's work.
  asking += cpuMs() - used
  process.send?.({ cpuMs: answer, heapUsed: process.memoryUsage().heapUsed })
})
process.on("disconnect", () => process.exit())
