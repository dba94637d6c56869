import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor

/// Networks named as those of guided-diffusion and improved-diffusion with made-up weights that are the same in
/// `Tests/Fixtures/diffusion/guided.py`, whose scores are float64.
package struct GuidedFixture: Sendable {
  package struct Reference: Decodable, Sendable {
    /// In pixel units.
    package let noise: Double
    /// The largest value of the whole score.
    package let largest: Double
    /// Which numbers of the two images' scores are here.
    package let every: Int
    package let score: [Double]
  }

  private struct Golden: Decodable, Sendable {
    let told: JSONValue?
    let classes: Int
    let imageShape: [Int]
    let tensors: [String: [Int]]
    let references: [Reference]
  }

  private static let goldens = Result {
    let file = ModelFixtures.packageRoot.appendingPathComponent("Tests/Fixtures/diffusion/guided.json")
    return try JSONDecoding.decode([String: Golden].self, from: Data(contentsOf: file), source: "guided.json")
  }

  package static let names = ["guided", "improved", "plain"]

  package let name: String
  package let imageShape: Shape
  package let references: [Reference]
  package let classes: Int
  /// `architecture` of its description; nil where it needs none.
  package let told: JSONValue?
  package var shapes: [String: [Int]]

  package init(_ name: String) throws {
    guard let golden = try Self.goldens.get()[name] else { preconditionFailure("no network \(name)") }
    self.name = name
    (imageShape, references, classes) = (Shape(golden.imageShape), golden.references, golden.classes)
    (told, shapes) = (golden.told, golden.tensors)
  }

  package var description: ModelDescription? {
    guard let told else { return nil }
    var description = ModelDescription(id: "told", name: "Told")
    description.architecture = told
    return description
  }

  /// Classes of the two images.
  package var labels: [Int]? { classes > 0 ? [3, 1] : nil }

  package var images: Tensor {
    let shape = imageShape.prepending(2)
    return Tensor(
      shape: shape, scalars: LPIPSFixtures.values(stream: 1000, count: shape.count).map { $0 / 2 + 0.5 })
  }

  package var tensors: [TensorToWrite] { HashedTensors.tensors(shapes) }

  package func file(_ name: String = "model.pt") throws -> CheckpointFile {
    CheckpointFile(name: name, data: try PyTorchZipWriter.encode(tensors))
  }
}
