/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import type * as Settings from "@antiphon/server/Settings"
import * as VoiceAgentApp from "@antiphon/server/node/VoiceAgentApp"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, ManagedRuntime, Redacted } from "effect"
import { HttpServer } from "effect/http"
import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { request } from "node:http"
import { type Browser, chromium } from "playwright-core"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "@antiphon/examples/demo/Assistant"
import * as Console from "../src/ConsoleApp.ts"

const executablePath = "/usr/bin/chromium"
const hasChromium = existsSync(executablePath)
const publicFolder = new URL("../public/", import.meta.url)

/** The server of `npm start`. */
const serve = async (port = 0, others: Settings.Overrides = {}) => {
  const settings = { port, host: "127.0.0.1", drainTimeout: Duration.zero, ...others }
  const agent = VoiceAgentApp.layerServer(Assistant.make(DefaultModel.demo), {
    routes: Console.layer,
    guard: false,
    settings
  })
  const runtime = ManagedRuntime.make(Layer.provide(agent, DefaultModel.layer(DefaultModel.demo)))
  const address = await runtime.runPromise(Effect.map(HttpServer.HttpServer, ({ address }) => address))
  if (!("port" in address)) throw new Error("the server has no port")
  return { port: address.port, url: `http://127.0.0.1:${address.port}`, stop: () => runtime.dispose() }
}

let server: Awaited<ReturnType<typeof serve>>
beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.stop())

/** Requests a path as it is; `fetch` would normalise it first. */
const get = (path: string, method = "GET") =>
  new Promise<{ status: number; headers: { readonly [name: string]: unknown }; body: string }>((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port: server.port, path, method }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    asking.on("error", reject).end()
  })

describe("Console", () => {
  it("serves the page at / and every file of its folder, with the right type and a strict policy", async () => {
    assert.deepStrictEqual(Object.keys(Console.files).toSorted(), readdirSync(publicFolder).toSorted())
    for (const [name, type] of Object.entries(Console.files)) {
      const { body, headers, status } = await get(name === "index.html" ? "/" : `/${name}`)
      assert.strictEqual(status, 200)
      assert.strictEqual(headers["content-type"], type)
      assert.strictEqual(headers["x-content-type-options"], "nosniff")
      assert.match(
        String(headers["content-security-policy"]),
        /default-src 'none'; script-src 'self'; style-src 'self'/
      )
      assert.strictEqual(body, readFileSync(new URL(name, publicFolder), "utf8"))
    }
  })

  it("serves nothing else of the machine", async () => {
    for (const path of [
      "/../package.json",
      "/%2e%2e/package.json",
      "/..%2fsrc/main.ts",
      "/public/index.html",
      "//etc/passwd"
    ]) {
      assert.strictEqual((await get(path)).status, 404)
    }
  })

  it("answers HEAD without a body, and rejects other methods", async () => {
    const head = await get("/", "HEAD")
    assert.deepStrictEqual([head.status, head.body], [200, ""])
    assert.strictEqual((await get("/", "POST")).status, 405)
  })

  it("does not affect the routes of the agent", async () => {
    assert.strictEqual(JSON.parse((await get("/status")).body).status, "ok")
    assert.strictEqual((await get("/chats")).status, 405)
  })

  it("loads nothing from another address and has no inline script or style", () => {
    for (const name of Object.keys(Console.files)) {
      const text = readFileSync(new URL(name, publicFolder), "utf8").replaceAll("http://www.w3.org/2000/svg", "")
      assert.notMatch(text, /https?:\/\/|<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+="/)
    }
  })
})

describe("playback of the page", () => {
  const load = () => import(new URL("playback.js", publicFolder).href)

  it("splits text into words that join to the same text", async () => {
    const { splitWords } = await load()
    for (const text of ["", " ", "One  two,\nthree. ", "a", "日本語、です。 ok", "“Quoted” – and 🙂 too"]) {
      assert.strictEqual(splitWords(text).join(""), text)
    }
    assert.deepStrictEqual(splitWords("One  two,\nthree."), ["One  ", "two,\n", "three."])
    assert.deepStrictEqual(splitWords("日本、です。"), ["日", "本、", "で", "す。"])
  })

  it("speaks about 170 words a minute", async () => {
    const { duration, splitWords } = await load()
    const text =
      "One night a child of the first choir sang a line and left the last word out, as children do. " +
      "The echo sang the line, and put the word in. Nobody on the hill slept much after that."
    const words: ReadonlyArray<string> = splitWords(text)
    const minutes = words.reduce((sum, word) => sum + duration(word), 0) / 60000
    assert.closeTo(words.length / minutes, 170, 15)
  })
})

/** Runs what `npm start` runs, and returns what it prints until `enough`, or until it ends. */
const start = (env: { readonly [name: string]: string }, enough?: RegExp) =>
  new Promise<{ readonly code: number | null; readonly printed: string }>((resolve) => {
    const child = spawn(process.execPath, ["--conditions=antiphon-source", "packages/examples/src/demo/main.ts"], {
      cwd: new URL("../../..", import.meta.url),
      env: { ...process.env, HOST: "127.0.0.1", ...env }
    })
    let printed = ""
    const read = (text: string) => {
      printed += text
      if (enough?.test(printed)) child.kill("SIGINT")
    }
    child.stdout.setEncoding("utf8").on("data", read)
    child.stderr.setEncoding("utf8").on("data", read)
    child.on("close", (code) => resolve({ code, printed }))
  })

describe("npm start", { concurrent: true, timeout: 120_000 }, () => {
  it("prints the address of the demo, and exits with 0 on a signal", async () => {
    const { code, printed } = await start({ PORT: "0" }, /Ctrl-C/)
    assert.match(
      printed,
      /http:\/\/localhost:\d{4,5} .*\n.*voice\.html .*\n.*ws:\/\/localhost:\d{4,5}\/ws .*\n[^]*needs no key\. To use a real one/
    )
    assert.strictEqual(code, 0)
  })

  it("explains in one line what to do if the port is in use", async () => {
    const { port } = server
    const { code, printed } = await start({ PORT: String(port) })
    assert.strictEqual(printed.trim(), `Port ${port} is in use already. Try another one: PORT=${port + 1} npm start`)
    assert.strictEqual(code, 1)
  })

  it("names a setting it cannot read", async () => {
    const { code, printed } = await start({ PORT: "many" })
    assert.match(printed.trim(), /^A setting cannot be read\. [^(]*"PORT"/)
    assert.strictEqual(code, 1)
  })
})

interface Frame {
  readonly way: "in" | "out"
  readonly [field: string]: unknown
}

/** What the fakes of a browser's speech services put on the page. */
interface Stage {
  hear(words: string, isFinal: boolean): void
  readonly stage: { readonly read: ReadonlyArray<string>; readonly cancelled: number }
}

/** Speech recognition that hears what the test says. Runs in the page. */
const installMicrophone = () => {
  class Recognition {
    onresult: (event: object) => void = () => {}
    abort() {}
    start() {
      Object.assign(globalThis, {
        hear: (transcript: string, isFinal: boolean) =>
          this.onresult({ resultIndex: 0, results: [Object.assign([{ transcript }], { isFinal })] })
      })
    }
  }
  Object.assign(globalThis, { SpeechRecognition: Recognition, webkitSpeechRecognition: Recognition })
}

/** A voice that reports where it is, a word every 100 ms, or one that never starts. Runs in the page. */
const installVoice = (kind: "works" | "silent") => {
  interface Speech {
    readonly text: string
    onstart(): void
    onboundary(event: object): void
    onend(): void
  }
  const stage = { read: [] as Array<string>, cancelled: 0 }
  let timers: Array<ReturnType<typeof setTimeout>> = []
  class Utterance {
    text: string
    constructor(text: string) {
      this.text = text
    }
  }
  const synthesis = {
    cancel: () => {
      stage.cancelled++
      for (const timer of timers) clearTimeout(timer)
    },
    speak: (speech: Speech) => {
      stage.read.push(speech.text)
      if (kind === "silent") return
      const words = [...speech.text.matchAll(/\S+/g)]
      timers = [
        setTimeout(() => speech.onstart(), 10),
        ...words.map(({ index }, at) =>
          setTimeout(() => speech.onboundary({ charIndex: index, name: "word" }), 20 + at * 100)
        ),
        setTimeout(() => speech.onend(), 20 + words.length * 100)
      ]
    }
  }
  Object.defineProperty(globalThis, "speechSynthesis", { value: synthesis })
  Object.assign(globalThis, { SpeechSynthesisUtterance: Utterance, stage })
  localStorage.setItem("voice", "on")
}

/** A page with a call, its messages as they were on the wire, and its errors. */
const open = async (
  browser: Browser,
  options: {
    readonly rate?: number
    readonly width?: number
    readonly url?: string
    readonly start?: boolean
    readonly voice?: "works" | "silent"
    readonly microphone?: boolean
    readonly motion?: boolean
  } = {}
) => {
  const { microphone = false, motion = false, rate = 8, start = true, url = server.url, voice, width = 1200 } = options
  // Drawing sixty times a second without a graphics card takes most of a processor.
  const reducedMotion = motion ? "no-preference" : "reduce"
  const page = await browser.newPage({ viewport: { width, height: 800 }, reducedMotion })
  page.setDefaultTimeout(45_000)
  const frames: Array<Frame> = []
  const problems: Array<string> = []
  page.on("websocket", (socket) => {
    socket.on("framesent", ({ payload }) => frames.push({ way: "out", ...JSON.parse(String(payload)) }))
    socket.on("framereceived", ({ payload }) => frames.push({ way: "in", ...JSON.parse(String(payload)) }))
  })
  page.on("pageerror", ({ message }) => problems.push(message))
  page.on("console", (line) => {
    if (line.type() === "error") problems.push(line.text())
  })
  if (voice !== undefined) await page.addInitScript(installVoice, voice)
  if (microphone) await page.addInitScript(installMicrophone)
  await page.goto(`${url}/?rate=${rate}`)
  const call = {
    page,
    frames,
    problems,
    sent: () => frames.filter(({ way }) => way === "out"),
    box: page.getByLabel("Say something"),
    answers: page.locator(".line.agent"),
    last: page.locator(".line.agent").last(),
    words: (state: string) => page.locator(".line.agent").last().locator(`.word[data-state="${state}"]`),
    /** Waits until a number of words of the last answer, some of which match, have been spoken. */
    spoken: (count: number, text = "") =>
      page.waitForFunction(
        ([count, text]) => {
          const last = [...document.querySelectorAll(".line.agent")].at(-1)
          if (last === undefined || !last.textContent?.includes(text)) return false
          return last.querySelectorAll('.word[data-state="spoken"]').length >= count
        },
        [count, text] as const
      ),
    /** Waits for a moment at which the last answer is partly spoken: some words are, and some are not yet. */
    midway: (text: string) =>
      page.waitForFunction((text) => {
        const last = [...document.querySelectorAll(".line.agent")].at(-1)
        const count = (state: string) => last?.querySelectorAll(`.word[data-state="${state}"]`).length ?? 0
        return last?.textContent?.includes(text) && count("spoken") > 2 && count("now") === 1 && count("waiting") > 0
      }, text),
    shows: (text: string | RegExp) => page.locator("#talk").getByText(text).first().waitFor(),
    say: async (text: string) => {
      await call.box.fill(text)
      await call.box.press("Enter")
    },
    status: (text: string) => page.locator("#status-text").getByText(text, { exact: true }).waitFor()
  }
  if (start) {
    await page.getByRole("button", { name: "Start call" }).first().click()
    await call.status("In call")
    await call.spoken(1)
  }
  return call
}
type Opened = Awaited<ReturnType<typeof open>>

const solid = (text: string) => text.replace(/\s+/g, "")

/** What the page shows of a stopped answer, and its words by state, all at the same moment. */
const stopped = (answer: Opened["last"]) =>
  answer.evaluate((line) => {
    const words = (state: string) =>
      [...line.querySelectorAll(`.word[data-state="${state}"]`)].map(({ textContent }) => textContent)
    const [, heard, said] = /(\d+) of (\d+) words/.exec(line.querySelector(".outcome")?.textContent ?? "") ?? []
    return { heard: Number(heard), said: Number(said), spoken: words("spoken"), dropped: words("dropped") }
  })

if (!hasChromium) console.warn(`The page is not tested: there is no ${executablePath}.`)

describe("the page in Chromium", () => {
  it.skipIf(hasChromium || process.env["CI"] !== "true")("has a Chromium in CI", () => {
    assert.fail(`there is no ${executablePath}`)
  })
})

describe.skipIf(!hasChromium)("the page in Chromium", { concurrent: true, timeout: 120_000 }, () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync"
      ]
    })
  }, 120_000)
  afterAll(() => browser?.close())

  const using = (options: Parameters<typeof open>[1], use: (call: Opened) => Promise<void>) => async () => {
    const call = await open(browser, options)
    try {
      await use(call)
      assert.deepStrictEqual(call.problems, [])
    } finally {
      await call.page.close()
    }
  }

  it(
    "talks: the answer to a typed sentence is spoken word by word, and each word reported once",
    using({ rate: 3, motion: true }, async (call) => {
      await call.midway("Hello, this is the Antiphon demo.")
      await call.shows("Heard to the end, 46 words.")
      const before = call.frames.length
      await call.say("Help")
      await call.midway("tell me a story")
      await call.last.getByText("Ask me for the time.").waitFor()
      await call.last.getByText(/Heard to the end/).waitFor()
      await call.page.waitForFunction(() => !("agent" in document.body.dataset))

      const frames = call.frames.slice(before)
      const said = frames
        .flatMap(({ content, type, way }) => (way === "in" && type === "message" ? [content] : []))
        .join("")
      assert.match(said, /^Say “tell me a story”, and talk over me\./)
      const sent = frames.filter(({ way }) => way === "out")
      const acks = sent.filter(({ type }) => type === "agent_speech").map(({ content }) => content)
      assert.deepStrictEqual(acks, said.split(/\s+/))
      assert.deepStrictEqual(
        sent.slice(0, 4).map(({ content, type, value }) => [type, value ?? content]),
        [
          ["user_state", "speaking"],
          ["message", "Help"],
          ["user_state", "idle"],
          ["agent_state", "speaking"]
        ]
      )
      // An agent that pauses is idle meanwhile, on a busy machine.
      const states = sent.flatMap(({ type, value }) => (type === "agent_state" ? [value] : []))
      assert.deepStrictEqual(
        states,
        states.map((_, index) => (index % 2 === 0 ? "speaking" : "idle"))
      )
      assert.deepStrictEqual([sent.at(-1)?.["type"], sent.at(-1)?.["value"]], ["agent_state", "idle"])
    })
  )

  it(
    "opens a call with the start message of a harness",
    using({}, async (call) => {
      await call.spoken(1)
      const { call_id, ...start } = call.frames[0]!
      assert.deepStrictEqual(start, {
        way: "out",
        type: "start",
        from: "web",
        to: "demo",
        agent: { id: "demo" },
        metadata: {}
      })
      assert.match(String(call_id), /^web-[0-9a-f]{12}$/)
    })
  )

  it(
    "interrupts: the first letter stops the speech, and shows what was said but not spoken",
    using({ rate: 4 }, async (call) => {
      await call.say("Tell me a story")
      await call.spoken(30, "Two choirs")
      await call.box.press("w")
      await call.last.getByText(/^Stopped\./).waitFor()
      const { dropped, heard, said, spoken: heardWords } = await stopped(call.last)
      assert.isBelow(heard, said)
      assert.deepStrictEqual([heardWords.length, dropped.length], [heard, said - heard])
      assert.strictEqual(
        await call
          .words("dropped")
          .first()
          .evaluate((word) => getComputedStyle(word).textDecorationLine),
        "line-through"
      )
      const tail = heardWords.slice(-5).join("").trim()
      const spoken = call.sent().filter(({ type }) => type === "agent_speech").length

      await call.box.pressSequentially("hat is a choir?")
      assert.strictEqual(call.sent().filter(({ type }) => type === "agent_speech").length, spoken)
      await call.box.press("Enter")
      await call.shows(`You stopped me after ${heard} words, at “`)
      await call.spoken(12)
      assert.include(
        solid((await call.last.locator(".words").textContent()) ?? ""),
        solid(`at “${tail.replace(/[.,]$/, "")}`)
      )

      const last = call.sent().findLastIndex(({ content }) => content === "what is a choir?")
      const states = call
        .sent()
        .slice(0, last + 2)
        .filter(({ type }) => type !== "agent_speech")
      assert.deepStrictEqual(
        states.slice(-4).map(({ content, type, value }) => [type, value ?? content]),
        [
          ["user_state", "speaking"],
          ["agent_state", "idle"],
          ["message", "what is a choir?"],
          ["user_state", "idle"]
        ]
      )
    })
  )

  it(
    "continues a story where it was stopped",
    // Slow enough that a good part of the story is left when a busy machine manages to stop it.
    using({ rate: 3 }, async (call) => {
      await call.say("Tell me a story")
      await call.spoken(30, "Two choirs")
      await call.page.keyboard.press("Escape")
      await call.shows("(no words)")
      const { dropped, heard } = await stopped(call.answers.nth(1))
      await call.shows(`You stopped me after ${heard} words, at “`)
      await call.say("Go on")
      const lead = "I go on behind the last word that you heard."
      await call.spoken(30, lead)
      const words = (await call.last.locator(".words").textContent()) ?? ""
      assert.strictEqual(words.split(`${lead} `)[1]!.split(" ")[0], dropped[0]!.trim())
    })
  )

  it(
    "speaks uninterruptible text to its end",
    using({ rate: 2 }, async (call) => {
      await call.say("Read me the notice")
      await call.page.locator('.word[data-firm][data-state="spoken"]').nth(2).waitFor()
      await call.box.press("x")
      await call.page.locator("body[data-speaking=caller]").waitFor()
      await call.words("spoken").getByText("begun.").waitFor()
      assert.strictEqual(await call.words("dropped").count(), 0)
      const speaking = call.sent().findLastIndex(({ type, value }) => type === "user_state" && value === "speaking")
      const acks = call
        .sent()
        .slice(speaking)
        .filter(({ type }) => type === "agent_speech")
      assert.isAbove(acks.length, 10)
      assert.strictEqual(acks.at(-1)?.["content"], "begun.")
    })
  )

  it(
    "presses keys, by hand and by keyboard, and shows those the agent presses",
    using({ rate: 1 }, async (call) => {
      await call.spoken(2)
      await call.page.getByRole("button", { name: "Keypad" }).click()
      await call.page.getByRole("button", { name: "1", exact: true }).click()
      await call.shows("You pressed 1")
      await call.answers
        .first()
        .getByText(/^Stopped\./)
        .waitFor()
      await call.shows("What is said twice")
      await call.page.keyboard.press("*")
      await call.shows("The agent pressed #")
      assert.deepStrictEqual(
        call.frames.filter(({ type }) => type === "dtmf").map(({ button, way }) => [way, button]),
        [
          ["out", "1"],
          ["out", "*"],
          ["in", "#"]
        ]
      )
    })
  )

  it(
    "receives the result of a lookup unasked",
    using({ rate: 20 }, async (call) => {
      await call.say("Look up the tides")
      await call.shows('look_up("the tides") …')
      await call.last.getByText(/^Heard to the end/).waitFor()
      const sent = call.sent().length
      await call.shows('look_up("the tides") → I have an answer about the tides: forty-two.')
      assert.strictEqual(await call.page.locator(".note.tool").count(), 1)
      await call.last.getByText("I have an answer about the tides").waitFor()
      const own = call.sent().slice(sent)
      assert.isTrue(own.every(({ type }) => type === "agent_speech" || type === "agent_state"))
    })
  )

  it(
    "hangs up if the agent asks for it, once its goodbye was spoken, and can call again",
    using({ rate: 8 }, async (call) => {
      await call.say("Goodbye")
      await call.page.locator("#talk").getByText("The agent hung up (agent_ended).").waitFor()
      await call.status("Call ended")
      assert.strictEqual(await call.words("spoken").count(), await call.last.locator(".word").count())
      const ended = call.frames.findIndex(({ type }) => type === "end_call")
      assert.strictEqual(
        call.frames.slice(ended).findLast(({ type }) => type === "agent_speech")?.["content"],
        "calling."
      )
      assert.isTrue(await call.box.isDisabled())

      await call.page.getByRole("button", { name: "Start call" }).click()
      await call.status("In call")
      await call.spoken(2)
      await call.page.getByRole("button", { name: "Hang up" }).click()
      await call.status("Call ended")
      await call.shows("You hung up.")
    })
  )

  it(
    "continues the call if the goodbye is interrupted",
    using({ rate: 2 }, async (call) => {
      await call.say("Goodbye")
      await call.page.waitForFunction(() => document.querySelector("#rows")?.textContent?.includes("end_call"))
      await call.box.press("w")
      await call.shows("You spoke before the agent hung up, so the call continues.")
      await call.box.pressSequentially("ho are you")
      await call.box.press("Enter")
      await call.spoken(5, "I am the demo model")
      await call.status("In call")
    })
  )

  it(
    "takes back what was typed and deleted",
    using({ rate: 2 }, async (call) => {
      await call.box.fill("hm")
      await call.box.fill("")
      await call.shows("Yes?")
    })
  )

  it(
    "names the agent that has the call, and offers what that agent can do",
    using({ rate: 12 }, async (call) => {
      const names = call.page.locator(".line.agent .name")
      const offers = (text: string) => call.page.getByRole("button", { name: text, exact: true }).isVisible()
      await call.page.getByRole("button", { name: "A specialist, please" }).click()
      await call.spoken(5, "this is the specialist")
      await call.shows("transfer_to_specialist() ✓")
      assert.deepStrictEqual((await names.allTextContents()).slice(-2), ["Agent", "Specialist"])
      assert.deepStrictEqual([await offers("Look up the tides"), await offers("Go back")], [false, true])
      await call.page.getByRole("button", { name: "And in Bristol?" }).click()
      await call.spoken(5, "The next high water in Bristol")
      await call.page.getByRole("button", { name: "Go back" }).click()
      await call.spoken(5, "I am with you again.")
      assert.strictEqual((await names.allTextContents()).at(-1), "Agent")
      assert.deepStrictEqual([await offers("Look up the tides"), await offers("Go back")], [true, false])
    })
  )

  it(
    "puts a tool between the words before and after it, in one note, and measures both",
    using({ rate: 20 }, async (call) => {
      await call.shows("Heard to the end, 46 words.")
      await call.say("What time is it?")
      await call.last.getByText(/^It is \d\d:\d\d UTC/).waitFor()
      await call.last.getByText(/^Heard to the end/).waitFor()
      const shown = await call.page.locator("#talk > li").allTextContents()
      assert.match(
        shown.slice(1).join("\n"),
        /^You.*What time is it\?\n.*Let me see\. Heard to the end, 3 words\.\ncurrent_time\(\) → It is .*\n.*It is .*\.Heard to the end, \d+ words\.$/
      )
    })
  )

  it(
    "lists the messages of both directions, filtered, and expands one by keyboard",
    using({ rate: 30 }, async (call) => {
      await call.shows("Heard to the end, 46 words.")
      const rows = call.page.locator("#rows li:visible")
      const acks = call.page.locator("#rows li.is-acks:visible")
      assert.strictEqual(await acks.count(), 0)
      await call.page.getByLabel(/Acks/).check()
      // The words of a piece of speech share a row.
      assert.strictEqual(await acks.count(), 1)
      assert.match((await acks.locator(".what").textContent()) ?? "", /^"Hello, this is .*goodbye\." in 46$/)
      await call.page.getByLabel("Text").uncheck()
      assert.strictEqual(await call.page.locator("#rows li.is-text:visible").count(), 0)
      const times = (await rows.locator(".at").allTextContents()).map((time) => Number(time.replace(",", "")))
      assert.deepStrictEqual(
        times,
        times.toSorted((a, b) => a - b)
      )
      await call.page.getByLabel("Search the events").fill("agent_state")
      assert.deepStrictEqual(new Set(await rows.locator(".type").allTextContents()), new Set(["agent_state"]))
      await call.page.getByLabel("Search the events").fill("")
      await call.page.locator("#rows").focus()
      await call.page.keyboard.press("Home")
      await call.page.keyboard.press("Enter")
      await rows.first().getByText('"from": "web"').waitFor()
      await call.page.getByRole("button", { name: "Clear" }).click()
      assert.strictEqual(await rows.count(), 0)
    })
  )

  it(
    "fits a phone: no sideways scrolling, every control in reach, events on a view of their own",
    using({ rate: 8, width: 360 }, async (call) => {
      await call.say("Tell me a story")
      await call.spoken(20, "Two choirs")
      const fits = () =>
        call.page.evaluate(() => {
          const outside = [...document.querySelectorAll("button, input, .words, .status")].filter((element) => {
            const { height, left, right } = element.getBoundingClientRect()
            const frame = (element.closest("main > section, header") ?? document.body).getBoundingClientRect()
            const inside = left >= frame.left && right <= frame.right
            return height > 0 && element.closest(".tries") === null && !inside
          })
          return { wide: document.documentElement.scrollWidth > innerWidth, outside: outside.map(({ id }) => id) }
        })
      assert.deepStrictEqual(await fits(), { wide: false, outside: [] })
      await call.words("now").first().waitFor()
      await call.page.getByRole("button", { name: "Keypad" }).click()
      await call.page.getByRole("button", { name: "2", exact: true }).click()
      await call.shows("An echo.")
      assert.deepStrictEqual(await fits(), { wide: false, outside: [] })
      await call.page.getByRole("button", { name: "Events", exact: true }).click()
      assert.isTrue(await call.page.locator("#rows").isVisible())
      assert.isFalse(await call.box.isVisible())
      assert.deepStrictEqual(await fits(), { wide: false, outside: [] })
    })
  )

  it(
    "can be used with the keyboard alone, and shows where the focus is",
    using({ rate: 8, start: false }, async (call) => {
      const { keyboard } = call.page
      const focused = () =>
        call.page.evaluate(() => {
          const { activeElement } = document
          const outline = activeElement === null ? "none" : getComputedStyle(activeElement).outlineStyle
          return { id: activeElement?.id ?? "", text: activeElement?.textContent?.slice(0, 40) ?? "", outline }
        })
      const tabTo = async (id: string) => {
        for (let presses = 0; presses < 40; presses++) {
          await keyboard.press("Tab")
          const at = await focused()
          // After the last control come the browser's own, and then the first one again.
          if (await call.page.evaluate(() => document.activeElement === document.body)) continue
          assert.notStrictEqual(at.outline, "none", `no outline on ${at.id} ${at.text}`)
          if (at.id === id) return
        }
        assert.fail(`Tab does not reach ${id}`)
      }
      await tabTo("call")
      await keyboard.press("Enter")
      await call.status("In call")
      assert.strictEqual((await focused()).id, "text")
      await call.spoken(3)
      await keyboard.type("Help")
      await keyboard.press("Enter")
      await call.spoken(3, "tell me a story")
      await keyboard.press("Alt+KeyK")
      assert.strictEqual((await focused()).text, "1")
      await keyboard.press("7")
      await call.shows("You pressed 7.")
      await keyboard.press("Escape")
      assert.strictEqual((await focused()).id, "keypad-toggle")
      await tabTo("rows")
      await keyboard.press("Alt+KeyC")
      await call.status("Call ended")
      await tabTo("help-open")
      await keyboard.press("Enter")
      await call.page.getByRole("dialog").waitFor()
      await keyboard.press("Escape")
      assert.strictEqual((await focused()).id, "help-open")
    })
  )

  it(
    "tells a screen reader whole sentences, once they were spoken",
    using({ rate: 30, start: false }, async (call) => {
      // Each one stays only until the next sentence.
      const told = await call.page.evaluateHandle(() => {
        const told: Array<string> = []
        const live = document.querySelector("#live[aria-live=polite]")!
        new MutationObserver(() => told.push(live.textContent ?? "")).observe(live, { childList: true })
        return told
      })
      await call.page.getByRole("button", { name: "Start call" }).first().click()
      await call.shows("Heard to the end, 46 words.")
      assert.deepStrictEqual(await told.jsonValue(), [
        "Hello, this is the Antiphon demo.",
        "I am a handful of rules and not a language model, so I need no key.",
        "Ask me for a story and interrupt me, ask me to look something up, or for a specialist, press a key, or say goodbye."
      ])
    })
  )

  it("says that the server has stopped, and when it is back", async () => {
    const first = await serve()
    const call = await open(browser, { url: first.url })
    try {
      await call.spoken(2)
      await first.stop()
      await call.shows("The server is stopping. (1001)")
      await call.status("Waiting for the server")
      await call.page.getByRole("button", { name: "Start call" }).click()
      await call.shows(/^The server could not be reached/)
      const second = await serve(first.port)
      try {
        await call.status("Server is back")
        await call.page.getByRole("button", { name: "Start call" }).click()
        await call.spoken(2)
      } finally {
        await second.stop()
      }
    } finally {
      await call.page.close()
    }
  })

  it("asks for the token if the server requires one, calls with it, and forgets a wrong one", async () => {
    const guarded = await serve(0, { token: Redacted.make("sesame, öffne dich") })
    const call = await open(browser, { url: guarded.url, start: false })
    const dialog = call.page.getByRole("dialog", { name: "A token, please" })
    const offer = async (token: string) => {
      await dialog.getByLabel("Token").fill(token)
      await dialog.getByRole("button", { name: "Call" }).click()
    }
    try {
      await call.page.getByRole("button", { name: "Start call" }).first().click()
      await call.shows("This server only accepts calls with a token.")
      await offer("wrong")
      await call.shows("The server rejected this token.")
      await offer("sesame, öffne dich")
      await call.spoken(3)
      await call.page.getByRole("button", { name: "Hang up" }).click()
      await call.status("Call ended")
      await call.page.reload()
      await call.page.getByRole("button", { name: "Start call" }).first().click()
      await call.spoken(3)
      assert.notInclude(call.page.url(), "sesame")
    } finally {
      await call.page.close()
      await guarded.stop()
    }
  })

  it("says so if a server accepts no calls from its page", async () => {
    const full = await serve(0, { maxCalls: 0 })
    const call = await open(browser, { url: full.url, start: false })
    try {
      await call.page.getByRole("button", { name: "Start call" }).first().click()
      await call.shows("The server refused the call (503).")
    } finally {
      await call.page.close()
      await full.stop()
    }
  })

  it(
    "listens: words the browser hears interrupt, and are sent once they are final",
    using({ rate: 4, microphone: true }, async (call) => {
      await call.spoken(5)
      await call.page.keyboard.press("Alt+KeyM")
      await call.page.locator("#mic[aria-pressed=true]").waitFor()
      const hear = (words: string, isFinal: boolean) =>
        call.page.evaluate(([words, isFinal]) => (globalThis as unknown as Stage).hear(words, isFinal), [
          words,
          isFinal
        ] as const)
      await hear(" who are", false)
      await call.answers
        .first()
        .getByText(/^Stopped\./)
        .waitFor()
      await hear(" who are you", true)
      await call.spoken(5, "I am the demo model")
      assert.deepStrictEqual(
        call
          .sent()
          .filter(({ type }) => type === "message" || type === "user_state")
          .map(({ content, value }) => content ?? value),
        ["speaking", "who are you", "idle"]
      )
    })
  )

  it(
    "reads aloud a sentence at a time, reports each word as the voice reaches it, and falls silent when interrupted",
    using({ voice: "works" }, async (call) => {
      const stage = () => call.page.evaluate(() => (globalThis as unknown as Stage).stage)
      await call.spoken(8)
      assert.strictEqual((await stage()).read[0], "Hello, this is the Antiphon demo. ")
      await call.box.press("w")
      await call.last.getByText(/^Stopped\./).waitFor()
      const { heard } = await stopped(call.last)
      const acks = call.sent().filter(({ type }) => type === "agent_speech")
      assert.strictEqual(acks.length, heard)
      assert.strictEqual((await stage()).cancelled, 1)
      await call.box.pressSequentially("ho are you")
      await call.box.press("Enter")
      await call.shows(/^Heard to the end/)
      assert.include(
        (await stage()).read.map((text) => text.trim()),
        "I am the demo model of Antiphon: a handful of rules, with no weights behind them and no network."
      )
    })
  )

  it(
    "falls back to the clock if the browser's voice does not start, and says so",
    using({ voice: "silent", rate: 30 }, async (call) => {
      await call.shows("The browser's voice did not start. The words continue without it.")
      await call.last.getByText("Heard to the end, 46 words.").waitFor()
      assert.strictEqual(await call.page.locator("#voice").getAttribute("aria-pressed"), "false")
      assert.strictEqual(call.sent().filter(({ type }) => type === "agent_speech").length, 46)
    })
  )
})
