import Kernels
import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

/// What batch normalisation in training consists of: sums of channels, and what is done with the numbers of a channel alike.
@Suite struct ChannelTests {
  /// Images that are whole runs of a sum, parts of one, and less than a vector; matrices; channels that fill no vector.
  static let shapes: [Shape] = [
    [3, 32, 16, 16], [19, 16, 5, 7], [9, 48, 1, 3], [2, 16, 1, 1], [5, 7, 9, 11], [4, 1, 33, 13], [6, 20],
  ]

  private func numbers(_ count: Int, _ item: Int, mean: Float) -> [Float] {
    RandomStream(seed: 6, name: "channels").normals(item: item, count: count).map { Float($0) + mean }
  }

  private func stored(_ values: [Float], _ shape: Shape, _ layout: ImageLayout) -> [Float] {
    guard layout == .channelsLast else { return values }
    let (channels, positions) = (shape[1], shape[2] * shape[3])
    var result = values
    for index in values.indices {
      let (plane, position) = index.quotientAndRemainder(dividingBy: positions)
      result[plane / channels * channels * positions + position * channels + plane % channels] = values[index]
    }
    return result
  }

  private func evaluate(
    _ kernel: some CPUKernel, _ inputs: [[Float]], _ shapes: [Shape], output: Shape, _ layouts: OperandLayouts,
    threads: Int = 1
  ) -> [Float] {
    func memory(_ count: Int) -> UnsafeMutablePointer<Float> {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: count + 1)
      memory.initialize(repeating: .nan, count: count + 1)
      return memory
    }
    let operands = inputs.map { values in
      let operand = memory(values.count)
      operand.update(from: values, count: values.count)
      return operand
    }
    let (scratch, shared) = (memory(threads * kernel.scratchCount), memory(kernel.sharedScratchCount))
    let result = memory(output.count)
    defer { for part in operands + [scratch, shared, result] { part.deallocate() } }
    kernel.evaluate(
      KernelArguments(
        inputs: operands.map { UnsafePointer($0) }, inputShapes: shapes, output: result, outputShape: output,
        layouts: layouts, scratch: scratch, sharedScratch: shared, prepared: UnsafePointer(shared),
        team: threads > 1 ? ThreadTeam(threads: threads) : nil, scratchStride: kernel.scratchCount))
    return Array(UnsafeBufferPointer(start: result, count: output.count))
  }

  /// Against sums in double precision; the same bits in either layout and for any number of threads.
  @Test(arguments: shapes)
  func moments(_ shape: Shape) {
    let u = numbers(shape.count, 1, mean: 100), v = numbers(shape.count, 2, mean: -3)
    let (channels, positions) = (shape[1], shape.dimensions.dropFirst(2).reduce(1, *))
    let count = Double(shape[0] * positions)
    for set in InstructionSet.available {
      let kernel = ChannelMomentsKernel(input: shape, vectors: VectorKernels(set))
      let planar = evaluate(kernel, [u, v], [shape, shape], output: [3, channels], OperandLayouts())
      for channel in 0..<channels {
        let places = u.indices.filter { $0 / positions % channels == channel }
        let (sumU, sumV) = (places.reduce(0.0) { $0 + Double(u[$1]) }, places.reduce(0.0) { $0 + Double(v[$1]) })
        let product = places.reduce(0.0) { $0 + (Double(u[$1]) - sumU / count) * (Double(v[$1]) - sumV / count) }
        #expect(abs(Double(planar[channel]) - sumU) < 1e-6 * 100 * count, "\(set)")
        #expect(abs(Double(planar[channels + channel]) - sumV) < 1e-6 * 10 * count, "\(set)")
        #expect(abs(Double(planar[2 * channels + channel]) - product) < 3e-6 * count, "\(set)")
      }
      let threaded = evaluate(kernel, [u, v], [shape, shape], output: [3, channels], OperandLayouts(), threads: 3)
      #expect(threaded == planar, "\(set)")
      guard !kernel.layoutSupport.either.isEmpty else { continue }
      for layouts in [
        [ImageLayout.channelsLast, .channelsLast], [ImageLayout.planar, .channelsLast],
        [ImageLayout.channelsLast, .planar],
      ] {
        let result = evaluate(
          kernel, [stored(u, shape, layouts[0]), stored(v, shape, layouts[1])], [shape, shape], output: [3, channels],
          OperandLayouts(inputs: layouts), threads: 2)
        #expect(result == planar, "\(set), \(layouts)")
      }
    }
  }

  static let activations: [FusedLayer.Activation] = [
    .none, .relu(ReLU()), .relu(ReLU(slope: 0.1)), .gate(Gate()), .gate(Gate(slope: 0.2)),
    .gate(Gate(lower: 0, upper: 1)), .silu, .gelu,
  ]

  /// The formula number by number, in the same order: the same bits in either layout and on every instruction set.
  @Test(arguments: shapes)
  func fusedChannels(_ shape: Shape) {
    let (channels, positions) = (shape[1], shape.dimensions.dropFirst(2).reduce(1, *))
    let row: Shape = [channels]
    let x = numbers(shape.count, 1, mean: 0), y = numbers(shape.count, 2, mean: 1)
    let reference = numbers(shape.count, 3, mean: 0)
    let columns = (0..<5).map { numbers(channels, 4 + $0, mean: 0.5) }
    for activation in Self.activations {
      for terms in 1...2 {
        var fused = FusedChannels(
          terms: [FusedChannels.Term](repeating: FusedChannels.Term(hasScale: true, hasMean: true), count: terms))
        fused.hasShift = true
        fused.activation = activation
        var inputs = [x, columns[0], columns[1]] + (terms > 1 ? [y, columns[2], columns[3]] : []) + [columns[4]]
        var shapes = [shape, row, row] + (terms > 1 ? [shape, row, row] : []) + [row]
        if case .gate = activation {
          inputs.append(reference)
          shapes.append(shape)
        }
        let expected = x.indices.map { index in
          let channel = index / positions % channels
          var value = (x[index] - columns[1][channel]) * columns[0][channel]
          if terms > 1 {
            value += (y[index] - columns[3][channel]) * columns[2][channel] + columns[4][channel]
          } else {
            value += columns[4][channel]
          }
          return switch activation {
          case .none: value
          case .relu(let relu): value < 0 ? relu.slope * value : value
          case .gate(let gate):
            if let upper = gate.upper, reference[index] >= upper {
              Float(0)
            } else {
              reference[index] > gate.lower ? value : gate.slope * value
            }
          case .clip: Float.nan
          case .silu, .gelu: value
          }
        }
        let function: ElementwiseFunction? =
          switch activation {
          case .silu: .silu
          case .gelu: .gelu
          default: nil
          }
        for set in InstructionSet.available {
          // These are polynomials, which round in the set's own way.
          var expected = expected
          if let function {
            let sums = expected
            VectorKernels(set).apply(function, count: sums.count, source: sums, output: &expected)
          }
          let kernel = FusedChannelsKernel(fused, output: shape, vectors: VectorKernels(set))
          let planar = evaluate(kernel, inputs, shapes, output: shape, OperandLayouts())
          #expect(planar == expected, "\(set), \(activation)")
          guard shape.rank == 4 else { continue }
          let result = evaluate(
            kernel, zip(inputs, shapes).map { $1.rank == 4 ? stored($0, $1, .channelsLast) : $0 }, shapes,
            output: shape,
            OperandLayouts(inputs: shapes.map { $0.rank == 4 ? .channelsLast : .planar }, output: .channelsLast))
          #expect(result == stored(expected, shape, .channelsLast), "\(set), \(activation)")
        }
      }
    }
  }
}
