import Testing

@testable import Kernels

@Suite struct TransposeTests {
  /// Blocks of 16, 8 and 4 columns, what is left of both axes, and strides beyond the extents; nothing else is written.
  @Test(arguments: InstructionSet.available)
  func everyShape(_ set: InstructionSet) {
    for rows in [1, 3, 4, 7, 8, 15, 16, 17, 31, 32, 35] {
      for columns in [1, 2, 4, 5, 8, 11, 12, 16, 19, 28, 32, 33] {
        for gap in [0, 5] {
          let (sourceStride, outputStride) = (columns + 3, rows + gap)
          let source = (0..<rows * sourceStride).map(Float.init)
          var output = [Float](repeating: -1, count: columns * outputStride + 1)
          VectorKernels(set).transpose(
            rows: rows, columns: columns, source: source, sourceStride: sourceStride, output: &output,
            outputStride: outputStride)
          var expected = [Float](repeating: -1, count: columns * outputStride + 1)
          for row in 0..<rows {
            for column in 0..<columns { expected[column * outputStride + row] = source[row * sourceStride + column] }
          }
          #expect(output == expected, "\(set), \(rows) x \(columns)")
        }
      }
    }
  }
}
