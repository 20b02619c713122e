import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as Kernel from "../../src/internal/kernel.ts"

describe("kernel", () => {
  it("matches the compiled source", () => {
    const build = fileURLToPath(new URL("../../kernel/build.mjs", import.meta.url))
    const { status, stderr } = spawnSync(process.execPath, [build, "--check"], { encoding: "utf8" })
    assert.strictEqual(status, 0, stderr)
  })

  it("multiplies a matrix by vectors, an odd number of them, and adds", () => {
    const kernel = Kernel.make(16_384)
    const floats = new Float32Array(kernel.memory)
    const [rows, columns, count, matrix, input, out] = [3, 32, 3, 256, 512, 600]
    const values = Float32Array.from({ length: rows * columns }, (_, i) => i)
    floats.set(Kernel.inPanels(values, columns), matrix)
    const inputs = [
      [1, 10, 100],
      [0, 0, 1],
      [2, 0, -1]
    ]
    const [inputStep, outStep] = [5, 40]
    inputs.forEach((each, i) => floats.set(each, input + i * inputStep))
    floats.fill(5, out, out + count * outStep)
    kernel.matmul(4 * out, 4 * outStep, 4 * matrix, 4 * input, 4 * inputStep, count, rows, columns)
    inputs.forEach((each, i) => {
      const at = out + i * outStep
      const expected = Array.from({ length: columns }, (_, n) =>
        each.reduce((sum, factor, row) => sum + factor * (row * columns + n), 5)
      )
      assert.deepStrictEqual([...floats.subarray(at, at + columns)], expected)
      assert.isTrue(floats.subarray(at + columns, at + outStep).every((value) => value === 5))
    })
    assert.strictEqual(floats[out - 1], 0)
    assert.strictEqual(floats[out + count * outStep], 0)
  })

  it("takes a step of an LSTM as exactly as single floats can", () => {
    const kernel = Kernel.make(65_536)
    const floats = new Float32Array(kernel.memory)
    const n = 8
    const [h, c, gates] = [0, 64, 128]
    // From almost nothing to sums beyond which a gate is fully open or shut.
    const values = Float32Array.from({ length: 4 * n }, (_, i) => (i % 2 === 0 ? 1 : -1) * 0.02 * 1.35 ** i)
    const cells = Float32Array.from({ length: n }, (_, i) => (i - 3) / 2)
    floats.set(values, gates)
    floats.set(cells, c)
    kernel.lstm(4 * h, 4 * c, 4 * gates, n)
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
    for (let i = 0; i < n; i++) {
      const gate = (number: number) => values[number * n + i]!
      const next = sigmoid(gate(1)) * cells[i]! + sigmoid(gate(0)) * Math.tanh(gate(2))
      assert.closeTo(floats[c + i]!, next, 5e-7, `cell ${i}`)
      assert.closeTo(floats[h + i]!, sigmoid(gate(3)) * Math.tanh(next), 5e-7, `output ${i}`)
    }
  })

  it("interpolates inputs with the weights of their row, rounds and saturates", () => {
    const kernel = Kernel.make(8192)
    const floats = new Float32Array(kernel.memory)
    const [taps, input, out] = [8, 100, 2048]
    floats.fill(1, 0, taps)
    floats.fill(-2000, taps, 2 * taps)
    for (let i = 0; i < 20; i++) floats[input + i] = i + 0.3
    // Three halves of a sample forward each time: places 0, 1 1/2, 3 and 4 1/2.
    kernel.resample(out, 0, 4 * input, taps, 2, 3, 0, 4)
    assert.deepStrictEqual([...new Int16Array(kernel.memory, out, 5)], [30, -32768, 54, -32768, 0])
  })
})
