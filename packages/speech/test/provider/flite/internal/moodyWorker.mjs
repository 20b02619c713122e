// A thread that does what the voice's name says: ends, fails, or answers with the words.
import { parentPort } from "node:worker_threads"

parentPort.on("message", ({ id, request: { voice, words } }) => {
  if (voice === "ends") process.exit(3)
  if (voice === "fails") return parentPort.postMessage({ id, error: "no such voice" })
  if (voice === "waits") return
  parentPort.postMessage({ id, said: { samples: new Int16Array(0), sampleRateHz: 16000, words } })
})
parentPort.postMessage({ id: 0 })
