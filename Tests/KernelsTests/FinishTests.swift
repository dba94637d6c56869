import Kernels
import Testing
import _TestSupport

/// The end of a layer for planes and for pixels with channels side by side: the same bits, those of the definition.
@Suite struct FinishTests {
  @Test(arguments: InstructionSet.available)
  func pixelsAreFinishedLikePlanes(_ set: InstructionSet) {
    var generator = SeededGenerator(seed: 9)
    let vectors = VectorKernels(set)
    // Channels that leave a part of a vector, and rows of the source with lanes for nothing.
    let (pixels, channels, stride) = (5, 53, 64)
    func numbers(_ count: Int) -> [Float] {
      (0..<count).map { index in
        [Float.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude].randomElement(using: &generator).flatMap {
          index % 7 == 0 ? $0 : nil
        } ?? Float.random(in: -2...2, using: &generator)
      }
    }
    let lanes = numbers(pixels * stride), bias = numbers(channels)
    let residual = numbers(pixels * channels), reference = numbers(pixels * channels)
    let source = (0..<pixels * channels).map { lanes[$0 / channels * stride + $0 % channels] }
    for (slope, lower, upper) in [(Float(0), Float(0), Float.nan), (0.25, 0, .nan), (0, -0.5, 1), (0, 0, .infinity)] {
      for options in 0..<12 {
        let (hasBias, hasResidual) = (options & 1 != 0, options & 2 != 0)
        let (isGated, rectifies) = (options / 4 == 1, options / 4 == 2)
        var values = [Float](repeating: .nan, count: source.count)
        bias.withUnsafeBufferPointer { bias in
          residual.withUnsafeBufferPointer { residual in
            reference.withUnsafeBufferPointer { reference in
              vectors.finishPixels(
                count: pixels, channels: channels, sourceStride: stride, stride: channels, source: lanes,
                values: &values,
                bias: hasBias ? bias.baseAddress : nil, residual: hasResidual ? residual.baseAddress : nil,
                reference: isGated ? reference.baseAddress : nil, rectifies: rectifies, slope: slope,
                lower: lower, upper: upper)
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
                slope: slope, lower: lower, upper: upper)
            }
          }
          #expect(
            values[index].bitPattern == one.bitPattern || values[index].isNaN && one.isNaN, "options \(options)")
          let sum = source[index] + (hasBias ? bias[index % channels] : 0) + (hasResidual ? residual[index] : 0)
          let expected =
            if isGated {
              reference[index] > lower && !(reference[index] >= upper) ? sum : slope == 0 ? 0 : slope * sum
            } else if rectifies {
              sum < lower ? (slope == 0 ? lower : slope * sum) : sum > upper ? upper : sum
            } else { sum }
          #expect(one == expected || one.isNaN && expected.isNaN, "options \(options)")
        }
      }
    }
  }
}
