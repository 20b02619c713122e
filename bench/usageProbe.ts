/** Loaded before a server: answers the parent process when it asks what the server uses. */
let asking = 0

const cpuMs = (): number => {
  const { system, user } = process.cpuUsage()
  return (user + system) / 1000
}

process.on("message", (message) => {
  if (message !== "usage") return
  const used = cpuMs()
  const answer = used - asking
  // Twice: what has a finalizer goes with the second one.
  void global.gc?.()
  void global.gc?.()
  // To ask is not what the server does.
  asking += cpuMs() - used
  process.send?.({ cpuMs: answer, heapUsed: process.memoryUsage().heapUsed })
})
process.on("disconnect", () => process.exit())
