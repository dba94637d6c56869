import BenchCore
import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Numbered state dicts: a layer list is proposed, tried and never used by itself; a wrong one is told by its cause.
@Suite struct ProposalTests {
  /// Conv, ReLU, MaxPool, Conv, BatchNorm, ReLU, Flatten, Linear.
  private func file(features: Int) throws -> CheckpointFile {
    func tensor(_ name: String, _ shape: [Int]) -> TensorToWrite {
      TensorToWrite(name: name, shape: shape, floats: [Float](repeating: 0.5, count: shape.reduce(1, *)))
    }
    return try ModelFixtures.write([
      tensor("0.weight", [4, 3, 3, 3]), tensor("0.bias", [4]), tensor("3.weight", [2, 4, 3, 3]), tensor("3.bias", [2]),
      tensor("4.weight", [2]), tensor("4.bias", [2]), tensor("4.running_mean", [2]), tensor("4.running_var", [2]),
      tensor("7.weight", [5, features]), tensor("7.bias", [5]),
    ])
  }

  @Test func aListIsProposedInFullAndTried() throws {
    let message = try #require(
      ModelFixtures.message { _ = try ModelFixtures.load(file(features: 2 * 36), images: [3, 12, 12]) })
    #expect(message.contains("shapes fit") && message.contains("ASSUMED"), "\(message)")
    let start = try #require(message.firstRange(of: "[\n")), end = try #require(message.firstRange(of: "\n  ]"))
    let text = String(message[start.lowerBound..<end.upperBound])
    // Filled as tried: texts stay texts, numbers become numbers.
    let filled = text.replacing(/"\? (\d+)"/) { "\($0.1)" }.replacing("\"? ", with: "\"")
    let list = try JSONDecoding.decode(
      [Layer].self, from: Data(filled.utf8), source: "proposal", rejectUnknownKeys: true)
    #expect(
      list.map(\.type) == ["Conv2d", "ReLU", "MaxPool2d", "Conv2d", "BatchNorm2d", "ReLU", "Flatten", "Linear"])
    #expect(list.compactMap(\.name) == ["0", "3", "4", "7"])
    #expect(list.map(\.stride) == [1, nil, 2, 1, nil, nil, nil, nil])

    // As it is printed it is refused, and each blank is named: what a convolution's tensors do not tell, activations, pools.
    var description = ModelDescription(id: "proposed", name: "Proposed")
    description.architecture = try JSONDecoding.parse(Data(text.utf8), source: "model.json")
    let refusal = try #require(
      ModelFixtures.message { _ = try ModelFixtures.load(file(features: 2 * 36), description, images: [3, 12, 12]) })
    #expect(
      refusal.contains(
        "has 9 blanks to be filled, which no tensor tells: $.architecture[0].stride (tried: 1), "
          + "$.architecture[0].padding (tried: 1), $.architecture[1].type (tried: ReLU), "
          + "$.architecture[2].type (tried: MaxPool2d), $.architecture[2].kernelSize (tried: 2), "
          + "$.architecture[2].stride (tried: 2), $.architecture[3].stride (tried: 1), "
          + "$.architecture[3].padding (tried: 1), $.architecture[5].type (tried: ReLU);"), "\(refusal)")
    description.architecture = try JSONDecoding.parse(Data(filled.utf8), source: "model.json")
    _ = try ModelFixtures.load(file(features: 2 * 36), description, images: [3, 12, 12])
  }

  @Test func whatDoesNotFitIsSaidWithItsCause() throws {
    let message = try #require(
      ModelFixtures.message { _ = try ModelFixtures.load(file(features: 2 * 9), images: [3, 12, 12]) })
    #expect(
      message.contains("it reads a map of 2 x 3 x 3, the layers before it leave 2 x 6 x 6: a stride, padding or pool"),
      "\(message)")
  }

  /// The advice to describe a network goes to nobody who has.
  @Test func aWrongStrideInADescriptionIsTold() throws {
    var description = ModelDescription(id: "example", name: "Example")
    description.architecture = try JSONDecoding.parse(
      Data(
        #"""
        [{"type": "Conv2d", "name": "0", "padding": 1}, {"type": "ReLU"}, {"type": "Conv2d", "name": "3", "padding": 1},
         {"type": "BatchNorm2d", "name": "4"}, {"type": "ReLU"}, {"type": "Flatten"}, {"type": "Linear", "name": "7"}]
        """#.utf8), source: "model.json")
    let message = try #require(
      ModelFixtures.message { _ = try ModelFixtures.load(file(features: 2 * 36), description, images: [3, 12, 12]) })
    #expect(message.contains("leave 2 x 12 x 12") && message.contains("correct the layer list"), "\(message)")
    #expect(!message.contains("describe the network"))
  }

  /// torchvision's stem at 32 x 32.
  @Test func aLargeStemOnSmallImagesIsSaid() throws {
    let file = try ModelFixtures.checkpoint("resnet18-imagenet")
    let small = try ModelFixtures.load(file, images: [3, 32, 32])
    #expect(small.warnings.contains { $0.hasPrefix("the network begins as for ImageNet") })
    #expect(try ModelFixtures.load(file, images: [3, 96, 96]).warnings.isEmpty)
  }
}
