/// `output[p][c] = sum over terms t of weights[t][c] * source[p][offsets[t] + c]` for 16 channels that lie side by side: one row
/// of a depthwise convolution, every term being one tap of the window. Each output is summed in the order of the terms, as a
/// sum of partial sums (`longestSum`).
///
/// - Parameters:
///   - pixels: a multiple of 4.
///   - weights: `[terms][16]`.
///   - source: pixels `sourceStride` apart.
///   - output: pixels `outputStride` apart.
@inline(never)
public func depthwiseProduct(
  pixels: Int, terms: Int, weights: UnsafePointer<Float>, offsets: UnsafePointer<Int>, source: UnsafePointer<Float>,
  sourceStride: Int, output: UnsafeMutablePointer<Float>, outputStride: Int
) {
  var lane = 0
  while lane < 16 {
    var first = 0
    repeat {
      let count = min(longestSum, terms &- first)
      let (filters, taps, adds) = (weights + first &* 16 + lane, offsets + first, first > 0)
      var pixel = 0
      while pixel &+ 8 <= pixels {
        depthwiseBlock8(
          count, filters, taps, source + pixel &* sourceStride + lane, sourceStride,
          output + pixel &* outputStride + lane, outputStride, adds)
        pixel &+= 8
      }
      if pixel < pixels {
        depthwiseBlock4(
          count, filters, taps, source + pixel &* sourceStride + lane, sourceStride,
          output + pixel &* outputStride + lane, outputStride, adds)
      }
      first &+= count
    } while first < terms
    lane &+= width
  }
}

/// One vector of channels of eight pixels.
@inline(__always)
private func depthwiseBlock8(
  _ terms: Int, _ weights: UnsafePointer<Float>, _ offsets: UnsafePointer<Int>, _ source: UnsafePointer<Float>,
  _ stride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ adds: Bool
) {
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero
  var e = Vector.zero, f = Vector.zero, g = Vector.zero, h = Vector.zero
  let (second, third, fourth) = (source + stride, source + 2 &* stride, source + 3 &* stride)
  let (fifth, sixth, seventh) = (source + 4 &* stride, source + 5 &* stride, source + 6 &* stride)
  let eighth = source + 7 &* stride
  var filter = weights
  for term in 0..<terms {
    let (weight, tap) = (load(filter), offsets[term])
    accumulate(weight, load(source + tap), &a)
    accumulate(weight, load(second + tap), &b)
    accumulate(weight, load(third + tap), &c)
    accumulate(weight, load(fourth + tap), &d)
    accumulate(weight, load(fifth + tap), &e)
    accumulate(weight, load(sixth + tap), &f)
    accumulate(weight, load(seventh + tap), &g)
    accumulate(weight, load(eighth + tap), &h)
    filter += 16
  }
  put(a, output, adds)
  put(b, output + outputStride, adds)
  put(c, output + 2 &* outputStride, adds)
  put(d, output + 3 &* outputStride, adds)
  put(e, output + 4 &* outputStride, adds)
  put(f, output + 5 &* outputStride, adds)
  put(g, output + 6 &* outputStride, adds)
  put(h, output + 7 &* outputStride, adds)
}

/// One vector of channels of four pixels.
@inline(__always)
private func depthwiseBlock4(
  _ terms: Int, _ weights: UnsafePointer<Float>, _ offsets: UnsafePointer<Int>, _ source: UnsafePointer<Float>,
  _ stride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ adds: Bool
) {
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero
  let (second, third, fourth) = (source + stride, source + 2 &* stride, source + 3 &* stride)
  var filter = weights
  for term in 0..<terms {
    let (weight, tap) = (load(filter), offsets[term])
    accumulate(weight, load(source + tap), &a)
    accumulate(weight, load(second + tap), &b)
    accumulate(weight, load(third + tap), &c)
    accumulate(weight, load(fourth + tap), &d)
    filter += 16
  }
  put(a, output, adds)
  put(b, output + outputStride, adds)
  put(c, output + 2 &* outputStride, adds)
  put(d, output + 3 &* outputStride, adds)
}
