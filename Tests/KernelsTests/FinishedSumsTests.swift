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
