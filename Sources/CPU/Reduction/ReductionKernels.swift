import Graph
import Kernels
import Tensor

/// See `Maximum`.
struct MaximumKernel: CPUKernel {
  private let reduction: Reduction

  init(axes: [Int], input: Shape) { reduction = Reduction(input, axes: axes) }

  func evaluate(_ arguments: KernelArguments) {
    reduction.forEachOutput(arguments) { index, base in
      var largest = -Float.infinity
      reduction.forEachRow(from: base) { offset, length, step in
        let row = arguments.inputs[0] + offset
        for position in 0..<length {
          let value = row[position * step]
          // NaN wins: it must not disappear.
          if value > largest || value.isNaN { largest = value }
        }
      }
      arguments.output[index] = largest
    }
  }
}

/// See `Sum`.
struct SumKernel: CPUKernel {
  let axes: [Int]
  let input: Shape
  private let vectors = VectorKernels()

  init(axes: [Int], input: Shape) { (self.axes, self.input) = (axes, input) }

  /// Sums over positions, and over channels, whose outputs lie alike in both layouts.
  var layoutSupport: LayoutSupport {
    LayoutSupport(source: input.rank == 4 && (axes == [2, 3] || axes == [1]) ? 0 : nil)
  }

  func evaluate(_ arguments: KernelArguments) {
    if arguments.layouts.source == .channelsLast, axes == [2, 3] { return sumPixels(arguments) }
    let reduction = Reduction(input, strides: arguments.layouts.source.strides(of: input), axes: axes)
    let input = arguments.inputs[0]
    // Every output is the sum in double precision of its numbers in their order. That is a chain in which each addition waits for
    // the one before, so that eight outputs at a time take no longer than one.
    reduction.forEachGroup(arguments) { outputs, bases in
      guard outputs.count == 8 else {
        for (output, base) in zip(outputs, bases) {
          var sum = 0.0
          reduction.forEachRow(from: base) { offset, length, step in
            for position in 0..<length { sum += Double(input[offset + position * step]) }
          }
          arguments.output[output] = Float(sum)
        }
        return
      }
      let (x0, x1, x2, x3) = (input + bases[0], input + bases[1], input + bases[2], input + bases[3])
      let (x4, x5, x6, x7) = (input + bases[4], input + bases[5], input + bases[6], input + bases[7])
      var (a, b, c, d, e, f, g, h) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
      reduction.forEachRow(from: 0) { offset, length, step in
        var place = offset
        for _ in 0..<length {
          a += Double(x0[place])
          b += Double(x1[place])
          c += Double(x2[place])
          d += Double(x3[place])
          e += Double(x4[place])
          f += Double(x5[place])
          g += Double(x6[place])
          h += Double(x7[place])
          place &+= step
        }
      }
      for (output, sum) in zip(outputs, [a, b, c, d, e, f, g, h]) { arguments.output[output] = Float(sum) }
    }
  }

  /// Of images whose channels lie side by side: every channel's sum in the same order as that of a plane.
  private func sumPixels(_ arguments: KernelArguments) {
    let (channels, pixels) = (input[1], input[2] * input[3])
    arguments.forEachBlock(of: input[0], blockSize: KernelArguments.blockSize(work: channels * pixels)) { images, _ in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: channels) { sums in
        guard let sums = sums.baseAddress else { return }
        for image in images {
          sums.initialize(repeating: 0, count: channels)
          vectors.addPixels(
            pixels: pixels, channels: channels, source: arguments.inputs[0] + image * pixels * channels, sums: sums)
          for channel in 0..<channels { arguments.output[image * channels + channel] = Float(sums[channel]) }
        }
      }
    }
  }
}
