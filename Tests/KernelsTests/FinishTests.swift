import Kernels
import Testing
import _TestSupport

/// The end of a layer for planes and for pixels with channels side by side: the same bits, those of the definition.
@Suite struct FinishTests {
  @Test(arguments: InstructionSet.available)
  func pixelsAreFinishedLikePlanes(_ set: InstructionSet) {
    var generator = SeededGenerator(seed: 9)
    let vectors = VectorKernels(set)
    let (pixels, channels) = (5, 48)
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { index in
        [Float.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude].randomElement(using: &generator).flatMap {
          index % 7 == 0 ? $0 : nil
        } ?? Float.random(in: -2...2, using: &generator)
      }
    }
    let source = numbers(pixels * channels), bias = numbers(channels)
    let residual = numbers(pixels * channels), reference = numbers(pixels * channels)
    for slope in [Float(0), 0.25] {
      for options in 0..<12 {
        let (hasBias, hasResidual) = (options & 1 != 0, options & 2 != 0)
        let (isGated, rectifies) = (options / 4 == 1, options / 4 == 2)
        var values = [Float](repeating: .nan, count: source.count)
        bias.withUnsafeBufferPointer { bias in
          residual.withUnsafeBufferPointer { residual in
            reference.withUnsafeBufferPointer { reference in
              vectors.finishPixels(
                count: pixels, channels: channels, stride: channels, source: source, values: &values,
                bias: hasBias ? bias.baseAddress : nil, residual: hasResidual ? residual.baseAddress : nil,
                reference: isGated ? reference.baseAddress : nil, rectifies: rectifies, slope: slope)
            }
          }
        }
        for index in source.indices {
          var one: Float = .nan
          withUnsafePointer(to: residual[index]) { residual in
            withUnsafePointer(to: reference[index]) { reference in
              vectors.finish(
                count: 1, source: [source[index]], values: &one, bias: hasBias ? bias[index % channels] : 0,
                residual: hasResidual ? residual : nil, reference: isGated ? reference : nil, rectifies: rectifies,
                slope: slope)
            }
          }
          #expect(
            values[index].bitPattern == one.bitPattern || values[index].isNaN && one.isNaN, "options \(options)")
        }
      }
    }
  }
}
