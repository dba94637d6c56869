/// Fused multiply-adds in registers alone, 12 independent vectors: what no kernel can exceed. For benchmarks.
///
/// - Returns: a number that depends on all of them.
@inline(never)
public func multiplyAddPeak(repetitions: Int, _ factor: Float) -> Float {
  let x = repeated(factor)
  var a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x
  var i = x, j = x, k = x, l = x
  for _ in 0..<repetitions {
    accumulate(x, a, &a)
    accumulate(x, b, &b)
    accumulate(x, c, &c)
    accumulate(x, d, &d)
    accumulate(x, e, &e)
    accumulate(x, f, &f)
    accumulate(x, g, &g)
    accumulate(x, h, &h)
    accumulate(x, i, &i)
    accumulate(x, j, &j)
    accumulate(x, k, &k)
    accumulate(x, l, &l)
  }
  let sum = (a + b + c + d) + (e + f + g + h) + (i + j + k + l)
  return sum[0] + sum[width - 1]
}
