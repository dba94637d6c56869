import Kernels
import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

/// Every algorithm of weight gradients, on every instruction set of this machine and in both layouts of image and gradient.
extension ConvolutionAlgorithmTests {
  @Test(arguments: general + windows3x3 + channelsLast)
  func shiftedWeightGradient(_ value: Case) { check(ShiftedWeightGradient.self, value) }

  @Test(arguments: general + windows3x3 + pointwiseLayers + channelsLast)
  func gatheredWeightGradient(_ value: Case) {
    if value.geometry.groups == 1 { check(GatheredWeightGradient.self, value) }
  }

  @Test(arguments: oneChannelPerGroup + depthwiseLayers)
  func depthwiseWeightGradient(_ value: Case) { check(DepthwiseWeightGradient.self, value) }

  private func check<Algorithm: SummedWeightGradient>(_ algorithm: Algorithm.Type, _ value: Case) {
    let x = normals(value.image.count, 1), dy = normals(value.output.count, 3)
    let exact = Reference(value: value).weightGradient(x, dy)
    for set in InstructionSet.available {
      let kernel = algorithm.init(
        value.geometry, image: value.image, weights: value.weights, output: value.output, vectors: VectorKernels(set))
      func result(_ source: ImageLayout, _ gradient: ImageLayout) -> [Float] {
        var weights = [Float](repeating: 0, count: value.weights.count)
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: kernel.scratchCount)
        scratch.initialize(repeating: .nan, count: kernel.scratchCount)
        kernel.add(
          0..<value.image[0], stored(x, value.image, source), stored(dy, value.output, gradient),
          OperandLayouts(inputs: [source, gradient]), to: &weights, scratch: scratch)
        scratch.deallocate()
        return weights
      }
      let planar = result(.planar, .planar)
      #expect(error(planar, exact) < 2e-6, "\(set)")
      #expect(result(.channelsLast, .channelsLast) == planar, "\(set)")
      #expect(result(.channelsLast, .planar) == planar, "\(set)")
      #expect(result(.planar, .channelsLast) == planar, "\(set)")
    }
  }

  // MARK: Winograd

  /// Several groups of images with sums of their own, sums that all threads share, maps that end within a tile, images of
  /// one row or column, and padding that is not the same on all sides.
  private static let winogradLayers = [
    Case(geometry: ConvolutionGeometry(padding: 1), image: [19, 16, 9, 13], weights: [32, 16, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [9, 32, 8, 8], weights: [16, 32, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [3, 144, 5, 7], weights: [128, 144, 3, 3]),
    Case(geometry: ConvolutionGeometry(stride: 2, padding: 1), image: [2, 130, 7, 8], weights: [144, 130, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [11, 16, 1, 37], weights: [16, 16, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [10, 17, 23, 1], weights: [15, 17, 3, 3]),
    Case(
      geometry: ConvolutionGeometry(stride: (1, 1), padding: (0, 2, 3, 0)), image: [2, 13, 6, 21],
      weights: [40, 13, 3, 3]),
    Case(geometry: ConvolutionGeometry(stride: 2, padding: 1), image: [9, 32, 10, 14], weights: [48, 32, 3, 3]),
  ]

  @Test(arguments: windows3x3 + winogradLayers)
  func winogradWeightGradient(_ value: Case) {
    let x = normals(value.image.count, 1), dy = normals(value.output.count, 3)
    let exact = Reference(value: value).weightGradient(x, dy)
    for set in InstructionSet.available {
      let planar = winograd(value, set, x, dy)
      #expect(error(planar, exact) < 5e-6, "\(set)")
      for layouts in [(ImageLayout.channelsLast, ImageLayout.channelsLast), (.planar, .channelsLast)] {
        let result = winograd(
          value, set, stored(x, value.image, layouts.0), stored(dy, value.output, layouts.1), layouts, threads: 3)
        #expect(result == planar, "\(set), \(layouts)")
      }
    }
  }

  /// Sums of thousands of positions, as batches have.
  @Test func errorOfWinogradOverABatch() {
    for stride in [1, 2] {
      winogradWeightGradient(
        Case(
          geometry: ConvolutionGeometry(stride: stride, padding: 1), image: [128, 16, 16, 16], weights: [12, 16, 3, 3]))
    }
  }

  private func winograd(
    _ value: Case, _ set: InstructionSet, _ x: [Float], _ dy: [Float],
    _ layouts: (ImageLayout, ImageLayout) = (.planar, .planar), threads: Int = 1
  ) -> [Float] {
    let kernel = WinogradWeightGradient(
      value.geometry, image: value.image, weights: value.weights, output: value.output, vectors: VectorKernels(set))
    func memory(_ count: Int) -> UnsafeMutablePointer<Float> {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: count)
      memory.initialize(repeating: .nan, count: count)
      return memory
    }
    let (scratch, shared) = (memory(threads * kernel.scratchCount), memory(kernel.sharedScratchCount))
    let output = memory(value.weights.count)
    defer { for part in [scratch, shared, output] { part.deallocate() } }
    x.withUnsafeBufferPointer { x in
      dy.withUnsafeBufferPointer { dy in
        kernel.evaluate(
          KernelArguments(
            inputs: [x.baseAddress!, dy.baseAddress!], inputShapes: [value.image, value.output], output: output,
            outputShape: value.weights, layouts: OperandLayouts(inputs: [layouts.0, layouts.1]), scratch: scratch,
            sharedScratch: shared, prepared: UnsafePointer(shared),
            team: threads > 1 ? ThreadTeam(threads: threads) : nil, scratchStride: kernel.scratchCount))
      }
    }
    return Array(UnsafeBufferPointer(start: output, count: value.weights.count))
  }
}
