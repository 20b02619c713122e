// AssemblyScript: the inner loops of voice detection and resampling, in SIMD. Addresses are in bytes, counts in elements.
// `node kernel/build.mjs` compiles this file to ../src/internal/kernelBytes.ts.

/**
 * For each of `count` inputs: out[n] += x[rows] * m[rows][n]. `n` is a multiple of 16. The matrix comes in panels of 16 columns, each
 * of them row by row, so that it is read from its first byte to its last, and a panel stays in the first cache for all inputs. Inputs
 * are taken in pairs, which share what is loaded. Each sum is taken in the order of the rows.
 */
export function matmul(
  out: usize,
  outStep: usize,
  m: usize,
  x: usize,
  xStep: usize,
  count: i32,
  rows: i32,
  n: i32
): void {
  const panel = (<usize>rows) << 6
  const end = out + ((<usize>n) << 2)
  for (; out < end; out += 64, m += panel) {
    const last = m + panel
    let to = out
    let from = x
    let left = count
    for (; left > 1; left -= 2) {
      const to2 = to + outStep
      let a = v128.load(to)
      let b = v128.load(to, 16)
      let c = v128.load(to, 32)
      let d = v128.load(to, 48)
      let e = v128.load(to2)
      let f = v128.load(to2, 16)
      let g = v128.load(to2, 32)
      let h = v128.load(to2, 48)
      let at = from
      let at2 = from + xStep
      for (let row = m; row < last; row += 64, at += 4, at2 += 4) {
        const one = v128.load32_splat(at)
        const two = v128.load32_splat(at2)
        let w = v128.load(row)
        a = f32x4.add(a, f32x4.mul(w, one))
        e = f32x4.add(e, f32x4.mul(w, two))
        w = v128.load(row, 16)
        b = f32x4.add(b, f32x4.mul(w, one))
        f = f32x4.add(f, f32x4.mul(w, two))
        w = v128.load(row, 32)
        c = f32x4.add(c, f32x4.mul(w, one))
        g = f32x4.add(g, f32x4.mul(w, two))
        w = v128.load(row, 48)
        d = f32x4.add(d, f32x4.mul(w, one))
        h = f32x4.add(h, f32x4.mul(w, two))
      }
      v128.store(to, a)
      v128.store(to, b, 16)
      v128.store(to, c, 32)
      v128.store(to, d, 48)
      v128.store(to2, e)
      v128.store(to2, f, 16)
      v128.store(to2, g, 32)
      v128.store(to2, h, 48)
      to = to2 + outStep
      from += xStep << 1
    }
    if (left == 0) continue
    let a = v128.load(to)
    let b = v128.load(to, 16)
    let c = v128.load(to, 32)
    let d = v128.load(to, 48)
    for (let row = m; row < last; row += 64, from += 4) {
      const factor = v128.load32_splat(from)
      a = f32x4.add(a, f32x4.mul(v128.load(row), factor))
      b = f32x4.add(b, f32x4.mul(v128.load(row, 16), factor))
      c = f32x4.add(c, f32x4.mul(v128.load(row, 32), factor))
      d = f32x4.add(d, f32x4.mul(v128.load(row, 48), factor))
    }
    v128.store(to, a)
    v128.store(to, b, 16)
    v128.store(to, c, 32)
    v128.store(to, d, 48)
  }
}

/** e to the power of each lane, to a relative error of 2e-7. By Cephes: a power of two, times a polynomial between -ln 2 / 2 and ln 2 / 2. */
function exp(x: v128): v128 {
  x = f32x4.max(f32x4.min(x, f32x4.splat(88)), f32x4.splat(-87))
  const power = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.4426950408889634)))
  x = f32x4.sub(x, f32x4.mul(power, f32x4.splat(0.693359375)))
  x = f32x4.add(x, f32x4.mul(power, f32x4.splat(2.1219444e-4)))
  let y = f32x4.splat(1.98756915e-4)
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(1.3981999507e-3))
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(8.3334519073e-3))
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(4.1665795894e-2))
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(1.6666665459e-1))
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(5.0000001201e-1))
  y = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(y, x), x), x), f32x4.splat(1))
  const bits = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(power), i32x4.splat(127)), 23)
  return f32x4.mul(y, bits)
}

function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1)
  return f32x4.div(one, f32x4.add(one, exp(f32x4.neg(x))))
}

function tanh(x: v128): v128 {
  const twice = sigmoid(f32x4.add(x, x))
  return f32x4.sub(f32x4.add(twice, twice), f32x4.splat(1))
}

/**
 * One step of an LSTM: updates its state `h` and `c` of `n` floats by the sums of its gates, which come one after another (input,
 * forget, cell, output). `n` is a multiple of 4.
 */
export function lstm(h: usize, c: usize, gates: usize, n: i32): void {
  const size = (<usize>n) << 2
  for (let at: usize = 0; at < size; at += 16) {
    const input = sigmoid(v128.load(gates + at))
    const kept = f32x4.mul(sigmoid(v128.load(gates + size + at)), v128.load(c + at))
    const cell = f32x4.add(kept, f32x4.mul(input, tanh(v128.load(gates + 2 * size + at))))
    v128.store(c + at, cell)
    v128.store(h + at, f32x4.mul(sigmoid(v128.load(gates + 3 * size + at)), tanh(cell)))
  }
}

/**
 * Computes `count` output samples. Sample i has the position p = next + i * down, in units of 1 / up of an input sample. It is
 * the sum of `taps` input samples starting at p / up, weighted by row p % up of `rows`, rounded and clamped. Inputs and
 * weights are f32, outputs i16. `taps` is a multiple of 8.
 */
export function resample(
  out: usize,
  rows: usize,
  input: usize,
  taps: i32,
  up: i32,
  down: i32,
  next: i32,
  count: i32
): void {
  const bytes = (<usize>taps) << 2
  for (let i: i32 = 0; i < count; i++) {
    const first = next / up
    let x = input + ((<usize>first) << 2)
    let w = rows + <usize>(next - first * up) * bytes
    const end = w + bytes
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    for (; w < end; w += 32, x += 32) {
      a = f32x4.add(a, f32x4.mul(v128.load(w), v128.load(x)))
      b = f32x4.add(b, f32x4.mul(v128.load(w, 16), v128.load(x, 16)))
    }
    a = f32x4.add(a, b)
    const sum =
      f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))
    store<i16>(out + ((<usize>i) << 1), <i32>nearest(min(max(sum, <f32>-32768), <f32>32767)))
    next += down
  }
}
