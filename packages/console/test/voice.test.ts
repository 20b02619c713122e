/// <reference lib="dom" />
import * as LocalServer from "@antiphon/cli/LocalServer"
import * as DefaultModel from "@antiphon/llm/demo/DefaultModel"
import * as Assistant from "@antiphon/examples/demo/Assistant"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { HttpServer } from "effect/http"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { chromium } from "playwright-core"

const executablePath = "/usr/bin/chromium"

/** The server of `npm start`, with its voice. */
const serve = Effect.gen(function* () {
  const settings = { port: 0, host: "127.0.0.1", drainTimeout: Duration.zero }
  const server = LocalServer.layer(Assistant.make(DefaultModel.demo), { model: DefaultModel.demo, settings })
  const context = yield* Layer.build(server)
  const { address } = yield* Effect.provideContext(HttpServer.HttpServer, context)
  return "port" in address ? address.port : 0
})

/** A second of silence: what Chromium hears without a file is beeps. */
const silence = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "antiphon-silence-"))
    const header = Buffer.from(
      "524946462473000057415645666d74201000000001000100803e0000007d00000200100064617461007d0000",
      "hex"
    )
    writeFileSync(join(folder, "silence.wav"), Buffer.concat([header, Buffer.alloc(32_000)]))
    return folder
  }),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
).pipe(Effect.map((folder) => join(folder, "silence.wav")))

const launch = (file: string) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      chromium.launch({
        executablePath,
        args: [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-background-networking",
          "--use-fake-ui-for-media-stream",
          "--use-fake-device-for-media-stream",
          `--use-file-for-fake-audio-capture=${file}`
        ]
      })
    ),
    (browser) => Effect.promise(() => browser.close())
  )

describe.skipIf(!existsSync(executablePath))("the page of calls by voice", { timeout: 120_000 }, () => {
  it.live("has a spoken call with the assistant, shows what hears and speaks, and interrupts it with typed text", () =>
    Effect.gen(function* () {
      const port = yield* serve
      const browser = yield* launch(yield* silence)
      yield* Effect.promise(async () => {
        const page = await browser.newPage()
        page.setDefaultTimeout(45_000)
        const problems: Array<string> = []
        page.on("pageerror", ({ message }) => problems.push(message))
        page.on("console", (line) => {
          if (line.type() === "error") problems.push(line.text())
        })
        await page.goto(`http://127.0.0.1:${port}/`)
        await page.getByRole("link", { name: "By voice" }).click()
        await page.getByRole("button", { name: "Start call" }).click()
        const heard = page.locator(".agent b")
        await page.waitForFunction(() => /Antiphon demo/.test(document.querySelector(".agent b")?.textContent ?? ""))
        assert.match(await page.locator("#hears").innerText(), /server recognises no speech|Nothing here recognises/)
        assert.match(await page.locator("#speaks").innerText(), /flite\/slt, which needs no key/)
        await page.getByLabel("Say something").fill("Tell me a story")
        await page.getByRole("button", { name: "Send" }).click()
        await page.waitForFunction(
          () => (document.querySelectorAll(".agent b")[1]?.textContent ?? "").split(" ").length > 4
        )
        const [greeting, toldOfIt] = [await heard.first().innerText(), await page.locator(".agent").first().innerText()]
        assert.isBelow(greeting.length, toldOfIt.length, "the greeting was interrupted")
        assert.isTrue(toldOfIt.startsWith(greeting))
        assert.match(await page.locator(".you").first().innerText(), /Tell me a story/)
        await page.getByRole("button", { name: "Hang up" }).click()
        await page.getByText("You hung up.").waitFor()
        assert.deepStrictEqual(problems, [])
      })
    }).pipe(Effect.scoped)
  )

  it.live("has a keypad, push to talk, mute, device choice and a breakdown of the delay, and fits a phone", () =>
    Effect.gen(function* () {
      const port = yield* serve
      const browser = yield* launch(yield* silence)
      yield* Effect.promise(async () => {
        const page = await browser.newPage({ viewport: { width: 375, height: 667 }, hasTouch: true, isMobile: true })
        page.setDefaultTimeout(45_000)
        const sent: Array<string> = []
        page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => void sent.push(String(payload))))
        const problems: Array<string> = []
        page.on("pageerror", ({ message }) => problems.push(message))
        await page.goto(`http://127.0.0.1:${port}/voice.html`)
        const button = (name: string) => page.getByRole("button", { name, exact: true })
        assert.isTrue(await button("Keypad").isDisabled())
        await button("Start call").click()
        await page.waitForFunction(() => /Antiphon demo/.test(document.querySelector(".agent b")?.textContent ?? ""))

        await button("Keypad").click()
        await button("star").click()
        await page.getByText("You pressed *.").waitFor()
        assert.isTrue(sent.some((frame) => frame === '{"type":"dtmf","button":"*"}'))
        await button("Keypad").click()
        assert.isFalse(await button("star").isVisible())

        await button("Mute").click()
        assert.strictEqual(await button("Mute").getAttribute("aria-pressed"), "true")
        await button("Mute").click()

        await button("Push to talk").click()
        await button("Hold to talk").dispatchEvent("pointerdown")
        await button("Listening").dispatchEvent("pointerup")
        await button("Hold to talk").waitFor()
        assert.deepStrictEqual(
          sent.filter((frame) => frame.includes('"talk"')),
          ['{"type":"talk","pressed":true}', '{"type":"talk","pressed":false}']
        )
        await button("Push to talk").click()

        await page.getByText("Devices").click()
        assert.isAbove(await page.getByLabel("Microphone").locator("option").count(), 0)
        await page.getByLabel("Microphone").selectOption({ index: 0 })
        await page.getByText("Devices").click()

        await page.getByLabel("Say something").fill("What time is it?")
        await button("Send").click()
        await page.getByText(/From your last word to the agent’s first: \d+ ms \(end of your turn/).waitFor()
        assert.isAbove(await page.locator("#latency .bar span").count(), 1)
        assert.deepStrictEqual(await page.locator(".you").allInnerTexts(), ["What time is it?"])

        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
        assert.isFalse(wide, "the page is wider than the phone")
        for (const name of ["Hang up", "Send", "Mute", "Push to talk", "Keypad"]) {
          const box = await button(name).boundingBox()
          assert.isAtLeast(box?.height ?? 0, 40, `${name} is too small for a finger`)
          assert.isAtMost((box?.y ?? 999) + (box?.height ?? 0), 667, `${name} is below the screen`)
        }
        const shot = process.env["ANTIPHON_SCREENSHOT"]
        if (shot !== undefined) await page.screenshot({ path: shot })
        assert.deepStrictEqual(problems, [])
      })
    }).pipe(Effect.scoped)
  )
})
