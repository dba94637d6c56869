import Tensor

/// The paper's network for MNIST: two 3x3 convolutions without padding, one pool, two linear layers, log softmax.
enum LeNet: Architecture {
  static let names = ["lenet"]
  static let summary = "the paper's MNIST network"

  static func recognise(_ tensors: TensorShapes) -> RecognisedNetwork? {
    guard let stem = tensors["conv1.weight"], stem.count == 4, stem[2] == 3, stem[3] == 3,
      tensors["conv2.weight"]?.count == 4, tensors.has("conv2.bias"), let first = tensors["fc1.weight"],
      first.count == 2, tensors.has("fc2.weight"), !tensors.has("fc3.weight"), !tensors.has("conv3.weight"),
      let width = tensors.extent("conv2.weight", 0), width > 0,
      // Only without padding does a 28 x 28 image end in 12 x 12.
      first[1] == width * 144
    else { return nil }
    return RecognisedNetwork(
      name: "lenet",
      layers: [
        .conv("conv1"), .relu, .conv("conv2"), .relu, .maxPool(2, stride: 2), .flatten, .linear("fc1"), .relu,
        .linear("fc2"), Layer("LogSoftmax"),
      ], inputShape: [stem[1], 28, 28])
  }
}
