import Tensor

/// The paper's network for MNIST: two 3x3 convolutions without padding, one pool, two linear layers, log softmax.
enum LeNet: Architecture {
  static let family = "lenet"
  static let names = ["lenet"]
  static let summary = "the paper's MNIST network"
  static let marks = [["conv1.weight"], ["conv2.weight"], ["fc1.weight"], ["fc2.weight"]]

  static func isMember(_ name: String) -> Bool { names.contains(name) }

  static func recognise(_ tensors: TensorShapes) throws(Misfit) -> [RecognisedNetwork] {
    let (first, second) = (try tensors.convolution("conv1"), try tensors.convolution("conv2"))
    guard (first[2...] + second[2...]).allSatisfy({ $0 == 3 }) else {
      throw .unfit("its convolutions are \(first[2]) x \(first[3]) and \(second[2]) x \(second[3]), expected 3 x 3")
    }
    // Only without padding does a 28 x 28 image end in 12 x 12.
    let features = tensors.extent("fc1.weight", 1, rank: 2) ?? 0
    guard features == 144 * second[0] else {
      throw .unfit("`fc1.weight` reads \(features) numbers, expected 12 x 12 positions of \(second[0]) channels")
    }
    return [
      RecognisedNetwork(
        name: "lenet",
        layers: [
          .conv("conv1", bias: true), .relu, .conv("conv2", bias: true), .relu, .maxPool(2, stride: 2), .flatten,
          .linear("fc1", bias: true), .relu, .linear("fc2", bias: true), Layer("LogSoftmax"),
        ], inputShape: [first[1], 28, 28])
    ]
  }

  static func freshTensors(_ name: String, _ size: NetworkSize) -> FreshTensors? {
    let width = size.width ?? 32
    var tensors = FreshTensors()
    tensors.convolution("conv1", size.inputShape[0], width, bias: true)
    tensors.convolution("conv2", width, 2 * width, bias: true)
    tensors.linear("fc1", 12 * 12 * 2 * width, 4 * width)
    tensors.linear("fc2", 4 * width, size.classCount)
    return tensors
  }
}
