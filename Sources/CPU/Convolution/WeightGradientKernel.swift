import Graph
import Kernels
import Tensor

/// How the weight gradient of a convolution is computed: over blocks of images that depend on nothing but their number, whose
/// partial sums are added in their order.
struct WeightGradientKernel: CPUKernel {
  private enum Algorithm {
    case columns(ColumnConvolution)
    case summed(any SummedWeightGradient)
    case winograd(WinogradWeightGradient)
  }

  private let algorithm: Algorithm
  private let images: Int
  private let count: Int
  private let imageCount: Int
  private let outputCount: Int
  let layoutSupport: LayoutSupport

  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output `[N, K, H', W']`.
  init(_ gradient: Conv2DWeightGradient, image: Shape, weights: Shape, output: Shape) {
    images = image[0]
    count = weights.count
    imageCount = image.droppingFirst.count
    outputCount = output.droppingFirst.count
    let geometry = gradient.geometry
    // The table of algorithms: the first that fits.
    let summed: any SummedWeightGradient.Type
    if !ConvolutionKernel.isShifted(geometry, image: image, weights: weights, output: output) {
      algorithm = .columns(ColumnConvolution(geometry, image: image, weights: weights, output: output))
      layoutSupport = LayoutSupport()
      return
    } else if gradient.precision == .fast,
      Self.isWinograd(geometry, image: image, weights: weights, output: output)
    {
      let winograd = WinogradWeightGradient(
        geometry, image: image, weights: weights, output: output, vectors: VectorKernels())
      algorithm = .winograd(winograd)
      layoutSupport = Self.scaled(winograd.layoutSupport, image)
      return
    } else if geometry.groups > 1, weights[1] == 1 {
      summed = DepthwiseWeightGradient.self
    } else if geometry.groups == 1, min(weights[0], weights[1]) >= 16 {
      summed = GatheredWeightGradient.self
    } else {
      summed = ShiftedWeightGradient.self
    }
    let made = summed.init(geometry, image: image, weights: weights, output: output, vectors: VectorKernels())
    algorithm = .summed(made)
    layoutSupport = Self.scaled(made.layoutSupport, image)
  }

  private static func scaled(_ support: LayoutSupport, _ image: Shape) -> LayoutSupport {
    var support = support
    support.source = support.source.map { $0 * image.count }
    return support
  }

  /// For windows and maps that the convolution itself is computed so, and tiles enough to be worth sums for every element.
  private static func isWinograd(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape
  ) -> Bool {
    let tiles = image[0] * ((output[2] + 3) / 4) * ((output[3] + 3) / 4)
    return tiles >= 48
      && ConvolutionKernel.isWinograd(geometry, weights: weights, image: image, output: output, .forward)
  }

  private var blockSize: Int {
    // Every block has its own copy of the weights.
    let blocks = count > 1 << 20 ? 4 : 8
    return max(1, (images + blocks - 1) / blocks)
  }

  private var blocks: Int { (images + blockSize - 1) / blockSize }

  var scratchCount: Int {
    switch algorithm {
    case .columns(let columns): columns.scratchCount
    case .summed(let summed): summed.scratchCount
    case .winograd(let winograd): winograd.scratchCount
    }
  }

  var sharedScratchCount: Int {
    if case .winograd(let winograd) = algorithm { winograd.sharedScratchCount } else { blocks * count }
  }

  func evaluate(_ arguments: KernelArguments) {
    let (source, gradients) = (arguments.inputs[0], arguments.inputs[1])
    switch algorithm {
    case .columns(let columns):
      forEachBlock(arguments) { range, weights, scratch in
        for image in range {
          columns.addWeightGradient(
            source + image * imageCount, gradients + image * outputCount, to: weights, scratch: scratch)
        }
      }
    case .summed(let summed):
      forEachBlock(arguments) { range, weights, scratch in
        summed.add(range, source, gradients, arguments.layouts, to: weights, scratch: scratch)
      }
    case .winograd(let winograd): winograd.evaluate(arguments)
    }
  }

  /// Calls `body` with each block of images and its sums, which begin with zero, and adds these.
  private func forEachBlock(
    _ arguments: KernelArguments,
    _ body: (_ images: Range<Int>, _ weights: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>) ->
      Void
  ) {
    let partial = arguments.sharedScratch
    arguments.forEachBlock(of: images, blockSize: blockSize) { range, scratch in
      let weights = partial + range.lowerBound / blockSize * count
      weights.update(repeating: 0, count: count)
      body(range, weights, scratch)
    }
    arguments.forEachBlock(of: count, blockSize: KernelArguments.blockSize(work: blocks)) { range, _ in
      for index in range { arguments.output[index] = 0 }
      for block in 0..<blocks {
        let weights = partial + block * count
        for index in range { arguments.output[index] += weights[index] }
      }
    }
  }
}
