import Graph
import Kernels
import Tensor

/// See `ChannelMoments`. Numbers are taken relative to the channel's first, so that a large mean costs no digits. Groups of images,
/// which depend on nothing but their number, have sums of their own, which are added in their order; so they are the same for any
/// number of threads, and in either layout.
struct ChannelMomentsKernel: CPUKernel {
  private let images: Int
  private let channels: Int
  private let positions: Int
  private let isImage: Bool
  private let vectors: VectorKernels

  init(input: Shape, vectors: VectorKernels = VectorKernels()) {
    (images, channels) = (input[0], input[1])
    positions = input.dimensions.dropFirst(2).reduce(1, *)
    isImage = input.rank == 4
    self.vectors = vectors
  }

  var layoutSupport: LayoutSupport {
    isImage && channels % 16 == 0 ? LayoutSupport(either: [0, 1]) : LayoutSupport()
  }

  private static let temporaryCount = 96

  /// For one image that lies otherwise than its partner.
  var scratchCount: Int { Self.temporaryCount + (layoutSupport.either.isEmpty ? 0 : channels * positions) }

  func evaluate(_ arguments: KernelArguments) {
    let (u, v, output) = (arguments.inputs[0], arguments.inputs[1], arguments.output)
    let layouts = (arguments.layouts.layout(ofInput: 0), arguments.layouts.layout(ofInput: 1))
    // Eight groups, where there is work for them.
    let groupSize = max(1, (images + 7) / 8, KernelArguments.blockSize(work: 2 * channels * positions))
    let groups = (images + groupSize - 1) / groupSize
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * channels) { origins in
      guard let origins = origins.baseAddress else { return }
      for channel in 0..<(images * positions > 0 ? channels : 0) {
        origins[channel] = u[layouts.0 == .planar ? channel * positions : channel]
        origins[channels + channel] = v[layouts.1 == .planar ? channel * positions : channel]
      }
      // Of each group three rows: sums of u, of v and of products.
      withUnsafeTemporaryAllocation(of: Double.self, capacity: 3 * channels * groups) { sums in
        guard let sums = sums.baseAddress else { return }
        sums.initialize(repeating: 0, count: 3 * channels * groups)
        arguments.forEachBlock(of: images, blockSize: groupSize) { range, scratch in
          let group = sums + range.lowerBound / groupSize * 3 * channels
          if layouts == (.planar, .planar) {
            addPlanes(range, u, v, origins, to: group, scratch)
          } else {
            addPixels(range, (u, layouts.0), (v, layouts.1), origins, to: group, scratch)
          }
        }
        let count = Double(images * positions)
        for channel in 0..<channels {
          var (sumU, sumV, product) = (0.0, 0.0, 0.0)
          for group in 0..<groups {
            let own = sums + group * 3 * channels + channel
            sumU += own[0]
            sumV += own[channels]
            product += own[2 * channels]
          }
          output[channel] = Float(sumU + count * Double(origins[channel]))
          output[channels + channel] = Float(sumV + count * Double(origins[channels + channel]))
          output[2 * channels + channel] = Float(product - (count > 0 ? sumU * sumV / count : 0))
        }
      }
    }
  }

  private func addPlanes(
    _ range: Range<Int>, _ u: UnsafePointer<Float>, _ v: UnsafePointer<Float>, _ origins: UnsafePointer<Float>,
    to sums: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 3) { own in
      guard let own = own.baseAddress else { return }
      for channel in 0..<channels {
        own.initialize(repeating: 0, count: 3)
        for image in range {
          let start = (image * channels + channel) * positions
          vectors.momentsOfPlane(
            count: positions, x: u + start, y: v + start, originX: origins[channel],
            originY: origins[channels + channel], sums: own, temporary: scratch)
        }
        for number in 0..<3 { sums[number * channels + channel] = own[number] }
      }
    }
  }

  private func addPixels(
    _ range: Range<Int>, _ u: (values: UnsafePointer<Float>, layout: ImageLayout),
    _ v: (values: UnsafePointer<Float>, layout: ImageLayout), _ origins: UnsafePointer<Float>,
    to sums: UnsafeMutablePointer<Double>, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let staged = scratch + Self.temporaryCount
    func pixels(of image: Int, _ tensor: (values: UnsafePointer<Float>, layout: ImageLayout)) -> UnsafePointer<Float> {
      let values = tensor.values + image * channels * positions
      if tensor.layout == .channelsLast { return values }
      vectors.transpose(
        rows: channels, columns: positions, source: values, sourceStride: positions, output: staged,
        outputStride: channels)
      return UnsafePointer(staged)
    }
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 192) { doubles in
      guard let doubles = doubles.baseAddress else { return }
      for image in range {
        // Not both are brought into the other layout.
        vectors.momentsOfPixels(
          pixels: positions, channels: channels, x: pixels(of: image, u), y: pixels(of: image, v), originX: origins,
          originY: origins + channels, sums: sums, temporary: scratch, doubles: doubles)
      }
    }
  }
}
