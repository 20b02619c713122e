import { assert, describe, it } from "@effect/vitest"
import * as Chance from "@antiphon/core/testing/Chance"
import * as AudioFormat from "../src/AudioFormat.ts"
import * as AudioTime from "../src/AudioTime.ts"
import * as Floor from "../src/Floor.ts"
import type { FloorEvent } from "../src/FloorEvent.ts"
import * as FloorPolicy from "../src/FloorPolicy.ts"
import * as Playback from "../src/Playback.ts"

const format = AudioFormat.pcm8000
const frameMs = 20

/**
 * A call of 20 s, a frame at a time: the floor decides, the playback plays, and a voice goes on delivering audio of
 * replies that were cut long before, as real voices do.
 */
const call = (seed: number) => {
  const chance = Chance.make(seed)
  const late: Array<{ readonly due: number; readonly chunk: Playback.Chunk }> = []
  let floor = Floor.initial
  let playback = Playback.make({ format, report: "estimate" })
  let [isSpeaking, wasIdle, words, said] = [false, true, 0, 0]
  const heard: Array<string> = []
  const cuts: Array<ReadonlyArray<string>> = []
  for (let now = frameMs; now <= 20_000; now += frameMs) {
    const at = AudioTime.make(now)
    const apply = (event: FloorEvent) => {
      const [next, actions] = Floor.step(floor, event, FloorPolicy.telephone)
      floor = next
      for (const action of actions) {
        if (action._tag === "Pause") tell(Playback.pause(playback, at))
        else if (action._tag === "Resume") playback = Playback.resume(playback, at)
        else if (action._tag === "Cut") {
          tell(Playback.cut(playback, at, action.generation))
          cuts.push(heard.slice())
        } else if (action._tag === "TurnEnded" || action._tag === "TurnCommitted") reply(action.generation)
      }
    }
    const tell = ([next, news]: readonly [Playback.Playback, Playback.Heard]) => {
      playback = next
      heard.push(...news.words.map((word) => word.text))
      if (news.began.length > 0) apply({ _tag: "AgentHeard", at, generation: floor.generation })
    }
    const reply = (generation: number) => {
      for (let index = 0; index < 6; index++) {
        const text = `g${generation}.${said++}`
        const word = { text, start: AudioTime.zero, end: AudioTime.make(300) }
        const bytes = new Uint8Array(AudioFormat.bytesOf(format, 300))
        const chunk = {
          generation,
          reply: `r${generation}`,
          utterance: text,
          bytes,
          words: [word],
          interruptible: true
        }
        late.push({ due: now + 100 * index + chance.int(0, 800), chunk })
      }
    }
    if (chance.chance(0.02)) {
      isSpeaking = !isSpeaking
      apply(isSpeaking ? { _tag: "SpeechStarted", at, from: at } : { _tag: "SpeechEnded", at, from: at })
    }
    if (isSpeaking && chance.chance(0.05)) apply({ _tag: "Transcript", at, text: `w${words++}`, final: true })
    for (const { due, chunk } of late.splice(0)) {
      if (due <= now) playback = Playback.push(playback, chunk)
      else late.push({ due, chunk })
    }
    apply({ _tag: "Tick", at })
    tell(Playback.heard(playback, at))
    const isIdle = Playback.isIdle(playback)
    if (!isIdle && wasIdle) apply({ _tag: "AgentSpeaking", at, generation: floor.generation, interruptible: true })
    if (isIdle && !wasIdle && late.length === 0) apply({ _tag: "AgentQuiet", at, generation: floor.generation })
    wasIdle = isIdle
    const [next, outputs] = Playback.pull(playback, at)
    playback = next
    for (const output of outputs) {
      assert.strictEqual(output.generation, Floor.generation(floor), `seed ${seed}: at ${now}`)
      assert.notStrictEqual(Floor.agent(floor), "Paused", `seed ${seed}: at ${now}`)
    }
  }
  return { heard, cuts }
}

describe("Floor and Playback", () => {
  it("nothing of an old generation is sent after a cut, and nothing at all during a pause", () => {
    let cuts = 0
    for (let seed = 1; seed <= 200; seed++) cuts += call(seed).cuts.length
    assert.isAbove(cuts, 300)
  })

  it("words of a reply that was cut are heard before the cut, or never", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const { heard, cuts } = call(seed)
      cuts.forEach((before, index) => {
        const stale = heard.slice(before.length).find((word) => Number(word.slice(1).split(".")[0]) <= index)
        assert.isUndefined(stale, `seed ${seed}: after cut ${index + 1}`)
      })
    }
  })
})
