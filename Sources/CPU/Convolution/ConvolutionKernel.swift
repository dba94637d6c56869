import Graph
import Kernels
import Tensor

/// How a convolution or its transpose is computed: the choice of the algorithm, and the images' way through it.
struct ConvolutionKernel: CPUKernel {
  enum Direction {
    case forward
    /// The transpose, from the output's gradient to the image's.
    case inputGradient
  }

  private enum Algorithm {
    case columns(ColumnConvolution)
    case prepared(any PreparedConvolution)
  }

  private let direction: Direction
  private let algorithm: Algorithm
  private let imageCount: Int
  private let outputCount: Int
  /// Finishes the values; nil: they are the result.
  private let fused: FusedLayer?
  let layoutSupport: LayoutSupport

  init(_ conv: Conv2D, inputs: [Shape], output: Shape, fused: FusedLayer? = nil) {
    self.init(
      conv.geometry, image: inputs[0], weights: inputs[1], output: output, .forward, conv.precision,
      inputCount: inputs.count, fused)
  }

  init(_ conv: Conv2DInputGradient, inputs: [Shape], output: Shape, fused: FusedLayer? = nil) {
    self.init(
      conv.geometry, image: output, weights: inputs[1], output: inputs[0], .inputGradient, conv.precision,
      inputCount: inputs.count, fused)
  }

  /// - Parameters: of the convolution, whatever the direction: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output
  ///   `[N, K, H', W']`; already checked.
  private init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, _ direction: Direction,
    _ precision: Precision, inputCount: Int, _ fused: FusedLayer?
  ) {
    self.direction = direction
    self.fused = fused
    imageCount = image.droppingFirst.count
    outputCount = output.droppingFirst.count
    // The table of algorithms: the first that fits.
    let prepared: (any PreparedConvolution.Type)? =
      if !Self.isShifted(geometry, image: image, weights: weights, output: output) {
        nil
      } else if geometry.groups > 1 && weights[1] == 1 {
        DepthwiseConvolution.self
      } else if precision == .fast, Self.isWinograd(geometry, weights: weights, image: image, output: output, direction)
      {
        WinogradConvolution.self
      } else if Self.isPointwise(geometry, weights: weights, direction) {
        PointwiseConvolution.self
      } else if WindowConvolution.fits(geometry, weights: weights, isTranspose: direction == .inputGradient) {
        WindowConvolution.self
      } else {
        ShiftedConvolution.self
      }
    guard let prepared else {
      algorithm = .columns(ColumnConvolution(geometry, image: image, weights: weights, output: output))
      layoutSupport = LayoutSupport()
      return
    }
    let convolution = prepared.init(
      geometry, image: image, weights: weights, output: output, isTranspose: direction == .inputGradient,
      vectors: VectorKernels())
    algorithm = .prepared(convolution)
    let (source, target) = direction == .forward ? (image, output) : (output, image)
    var support = convolution.layoutSupport
    support.source = support.source.map { $0 * source.count }
    support.output = support.output.map { $0 * target.count }
    // Residual and reference of the epilogue lie as the output does.
    if let fused {
      let first = fused.bias ? 3 : 2
      support.likeOutput = Array(first..<max(first, inputCount))
    }
    layoutSupport = support
  }

  /// For 3x3 windows where tiles save much of the work, and channels enough to be lanes.
  static func isWinograd(
    _ geometry: ConvolutionGeometry, weights: Shape, image: Shape, output: Shape, _ direction: Direction
  ) -> Bool {
    let stride = geometry.strideHeight
    guard weights[2] == 3, weights[3] == 3, geometry.groups == 1, geometry.strideWidth == stride,
      geometry.dilationHeight == 1, geometry.dilationWidth == 1
    else { return false }
    func tiles(_ shape: Shape, _ step: Int) -> Int { ((shape[2] + step - 1) / step) * ((shape[3] + step - 1) / step) }
    let channels = min(weights[0], weights[1])
    switch (stride, direction) {
    case (1, _):
      let target = direction == .forward ? output : image
      return channels >= 12 && tiles(target, 4) * 36 * 2 <= target[2] * target[3] * 9
    case (2, .forward):
      return channels >= 32 && tiles(output, 4) * 81 * 5 <= output[2] * output[3] * 9 * 3
    case (2, .inputGradient):
      return channels >= 32 && geometry.top == 1 && geometry.left == 1
        && tiles(image, 8) * 81 * 4 <= output[2] * output[3] * 9 * 3
    default: return false
    }
  }

  /// For windows of one pixel, and channels enough to be lanes.
  private static func isPointwise(_ geometry: ConvolutionGeometry, weights: Shape, _ direction: Direction) -> Bool {
    guard geometry.groups == 1, geometry.isUnpadded, weights[2] == 1, weights[3] == 1,
      min(weights[0], weights[1]) >= 16
    else { return false }
    return direction == .forward || (geometry.strideHeight == 1 && geometry.strideWidth == 1)
  }

  /// Not for padding that is most of the image.
  static func isShifted(_ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape) -> Bool {
    if [image, weights, output].contains(where: { $0.count == 0 }) { return false }
    let (height, width) = geometry.padded(height: image[2], width: image[3])
    let largest = 16 * max(image[2] * image[3], output[2] * output[3])
    guard geometry.strideHeight * geometry.strideWidth <= 16, height <= 1 << 20, width <= 1 << 20,
      height * width <= max(largest, 1 << 12)
    else { return false }
    // Offsets have 32 bits.
    let channels = max(image[1], output[1])
    return channels < 1 << 20 && channels * 4 * height * width < 1 << 30
  }

  var scratchCount: Int {
    switch algorithm {
    case .columns(let columns): columns.scratchCount
    case .prepared(let convolution): convolution.scratchCount
    }
  }

  var preparedCount: Int {
    switch algorithm {
    case .columns: 0
    case .prepared(let convolution): convolution.preparedCount
    }
  }

  var work: (image: Int, preparation: Int) {
    switch algorithm {
    case .columns: (0, 0)
    case .prepared(let convolution): (convolution.work, convolution.preparationWork)
    }
  }

  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>) {
    if case .prepared(let convolution) = algorithm { convolution.prepare(weights, into: prepared) }
  }

  func evaluate(_ arguments: KernelArguments) {
    let epilogue = Epilogue(fused, arguments)
    let source = arguments.inputs[0]
    let weights = arguments.inputs[1]
    switch algorithm {
    case .columns(let columns):
      arguments.forEachBlock(of: arguments.outputShape[0], blockSize: KernelArguments.blockSize(work: imageCount * 8)) {
        images, scratch in
        for image in images {
          switch direction {
          case .forward:
            columns.forward(
              source + image * imageCount, weights, into: arguments.output + image * outputCount, scratch: scratch)
          case .inputGradient:
            columns.inputGradient(
              source + image * outputCount, weights, into: arguments.output + image * imageCount, scratch: scratch)
          }
          epilogue.apply(image: image)
        }
      }
    case .prepared(let convolution):
      // Each thread one block of as many images as it can use: the weights are read anew for every block.
      let share = (arguments.outputShape[0] + arguments.threads - 1) / arguments.threads
      let size = max(KernelArguments.blockSize(work: convolution.work / 16), min(convolution.imagesPerBlock, share))
      arguments.forEachBlock(of: arguments.outputShape[0], blockSize: size) { images, scratch in
        convolution.run(
          images, source, arguments.layouts.source, prepared: arguments.prepared, epilogue, scratch: scratch)
      }
    }
  }
}
