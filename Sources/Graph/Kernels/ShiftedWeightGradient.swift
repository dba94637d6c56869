import Kernels
import Tensor

/// The weight gradient of a convolution as inner products of the output's gradient with the shifted, padded image.
struct ShiftedWeightGradient {
  private let image: PaddedImage
  private let gradient: PaddedImage
  private let groups: Int
  /// Per group.
  private let channels: Int
  private let outputChannels: Int
  private let offsets: [Int32]
  private let vectors: VectorKernels

  /// - Parameters: as of `ShiftedConvolution`.
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape,
    vectors: VectorKernels = VectorKernels()
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
    let taps = padded.taps(geometry, weights: weights)
    offsets = (0..<channels).flatMap { channel in taps.map { Int32(channel * padded.channelCount + $0.offset) } }
    self.vectors = vectors
  }

  var outputCount: Int { groups * outputChannels * offsets.count }

  /// Numbers of one channel of the gradient, with zeros to whole vectors.
  private var positions: Int { (gradient.phaseCount + 15) / 16 * 16 }
  private var imageStride: Int { groups * channels * image.channelCount }
  private var gradientStride: Int { groups * outputChannels * positions }
  /// Images that are read together, so that a small map is not mostly the sums over lanes: as many as stay in the cache.
  private var imagesPerPass: Int { min(64, max(1, Self.passCount / max(1, positions))) }
  private static let passCount = 1024

  var scratchCount: Int { imagesPerPass * (imageStride + gradientStride) + positions + 64 + 192 }

  /// Multiplications and additions for one image.
  var work: Int { outputCount * positions }

  /// Adds the gradient of the images of `range` to `weights`; pointers are those of the whole batch.
  func add(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>,
    to weights: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    let paddedGradient = scratch
    let padded = paddedGradient + imagesPerPass * gradientStride
    let lanes = scratch + scratchCount - 192
    scratch.update(repeating: 0, count: scratchCount)
    let (plane, gradientPlane) = (image.height * image.width, gradient.height * gradient.width)
    var start = range.lowerBound
    while start < range.upperBound {
      let images = min(imagesPerPass, range.upperBound - start)
      for index in 0..<images {
        for channel in 0..<groups * channels {
          image.copy(
            source + ((start + index) * groups * channels + channel) * plane,
            into: padded + index * imageStride + channel * image.channelCount)
        }
        for channel in 0..<groups * outputChannels {
          gradient.copy(
            gradients + ((start + index) * groups * outputChannels + channel) * gradientPlane,
            into: paddedGradient + index * gradientStride + channel * positions)
        }
      }
      offsets.withUnsafeBufferPointer { offsets in
        guard let offsets = offsets.baseAddress else { return }
        for group in 0..<groups {
          vectors.shiftedDots(
            rows: outputChannels, terms: self.offsets.count, offsets: offsets, images: images,
            gradient: paddedGradient + group * outputChannels * positions, pitch: positions,
            gradientStride: gradientStride, source: padded + group * channels * image.channelCount,
            sourceStride: imageStride, positions: positions, lanes: lanes,
            addingTo: weights + group * outputChannels * self.offsets.count)
        }
      }
      start += images
    }
  }
}
