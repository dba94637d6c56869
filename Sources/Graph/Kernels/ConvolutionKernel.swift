import Tensor

/// How one convolution operator is computed: the choice of the algorithm, and the images' way through it.
struct ConvolutionKernel {
  enum Direction {
    case forward
    /// The transpose, from the output's gradient to the image's.
    case inputGradient
  }

  private enum Algorithm {
    case columns(ColumnConvolution)
    case shifted(ShiftedConvolution)
  }

  private let direction: Direction
  private let algorithm: Algorithm
  private let imageCount: Int
  private let outputCount: Int

  /// - Parameters: of the convolution, whatever the direction: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output
  ///   `[N, K, H', W']`; already checked.
  init(_ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, _ direction: Direction) {
    self.direction = direction
    imageCount = image.droppingFirst.count
    outputCount = output.droppingFirst.count
    algorithm =
      if Self.isShifted(geometry, image: image, weights: weights, output: output) {
        .shifted(
          ShiftedConvolution(
            geometry, image: image, weights: weights, output: output, isTranspose: direction == .inputGradient))
      } else {
        .columns(ColumnConvolution(geometry, image: image, weights: weights, output: output))
      }
  }

  /// Not for one channel per group, where nothing is shared between outputs, and not for padding that is most of the image.
  static func isShifted(_ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape) -> Bool {
    if geometry.groups > 1 && weights[1] == 1 { return false }
    if [image, weights, output].contains(where: { $0.count == 0 }) { return false }
    let height = image[2] + geometry.top + geometry.bottom
    let width = image[3] + geometry.left + geometry.right
    let largest = 16 * max(image[2] * image[3], output[2] * output[3])
    guard geometry.strideHeight * geometry.strideWidth <= 16, height <= 1 << 20, width <= 1 << 20,
      height * width <= max(largest, 1 << 12)
    else { return false }
    // Offsets have 32 bits.
    let channels = max(image[1], output[1])
    return channels.multipliedReportingOverflow(by: 4 * height * width).partialValue < 1 << 30 && channels < 1 << 20
  }

  var scratchCount: Int {
    switch algorithm {
    case .columns(let columns): columns.scratchCount
    case .shifted(let shifted): shifted.scratchCount
    }
  }

  var preparedCount: Int {
    switch algorithm {
    case .columns: 0
    case .shifted(let shifted): shifted.preparedCount
    }
  }

  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    switch algorithm {
    case .columns: break
    case .shifted(let shifted): shifted.prepare(weights, into: prepared)
    }
  }

  func evaluate(_ kernel: KernelArguments, _ epilogue: Epilogue) {
    let source = kernel.inputs[0]
    let weights = kernel.inputs[1]
    switch algorithm {
    case .columns(let columns):
      kernel.forEachBlock(of: kernel.outputShape[0], blockSize: KernelArguments.blockSize(work: imageCount * 8)) {
        images, scratch in
        for image in images {
          switch direction {
          case .forward:
            columns.forward(
              source + image * imageCount, weights, into: kernel.output + image * outputCount, scratch: scratch)
          case .inputGradient:
            columns.inputGradient(
              source + image * outputCount, weights, into: kernel.output + image * imageCount, scratch: scratch)
          }
          epilogue.apply(image: image)
        }
      }
    case .shifted(let shifted):
      kernel.forEachBlock(of: kernel.outputShape[0], blockSize: KernelArguments.blockSize(work: shifted.work / 16)) {
        images, scratch in
        shifted.run(images, source, prepared: kernel.prepared, epilogue, scratch: scratch)
      }
    }
  }
}
