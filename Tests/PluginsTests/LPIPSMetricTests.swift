import BenchCore
import Checkpoints
import Conformance
import Foundation
import Networks
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

@Suite struct LPIPSMetricTests {
  static let plugins: [any LPIPSPlugin.Type] = [LPIPSAlexPlugin.self, LPIPSSqueezePlugin.self, LPIPSVGGPlugin.self]

  private static func load(
    _ plugin: any LPIPSPlugin.Type, _ imageShape: Shape, threads: Int = 1, files: Int = 1
  ) throws -> any AlignmentMetric {
    let tensors = LPIPSFixtures.tensors(plugin.backbone.rawValue)
    let file = ReferenceFile(try ModelFixtures.write(tensors, name: "lpips.pth"))
    return try plugin.load(
      [ReferenceFile](repeating: file, count: files),
      ReferenceOptions(task: "toy", imageShape: imageShape, classCount: 2, threads: threads))
  }

  @Test("conforms, and refuses the images it cannot take with what it takes", arguments: plugins.indices)
  func conforms(index: Int) throws {
    let plugin = Self.plugins[index]
    let side = plugin.backbone.smallestSide
    let metric = try Self.load(plugin, [3, side, side])
    #expect(metric.id == plugin.id && plugin.usage == "\(plugin.id)=BACKBONE[,HEADS]")
    #expect(metric.properties.smallestSide == side && metric.properties.channels == [1, 3])
    #expect(!metric.properties.isScaleInvariant && metric.properties.isDefinedAtZero)
    expectNone(MetricConformance.problems(metric, imageShape: [3, side, side]))
    for (shape, words) in [
      (Shape([3, side - 1, 40]), "\(side) x \(side) pixels"), (Shape([2, 40, 40]), "1 or 3 channels"),
    ] {
      #expect { try Self.load(plugin, shape) } throws: {
        "\($0)".contains("metric \(plugin.id)") && "\($0)".contains(words) && "\($0)".contains("of toy")
      }
    }
    #expect(throws: EvaluationError.self) { try Self.load(plugin, [3, side, side], files: 3) }
    #expect(throws: EvaluationError.self) { try Self.load(plugin, [3, side, side], files: 0) }
  }

  @Test("one channel is three equal ones")
  func oneChannel() throws {
    let grey = LPIPSFixtures.images([1, 17, 19])
    func tripled(_ images: Tensor) -> Tensor {
      Tensor(
        shape: [images.batch, 3, 17, 19],
        scalars: (0..<images.batch).flatMap { image in (0..<3).flatMap { _ in Array(images.item(image)) } })
    }
    let one = try Self.load(LPIPSSqueezePlugin.self, [1, 17, 19]).compare(grey.first, grey.second)
    let three = try Self.load(LPIPSSqueezePlugin.self, [3, 17, 19]).compare(tripled(grey.first), tripled(grey.second))
    #expect(one == three)
    #expect(
      try Self.load(LPIPSSqueezePlugin.self, [1, 17, 19]).learned?.name.hasSuffix("one channel as three equal ones")
        == true)
  }

  @Test("what is kept of a block changes no value")
  func sharing() throws {
    let images = LPIPSFixtures.images([3, 17, 19])
    let alone = try Self.load(LPIPSSqueezePlugin.self, [3, 17, 19], threads: 2)
    let shared = alone.sharing(SharedArrays())
    let expected = try alone.compare(images.first, images.second)
    for _ in 0..<3 {
      #expect(try shared.compare(images.first, images.second) == expected)
      #expect(try shared.compare(images.second, images.first) == expected)
    }
    #expect(try shared.compare(images.first, images.first) == [1, 1])
    // Equal bytes of another array are the same images.
    let copy = Tensor(shape: images.first.shape, scalars: images.first.scalars.map { $0 })
    #expect(try shared.compare(copy, images.second) == expected)
  }

  @Test("the value is 1 - LPIPS", .enabled(if: ModelFixtures.shared != nil, "needs ../shared"))
  func trained() throws {
    let shared = try #require(ModelFixtures.shared)
    let file = try CheckpointFile.open(shared.appendingPathComponent("models/lpips/alex.safetensors").path)
    let references = try CheckpointReader.stateDict(
      of: .open(shared.appendingPathComponent("goldens/lpips/alex.reference.safetensors").path))
    let metric = try LPIPSAlexPlugin.load(
      [ReferenceFile(file)], ReferenceOptions(task: "cifar10", imageShape: [3, 32, 32], classCount: 10))
    let found = try metric.compare(
      ModelFixtures.tensor(references.tensor("a32")), ModelFixtures.tensor(references.tensor("b32")))
    for (one, other) in zip(found, try references.tensor("distance32_f64").doubles()) {
      #expect(abs(one - (1 - other)) < 1e-6)
    }
  }
}
