import Tensor

/// The network of the direction paper for points: two hidden linear layers of one width, each with a ReLU and then batch normalisation, and a
/// linear one. The paper's is 1,000 wide.
enum MultilayerPerceptron: Architecture {
  static let family = "mlp"
  static let names = ["mlp"]
  static let summary = "two hidden linear layers with batch normalisation behind their ReLUs"
  static let marks = [
    ["fc1.weight"], ["bn1.running_mean"], ["fc2.weight"], ["bn2.running_mean"], ["fc3.weight"],
  ]

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    guard !tensors.names.contains(where: { $0.hasPrefix("conv") }) else { return [] }
    for (before, after) in [("fc1", "fc2"), ("fc2", "fc3")] {
      let (outputs, inputs) = (
        tensors.extent("\(before).weight", 0, rank: 2), tensors.extent("\(after).weight", 1, rank: 2)
      )
      guard let outputs, outputs == inputs else {
        throw .unfit("`\(after).weight` does not read what `\(before).weight` makes")
      }
    }
    return [
      RecognisedNetwork(
        name: "mlp",
        layers: [
          .flatten, .linear("fc1", bias: true), .relu, .batchNorm("bn1", tensors), .linear("fc2", bias: true), .relu,
          .batchNorm("bn2", tensors), .linear("fc3", bias: true),
        ], inputShape: tensors.imageShape)
    ]
  }

  static func freshTensors(_ name: String, _ size: NetworkSize) -> FreshTensors? {
    let width = size.width ?? 1000
    var tensors = FreshTensors()
    tensors.linear("fc1", size.inputShape.count, width)
    tensors.batchNorm("bn1", width)
    tensors.linear("fc2", width, width)
    tensors.batchNorm("bn2", width)
    tensors.linear("fc3", width, size.classCount)
    return tensors
  }
}
