// AssemblyScript: the inner loops of voice detection and resampling, in SIMD. Addresses are in bytes, counts in elements.
// `node kernel/build.mjs` compiles this file to ../src/internal/kernelBytes.ts.

/** out[n] += x[rows] * m[rows][n]. `n` is a multiple of 16. */
export function matvec(out: usize, m: usize, x: usize, rows: i32, n: i32): void {
  const stride = (<usize>n) << 2
  for (let o: usize = 0; o < stride; o += 64) {
    let a = v128.load(out + o)
    let b = v128.load(out + o, 16)
    let c = v128.load(out + o, 32)
    let d = v128.load(out + o, 48)
    let row = m + o
    for (let i: i32 = 0; i < rows; i++) {
      const factor = v128.load32_splat(x + ((<usize>i) << 2))
      a = f32x4.add(a, f32x4.mul(v128.load(row), factor))
      b = f32x4.add(b, f32x4.mul(v128.load(row, 16), factor))
      c = f32x4.add(c, f32x4.mul(v128.load(row, 32), factor))
      d = f32x4.add(d, f32x4.mul(v128.load(row, 48), factor))
      row += stride
    }
    v128.store(out + o, a)
    v128.store(out + o, b, 16)
    v128.store(out + o, c, 32)
    v128.store(out + o, d, 48)
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
