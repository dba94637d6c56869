import Kernels
import Tensor
import Testing
import _TestSupport

@testable import CPU
@testable import Graph

/// Every algorithm of convolutions on every instruction set of this machine, against sums in double precision.
@Suite struct ConvolutionAlgorithmTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let geometry: ConvolutionGeometry
    let image: Shape
    let weights: Shape

    var output: Shape {
      [
        image[0], weights[0], geometry.output(height: image[2], window: weights[2]) ?? 0,
        geometry.output(width: image[3], window: weights[3]) ?? 0,
      ]
    }

    var testDescription: String { "\(image) with \(weights), \(geometry)" }
  }

  /// Sums in double precision, in the order of the definition.
  struct Reference {
    let value: Case

    /// Calls `body` for every product: indices in image, weights and output.
    private func forEach(_ body: (_ x: Int, _ w: Int, _ y: Int) -> Void) {
      let (g, image, weights, output) = (value.geometry, value.image, value.weights, value.output)
      let perGroup = weights[0] / g.groups
      for n in 0..<image[0] {
        for k in 0..<weights[0] {
          for y in 0..<output[2] {
            for x in 0..<output[3] {
              for c in 0..<weights[1] {
                for i in 0..<weights[2] {
                  let row = y * g.strideHeight + i * g.dilationHeight - g.top
                  guard row >= 0, row < image[2] else { continue }
                  for j in 0..<weights[3] {
                    let column = x * g.strideWidth + j * g.dilationWidth - g.left
                    guard column >= 0, column < image[3] else { continue }
                    body(
                      ((n * image[1] + k / perGroup * weights[1] + c) * image[2] + row) * image[3] + column,
                      ((k * weights[1] + c) * weights[2] + i) * weights[3] + j,
                      ((n * weights[0] + k) * output[2] + y) * output[3] + x)
                  }
                }
              }
            }
          }
        }
      }
    }

    func forward(_ image: [Float], _ weights: [Float]) -> [Double] {
      var sums = [Double](repeating: 0, count: value.output.count)
      forEach { x, w, y in sums[y] += Double(image[x]) * Double(weights[w]) }
      return sums
    }

    func inputGradient(_ gradient: [Float], _ weights: [Float]) -> [Double] {
      var sums = [Double](repeating: 0, count: value.image.count)
      forEach { x, w, y in sums[x] += Double(gradient[y]) * Double(weights[w]) }
      return sums
    }

    func weightGradient(_ image: [Float], _ gradient: [Float]) -> [Double] {
      var sums = [Double](repeating: 0, count: value.weights.count)
      forEach { x, w, y in sums[w] += Double(image[x]) * Double(gradient[y]) }
      return sums
    }
  }

  /// Largest error over largest value.
  func error(_ values: [Float], _ exact: [Double]) -> Double {
    let scale = exact.map(abs).max() ?? 0
    let worst = zip(values, exact).map { abs(Double($0) - $1) }.max() ?? 0
    return values.allSatisfy(\.isFinite) ? worst / max(scale, 1e-30) : .infinity
  }

  func normals(_ count: Int, _ item: Int) -> [Float] {
    RandomStream(seed: 4, name: "convolutions").normals(item: item, count: count).map { Float($0) }
  }

  private static func sample(_ count: Int, _ make: (inout SeededGenerator) -> Case) -> [Case] {
    var generator = SeededGenerator(seed: 11)
    var cases: [Case] = []
    while cases.count < count {
      let value = make(&generator)
      if value.output.count > 0 { cases.append(value) }
    }
    return cases
  }

  /// Odd sizes, maps smaller than a tile, channels that fill no vector, every padding.
  static let general = sample(24) { g in
    let groups = Int.random(in: 1...2, using: &g)
    let stride = Int.random(in: 1...3, using: &g)
    let geometry = ConvolutionGeometry(
      stride: (stride, Int.random(in: 1...2, using: &g)),
      padding: (
        top: Int.random(in: 0...2, using: &g), left: Int.random(in: 0...2, using: &g),
        bottom: Int.random(in: 0...3, using: &g), right: Int.random(in: 0...2, using: &g)
      ),
      dilation: (Int.random(in: 1...2, using: &g), 1), groups: groups)
    return Case(
      geometry: geometry,
      image: [
        Int.random(in: 1...3, using: &g), groups * Int.random(in: 1...9, using: &g), Int.random(in: 1...13, using: &g),
        Int.random(in: 1...37, using: &g),
      ],
      weights: [
        groups * Int.random(in: 1...11, using: &g), 0, Int.random(in: 1...4, using: &g),
        Int.random(in: 1...3, using: &g),
      ])
  }.map { value in
    Case(
      geometry: value.geometry, image: value.image,
      weights: [value.weights[0], value.image[1] / value.geometry.groups, value.weights[2], value.weights[3]])
  }

  static let windows3x3 = sample(16) { g in
    let stride = Int.random(in: 1...2, using: &g)
    let channels = Int.random(in: 1...70, using: &g)
    let geometry = ConvolutionGeometry(
      stride: (stride, stride), padding: (1, 1, Int.random(in: 0...1, using: &g), Int.random(in: 0...2, using: &g)))
    return Case(
      geometry: geometry,
      image: [
        Int.random(in: 1...3, using: &g), channels, Int.random(in: 2...11, using: &g),
        Int.random(in: 2...19, using: &g),
      ],
      weights: [Int.random(in: 1...37, using: &g), channels, 3, 3])
  }

  @Test(arguments: general + windows3x3)
  func shifted(_ value: Case) { check(ShiftedConvolution.self, value, [false, true], below: 2e-6) }

  /// Groups of few channels and of many, such that blocks of 16 are filled or not; maps of one pixel, of several strips, and of
  /// fewer pixels than a tile; sums of several parts.
  static let grouped = [
    Case(geometry: ConvolutionGeometry(padding: 1, groups: 13), image: [2, 104, 7, 9], weights: [104, 8, 3, 3]),
    Case(
      geometry: ConvolutionGeometry(stride: 2, padding: 1, groups: 3), image: [1, 24, 41, 50], weights: [24, 8, 3, 3]),
    Case(
      geometry: ConvolutionGeometry(padding: 2, dilation: 2, groups: 5), image: [3, 20, 9, 6], weights: [20, 4, 3, 3]),
    Case(
      geometry: ConvolutionGeometry(stride: (1, 2), padding: (0, 2, 1, 0), groups: 4), image: [2, 16, 5, 8],
      weights: [16, 4, 2, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1, groups: 2), image: [2, 8, 47, 46], weights: [8, 4, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1, groups: 4), image: [7, 32, 1, 1], weights: [32, 8, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1, groups: 2), image: [3, 16, 1, 1], weights: [16, 8, 3, 3]),
    Case(geometry: ConvolutionGeometry(groups: 2), image: [2, 16, 5, 4], weights: [16, 8, 1, 1]),
    Case(geometry: ConvolutionGeometry(groups: 2), image: [2, 8, 6, 6], weights: [8, 4, 3, 2]),
    Case(geometry: ConvolutionGeometry(stride: 2, groups: 2), image: [2, 32, 6, 6], weights: [32, 16, 2, 2]),
    Case(geometry: ConvolutionGeometry(padding: 1, groups: 3), image: [2, 48, 6, 11], weights: [48, 16, 3, 3]),
    Case(
      geometry: ConvolutionGeometry(stride: 2, padding: 1, groups: 2), image: [3, 64, 8, 8], weights: [64, 32, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1, groups: 2), image: [2, 40, 5, 5], weights: [48, 20, 3, 3]),
  ]

  /// Layers of networks: first layers, patches, narrow maps of long sums, and what is computed in several strips.
  static let windowLayers = [
    Case(geometry: ConvolutionGeometry(stride: 2, padding: 1), image: [2, 3, 160, 161], weights: [32, 3, 3, 3]),
    Case(geometry: ConvolutionGeometry(stride: 2, padding: 3), image: [1, 3, 37, 36], weights: [64, 3, 7, 7]),
    Case(geometry: ConvolutionGeometry(stride: 4), image: [2, 3, 20, 24], weights: [40, 3, 4, 4]),
    Case(geometry: ConvolutionGeometry(stride: 2), image: [2, 96, 14, 14], weights: [24, 96, 2, 2]),
    Case(geometry: ConvolutionGeometry(stride: 2), image: [3, 48, 43, 41], weights: [16, 48, 1, 1]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [31, 144, 2, 2], weights: [80, 144, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [19, 32, 1, 1], weights: [48, 32, 3, 3]),
    Case(geometry: ConvolutionGeometry(stride: 3), image: [2, 32, 11, 5], weights: [16, 32, 2, 1]),
  ]

  @Test(arguments: general + windows3x3 + channelsLast + grouped + windowLayers)
  func windows(_ value: Case) { check(WindowConvolution.self, value, [false, true], below: 2e-6) }

  /// What is not finite in one group stays there.
  @Test(arguments: grouped)
  func groupsAreApart(_ value: Case) {
    let group = value.image[1] / value.geometry.groups
    var x = normals(value.image.count, 1)
    let w = normals(value.weights.count, 2)
    let plane = value.image[2] * value.image[3]
    let kernels = InstructionSet.available.map { set in
      (
        set,
        WindowConvolution(
          value.geometry, image: value.image, weights: value.weights, output: value.output, isTranspose: false,
          vectors: VectorKernels(set))
      )
    }
    let finite = kernels.map { run($0.1, $0.0, x, w, value.output) }
    for image in 0..<value.image[0] {
      for index in 0..<group * plane { x[image * value.image.droppingFirst.count + index] = .infinity }
    }
    let (count, changed) = (value.output.droppingFirst.count, value.output.droppingFirst.count / value.geometry.groups)
    for (kernel, before) in zip(kernels, finite) {
      let after = run(kernel.1, kernel.0, x, w, value.output)
      let differing = after.indices.filter { after[$0] != before[$0] }
      #expect(!differing.isEmpty && differing.allSatisfy { $0 % count < changed })
    }
  }

  /// An image has the same bits wherever it is, and among however many.
  @Test(arguments: grouped + windowLayers)
  func imagesAreAlone(_ value: Case) {
    let (one, count) = (value.image.droppingFirst.count, value.output.droppingFirst.count)
    let x = normals(one, 1), w = normals(value.weights.count, 2)
    let images = 5
    let many = Case(
      geometry: value.geometry, image: Shape([images] + value.image.dimensions.dropFirst()), weights: value.weights)
    let kernel = WindowConvolution(
      many.geometry, image: many.image, weights: many.weights, output: many.output, isTranspose: false,
      vectors: VectorKernels())
    let alone = run(kernel, .best, x, w, Shape([1] + value.output.dimensions.dropFirst()))
    let all = run(kernel, .best, (0..<images).flatMap { _ in x }, w, many.output)
    for image in 0..<images { #expect(Array(all[(image * count)..<((image + 1) * count)]) == alone) }
  }

  /// One channel per group: odd sizes, maps smaller than the window, every padding, channels that fill no vector or several, and
  /// several outputs per channel.
  static let oneChannelPerGroup = sample(24) { g in
    let groups = Int.random(in: 2...40, using: &g)
    let geometry = ConvolutionGeometry(
      stride: (Int.random(in: 1...3, using: &g), Int.random(in: 1...3, using: &g)),
      padding: (
        top: Int.random(in: 0...4, using: &g), left: Int.random(in: 0...4, using: &g),
        bottom: Int.random(in: 0...3, using: &g), right: Int.random(in: 0...5, using: &g)
      ),
      dilation: (Int.random(in: 1...2, using: &g), Int.random(in: 1...3, using: &g)), groups: groups)
    return Case(
      geometry: geometry,
      image: [
        Int.random(in: 1...2, using: &g), groups, Int.random(in: 1...13, using: &g), Int.random(in: 1...29, using: &g),
      ],
      weights: [
        groups * Int.random(in: 1...3, using: &g), 1, Int.random(in: 1...7, using: &g),
        Int.random(in: 1...7, using: &g),
      ])
  }

  /// Layers of networks; the first are computed in several strips, the last has sums of several parts.
  static let depthwiseLayers = [
    Case(geometry: ConvolutionGeometry(padding: 1, groups: 17), image: [2, 17, 40, 112], weights: [17, 1, 3, 3]),
    Case(
      geometry: ConvolutionGeometry(stride: 2, padding: 1, groups: 4), image: [1, 4, 83, 112], weights: [4, 1, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 3, groups: 48), image: [2, 48, 7, 7], weights: [48, 1, 7, 7]),
    Case(
      geometry: ConvolutionGeometry(stride: 2, padding: 2, groups: 32), image: [2, 32, 14, 14], weights: [32, 1, 5, 5]),
    Case(
      geometry: ConvolutionGeometry(padding: 2, dilation: 2, groups: 16), image: [1, 16, 9, 11], weights: [32, 1, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 7, groups: 3), image: [1, 3, 20, 19], weights: [3, 1, 15, 15]),
  ]

  @Test(arguments: oneChannelPerGroup + depthwiseLayers)
  func depthwise(_ value: Case) { check(DepthwiseConvolution.self, value, [false, true], below: 2e-6) }

  /// What no other algorithm takes: im2col and OpenBLAS.
  @Test(arguments: Array(general.prefix(8) + oneChannelPerGroup.prefix(8)))
  func columns(_ value: Case) {
    let x = normals(value.image.count, 1), w = normals(value.weights.count, 2), dy = normals(value.output.count, 3)
    let reference = Reference(value: value)
    let kernel = ColumnConvolution(
      value.geometry, image: value.image, weights: value.weights, output: value.output)
    var scratch = [Float](repeating: .nan, count: kernel.scratchCount)
    var y = [Float](repeating: .nan, count: value.output.count)
    var dx = [Float](repeating: .nan, count: value.image.count)
    var dw = [Float](repeating: 0, count: value.weights.count)
    for image in 0..<value.image[0] {
      let (source, gradient) = (Array(x[(image * kernel.imageCount)...]), Array(dy[(image * kernel.outputCount)...]))
      y.withUnsafeMutableBufferPointer {
        kernel.forward(source, w, into: $0.baseAddress! + image * kernel.outputCount, scratch: &scratch)
      }
      dx.withUnsafeMutableBufferPointer {
        kernel.inputGradient(gradient, w, into: $0.baseAddress! + image * kernel.imageCount, scratch: &scratch)
      }
      kernel.addWeightGradient(source, gradient, to: &dw, scratch: &scratch)
    }
    #expect(error(y, reference.forward(x, w)) < 2e-6)
    #expect(error(dx, reference.inputGradient(dy, w)) < 2e-6)
    #expect(error(dw, reference.weightGradient(x, dy)) < 2e-6)
  }

  @Test(arguments: windows3x3)
  func winograd(_ value: Case) { check(WinogradConvolution.self, value, [false, true], below: 5e-6) }

  static let pointwiseLayers = [
    Case(geometry: ConvolutionGeometry(), image: [2, 24, 31, 33], weights: [144, 24, 1, 1]),
    Case(geometry: ConvolutionGeometry(), image: [1, 530, 9, 7], weights: [20, 530, 1, 1]),
    Case(geometry: ConvolutionGeometry(), image: [17, 16, 1, 1], weights: [16, 16, 1, 1]),
    Case(geometry: ConvolutionGeometry(), image: [3, 40, 10, 10], weights: [17, 40, 1, 1]),
  ]

  @Test(arguments: pointwiseLayers)
  func pointwise(_ value: Case) { check(PointwiseConvolution.self, value, [false, true], below: 2e-6) }

  @Test func pointwiseWithStrides() {
    for stride in [(2, 2), (1, 3)] {
      let geometry = ConvolutionGeometry(
        stride: stride, padding: (0, 0, 0, 0), dilation: (1, 1), groups: 1)
      let value = Case(geometry: geometry, image: [2, 40, 23, 18], weights: [32, 40, 1, 1])
      check(PointwiseConvolution.self, value, [false], below: 2e-6)
    }
  }

  /// With every stride and window that has a way of its own, and channels that fill vectors or do not.
  static let channelsLast = [
    Case(geometry: ConvolutionGeometry(padding: 1), image: [3, 16, 9, 13], weights: [32, 16, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [2, 32, 8, 8], weights: [16, 32, 3, 3]),
    Case(geometry: ConvolutionGeometry(stride: 2, padding: 1), image: [2, 32, 10, 14], weights: [48, 32, 3, 3]),
    Case(geometry: ConvolutionGeometry(), image: [5, 48, 3, 5], weights: [16, 48, 1, 1]),
    Case(geometry: ConvolutionGeometry(), image: [2, 24, 13, 15], weights: [41, 24, 1, 1]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [2, 24, 9, 13], weights: [40, 24, 3, 3]),
    Case(geometry: ConvolutionGeometry(stride: 2), image: [3, 16, 7, 10], weights: [32, 16, 1, 1]),
    Case(
      geometry: ConvolutionGeometry(stride: (3, 1), padding: (1, 0, 2, 1), dilation: (1, 1), groups: 1),
      image: [2, 160, 8, 5], weights: [16, 160, 1, 1]),
    Case(geometry: ConvolutionGeometry(padding: 2), image: [2, 16, 6, 17], weights: [32, 16, 5, 5]),
    Case(geometry: ConvolutionGeometry(padding: 1), image: [2, 3, 12, 12], weights: [16, 3, 3, 3]),
    Case(geometry: ConvolutionGeometry(padding: 3, groups: 48), image: [2, 48, 7, 7], weights: [48, 1, 7, 7]),
    Case(
      geometry: ConvolutionGeometry(stride: 2, padding: 1, groups: 32), image: [2, 32, 9, 14], weights: [32, 1, 3, 3]),
  ]

  /// The order of channels in memory changes no bit.
  @Test(arguments: channelsLast + grouped + windowLayers)
  func layouts(_ value: Case) {
    let w = normals(value.weights.count, 2)
    let algorithms: [any PreparedConvolution.Type] = [
      ShiftedConvolution.self, WindowConvolution.self, WinogradConvolution.self, DepthwiseConvolution.self,
      PointwiseConvolution.self,
    ]
    var compared = 0
    for algorithm in algorithms {
      for isTranspose in [false, true] {
        let (from, to) = isTranspose ? (value.output, value.image) : (value.image, value.output)
        let window = (value.weights[2], value.weights[3])
        let isUnit = value.geometry.strideHeight == 1 && value.geometry.strideWidth == 1
        let isDepthwise = value.geometry.groups > 1 && value.weights[1] == 1
        if (algorithm == DepthwiseConvolution.self) != isDepthwise, algorithm != WindowConvolution.self { continue }
        if algorithm == WinogradConvolution.self {
          if window != (3, 3) || value.geometry.groups > 1 || value.geometry.dilationHeight > 1 { continue }
          if !isUnit, value.geometry.strideHeight != 2 || value.geometry.top != 1 { continue }
        }
        if algorithm == PointwiseConvolution.self {
          if value.geometry.groups > 1 { continue }
          if window != (1, 1) || value.geometry.top > 0 || isTranspose && !isUnit { continue }
        }
        let x = normals(from.count, 5)
        for set in InstructionSet.available {
          let kernel = algorithm.init(
            value.geometry, image: value.image, weights: value.weights, output: value.output, isTranspose: isTranspose,
            vectors: VectorKernels(set))
          let planar = run(kernel, set, x, w, to)
          for source in [ImageLayout.planar, .channelsLast] {
            for output in [ImageLayout.planar, .channelsLast] where (source, output) != (.planar, .planar) {
              if source == .channelsLast, kernel.layoutSupport.source == nil { continue }
              if output == .channelsLast, kernel.layoutSupport.output == nil { continue }
              let result = run(kernel, set, stored(x, from, source), w, to, (source, output))
              #expect(result == stored(planar, to, output), "\(algorithm), \(set), \(isTranspose), \(source) \(output)")
              compared += 1
            }
          }
        }
      }
    }
    #expect(compared >= 2)
  }

  func stored(_ values: [Float], _ shape: Shape, _ layout: ImageLayout) -> [Float] {
    let strides = layout.strides(of: shape)
    var result = values
    for (index, value) in values.enumerated() {
      let place = zip(shape.strides, zip(shape.dimensions, strides)).reduce(0) {
        $0 + index / $1.0 % $1.1.0 * $1.1.1
      }
      result[place] = value
    }
    return result
  }

  /// The channels of ResNet-18's last stages, where sums are longest.
  @Test(arguments: [64, 512])
  func errorOfWinograd(_ channels: Int) {
    for stride in [1, 2] {
      let value = Case(
        geometry: ConvolutionGeometry(stride: stride, padding: 1), image: [1, channels, 8, 8],
        weights: [32, channels, 3, 3])
      winograd(value)
    }
  }

  /// The convolution and its transpose, on every instruction set, against sums in double precision.
  private func check<Algorithm: PreparedConvolution>(
    _ algorithm: Algorithm.Type, _ value: Case, _ transposes: [Bool], below bound: Double
  ) {
    let x = normals(value.image.count, 1), w = normals(value.weights.count, 2), dy = normals(value.output.count, 3)
    let reference = Reference(value: value)
    for set in InstructionSet.available {
      for isTranspose in transposes {
        let kernel = algorithm.init(
          value.geometry, image: value.image, weights: value.weights, output: value.output, isTranspose: isTranspose,
          vectors: VectorKernels(set))
        let result = run(kernel, set, isTranspose ? dy : x, w, isTranspose ? value.image : value.output)
        let exact = isTranspose ? reference.inputGradient(dy, w) : reference.forward(x, w)
        #expect(error(result, exact) < bound, "\(set), transpose \(isTranspose)")
      }
    }
  }

  /// Everything uninitialised is NaN, so that nothing of it can be read unnoticed.
  private func run(
    _ kernel: some PreparedConvolution, _ set: InstructionSet, _ source: [Float], _ weights: [Float], _ shape: Shape,
    _ layouts: (source: ImageLayout, output: ImageLayout) = (.planar, .planar)
  ) -> [Float] {
    func memory(_ count: Int) -> UnsafeMutablePointer<Float> {
      let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(1, count))
      memory.initialize(repeating: .nan, count: max(1, count))
      return memory
    }
    let prepared = memory(kernel.preparedCount), scratch = memory(kernel.scratchCount), output = memory(shape.count)
    defer { for part in [prepared, scratch, output] { part.deallocate() } }
    kernel.prepare(weights, into: prepared)
    let arguments = KernelArguments(
      inputs: [], inputShapes: [], output: output, outputShape: shape,
      layouts: OperandLayouts(inputs: [layouts.source], output: layouts.output), scratch: scratch,
      sharedScratch: scratch,
      prepared: prepared)
    kernel.run(
      0..<shape[0], source, layouts.source, prepared: prepared, Epilogue(nil, arguments, vectors: VectorKernels(set)),
      scratch: scratch)
    return Array(UnsafeBufferPointer(start: output, count: shape.count))
  }
}
