import Graph
import Tensor

/// How the weight gradient of a convolution is computed: over blocks of images that depend on nothing but their number, whose
/// partial sums are added in their order.
struct WeightGradientKernel: CPUKernel {
  private enum Algorithm {
    case columns(ColumnConvolution)
    case shifted(ShiftedWeightGradient)
  }

  private let algorithm: Algorithm
  private let images: Int
  private let count: Int
  private let imageCount: Int
  private let outputCount: Int

  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output `[N, K, H', W']`.
  init(_ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape) {
    images = image[0]
    count = weights.count
    imageCount = image.droppingFirst.count
    outputCount = output.droppingFirst.count
    algorithm =
      if ConvolutionKernel.isShifted(geometry, image: image, weights: weights, output: output) {
        .shifted(ShiftedWeightGradient(geometry, image: image, weights: weights, output: output))
      } else {
        .columns(ColumnConvolution(geometry, image: image, weights: weights, output: output))
      }
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
    case .shifted(let shifted): shifted.scratchCount
    }
  }

  var sharedScratchCount: Int { blocks * count }

  func evaluate(_ arguments: KernelArguments) {
    let (source, gradients) = (arguments.inputs[0], arguments.inputs[1])
    let partial = arguments.sharedScratch
    arguments.forEachBlock(of: images, blockSize: blockSize) { range, scratch in
      let weights = partial + range.lowerBound / blockSize * count
      weights.update(repeating: 0, count: count)
      switch algorithm {
      case .columns(let columns):
        for image in range {
          columns.addWeightGradient(
            source + image * imageCount, gradients + image * outputCount, to: weights, scratch: scratch)
        }
      case .shifted(let shifted):
        shifted.add(range, source, gradients, to: weights, scratch: scratch)
      }
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
