import BenchCore
import Checkpoints
import Foundation
import JSON
import Networks
import Tensor
import _Fixtures

/// Checkpoints and descriptions of small autoencoders and denoisers.
enum ReferenceFixtures {
  static let imageShape: Shape = [2, 9, 10]
  static let options = ReferenceOptions(task: "toy", imageShape: imageShape, classCount: 3, threads: 1)

  /// Random weights of about unit gain.
  static func checkpoint(_ tensors: FreshTensors, seed: UInt64 = 3, name: String = "net.pt") throws -> CheckpointFile {
    try ModelFixtures.write(
      tensors.list.map { tensor in
        let random = RandomStream(seed: seed, name: tensor.name)
        let scale = 1.5 / Double(max(1, tensor.shape.droppingFirst.count)).squareRoot()
        return TensorToWrite(
          name: tensor.name, shape: tensor.shape.dimensions,
          floats: random.normals(item: 0, count: tensor.shape.count).map { Float(scale * $0) })
      }, name: name)
  }

  static func json<Value: Encodable>(_ value: Value) throws -> JSONValue {
    try JSONDecoding.parse(JSONEncoding.encode(value), source: "fixture")
  }

  static func autoencoder(k: Int, shape: Shape = imageShape, activation: Layer = Layer("SiLU")) throws -> (
    checkpoint: CheckpointFile, description: ModelDescription
  ) {
    let network = ConvolutionalAutoencoder(imageShape: shape, latentDimension: k, width: 6, activation: activation)
    var description = ModelDescription(id: "toy-autoencoder", name: "Toy autoencoder")
    description.kind = .autoencoder
    description.task = "toy"
    description.architecture = try json(
      AutoencoderNetwork.Lists(encoder: network.encoder, decoder: network.decoder))
    description.preprocessing = Preprocessing(
      mean: [Float](repeating: 0.3, count: shape[0]), std: (0..<shape[0]).map { 0.5 + Float($0) })
    return (try checkpoint(network.tensors), description)
  }

  static func unet(noise: Double?, shape: Shape = imageShape) throws -> (
    checkpoint: CheckpointFile, description: ModelDescription
  ) {
    let network = SmallUNet(imageShape: shape, width: 4)
    var description = ModelDescription(id: "toy-denoiser", name: "Toy denoiser")
    description.kind = .denoiser
    description.architecture = try json(network.layers)
    description.noise = noise
    return (try checkpoint(network.tensors), description)
  }

  static func images(_ count: Int, _ shape: Shape = imageShape) -> Tensor {
    let random = RandomStream(seed: 11, name: "images")
    return Tensor(
      shape: shape.prepending(count),
      scalars: (0..<count).flatMap { random.normals(item: $0, count: shape.count).map { Float(0.3 + 0.5 * $0) } })
  }

  /// The message of any error, nil where there is none.
  static func message(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return "\(error)" }
    return nil
  }
}
