import BenchCore
import Checkpoints
import Foundation
import Networks
import Tensor

/// A network after its training.
package struct TrainedNetwork: Sendable {
  package let network: TrainableNetwork
  package let history: [EpochRecord]
  let state: NetworkState

  init(network: TrainableNetwork, state: NetworkState, history: [EpochRecord]) {
    self.network = network
    self.state = state
    self.history = history
  }

  /// The tensors as a PyTorch state dict has them.
  package var tensors: [TensorToWrite] { network.checkpoint(state.checkpoint) }

  /// The bytes of a file that `torch.load(weights_only=True)` reads.
  package func checkpoint() throws(CheckpointError) -> Data { try PyTorchZipWriter.encode(tensors) }

  /// The network in inference mode, from the checkpoint's bytes as `evaluate` reads them.
  func classifier(threads: Int) throws -> any Classifier {
    var description = ModelDescription(id: "model", name: network.name)
    description.architecture = try network.architecture
    description.preprocessing = network.preprocessing
    return try StateDictPlugin().load(
      CheckpointFile(name: "model.ckpt", data: try checkpoint()), description,
      LoadOptions(threads: threads, imageShape: network.inputShape)
    ).classifier
  }

  /// Share of images that the network, in inference mode, classifies correctly.
  package func accuracy(on images: any LabelledImages, threads: Int) throws -> Double {
    let classifier = try classifier(threads: threads)
    var correct = 0
    for start in stride(from: 0, to: images.count, by: 512) {
      let range = start..<min(images.count, start + 512)
      let logits = try classifier.logits(try images.images(range))
      for (place, image) in range.enumerated() {
        let row = logits.item(place)
        if row.max() == row[row.startIndex + images.labels[image]] { correct += 1 }
      }
    }
    return Double(correct) / Double(max(1, images.count))
  }
}
