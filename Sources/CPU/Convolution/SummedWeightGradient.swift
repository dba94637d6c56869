import Graph
import Kernels
import Tensor

/// An algorithm for the weight gradient of a convolution that adds the images of a part of the batch to sums of their own.
protocol SummedWeightGradient: Sendable {
  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output `[N, K, H', W']`; one that the
  ///   algorithm is for (`WeightGradientKernel`).
  init(_ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, vectors: VectorKernels)

  /// Floats of memory that `add` needs.
  var scratchCount: Int { get }

  /// What channels last would save, in times the size of the image.
  var layoutSupport: LayoutSupport { get }

  /// Adds the gradient of the images of `range` to `weights`; pointers are those of the whole batch.
  /// - Parameter layouts: of image and gradient.
  func add(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>, _ layouts: OperandLayouts,
    to weights: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>)
}
