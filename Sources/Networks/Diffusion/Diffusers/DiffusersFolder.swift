import Checkpoints
import Foundation
import JSON

/// The folder of a diffusers pipeline, or of one of its networks: where in it the three files are that make a score.
package enum DiffusersFolder {
  /// The weights first; they are what a result names.
  package static let fileCount = 3

  /// Of one network several may lie side by side, as `save_pretrained` leaves them.
  private static let weights = [
    "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.bin", "diffusion_pytorch_model.fp16.safetensors",
    "diffusion_pytorch_model.fp16.bin",
  ]

  /// - Returns: paths of weights, the network's configuration and the scheduler's.
  /// - Throws: `DiffusionError.notAFolder`, `.inFolder`, and what reading `model_index.json` throws.
  package static func files(in path: String) throws -> [String] {
    let folder = URL(fileURLWithPath: path)
    func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      throw DiffusionError.notAFolder(path: path)
    }
    try checkPipeline(folder)
    // Averaged weights come first, as everywhere: training scripts of diffusers leave them in a folder of their own.
    let places = ["unet_ema", "unet"].map { folder.appendingPathComponent($0) } + [folder]
    guard let network = places.first(where: { exists($0.appendingPathComponent("config.json")) }) else {
      throw DiffusionError.inFolder(
        path: path, missing: "config.json", looked: "in it, in unet/ and in unet_ema/",
        advice: "name the folder that `save_pretrained` wrote")
    }
    guard let tensors = weights.map(network.appendingPathComponent).first(where: exists) else {
      let isInParts = exists(network.appendingPathComponent("diffusion_pytorch_model.safetensors.index.json"))
      throw DiffusionError.inFolder(
        path: network.path, missing: weights.prefix(2).joined(separator: " or "), looked: "beside config.json",
        advice: isInParts
          ? "the weights are in several parts: save them again with `save_pretrained(FOLDER, max_shard_size=\"100GB\")`"
          : "download the whole folder")
    }
    let name = "scheduler_config.json"
    let schedulers = [
      folder.appendingPathComponent("scheduler/" + name), folder.appendingPathComponent(name),
      network.deletingLastPathComponent().appendingPathComponent("scheduler/" + name),
    ]
    guard let scheduler = schedulers.first(where: exists) else {
      throw DiffusionError.inFolder(
        path: path, missing: name, looked: "in it and in scheduler/",
        advice: "it says which noise belongs to which time: save the scheduler of the training with "
          + "`scheduler.save_pretrained(\"\(path)/scheduler\")`")
    }
    return [tensors, network.appendingPathComponent("config.json"), scheduler].map(\.path)
  }

  /// Parts of pipelines whose network does not see pixels, or sees a text.
  private static let foreign = ["vae", "vqvae", "movq", "text_encoder", "image_encoder", "prior"]

  private static func checkPipeline(_ folder: URL) throws {
    let index = folder.appendingPathComponent("model_index.json")
    guard FileManager.default.fileExists(atPath: index.path) else { return }
    let file = try CheckpointFile.open(index.path)
    let value = try JSONDecoding.parse(file.data, source: file.name)
    guard case .object(let members) = value else { return }
    if let part = members.first(where: { foreign.contains($0.key) && $0.value != .null }) {
      throw DiffusionError.otherSetting(
        file: file.name, setting: part.key, got: "there",
        expected: "none: the network of such a pipeline sees latent codes or texts, and has no score of pixels")
    }
    if let name = members.first(where: { $0.key == "_class_name" })?.value.stringValue,
      name.hasPrefix("ConsistencyModel")
    {
      throw DiffusionError.otherSetting(
        file: file.name, setting: "_class_name", got: name,
        expected: "a diffusion model: a consistency model is no denoiser, and has no score")
    }
  }
}
