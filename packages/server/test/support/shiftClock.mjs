/**
 * Loaded before a process: `SIGUSR2` moves its wall clock by `SHIFT_MS`, as when a machine sets its time or wakes up. Time that
 * passes goes on as before.
 */
const RealDate = globalThis.Date
let shift = 0

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length > 0) super(...given)
    else super(RealDate.now() + shift)
  }
  static now() {
    return RealDate.now() + shift
  }
}

process.on("SIGUSR2", () => {
  shift += Number(process.env.SHIFT_MS)
  process.stdout.write("The wall clock was moved.\n")
})
