import * as Spoken from "./src/internal/spoken/Spoken.ts"
import * as Chance from "./src/testing/Chance.ts"
const stocks = {
  en: ["One moment, please. ", "No problem. ", "This call is recorded. ", "Thank you. ", "Of course! ", "Let me look that up for you. ", "Is there anything else I can help you with? ", "Your table is booked for 7:30 pm. ", "Sorry, I did not catch that. ", "One moment. ", "Please hold. "],
  zh: ["请稍等。", "没问题。", "此通话将被录音。", "谢谢您。", "好的，我帮您查一下。", "还有什么可以帮您的吗？", "请稍等一下。"],
  ar: ["لحظة من فضلك. ", "لا مشكلة. ", "هذه المكالمة مسجلة. ", "شكرا لك. ", "هل هناك شيء آخر؟ "],
  th: ["กรุณารอสักครู่ครับ ", "ไม่มีปัญหาครับ ", "ขอบคุณครับ ", "สายนี้มีการบันทึก "],
  em: ["Great 😀! ", "One moment 🙏🏽, please. ", "No problem 👍. ", "Thanks 👨‍👩‍👧! ", "OK. "]
}
const words = (t) => t.match(/\S+\s*/gu) ?? []
const unspacedUnits = (t) => Array.from(t)
const mode = process.argv[3] ?? "words", lang = process.argv[2] ?? "en", n = +(process.argv[4] ?? 3000)
const norm = (t) => t.replace(/[\s\p{Emoji_Presentation}\p{Extended_Pictographic}\u200d\ufe0f\u{1f3fb}-\u{1f3ff}.,!?:。，？！]/gu, "").toLowerCase()
let wrongTurns = 0, turns = 0, phantom = 0, lost = 0; const shown = []
for (let seed = 1; seed <= n; seed++) {
  const c = Chance.make(seed)
  const s = Spoken.make()
  const log = []
  let truth = "", got = ""
  const settle = (final) => { for (const h of Spoken.settle(s, { final })) got += h.text }
  let q = []   // voice queue: {text,fixed,turn}
  const N = c.int(2, 5)
  for (let turn = 1; turn <= N; turn++) {
    turns++
    const pieces = []
    for (let i = c.int(1, 4); i > 0; i--) {
      const sentence = c.pick(stocks[lang]); const fixed = c.chance(0.3)
      const parts = c.chance(0.5) ? [sentence] : lang === "zh" || lang === "th" ? [sentence] : words(sentence)
      for (const p of parts) pieces.push({ text: p, fixed, turn })
    }
    for (const p of pieces) { Spoken.said(s, p.text, { interruptible: !p.fixed, turn }); log.push(`said ${turn} ${p.fixed ? "FIX " : ""}${p.text}`) }
    q.push(...pieces)
    // voice speaks units
    const cut = c.chance(0.5)
    let all = q.flatMap((p) => (lang === "zh" || lang === "th" ? unspacedUnits(p.text) : words(p.text)).map((u) => ({ u, ...p })))
    let cutAt = cut ? c.int(0, all.length) : all.length
    const report = (units) => {
      truth += units.map((u) => u.u).join("")
      if (mode === "words") for (const u of units) { const r = u.u.trim(); if (r) { Spoken.heard(s, r); log.push(`heard ${r}`) } }
      else if (mode === "whole") { const r = units.map((u) => u.u).join("").trim(); if (r) { Spoken.heard(s, r); log.push(`heard ${r}`) } }
      else if (mode === "solid") { const r = units.map((u) => u.u).join("").replace(/\s/g, ""); for (let i = 0; i < r.length;) { const k = c.int(1, 9); const x = r.slice(i, i + k); Spoken.heard(s, x); log.push(`heard ${x}`); i += k } }
      else if (mode === "chunks") { for (let i = 0; i < units.length;) { const k = c.int(1, 4); const x = units.slice(i, i + k).map((u) => u.u).join("").trim(); if (x) { Spoken.heard(s, x); log.push(`heard ${x}`) } i += k } }
    }
    if (cut && c.chance(0.2)) cutAt = 0
    report(all.slice(0, cutAt))
    if (cutAt < all.length || cut) {
      // barge in: user starts to speak -> event settles; turn stopped
      Spoken.stop(s, turn); Spoken.stopAll(s); log.push("CUT")
      settle(false)
      // begun fixed sentence and all fixed behind it are spoken to the end
      q = all.slice(cutAt).filter((u) => u.fixed).map((u) => ({ text: u.u, fixed: true, turn: u.turn }))
      if (c.chance(0.7)) { const rest = q.map((p) => ({ u: p.text, ...p })); q = []; report(rest); if (c.chance(0.5)) { Spoken.quiet(s) ; settle(true)} }
      settle(false)
    } else { q = []; settle(true); Spoken.quiet(s) }
  }
  const rest = q.map((p) => ({ u: p.text, ...p }))
  if (rest.length) { truth += rest.map((r) => r.u).join(""); for (const r of rest) { const x = r.u.trim(); if (x) Spoken.heard(s, x) } }
  settle(true)
  const a = norm(truth), b = norm(got)
  if (a !== b) { wrongTurns++; if (b.length > a.length) phantom++; else lost++; if (shown.length < 2) shown.push([seed, log.join("\n"), truth, got]) }
}
console.log(lang, mode, `calls ${n} turns ${turns} wrong calls ${wrongTurns} phantom ${phantom} lost/other ${lost}`)
if (process.argv[5]) for (const [seed, l, t, g] of shown) console.log("seed", seed, "\n" + l, "\nTRUTH", t, "\nGOT  ", g)
