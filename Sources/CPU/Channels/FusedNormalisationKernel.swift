import Graph
import Kernels
import Tensor

/// See `FusedNormalisation`. Both layouts add up, round and so give the same bits.
struct FusedNormalisationKernel: CPUKernel {
  private let fused: FusedNormalisation
  private let shape: Shape
  /// Channels that are worked on at a time: whole groups.
  private let width: Int
  /// Of each input but the first, numbers from one image to the next.
  private let strides: [Int]
  private let vectors = VectorKernels()

  init(_ fused: FusedNormalisation, inputs: [Shape]) {
    self.fused = fused
    shape = inputs[0]
    let channels = shape[1]
    strides = inputs.dropFirst().map { $0[0] == 1 ? 0 : channels }
    let group = channels / fused.groups
    // Of pixels, whole lines of the cache; the image, where no such number of channels holds whole groups.
    width = [64, 32, 16].first { channels.isMultiple(of: $0) && $0.isMultiple(of: group) } ?? channels
  }

  var layoutSupport: LayoutSupport { LayoutSupport(output: 0, likeOutput: [0]) }

  /// Partial sums in double precision, and offset, mean, deviation, scale and shift of each channel.
  var scratchCount: Int { (2 * Self.lanes + Self.rows) * width }

  private static let lanes = 8
  private static let rows = 5

  /// What is known of the channels of a block, row by row.
  private struct Factors {
    let offset: UnsafeMutablePointer<Float>
    let mean: UnsafeMutablePointer<Float>
    let deviation: UnsafeMutablePointer<Float>
    let scale: UnsafeMutablePointer<Float>
    let shift: UnsafeMutablePointer<Float>

    init(_ memory: UnsafeMutablePointer<Float>, width: Int) {
      (offset, mean, deviation) = (memory, memory + width, memory + 2 * width)
      (scale, shift) = (memory + 3 * width, memory + 4 * width)
    }
  }

  func evaluate(_ arguments: KernelArguments) {
    let positions = shape[2] * shape[3]
    let blocks = shape[1] / width
    let blockSize = KernelArguments.blockSize(work: 4 * positions * width)
    arguments.forEachBlock(of: shape[0] * blocks, blockSize: blockSize) { range, scratch in
      let sums = UnsafeMutableRawPointer(scratch).assumingMemoryBound(to: Double.self)
      let factors = Factors(scratch + 2 * Self.lanes * width, width: width)
      for index in range {
        let (image, block) = index.quotientAndRemainder(dividingBy: blocks)
        read(arguments, image: image, firstChannel: block * width, into: factors)
        if arguments.layouts.output == .planar {
          planes(arguments, at: (image * shape[1] + block * width) * positions, positions, sums, factors)
        } else {
          pixels(arguments, at: image * shape[1] * positions + block * width, positions, sums, factors)
        }
      }
    }
  }

  /// Offset, scale and shift; two affine maps become one.
  private func read(_ arguments: KernelArguments, image: Int, firstChannel: Int, into factors: Factors) {
    var number = 1
    func next() -> UnsafePointer<Float> {
      defer { number += 1 }
      return arguments.inputs[number] + image * strides[number - 1] + firstChannel
    }
    let offset = fused.hasOffset ? next() : nil
    for channel in 0..<width {
      factors.offset[channel] = offset?[channel] ?? 0
      (factors.scale[channel], factors.shift[channel]) = (1, 0)
    }
    for affine in fused.affines {
      let (scale, shift) = (affine.hasScale ? next() : nil, affine.hasShift ? next() : nil)
      for channel in 0..<width {
        let factor = scale?[channel] ?? 1
        factors.scale[channel] *= factor
        factors.shift[channel] = factors.shift[channel] * factor + (shift?[channel] ?? 0)
      }
    }
  }

  // MARK: Layouts

  private func planes(
    _ arguments: KernelArguments, at start: Int, _ positions: Int, _ sums: UnsafeMutablePointer<Double>,
    _ factors: Factors
  ) {
    let (source, output) = (arguments.inputs[0] + start, arguments.output + start)
    moments(positions, sums, factors) { mean in
      for channel in 0..<width {
        // Those of a channel lie `width` apart, as among pixels.
        var partial: (Double, Double, Double, Double, Double, Double, Double, Double) = (0, 0, 0, 0, 0, 0, 0, 0)
        withUnsafeMutableBytes(of: &partial) { bytes in
          guard let own = bytes.bindMemory(to: Double.self).baseAddress else { return }
          let plane = source + channel * positions
          if let mean {
            vectors.squarePlane(
              count: positions, source: plane, offset: factors.offset[channel], mean: mean[channel], sums: own)
          } else {
            vectors.sumPlane(count: positions, source: plane, offset: factors.offset[channel], sums: own)
          }
          for lane in 0..<Self.lanes { sums[lane * width + channel] = own[lane] }
        }
      }
    }
    for channel in 0..<width {
      let place = channel * positions
      vectors.normalisePlane(
        count: positions, source: source + place, output: output + place, offset: factors.offset[channel],
        mean: factors.mean[channel], deviation: factors.deviation[channel], scale: factors.scale[channel],
        shift: factors.shift[channel])
      if fused.isActivated {
        vectors.apply(.silu, count: positions, source: output + place, output: output + place)
      }
    }
  }

  private func pixels(
    _ arguments: KernelArguments, at start: Int, _ positions: Int, _ sums: UnsafeMutablePointer<Double>,
    _ factors: Factors
  ) {
    let (source, output, stride) = (arguments.inputs[0] + start, arguments.output + start, shape[1])
    moments(positions, sums, factors) { mean in
      if let mean {
        vectors.squarePixels(
          count: positions, channels: width, stride: stride, source: source, offset: factors.offset, mean: mean,
          sums: sums)
      } else {
        vectors.sumPixels(
          count: positions, channels: width, stride: stride, source: source, offset: factors.offset, sums: sums)
      }
    }
    // A few pixels at a time, so that they are still in the cache when the activation reads them.
    var pixel = 0
    while pixel < positions {
      let count = min(Self.pixelsAtATime, positions - pixel)
      let place = pixel * stride
      vectors.normalisePixels(
        count: count, channels: width, stride: stride, source: source + place, output: output + place,
        factors: factors.offset)
      if fused.isActivated {
        for row in 0..<(width == stride ? 1 : count) {
          let y = output + place + row * stride
          vectors.apply(.silu, count: width == stride ? count * stride : width, source: y, output: y)
        }
      }
      pixel += count
    }
  }

  private static let pixelsAtATime = 16

  /// Mean and deviation of every group, for each of its channels.
  /// - Parameter add: adds the channels' numbers to `sums`, or the squares of their distances from the mean.
  @inline(__always)
  private func moments(
    _ positions: Int, _ sums: UnsafeMutablePointer<Double>, _ factors: Factors,
    _ add: (_ mean: UnsafePointer<Float>?) -> Void
  ) {
    let group = shape[1] / fused.groups
    let share = 1 / Float(max(1, group * positions))
    for isMean in [true, false] {
      sums.update(repeating: 0, count: Self.lanes * width)
      add(isMean ? nil : UnsafePointer(factors.mean))
      for first in stride(from: 0, to: width, by: group) {
        var total = 0.0
        for channel in first..<first + group {
          for lane in 0..<Self.lanes { total += sums[lane * width + channel] }
        }
        let value = isMean ? Float(total) * share : (Float(total) * share + fused.epsilon).squareRoot()
        (isMean ? factors.mean : factors.deviation).advanced(by: first).update(repeating: value, count: group)
      }
    }
  }
}
