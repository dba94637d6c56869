import BenchCore
import JSON
import Tensor
import Text

/// A new network of a kind that is no classifier, to be trained.
package struct ReferenceArchitecture: Sendable {
  package let name: String
  /// The whole network: of an autoencoder the encoder's layers, then the decoder's.
  package let layers: [Layer]
  package let tensors: [FreshTensor]
  /// What a description says of it.
  package let description: JSONValue
  /// Of a class-conditional denoiser or a generator.
  package let classes: Int?

  /// With SiLU, or one of `activations` as a suffix.
  package static func names(of kind: ModelDescription.Kind) -> [String] {
    let base =
      switch kind {
      case .autoencoder: ConvolutionalAutoencoder.name
      case .denoiser, .generator: SmallUNet.name
      case .classifier: ""
      }
    return kind == .classifier ? [] : [base] + activations.map { "\(base)-\($0.suffix)" }
  }

  /// The smooth ReLU is that of the built-in classifiers.
  private static var activations: [(suffix: String, layer: Layer)] {
    [("softplus", Layer("Softplus") { $0.beta = 20 }), ("relu", .relu)]
  }

  /// - Parameters:
  ///   - imageShape: `[C, H, W]`.
  ///   - latentDimension: of an autoencoder.
  ///   - width: channels at full size; nil for the architecture's own.
  ///   - classes: of a class-conditional denoiser, which has one output of an image's shape for each of them and one for all, or of a generator,
  ///     which has the first alone.
  /// - Throws: `ModelError.unknownArchitecture`.
  package init(
    named name: String, kind: ModelDescription.Kind, imageShape: Shape, latentDimension: Int, width: Int?,
    classes: Int? = nil
  ) throws {
    let known = Self.names(of: kind)
    guard known.contains(name) else {
      throw ModelError.unknownArchitecture(name: name, known: known)
    }
    let activation = Self.activations.first { name.hasSuffix("-\($0.suffix)") }?.layer ?? Layer("SiLU")
    self.name = name
    self.classes = classes
    if kind == .autoencoder {
      let network = ConvolutionalAutoencoder(
        imageShape: imageShape, latentDimension: latentDimension, width: width ?? 16, activation: activation)
      layers = network.encoder + network.decoder
      tensors = network.tensors.list
      description = try JSONValue(
        encoding: AutoencoderNetwork.Lists(encoder: network.encoder, decoder: network.decoder))
    } else {
      let network = SmallUNet(
        imageShape: imageShape, width: width ?? 16, activation: activation,
        outputs: (classes ?? 0) + (kind == .generator ? 0 : 1))
      layers = network.layers
      tensors = network.tensors.list
      description = try JSONValue(encoding: network.layers)
    }
  }
}

extension JSONValue {
  fileprivate init(encoding value: some Encodable) throws {
    self = try JSONDecoding.parse(JSONEncoding.encode(value), source: "layers")
  }
}
