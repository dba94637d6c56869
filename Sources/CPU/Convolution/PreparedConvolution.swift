import Graph
import Kernels
import Tensor

/// An algorithm for convolutions, and their transposes, that brings the weights into a form of its own first.
protocol PreparedConvolution: Sendable {
  /// - Parameters: of the convolution: image `[N, C, H, W]`, weights `[K, C / groups, h, w]`, output `[N, K, H', W']`; one
  ///   that the algorithm is for (`ConvolutionKernel`).
  init(
    _ geometry: ConvolutionGeometry, image: Shape, weights: Shape, output: Shape, isTranspose: Bool,
    vectors: VectorKernels)

  /// Multiplications and additions for one image, those of transforms included.
  var work: Int { get }

  /// Images that are best computed together.
  var imagesPerBlock: Int { get }

  /// Floats of memory that `run` needs.
  var scratchCount: Int { get }

  /// Floats of the weights' form.
  var preparedCount: Int { get }

  /// Multiply-adds that take as long as bringing the weights into it; 0 where it takes no more memory than the weights do.
  var preparationWork: Int { get }

  func prepare(_ weights: UnsafePointer<Float>, into prepared: UnsafeMutablePointer<Float>)

  /// What channels last would save, in times the size of source and output.
  var layoutSupport: LayoutSupport { get }

  /// Computes the images of `range`; pointers are those of the whole batch. Each image is computed by itself.
  /// - Parameter layout: of the source; that of the output is the epilogue's.
  func run(
    _ range: Range<Int>, _ source: UnsafePointer<Float>, _ layout: ImageLayout, prepared: UnsafePointer<Float>,
    _ epilogue: Epilogue, scratch: UnsafeMutablePointer<Float>)
}

extension PreparedConvolution {
  var imagesPerBlock: Int { 1 }
  var preparationWork: Int { 0 }
}
