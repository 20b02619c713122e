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

  it("multiplies a matrix by a vector, and adds", () => {
    const kernel = Kernel.make(8192)
    const floats = new Float32Array(kernel.memory)
    const [rows, columns, matrix, input, out] = [3, 32, 256, 512, 600]
    for (let i = 0; i < rows * columns; i++) floats[matrix + i] = i
    floats.set([1, 10, 100], input)
    floats.fill(5, out, out + columns)
    kernel.matvec(4 * out, 4 * matrix, 4 * input, rows, columns)
    const expected = Array.from({ length: columns }, (_, n) => 5 + n + 10 * (columns + n) + 100 * (2 * columns + n))
    assert.deepStrictEqual([...floats.subarray(out, out + columns)], expected)
    assert.strictEqual(floats[out + columns], 0)
    assert.strictEqual(floats[out - 1], 0)
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
