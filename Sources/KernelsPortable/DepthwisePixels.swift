/// `activation(sum over terms t of weights[t][c] * source[p][offsets[t] + c] + bias + residual)`: pixels of one row of a depthwise
/// convolution whose channels lie side by side, read and written in place. Each output is summed in the order of the terms.
///
/// - Parameters:
///   - channels: at least the vector's width.
///   - terms: at most `longestSum`.
///   - weights: those of a term are `weightOffsets[t]` further on.
///   - source: pixels `sourceStride` apart.
///   - tile: 128 numbers of memory of its own.
///   - values: pixels `stride` apart, like those of residual and reference.
@inline(never)
public func depthwisePixels(
  pixels: Int, channels: Int, terms: Int, weights: UnsafePointer<Float>, weightOffsets: UnsafePointer<Int>,
  source: UnsafePointer<Float>, offsets: UnsafePointer<Int>, sourceStride: Int, tile: UnsafeMutablePointer<Float>,
  values: UnsafeMutablePointer<Float>, stride: Int, bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?,
  reference: UnsafePointer<Float>?, rectifies: Bool, slope: Float, lower: Float, upper: Float
) {
  let end = LayerEnd(
    bias: bias, residual: residual, reference: reference, rectifies: rectifies, slope: slope, lower: lower, upper: upper
  )
  end.run(
    DepthwiseRow(
      pixels: pixels, channels: channels, terms: terms, weights: weights, weightOffsets: weightOffsets, source: source,
      offsets: offsets, sourceStride: sourceStride, tile: tile, values: values, stride: stride, layer: end))
}

private struct DepthwiseRow: FinishedWork {
  let pixels: Int
  let channels: Int
  let terms: Int
  let weights: UnsafePointer<Float>
  let weightOffsets: UnsafePointer<Int>
  let source: UnsafePointer<Float>
  let offsets: UnsafePointer<Int>
  let sourceStride: Int
  let tile: UnsafeMutablePointer<Float>
  let values: UnsafeMutablePointer<Float>
  let stride: Int
  let layer: LayerEnd

  @inline(never)
  func run<End: SumEnd>(_ end: End) {
    let whole = channels / width &* width
    var pixel = 0
    while pixel < pixels {
      let left = pixels &- pixel
      if left >= 8 {
        add(EightPixels.self, pixel, whole, end)
        pixel &+= 8
      } else if left >= 4 {
        add(FourPixels.self, pixel, whole, end)
        pixel &+= 4
      } else {
        add(OnePixel.self, pixel, whole, end)
        pixel &+= 1
      }
    }
  }

  /// Pixels from `pixel` on, of which the first `whole` channels end in registers.
  @inline(__always)
  private func add<Sums: PixelSums>(_: Sums.Type, _ pixel: Int, _ whole: Int, _ end: some SumEnd) {
    let source = source + pixel &* sourceStride
    let place = pixel &* stride
    var channel = 0
    while channel < whole {
      let sums = Sums(terms, weights + channel, weightOffsets, source + channel, offsets, sourceStride)
      let bias = layer.bias(channel, load: load)
      sums.forEach { pixel, sum in
        let place = place &+ pixel &* stride &+ channel
        store(layer.values(sum, bias: bias, at: place, end, load: load), values + place)
      }
      channel &+= width
    }
    guard channel < channels else { return }
    // Channels that do not fill a vector are the end of one with those before them.
    let first = channels &- width
    Sums(terms, weights + first, weightOffsets, source + first, offsets, sourceStride)
      .forEach { store($1, tile + $0 &* width) }
    FinishedPixels(
      count: Sums.count, firstChannel: channel, channels: channels &- channel, source: tile + (channel &- first),
      sourceStride: width, values: values, firstPlace: place &+ channel, stride: stride, layer: layer
    ).run(end)
  }
}

/// The sums of some pixels, a vector of channels of each.
private protocol PixelSums {
  /// Pixels.
  static var count: Int { get }

  init(
    _ terms: Int, _ weights: UnsafePointer<Float>, _ weightOffsets: UnsafePointer<Int>, _ source: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int>, _ stride: Int)

  func forEach(_ body: (_ pixel: Int, _ sum: Vector) -> Void)
}

private struct OnePixel: PixelSums {
  static var count: Int { 1 }
  var a = Vector.zero

  @inline(__always)
  init(
    _ terms: Int, _ weights: UnsafePointer<Float>, _ weightOffsets: UnsafePointer<Int>, _ source: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int>, _ stride: Int
  ) {
    for term in 0..<terms { accumulate(load(weights + weightOffsets[term]), load(source + offsets[term]), &a) }
  }

  @inline(__always)
  func forEach(_ body: (_ pixel: Int, _ sum: Vector) -> Void) { body(0, a) }
}

private struct EightPixels: PixelSums {
  static var count: Int { 8 }
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero
  var e = Vector.zero, f = Vector.zero, g = Vector.zero, h = Vector.zero

  @inline(__always)
  init(
    _ terms: Int, _ weights: UnsafePointer<Float>, _ weightOffsets: UnsafePointer<Int>, _ source: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int>, _ stride: Int
  ) {
    let (two, four, six) = (2 &* stride, 4 &* stride, 6 &* stride)
    for term in 0..<terms {
      let weight = load(weights + weightOffsets[term])
      let pixel = source + offsets[term]
      accumulate(weight, load(pixel), &a)
      accumulate(weight, load(pixel + stride), &b)
      accumulate(weight, load(pixel + two), &c)
      accumulate(weight, load(pixel + (two &+ stride)), &d)
      accumulate(weight, load(pixel + four), &e)
      accumulate(weight, load(pixel + (four &+ stride)), &f)
      accumulate(weight, load(pixel + six), &g)
      accumulate(weight, load(pixel + (six &+ stride)), &h)
    }
  }

  @inline(__always)
  func forEach(_ body: (_ pixel: Int, _ sum: Vector) -> Void) {
    body(0, a)
    body(1, b)
    body(2, c)
    body(3, d)
    body(4, e)
    body(5, f)
    body(6, g)
    body(7, h)
  }
}

private struct FourPixels: PixelSums {
  static var count: Int { 4 }
  var a = Vector.zero, b = Vector.zero, c = Vector.zero, d = Vector.zero

  @inline(__always)
  init(
    _ terms: Int, _ weights: UnsafePointer<Float>, _ weightOffsets: UnsafePointer<Int>, _ source: UnsafePointer<Float>,
    _ offsets: UnsafePointer<Int>, _ stride: Int
  ) {
    let two = 2 &* stride
    for term in 0..<terms {
      let weight = load(weights + weightOffsets[term])
      let pixel = source + offsets[term]
      accumulate(weight, load(pixel), &a)
      accumulate(weight, load(pixel + stride), &b)
      accumulate(weight, load(pixel + two), &c)
      accumulate(weight, load(pixel + (two &+ stride)), &d)
    }
  }

  @inline(__always)
  func forEach(_ body: (_ pixel: Int, _ sum: Vector) -> Void) {
    body(0, a)
    body(1, b)
    body(2, c)
    body(3, d)
  }
}
