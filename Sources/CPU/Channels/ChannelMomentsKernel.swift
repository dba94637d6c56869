import Tensor

/// See `ChannelMoments`.
struct ChannelMomentsKernel: CPUKernel {
  func evaluate(_ arguments: KernelArguments) {
    let shape = arguments.inputShapes[0]
    let (images, channels) = (shape[0], shape[1])
    let positions = shape.dimensions.dropFirst(2).reduce(1, *)
    let (u, v, output) = (arguments.inputs[0], arguments.inputs[1], arguments.output)
    let blockSize = KernelArguments.blockSize(work: 2 * images * positions)
    arguments.forEachBlock(of: channels, blockSize: blockSize) { range, _ in
      for channel in range {
        var sums = Sums(images * positions > 0 ? (u[channel * positions], v[channel * positions]) : (0, 0))
        for image in 0..<images {
          let start = (image * channels + channel) * positions
          if u == v { sums.add(u + start, count: positions) } else { sums.add(u + start, v + start, count: positions) }
        }
        let result = sums.result(count: images * positions)
        output[channel] = result.u
        output[channels + channel] = result.v
        output[2 * channels + channel] = result.product
      }
    }
  }
}

/// Sums over one channel. Numbers are taken relative to the channel's first, so that a large mean costs no digits, summed in
/// single precision over a few at a time, and these sums in double precision.
private struct Sums {
  private typealias Lanes = SIMD16<Float>

  private let originU: Float
  private let originV: Float
  private var u = 0.0
  private var v = 0.0
  private var product = 0.0

  init(_ origin: (u: Float, v: Float)) { (originU, originV) = origin }

  /// Numbers that each of 16 lanes sums in single precision.
  private static let run = 8

  mutating func add(_ x: UnsafePointer<Float>, count: Int) {
    var index = 0
    let origin = Lanes(repeating: originU)
    while index + 16 <= count {
      let end = min(count - 15, index + 16 * Self.run)
      var (sum, squares) = (Lanes.zero, Lanes.zero)
      while index < end {
        let a = UnsafeRawPointer(x + index).loadUnaligned(as: Lanes.self) - origin
        sum += a
        squares += a * a
        index += 16
      }
      u += Self.total(sum)
      product += Self.total(squares)
    }
    while index < count {
      let a = Double(x[index] - originU)
      u += a
      product += a * a
      index += 1
    }
    v = u
  }

  mutating func add(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) {
    var index = 0
    let (originX, originY) = (Lanes(repeating: originU), Lanes(repeating: originV))
    while index + 16 <= count {
      let end = min(count - 15, index + 16 * Self.run)
      var (sumX, sumY, products) = (Lanes.zero, Lanes.zero, Lanes.zero)
      while index < end {
        let a = UnsafeRawPointer(x + index).loadUnaligned(as: Lanes.self) - originX
        let b = UnsafeRawPointer(y + index).loadUnaligned(as: Lanes.self) - originY
        sumX += a
        sumY += b
        products += a * b
        index += 16
      }
      u += Self.total(sumX)
      v += Self.total(sumY)
      product += Self.total(products)
    }
    while index < count {
      let (a, b) = (Double(x[index] - originU), Double(y[index] - originV))
      u += a
      v += b
      product += a * b
      index += 1
    }
  }

  func result(count: Int) -> (u: Float, v: Float, product: Float) {
    let n = Double(count)
    return (
      Float(u + n * Double(originU)), Float(v + n * Double(originV)), Float(product - (n > 0 ? u * v / n : 0))
    )
  }

  @inline(__always)
  private static func total(_ lanes: Lanes) -> Double {
    let eight = lanes.lowHalf + lanes.highHalf
    let four = SIMD4<Double>(eight.lowHalf) + SIMD4<Double>(eight.highHalf)
    return four.sum()
  }
}
