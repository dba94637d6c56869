import Checkpoints
import Foundation
import JSON
import Tensor

/// Networks of diffusers with made-up weights that are the same in `Tests/Fixtures/diffusers/generate.py`, whose scores are float64.
package struct DiffusersFixture: Sendable {
  package struct Reference: Decodable, Sendable {
    /// In pixel units.
    package let noise: Double
    /// Of the two images.
    package let score: [Double]
  }

  private struct Golden: Decodable, Sendable {
    let config: JSONValue
    let scheduler: JSONValue
    let tensors: [String: [Int]]
    let references: [Reference]
  }

  private static let goldens = Result {
    let file = ModelFixtures.packageRoot.appendingPathComponent("Tests/Fixtures/diffusers/goldens.json")
    return try JSONDecoding.decode([String: Golden].self, from: Data(contentsOf: file), source: "goldens.json")
  }

  package static let names = ["adaptive", "ddpm", "heads", "plain", "resnet"]

  package let name: String
  /// Settings of the two configurations; null in a change takes one away.
  package private(set) var config: [JSONMember]
  package private(set) var scheduler: [JSONMember]
  package let references: [Reference]
  private let shapes: [String: [Int]]

  package init(_ name: String) throws {
    guard let golden = try Self.goldens.get()[name], case .object(let config) = golden.config,
      case .object(let scheduler) = golden.scheduler
    else { preconditionFailure("no network \(name)") }
    self.name = name
    (self.config, self.scheduler, references, shapes) = (config, scheduler, golden.references, golden.tensors)
  }

  package var isConditional: Bool { config.contains { $0.key == "num_class_embeds" && $0.value != .null } }

  package var channels: Int {
    for member in config where member.key == "in_channels" {
      if case .integer(let count) = member.value { return Int(count) }
    }
    return 3
  }

  /// Classes of the two images.
  package var labels: [Int]? { isConditional ? [3, 1] : nil }

  package var images: Tensor {
    let shape: Shape = [2, channels, 8, 8]
    return Tensor(
      shape: shape, scalars: LPIPSFixtures.values(stream: 1000, count: shape.count).map { $0 / 2 + 0.5 })
  }

  package mutating func set(config setting: String, _ value: JSONValue?) { Self.set(setting, value, in: &config) }
  package mutating func set(scheduler setting: String, _ value: JSONValue?) {
    Self.set(setting, value, in: &scheduler)
  }

  private static func set(_ setting: String, _ value: JSONValue?, in members: inout [JSONMember]) {
    members.removeAll { $0.key == setting }
    if let value { members.append(JSONMember(key: setting, value: value)) }
  }

  package var tensors: [TensorToWrite] { HashedTensors.tensors(shapes) }

  /// Where a pipeline's files lie in its folder.
  package enum Layout: CaseIterable, Sendable {
    /// As `pipeline.save_pretrained` writes them.
    case pipeline
    /// As the first published models have them.
    case flat
    /// As training scripts leave them between times.
    case averaged
  }

  /// Writes the folder.
  /// - Parameter change: of the tensors.
  package func write(
    to folder: URL, _ layout: Layout = .pipeline, change: ([TensorToWrite]) -> [TensorToWrite] = { $0 }
  ) throws {
    let network =
      switch layout {
      case .pipeline: folder.appendingPathComponent("unet")
      case .flat: folder
      case .averaged: folder.appendingPathComponent("unet_ema")
      }
    let noise = layout == .flat ? folder : folder.appendingPathComponent("scheduler")
    for place in [network, noise] {
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    }
    try JSONEncoding.encode(JSONValue.object(config)).write(to: network.appendingPathComponent("config.json"))
    try JSONEncoding.encode(JSONValue.object(scheduler)).write(
      to: noise.appendingPathComponent("scheduler_config.json"))
    let written = change(tensors)
    if layout == .flat {
      try PyTorchZipWriter.write(written, to: network.appendingPathComponent("diffusion_pytorch_model.bin").path)
    } else {
      try SafetensorsWriter.write(
        written, to: network.appendingPathComponent("diffusion_pytorch_model.safetensors").path)
    }
  }
}
