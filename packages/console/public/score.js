/** The call as a score of two voices: when the caller spoke, when the agent did, and where one cut into the other. */

/** Time that the score shows, in milliseconds. */
const span = 30000

/** Makes the score on a canvas. It draws while the call goes on, once a second where motion is not wanted. */
export const makeScore = ({ canvas, now }) => {
  const still = matchMedia("(prefers-reduced-motion: reduce)")
  const dark = matchMedia("(prefers-color-scheme: dark)")
  const marks = []
  const open = {}
  let segments = []
  let running = false
  let timer
  let colours

  const readColours = () => {
    const style = getComputedStyle(canvas)
    const of = (name) => style.getPropertyValue(name).trim()
    colours = {
      agent: of("--agent"),
      caller: of("--caller"),
      line: of("--line"),
      muted: of("--muted"),
      ink: of("--ink"),
      paper: of("--paper")
    }
  }

  const draw = () => {
    const { clientHeight: height, clientWidth: width } = canvas
    if (width === 0) return
    const ratio = devicePixelRatio
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio)
      canvas.height = Math.round(height * ratio)
    }
    const context = canvas.getContext("2d")
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    context.clearRect(0, 0, width, height)
    const end = now()
    const from = Math.max(0, end - span)
    const x = (at) => ((at - from) / span) * width
    const lanes = { caller: height * 0.26, agent: height * 0.58 }
    const bar = Math.max(6, height * 0.18)

    context.lineWidth = 1
    context.strokeStyle = colours.line
    for (const y of Object.values(lanes)) {
      context.beginPath()
      context.moveTo(0, Math.round(y) + 0.5)
      context.lineTo(width, Math.round(y) + 0.5)
      context.stroke()
    }
    context.fillStyle = colours.muted
    context.font = "10px system-ui, sans-serif"
    for (let at = Math.ceil(from / 5000) * 5000; at <= from + span; at += 5000) {
      const tick = Math.round(x(at)) + 0.5
      context.beginPath()
      context.moveTo(tick, height - 4)
      context.lineTo(tick, height)
      context.stroke()
      if (at <= end) context.fillText(`${at / 1000} s`, tick + 3, height - 1)
    }
    for (const { lane, begin, end: until = end } of segments) {
      if (until < from) continue
      context.fillStyle = colours[lane]
      const left = Math.max(-bar, x(begin))
      context.beginPath()
      context.roundRect(left, lanes[lane] - bar / 2, Math.max(3, x(until) - left), bar, bar / 2)
      context.fill()
    }
    for (const { at, kind } of marks) {
      if (at < from) continue
      const place = x(at)
      context.strokeStyle = context.fillStyle =
        kind === "cut" ? colours.ink : colours[kind === "key" ? "caller" : "agent"]
      context.lineWidth = kind === "cut" ? 1.5 : 2
      context.beginPath()
      if (kind === "cut") {
        context.moveTo(place, lanes.caller)
        context.lineTo(place, lanes.agent + bar)
        context.stroke()
      } else if (kind === "key") {
        context.moveTo(place, lanes.caller - 7)
        context.lineTo(place + 6, lanes.caller)
        context.lineTo(place, lanes.caller + 7)
        context.lineTo(place - 6, lanes.caller)
        context.fill()
      } else {
        context.arc(place, lanes.agent, 5, 0, 2 * Math.PI)
        context.fillStyle = colours.paper
        context.fill()
        context.stroke()
      }
    }
  }

  const loop = () => {
    draw()
    if (!running) return
    if (still.matches) timer = setTimeout(loop, 1000)
    else timer = requestAnimationFrame(loop)
  }
  const halt = () => {
    clearTimeout(timer)
    cancelAnimationFrame(timer)
  }

  readColours()
  new ResizeObserver(draw).observe(canvas)
  dark.addEventListener("change", () => {
    readColours()
    draw()
  })

  return {
    start: () => {
      segments = []
      marks.length = 0
      open.caller = open.agent = undefined
      running = true
      halt()
      loop()
    },
    stop: () => {
      for (const segment of Object.values(open)) if (segment !== undefined) segment.end ??= now()
      running = false
      halt()
      draw()
    },
    begin: (lane) => {
      open[lane] = { lane, begin: now() }
      segments.push(open[lane])
    },
    end: (lane) => {
      if (open[lane] !== undefined) open[lane].end = now()
      open[lane] = undefined
    },
    /** Marks a moment: a `cut`, a `key`, or a `tool` at work. */
    mark: (kind) => marks.push({ at: now(), kind })
  }
}
