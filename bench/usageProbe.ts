/** Loaded before a server: answers the parent process when it asks what the server uses. */
process.on("message", (message) => {
  if (message !== "usage") return
  const { system, user } = process.cpuUsage()
  // Twice: what has a finalizer goes with the second one.
  void global.gc?.()
  void global.gc?.()
  process.send?.({ cpuMs: (user + system) / 1000, heapUsed: process.memoryUsage().heapUsed })
})
process.on("disconnect", () => process.exit())
