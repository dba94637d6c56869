import Graph
import Kernels
import Tensor

/// The weight gradient of a convolution as inner products of the output's gradient with the shifted, padded image.
struct ShiftedWeightGradient: SummedWeightGradient {
  private let image: PaddedImage
  private let gradient: PaddedImage
  private let groups: Int
  /// Per group.
  private let channels: Int
  private let outputChannels: Int
  /// Images that are read together, so that a small map is not mostly the sums over lanes. Each channel of all of them lies
  /// in one piece.
  private let imagesPerPass: Int
  private let offsets: [Int32]
  private let vectors: VectorKernels

  /// - Parameters: as of `ShiftedConvolution`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape,
    vectors: VectorKernels
  ) {
    groups = geometry.groups
    channels = weights[1]
    outputChannels = output[1] / groups
    let padded = PaddedImage(geometry, image: image, weights: weights, output: output)
    self.image = padded
    // At the image's pitch, so that one shift leads from every position of an output to what a tap reads for it.
    gradient = PaddedImage(
      height: output[2], width: output[3], top: 0, left: 0, rows: output[2], pitch: padded.pitch, phaseRows: 1,
      phaseColumns: 1)
    // Offsets have 32 bits.
    let largest = (1 << 30) / max(1, image[1] * padded.channelCount)
    let images = max(1, min(image[0], 64, Self.passCount / max(1, gradient.phaseCount), largest))
    imagesPerPass = images
    let taps = padded.taps(geometry, weights: weights)
    offsets = (0..<channels).flatMap { channel in
      taps.map { Int32(channel * images * padded.channelCount + $0.offset) }
    }
    self.vectors = vectors
  }

  /// Numbers of one channel of the gradient, with zeros to whole vectors.
  private var positions: Int { (gradient.phaseCount + 15) / 16 * 16 }
  private static let passCount = 1024

  // Off the powers of two, so that rows do not meet in the same lines of the cache.
  private var gradientPitch: Int { imagesPerPass * positions + 16 }
  private var gradientCount: Int { groups * outputChannels * gradientPitch }

  private var paddedCount: Int {
    gradientCount + groups * channels * imagesPerPass * image.channelCount + positions + 64 + 192
  }

  private var plane: Int { image.height * image.width }
  private var gradientPlane: Int { gradient.height * gradient.width }

  /// With room for one image that is brought into planes.
  var scratchCount: Int { paddedCount + max(groups * channels * plane, groups * outputChannels * gradientPlane) }

  var layoutSupport: LayoutSupport { LayoutSupport(source: 0, either: [1]) }

  func add(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>, _ layouts: OperandLayouts,
    to weights: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let paddedGradient = scratch
    let padded = paddedGradient + gradientCount
    let lanes = scratch + paddedCount - 192
    let planes = scratch + paddedCount
    scratch.update(repeating: 0, count: paddedCount)
    var start = range.lowerBound
    while start < range.upperBound {
      let images = min(imagesPerPass, range.upperBound - start)
      for index in 0..<images {
        let own = planar(
          source + (start + index) * groups * channels * plane, groups * channels, plane, layouts.layout(ofInput: 0),
          planes)
        for channel in 0..<groups * channels {
          image.copy(
            own + channel * plane, into: padded + (channel * imagesPerPass + index) * image.channelCount)
        }
        let outputs = groups * outputChannels
        let ownGradient = planar(
          gradients + (start + index) * outputs * gradientPlane, outputs, gradientPlane, layouts.layout(ofInput: 1),
          planes)
        for channel in 0..<outputs {
          gradient.copy(
            ownGradient + channel * gradientPlane, into: paddedGradient + channel * gradientPitch + index * positions)
        }
      }
      offsets.withUnsafeBufferPointer { offsets in
        guard let offsets = offsets.baseAddress else { return }
        for group in 0..<groups {
          vectors.shiftedDots(
            rows: outputChannels, terms: self.offsets.count, offsets: offsets, images: images,
            gradient: paddedGradient + group * outputChannels * gradientPitch,
            pitch: gradientPitch, gradientStride: positions,
            source: padded + group * channels * imagesPerPass * image.channelCount, sourceStride: image.channelCount,
            positions: positions, lanes: lanes,
            addingTo: weights + group * outputChannels * self.offsets.count)
        }
      }
      start += images
    }
  }

  /// An image as it is, or with its channels brought into planes.
  private func planar(
    _ image: UnsafePointer<Float>, _ channels: Int, _ positions: Int, _ layout: ImageLayout,
    _ planes: UnsafeMutablePointer<Float>
  ) -> UnsafePointer<Float> {
    if layout == .planar { return image }
    vectors.transpose(
      rows: positions, columns: channels, source: image, sourceStride: channels, output: planes,
      outputStride: positions)
    return UnsafePointer(planes)
  }
}
