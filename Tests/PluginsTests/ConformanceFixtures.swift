import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

/// Fails the test with each of the problems.
func expectNone(_ problems: [ConformanceProblem], sourceLocation: SourceLocation = #_sourceLocation) {
  for problem in problems { Issue.record("\(problem)", sourceLocation: sourceLocation) }
}

/// Fails the test where none of the problems is of this kind.
func expect(
  _ requirement: ConformanceRequirement, in problems: [ConformanceProblem],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    problems.contains { $0.requirement == requirement },
    "expected \(requirement.rawValue) among \(problems.map(\.description))", sourceLocation: sourceLocation)
}

enum ConformanceFixtures {
  static let options = TaskOptions(
    dataDirectory: nil, cacheDirectory: nil, threads: 2, progress: SilentProgress())

  /// log p_sigma(x) of a density that omits nothing.
  static func logMarginal(_ density: any ClassConditionalDensity) -> ScoreConformance.LogDensity {
    { images, noise in
      let table = try density.logDensities(at: images, noise: noise)
      return (0..<table.rows).map { logSumExp(zip(table.row($0), density.logPriors).map(+)) }
    }
  }

  /// Byte images of ten classes: a smooth pattern each, a pattern of random sign and strength, and noise.
  static func images(_ count: Int, shape: Shape, seed: UInt64) -> [(label: UInt8, pixels: [UInt8])] {
    let stream = RandomStream(seed: seed, name: "conformance-images")
    return (0..<count).map { index in
      let label = index % 10
      let draws = stream.normals(item: index, count: shape.count + 2)
      let pixels = (0..<shape.count).map { pixel in
        let (x, y) = (Double(pixel % shape[2]) / Double(shape[2]), Double(pixel / shape[2]) / Double(shape[1]))
        let pattern = sin(Double(label + 1) * x + Double(label % 4) * y)
        let variation = draws[0] * cos(7 * x + Double(label)) + draws[1] * cos(5 * y)
        return UInt8(
          max(0, min(255, (255 * (0.5 + 0.25 * pattern + 0.08 * variation + 0.03 * draws[pixel + 2])).rounded())))
      }
      return (UInt8(label), pixels)
    }
  }

  /// A folder with a few dozen images in the format of CIFAR-10.
  static func cifar10() throws -> TemporaryDirectory {
    let folder = try TemporaryDirectory()
    let train = images(60, shape: CIFAR10.files.imageShape, seed: 1)
    for batch in 0..<5 {
      try folder.write(
        train[batch * 12..<(batch + 1) * 12].flatMap { [$0.label] + $0.pixels }, "data_batch_\(batch + 1).bin")
    }
    let test = images(20, shape: CIFAR10.files.imageShape, seed: 2)
    try folder.write(test.flatMap { [$0.label] + $0.pixels }, "test_batch.bin")
    return folder
  }

  /// A folder with a few dozen images in the format of MNIST.
  static func mnist() throws -> TemporaryDirectory {
    let folder = try TemporaryDirectory()
    for (split, count, seed) in [("train", 60, UInt64(1)), ("t10k", 20, 2)] {
      let content = images(count, shape: [1, 28, 28], seed: seed)
      try folder.write(
        IDXTests.file([UInt32(count), 28, 28], payload: 0) + content.flatMap(\.pixels), "\(split)-images-idx3-ubyte")
      try folder.write(IDXTests.file([UInt32(count)], payload: 0) + content.map(\.label), "\(split)-labels-idx1-ubyte")
    }
    return folder
  }

  /// Seeded images with pixels around the middle of [0, 1].
  static func uniformImages(_ count: Int, _ shape: Shape) -> Tensor {
    let stream = RandomStream(seed: 9, name: "conformance-uniform")
    return Tensor(
      shape: shape.prepending(count),
      scalars: (0..<count).flatMap { stream.uniforms(item: $0, count: shape.count).map { Float(0.1 + 0.8 * $0) } })
  }

  /// A small network with random weights for 3 x 12 x 12 images and ten classes.
  static func network() -> [TensorToWrite] {
    let stream = RandomStream(seed: 5, name: "conformance-network")
    var item = 0
    func random(_ name: String, _ shape: [Int], mean: Double = 0, deviation: Double) -> TensorToWrite {
      item += 1
      let draws = stream.normals(item: item, count: shape.reduce(1, *))
      return TensorToWrite(name: name, shape: shape, floats: draws.map { Float(mean + deviation * $0) })
    }
    return [
      random("first.weight", [8, 3, 3, 3], deviation: 0.3), random("first.bias", [8], deviation: 0.1),
      random("norm.weight", [8], mean: 1, deviation: 0.1), random("norm.bias", [8], deviation: 0.1),
      random("norm.running_mean", [8], deviation: 0.1),
      TensorToWrite(name: "norm.running_var", shape: [8], floats: (0..<8).map { 0.5 + Float($0) / 8 }),
      random("second.weight", [8, 8, 3, 3], deviation: 0.15), random("head.weight", [10, 72], deviation: 0.2),
      random("head.bias", [10], deviation: 0.1),
    ]
  }

  /// The description of `network()`: convolutions, batch normalisation, ReLU, a skip, both poolings.
  static let description = """
    {
      "id": "random-network", "name": "Random weights", "architecture": [
        {"type": "Conv2d", "name": "first", "padding": 1},
        {"type": "BatchNorm2d", "name": "norm"},
        {"type": "ReLU"},
        {"type": "MaxPool2d", "kernelSize": 2},
        {"type": "Residual", "main": [{"type": "Conv2d", "name": "second", "padding": 1}, {"type": "Softplus"}]},
        {"type": "AvgPool2d", "kernelSize": 2},
        {"type": "Flatten"},
        {"type": "Linear", "name": "head"}
      ],
      "preprocessing": {"mean": [0.5, 0.45, 0.4], "std": [0.25, 0.2, 0.3]}
    }
    """

  static let networkShape: Shape = [3, 12, 12]
}
