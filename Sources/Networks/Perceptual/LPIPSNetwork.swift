import BenchCore
import Checkpoints
import Graph
import Tensor

/// LPIPS, version 0.1, as a program that makes feature vectors of images.
///
/// With x the image in [-1, 1], f_l the maps of `LPIPSBackbone` of (x - shift) / scale, P_l their pixels and w_l,c the heads,
///
///     n_l = f_l / (sqrt(sum over c of f_l^2) + 1e-10)
///     LPIPS(a, b) = sum over l of  1/P_l  sum over pixels and c of  w_l,c (n_l,c(a) - n_l,c(b))^2
///
/// LPIPS is a weighted squared distance of the vectors of all n_l,c: each image goes through the network once, whatever it is
/// compared with. Source: Zhang et al. 2018, equation 1, and the code of its authors,
/// PyPI's lpips 0.1.4; how other implementations differ is in docs/lpips.md.
package struct LPIPSNetwork: Sendable {
  package let backbone: LPIPSBackbone
  package let learned: LearnedReference
  /// Of the files.
  package let fingerprint: [String]
  /// The layers' features within a vector.
  package let layers: [Range<Int>]
  /// w_l,c / P_l of each number of a vector.
  private let weights: [Float]
  private let imageShape: Shape
  private let program: BlockProgram
  private let threads: Int

  /// ImageNet's means and deviations for pixels in [-1, 1], 2 * 0.485 - 1 and 2 * 0.229, as the authors rounded them.
  static let shift: [Float] = [-0.030, -0.088, -0.188]
  static let scale: [Float] = [0.458, 0.448, 0.450]
  private static let epsilon: Float = 1e-10

  /// - Parameters:
  ///   - files: the backbone's, and the heads' where they are a file of their own.
  ///   - imageShape: `[C, H, W]`, C 3, or 1 for images that stand for three equal channels.
  /// - Throws: `LPIPSError`, `CheckpointError`, `GraphError`, `ModelError.memory`.
  package init(_ backbone: LPIPSBackbone, _ files: [CheckpointFile], imageShape: Shape, threads: Int) throws {
    guard imageShape.rank == 3, [1, 3].contains(imageShape[0]),
      min(imageShape[1], imageShape[2]) >= backbone.smallestSide
    else {
      throw LPIPSError.imageShape(
        network: "lpips-\(backbone.rawValue)",
        expected:
          "images [C, H, W] of 1 or 3 channels and \(backbone.smallestSide) x \(backbone.smallestSide) pixels at least",
        got: imageShape.dimensions)
    }
    let weights = try LPIPSWeights(backbone, files)
    let images = Self.imagesPerRun(imageShape)
    var graph = Graph()
    let (maps, layers, factors) = try graph.lpipsMaps(
      of: graph.input("images", imageShape.prepending(images)), weights)
    self.backbone = backbone
    self.layers = layers
    self.weights = factors
    self.imageShape = imageShape
    self.threads = max(1, threads)
    program = try BlockProgram(
      file: files[0].name, images: images, graph: graph, output: maps, threads: self.threads)
    fingerprint = files.map(\.sha256)
    let records = files.map { file in
      ModelRecord.Checkpoint(
        file: file.name, sha256: file.sha256, bytes: file.byteCount,
        format: FileProbe(file).format?.rawValue ?? "unknown")
    }
    learned = LearnedReference(
      id: "lpips-\(backbone.rawValue)", name: Self.name(weights, channels: imageShape[0]), checkpoint: records[0],
      further: records.count > 1 ? Array(records.dropFirst()) : nil, parameters: weights.parameterCount)
  }

  /// What summaries and results say of it.
  private static func name(_ weights: LPIPSWeights, channels: Int) -> String {
    "LPIPS 0.1 on \(weights.backbone.network)"
      + (weights.origin == .published ? "" : ", with heads that are not the published ones")
      + (channels == 1 ? ", one channel as three equal ones" : "")
  }

  /// A run reads all weights, which on small images takes as long as a few images do; it also takes the memory of so many.
  private static func imagesPerRun(_ imageShape: Shape) -> Int {
    max(1, min(64, (1 << 17) / (imageShape[1] * imageShape[2])))
  }

  /// Images that go through the network together, where there are so many.
  package var imagesPerRun: Int { program.images }

  /// Numbers in an image's feature vector.
  package var featureCount: Int { layers.last?.upperBound ?? 0 }

  /// The feature vectors of images `[N, C, H, W]`, `[N, featureCount]`; of the last bits no other image's business.
  package func features(_ images: Tensor) throws -> Tensor {
    guard images.shape.rank == 4, images.shape.droppingFirst == imageShape else {
      throw GraphError.inputShape(name: "images", expected: imageShape.prepending(images.batch), got: images.shape)
    }
    let count = featureCount
    return try Tensor(shape: [images.batch, count]) { output in
      // Each block has its own part.
      nonisolated(unsafe) let output = output
      try Workers.forEachBlock(of: images.batch, blockSize: program.images, threads: threads) { block, _ in
        try program.run(["images": images], block: block) { maps in
          for (place, image) in block.enumerated() {
            for (layer, channels) in zip(layers, backbone.channels) {
              UnitPixels(epsilon: Self.epsilon).write(
                UnsafeBufferPointer(rebasing: maps[layer.offset(by: place * count)]), channels: channels,
                to: UnsafeMutableBufferPointer(rebasing: output[layer.offset(by: image * count)]))
            }
          }
        }
      }
    }
  }

  /// LPIPS of each pair, by the pairs' feature vectors.
  package func distances(_ first: Tensor, _ second: Tensor) -> [Double] {
    layerDistances(first, second).map { $0.reduce(0, +) }
  }

  /// The layers' parts of it.
  package func layerDistances(_ first: Tensor, _ second: Tensor) -> [[Double]] {
    precondition(first.shape == second.shape && first.stride == featureCount, "\(first.shape) against \(second.shape)")
    return first.scalars.withUnsafeBufferPointer { first in
      second.scalars.withUnsafeBufferPointer { second in
        (0..<(first.count / max(1, featureCount))).map { image in
          layers.map { layer in
            let range = layer.offset(by: image * featureCount)
            return weights.withUnsafeBufferPointer { weights in
              squaredDistance(
                UnsafeBufferPointer(rebasing: first[range]), UnsafeBufferPointer(rebasing: second[range]),
                UnsafeBufferPointer(rebasing: weights[layer]))
            }
          }
        }
      }
    }
  }
}

/// The sum of all weight * (first - second)^2 in double precision, in an order that depends on the length alone.
private func squaredDistance(
  _ first: UnsafeBufferPointer<Float>, _ second: UnsafeBufferPointer<Float>, _ weights: UnsafeBufferPointer<Float>
) -> Double {
  func eight(_ values: UnsafeBufferPointer<Float>, _ index: Int) -> SIMD8<Double> {
    SIMD8<Double>(
      UnsafeRawBufferPointer(values).loadUnaligned(
        fromByteOffset: index * MemoryLayout<Float>.stride, as: SIMD8<Float>.self))
  }
  var lanes = SIMD8<Double>.zero
  var index = 0
  while index + 8 <= first.count {
    let difference = eight(first, index) - eight(second, index)
    lanes += eight(weights, index) * (difference * difference)
    index += 8
  }
  var sum = lanes.sum()
  while index < first.count {
    let difference = Double(first[index]) - Double(second[index])
    sum += Double(weights[index]) * (difference * difference)
    index += 1
  }
  return sum
}

extension Range<Int> {
  fileprivate func offset(by count: Int) -> Range<Int> { lowerBound + count..<upperBound + count }
}

extension Graph {
  /// The maps as rows `[N, F]`, where in them each one's part is, and what a squared difference of each number counts.
  fileprivate mutating func lpipsMaps(
    of images: Value, _ weights: LPIPSWeights
  ) throws -> (maps: Value, layers: [Range<Int>], factors: [Float]) {
    // One channel becomes three by broadcasting.
    var value = try subtract(images, constant(Tensor(shape: [1, 3, 1, 1], scalars: LPIPSNetwork.shift)))
    var parts: [Value] = []
    var layers: [Range<Int>] = []
    var factors: [Float] = []
    for step in weights.backbone.steps {
      switch step {
      case .convolution(let place, _, _, _, let stride, let padding):
        value = try convolved(
          value, "\(place)", weights, ConvolutionGeometry(stride: stride, padding: padding))
      case .fire(let place, _, _, _):
        let squeezed = try convolved(value, "\(place).squeeze", weights, ConvolutionGeometry())
        value = try concatenate(
          [
            convolved(squeezed, "\(place).expand1x1", weights, ConvolutionGeometry()),
            convolved(squeezed, "\(place).expand3x3", weights, ConvolutionGeometry(padding: 1)),
          ], axis: 1)
      case .pool(let window, let ceil):
        // A window that stands out at the end has no more than what is inside, as where PyTorch's is larger than the map.
        let shape = shape(of: value)
        value = try maxPool2d(
          value,
          PoolingWindow(
            height: ceil ? min(window, shape[2]) : window, width: ceil ? min(window, shape[3]) : window,
            geometry: ConvolutionGeometry(stride: 2), ceil: ceil))
      case .tap:
        let head = weights.heads[parts.count]
        let pixels = shape(of: value)[2] * shape(of: value)[3]
        let ofPixel = head.map { Float(Double($0) / Double(pixels)) }
        for _ in 0..<pixels { factors += ofPixel }
        let part = try pixelRows(value)
        let start = layers.last?.upperBound ?? 0
        layers.append(start..<start + shape(of: part)[1])
        parts.append(part)
      }
    }
    return (try concatenate(parts, axis: 1), layers, factors)
  }

  private mutating func convolved(
    _ x: Value, _ name: String, _ weights: LPIPSWeights, _ geometry: ConvolutionGeometry
  ) throws -> Value {
    guard var weight = weights.tensors["\(name).weight"], let bias = weights.tensors["\(name).bias"] else {
      preconditionFailure("checked when the file was read")
    }
    // The first layer's divide by the images' scale.
    if name == "0" { weight = weight.dividingChannels(by: LPIPSNetwork.scale) }
    return try rectifiedConvolution(x, weight, bias, geometry)
  }
}

extension Tensor {
  /// Weights `[K, C, h, w]`, those of each source channel divided by a number of its own.
  fileprivate func dividingChannels(by divisors: [Float]) -> Tensor {
    let window = shape[2] * shape[3]
    return Tensor(
      shape: shape, scalars: scalars.enumerated().map { $0.element / divisors[$0.offset / window % divisors.count] })
  }
}
