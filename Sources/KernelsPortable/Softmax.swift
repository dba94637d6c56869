/// `output[i] = e^(source[i] - m) / sum of these`, m the largest of `source`, NaN left out; `output` may be `source`. A weight's relative
/// error is below 1e-6 + 1e-7 (m - source[i]), of rows of up to some thousands.
///
/// - Parameter sums: memory for sixteen numbers: the sum has sixteen partial sums, number i in number i % 16, on every instruction set.
@inline(never)
public func softmaxRow(
  count: Int, source: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>
) {
  let largest = largestOf(count, source)
  let shift = repeated(largest)
  forEachVector(count, source, output) { exponentialBelow0($0 - shift) }
  for lane in 0..<16 { sums[lane] = 0 }
  var start = 0
  while start &+ 16 <= count {
    for lane in 0..<16 { sums[lane] += output[start &+ lane] }
    start &+= 16
  }
  for lane in 0..<count &- start { sums[lane] += output[start &+ lane] }
  var sum: Float = 0
  for lane in 0..<16 { sum += sums[lane] }
  let divisor = repeated(sum)
  forEachVector(count, UnsafePointer(output), output) { $0 / divisor }
}

/// NaN is passed over: it makes the row NaN as it is.
@inline(__always)
private func largestOf(_ count: Int, _ source: UnsafePointer<Float>) -> Float {
  var best = repeated(-.infinity)
  var index = 0
  while index &+ width <= count {
    let x = load(source + index)
    best = best.replacing(with: x, where: x .> best)
    index &+= width
  }
  var largest = -Float.infinity
  for lane in 0..<width where best[lane] > largest { largest = best[lane] }
  while index < count {
    if source[index] > largest { largest = source[index] }
    index &+= 1
  }
  return largest
}

/// e to the p for p up to 0, down to 0 where that is too small; NaN gives NaN.
@inline(__always)
private func exponentialBelow0(_ p: Vector) -> Vector {
  // Far below 0, e^(p + 64) e^-64: the second product is rounded to a subnormal number, or 0.
  let isSmall = p .< repeated(-64)
  let near = p.replacing(with: p + repeated(64), where: isSmall)
  let bounded = near.replacing(with: repeated(-64), where: near .< repeated(-64))
  let factor = repeated(1).replacing(with: repeated(1.6038109e-28), where: isSmall)
  return exponential(bounded).value * factor
}
