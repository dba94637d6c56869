import Kernels
import Testing
import _TestSupport

/// Products and depthwise sums that end in registers: the bits of sums that are written first and finished then.
@Suite struct FinishedSumsTests {
  /// What ends a layer, with made-up numbers for `count` values of `channels`.
  private struct End {
    let bias: [Float]?
    let residual: [Float]?
    let reference: [Float]?
    let rectifies: Bool
    let slope: Float
    let upper: Float

    static func all(channels: Int, count: Int, _ generator: inout SeededGenerator) -> [End] {
      var ends: [End] = []
      for options in 0..<12 {
        for (slope, upper) in [(Float(0), Float.nan), (0, 1), (0.25, .nan)] {
          ends.append(
            End(
              bias: options & 1 != 0 ? numbers(channels, &generator) : nil,
              residual: options & 2 != 0 ? numbers(count, &generator) : nil,
              reference: options / 4 == 1 ? numbers(count, &generator) : nil, rectifies: options / 4 == 2, slope: slope,
              upper: upper))
        }
      }
      return ends
    }

    typealias Pointers = (
      bias: UnsafePointer<Float>?, residual: UnsafePointer<Float>?, reference: UnsafePointer<Float>?
    )

    func withPointers(_ body: (Pointers) -> Void) {
      func with(_ numbers: [Float]?, _ body: (UnsafePointer<Float>?) -> Void) {
        if let numbers { numbers.withUnsafeBufferPointer { body($0.baseAddress) } } else { body(nil) }
      }
      with(bias) { bias in
        with(residual) { residual in with(reference) { body((bias, residual, $0)) } }
      }
    }
  }

  private static func numbers(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
  }

  private static func finished(
    _ vectors: VectorKernels, _ sums: [Float], sourceStride: Int, pixels: Int, channels: Int, _ end: End,
    _ pointers: End.Pointers
  ) -> [Float] {
    var values = [Float](repeating: .nan, count: pixels * channels)
    vectors.finishPixels(
      count: pixels, channels: channels, sourceStride: sourceStride, stride: channels, source: sums, values: &values,
      bias: pointers.bias, residual: pointers.residual, reference: pointers.reference, rectifies: end.rectifies,
      slope: end.slope, lower: 0, upper: end.upper)
    return values
  }

  /// Rows and columns that leave parts of a tile, and more rows than a block has; sums of one part and of three.
  @Test(
    arguments: InstructionSet.available,
    [(6, 16, 5), (7, 53, 40), (13, 24, 300), (2, 3, 128), (6, 32, 129), (103, 40, 300)])
  func products(_ set: InstructionSet, _ size: (rows: Int, columns: Int, inner: Int)) {
    var generator = SeededGenerator(seed: 5)
    let vectors = VectorKernels(set)
    let (rows, columns, inner) = size
    let (whole, panels) = ((rows + 5) / 6 * 6, (columns + 15) / 16)
    let left = Self.numbers(whole * inner, &generator)
    var right = Self.numbers(panels * 16 * inner, &generator)
    for column in columns..<panels * 16 {
      for term in 0..<inner { right[(column / 16 * inner + term) * 16 + column % 16] = 0 }
    }
    var sums = [Float](repeating: .nan, count: whole * panels * 16)
    vectors.rowsTimesPanels(
      rows: whole, inner: inner, panels: panels, left: left, leftStride: inner, right: right, output: &sums,
      outputStride: panels * 16)
    let own = (0..<inner).reduce(0.0) { $0 + Double(left[inner + $1]) * Double(right[$1 * 16 + 2]) }
    #expect(abs(Double(sums[panels * 16 + 2]) - own) < 1e-4)
    for end in End.all(channels: columns, count: rows * columns, &generator) {
      end.withPointers { pointers in
        let expected = Self.finished(
          vectors, sums, sourceStride: panels * 16, pixels: rows, channels: columns, end, pointers)
        var values = [Float](repeating: .nan, count: rows * columns)
        var tile = [Float](repeating: .nan, count: VectorKernels.finishedTileCount)
        vectors.finishedRowsTimesPanels(
          rows: rows, inner: inner, columns: columns, left: left, leftStride: inner, right: right, tile: &tile,
          values: &values, stride: columns, bias: pointers.bias, residual: pointers.residual,
          reference: pointers.reference, rectifies: end.rectifies, slope: end.slope, lower: 0, upper: end.upper)
        #expect(values == expected)
      }
    }
  }

  /// Pixels whose windows are pieces, in places that are neighbours or not.
  @Test(
    arguments: InstructionSet.available,
    [(6, 16, 5), (7, 53, 40), (13, 24, 300), (2, 3, 128), (12, 32, 129), (103, 40, 300), (15, 16, 27)])
  func windows(_ set: InstructionSet, _ size: (pixels: Int, columns: Int, piece: Int)) {
    var generator = SeededGenerator(seed: 8)
    let vectors = VectorKernels(set)
    let (pixels, columns, piece) = size
    let (panels, terms) = ((columns + 15) / 16, 2 * piece)
    // Two pieces with a gap between, cut where partial sums end.
    let image = Self.numbers((pixels + 3) * piece, &generator)
    let right = Self.numbers(panels * 16 * terms, &generator)
    var (offsets, ends, start) = ([Int](), [Int](), 0)
    while start < terms {
      let end = min(start / piece * piece + piece, start / 128 * 128 + 128)
      offsets.append(start < piece ? 0 : piece)
      ends.append(end)
      start = end
    }
    let rows = (pixels + 5) / 6 * 6
    var left = [Float](repeating: 0, count: rows * terms)
    for pixel in 0..<pixels {
      for term in 0..<terms { left[pixel * terms + term] = image[pixel * piece + term + (term < piece ? 0 : piece)] }
    }
    var sums = [Float](repeating: .nan, count: rows * panels * 16)
    vectors.rowsTimesPanels(
      rows: rows, inner: terms, panels: panels, left: left, leftStride: terms, right: right, output: &sums,
      outputStride: panels * 16)
    check(vectors, sums, sumStride: panels * 16, pixels: pixels, columns: columns, &generator) {
      places, tile, values, end, pointers in
      vectors.windowProduct(
        pixels: pixels, sources: (0..<pixels).map { $0 * piece }, places: places, terms: terms, pieceOffsets: offsets,
        pieceEnds: ends, columns: columns, image: image, right: right, tile: tile, values: values, stride: columns,
        bias: pointers.bias, residual: pointers.residual, reference: pointers.reference, rectifies: end.rectifies,
        slope: end.slope, lower: 0, upper: end.upper)
    }
  }

  /// Four inputs of each four outputs.
  @Test(arguments: InstructionSet.available, [(12, 16), (7, 13), (31, 8), (2, 16)])
  func groups(_ set: InstructionSet, _ size: (pixels: Int, columns: Int)) {
    var generator = SeededGenerator(seed: 9)
    let vectors = VectorKernels(set)
    let (pixels, columns) = size
    let offsets = [32, 0, 48]
    let terms = 4 * offsets.count
    let image = Self.numbers(pixels * 16 + 64, &generator)
    let right = Self.numbers(16 * terms, &generator)
    var sums = [Float](repeating: 0, count: pixels * 16)
    for pixel in 0..<pixels {
      for lane in 0..<16 {
        for term in 0..<terms {
          let (value, weight) = (
            image[pixel * 16 + offsets[term / 4] + lane / 4 * 4 + term % 4], right[term * 16 + lane]
          )
          let sum = sums[pixel * 16 + lane]
          sums[pixel * 16 + lane] = set == .portable ? sum + weight * value : sum.addingProduct(weight, value)
        }
      }
    }
    check(vectors, sums, sumStride: 16, pixels: pixels, columns: columns, &generator) {
      places, tile, values, end, pointers in
      vectors.groupedProduct(
        pixels: pixels, sources: (0..<pixels).map { $0 * 16 }, places: places, terms: terms, offsets: offsets,
        columns: columns, image: image, right: right, tile: tile, values: values, stride: columns,
        bias: pointers.bias, residual: pointers.residual, reference: pointers.reference, rectifies: end.rectifies,
        slope: end.slope, lower: 0, upper: end.upper)
    }
  }

  /// Every end of sums that a kernel writes to pixels, neighbours or every second one.
  private func check(
    _ vectors: VectorKernels, _ sums: [Float], sumStride: Int, pixels: Int, columns: Int,
    _ generator: inout SeededGenerator,
    _ kernel: (
      _ places: [Int], _ tile: UnsafeMutablePointer<Float>, _ values: UnsafeMutablePointer<Float>, End, End.Pointers
    ) -> Void
  ) {
    for step in [1, 2] {
      let places = (0..<pixels).map { $0 * step }
      let count = ((pixels - 1) * step + 1) * columns
      var spread = [Float](repeating: 0, count: pixels * step * sumStride)
      for pixel in 0..<pixels {
        for lane in 0..<sumStride { spread[places[pixel] * sumStride + lane] = sums[pixel * sumStride + lane] }
      }
      for end in End.all(channels: columns, count: count, &generator) {
        end.withPointers { pointers in
          let all = Self.finished(
            vectors, spread, sourceStride: sumStride, pixels: count / columns, channels: columns, end, pointers)
          let expected = all.indices.map { $0 / columns % step == 0 ? all[$0] : -5 }
          var values = [Float](repeating: -5, count: count)
          var tile = [Float](repeating: .nan, count: VectorKernels.windowTileCount)
          kernel(places, &tile, &values, end, pointers)
          #expect(values == expected)
        }
      }
    }
  }

  /// Outputs of Winograd's tiles, whole ones and parts; channels that leave part of a vector.
  @Test(arguments: InstructionSet.available, [WinogradForm.unit, .strided, .spread])
  func winograd(_ set: InstructionSet, _ form: WinogradForm) {
    var generator = SeededGenerator(seed: 7)
    let vectors = VectorKernels(set)
    for (channels, columns, rows) in [(16, 16, form.outputStep), (37, 13, 3), (6, 3, 1)] {
      let (lanes, tiles) = ((channels + 15) / 16 * 16, (columns + form.outputStep - 1) / form.outputStep)
      let elementStride = tiles * lanes + 16
      let products = Self.numbers(form.elements * elementStride, &generator)
      var temporary = [Float](repeating: .nan, count: VectorKernels.winogradTemporaryCount)
      var sums = [Float](repeating: .nan, count: rows * columns * lanes)
      vectors.winogradOutput(
        form, rows: rows, columns: columns, channels: lanes, products: products, elementStride: elementStride,
        temporary: &temporary, values: &sums, rowStride: columns * lanes)
      let areFinite = sums.allSatisfy(\.isFinite)
      #expect(areFinite)
      for end in End.all(channels: channels, count: rows * columns * channels, &generator) {
        end.withPointers { pointers in
          let expected = Self.finished(
            vectors, sums, sourceStride: lanes, pixels: rows * columns, channels: channels, end, pointers)
          var values = [Float](repeating: .nan, count: rows * columns * channels)
          vectors.winogradOutput(
            form, rows: rows, columns: columns, channels: channels, products: products, elementStride: elementStride,
            temporary: &temporary, values: &values, rowStride: columns * channels, bias: pointers.bias,
            residual: pointers.residual, reference: pointers.reference, rectifies: end.rectifies, slope: end.slope,
            lower: 0, upper: end.upper)
          #expect(values == expected)
        }
      }
    }
  }

  /// Pixels and channels that leave parts of a vector; terms in an order of their own.
  @Test(arguments: InstructionSet.available, [16, 37, 48]) func depthwise(_ set: InstructionSet, _ channels: Int) {
    var generator = SeededGenerator(seed: 6)
    let vectors = VectorKernels(set)
    let (pixels, taps) = (15, [2, 0, 5, 3])
    let weights = Self.numbers(6 * channels, &generator)
    let source = Self.numbers((2 * pixels + 6) * channels, &generator)
    let sums = (0..<pixels * channels).map { place in
      let (pixel, channel) = place.quotientAndRemainder(dividingBy: channels)
      return taps.reduce(Float(0)) { sum, tap in
        let (weight, value) = (weights[tap * channels + channel], source[(2 * pixel + tap) * channels + channel])
        return set == .portable ? sum + weight * value : sum.addingProduct(weight, value)
      }
    }
    for end in End.all(channels: channels, count: pixels * channels, &generator) {
      end.withPointers { pointers in
        let expected = Self.finished(
          vectors, sums, sourceStride: channels, pixels: pixels, channels: channels, end, pointers)
        var values = [Float](repeating: .nan, count: pixels * channels)
        var tile = [Float](repeating: .nan, count: 128)
        let offsets = taps.map { $0 * channels }
        vectors.depthwisePixels(
          pixels: pixels, channels: channels, terms: taps.count, weights: weights, weightOffsets: offsets,
          source: source, offsets: offsets, sourceStride: 2 * channels, tile: &tile, values: &values, stride: channels,
          bias: pointers.bias, residual: pointers.residual, reference: pointers.reference, rectifies: end.rectifies,
          slope: end.slope, lower: 0, upper: end.upper)
        #expect(values == expected)
      }
    }
  }
}
