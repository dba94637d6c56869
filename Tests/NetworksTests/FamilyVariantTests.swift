import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Networks that have other names or places of tensors than the fixtures of `FamilyGoldenTests` and compute the same, whole pickled ones,
/// and what tensors do not tell.
@Suite struct FamilyVariantTests {
  private static let folder = ModelFixtures.packageRoot.appendingPathComponent("Tests/Fixtures/families")

  private func stateDict(_ name: String) throws -> StateDict {
    try CheckpointReader.stateDict(of: CheckpointFile.open(Self.folder.appendingPathComponent(name).path))
  }

  private func tensors(_ name: String) throws -> [TensorToWrite] {
    try stateDict("\(name).safetensors").tensors.map {
      TensorToWrite(name: $0.name, shape: $0.shape, floats: try $0.floats())
    }
  }

  private func golden(_ name: String, _ tensor: String) throws -> Tensor {
    try ModelFixtures.tensor(stateDict("\(name)-goldens.safetensors").tensor(tensor))
  }

  private func images(_ name: String) throws -> Tensor {
    let bytes = try golden(name, "images")
    return Tensor(shape: bytes.shape, scalars: bytes.scalars.map { $0 / 255 })
  }

  private func expectLogits(_ model: LoadedModel, of name: String) throws {
    let logits = try model.classifier.logits(images(name))
    for (got, want) in zip(logits.scalars, try golden(name, "logits").scalars) {
      #expect(abs(got - want) < 1e-4 + 1e-4 * abs(want), "\(got), not \(want)")
    }
  }

  private func load(_ tensors: [TensorToWrite], _ name: String? = nil, like example: String) throws -> LoadedModel {
    try ModelFixtures.load(
      ModelFixtures.write(tensors), architecture: name, images: golden(example, "images").shape.droppingFirst)
  }

  private func renamed(_ name: String, _ change: (String) -> String) throws -> [TensorToWrite] {
    try tensors(name).map { TensorToWrite(name: change($0.name), dtype: $0.dtype, shape: $0.shape, data: $0.data) }
  }

  /// The authors' code, and timm's until 0.9: merging at the end of a stage, the head without a module, tables of indices and masks.
  @Test func swinOfItsAuthors() throws {
    var tensors = try renamed("swin-timm") {
      $0.replacing("layers.1.downsample", with: "layers.0.downsample").replacing("head.fc.", with: "head.")
    }
    tensors.append(
      TensorToWrite(
        name: "layers.0.blocks.0.attn.relative_position_index", shape: [9, 9], floats: [Float](repeating: 0, count: 81))
    )
    tensors.append(
      TensorToWrite(name: "layers.0.blocks.1.attn_mask", shape: [9, 9, 9], floats: [Float](repeating: 0, count: 729)))
    let model = try load(tensors, like: "swin-timm")
    #expect(model.architecture == "swin-8x2-2" && model.unusedTensors == 0)
    try expectLogits(model, of: "swin-timm")
  }

  /// timm shifts before it fills up, on maps that are no whole windows: another network than torchvision's.
  @Test func swinOfTimmIsForWholeWindows() throws {
    let file = try ModelFixtures.write(tensors("swin-timm"))
    let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: [3, 28, 28]) }
    #expect(
      message?.contains(
        "windows of 3 x 3 do not divide the map of its stage 1 on images of shape [3, 28, 28]; bring them to the network's size with "
          + "--resize, such as --resize 12") == true, "\(message ?? "read")")
  }

  @Test func convNeXtV2OfItsAuthors() throws {
    let tensors = try tensors("convnextv2-timm").map { tensor in
      var name = tensor.name.replacing(/^stem\./, with: "downsample_layers.0.")
      name = name.replacing(/^stages\.(\d)\.downsample\./) { "downsample_layers.\($0.output.1)." }
      name = name.replacing(/^stages\.(\d)\.blocks\./) { "stages.\($0.output.1)." }
      name = name.replacing("conv_dw", with: "dwconv").replacing("mlp.fc1", with: "pwconv1")
        .replacing("mlp.fc2", with: "pwconv2").replacing("head.fc.", with: "head.").replacing("head.norm", with: "norm")
      guard name.contains("mlp.grn.") else {
        return TensorToWrite(name: name, dtype: tensor.dtype, shape: tensor.shape, data: tensor.data)
      }
      name = name.replacing("mlp.grn.weight", with: "grn.gamma").replacing("mlp.grn.bias", with: "grn.beta")
      return TensorToWrite(name: name, dtype: tensor.dtype, shape: [1, 1, 1] + tensor.shape, data: tensor.data)
    }
    let model = try load(tensors, like: "convnextv2-timm")
    #expect(model.architecture == "convnextv2-6x1-1-2-1")
    try expectLogits(model, of: "convnextv2-timm")
  }

  /// DINOv2's names: registers between class and patches, which have position embeddings with the class and without the registers.
  @Test func registersOfDINOv2() throws {
    var tensors = try tensors("vit-timm-registers").map { tensor -> TensorToWrite in
      switch tensor.name {
      case "reg_token":
        return TensorToWrite(name: "register_tokens", dtype: tensor.dtype, shape: tensor.shape, data: tensor.data)
      case "pos_embed":
        let width = tensor.shape[2]
        return TensorToWrite(
          name: tensor.name, dtype: tensor.dtype, shape: [1, tensor.shape[1] + 1, width],
          data: Data(count: 4 * width) + tensor.data)
      default: return tensor
      }
    }
    tensors.append(TensorToWrite(name: "mask_token", shape: [1, 16], floats: [Float](repeating: 1, count: 16)))
    let model = try load(tensors, "vit-16x2-4-heads2", like: "vit-timm-registers")
    #expect(model.unusedTensors == 0)
    try expectLogits(model, of: "vit-timm-registers")
  }

  /// timm has the same tensors with both paddings, which the name of the model tells.
  @Test(arguments: ["efficientnet-timm", "efficientnetv2-timm-tf", "mobilenetv3-timm"])
  func paddingIsAsked(_ example: String) throws {
    let tensors = try tensors(example)
    let message = try #require(ModelFixtures.message { _ = try load(tensors, like: example) })
    #expect(message.contains("fit several architectures"))
    #expect(message.contains("-tf` (convolutions pad as TensorFlow's, epsilon is 1e-3: timm's with tf_)"), "\(message)")
    #expect(message.contains("--arch"))
  }

  /// Classes of torchvision and timm tell by their settings what tensors do not: heads, epsilon, padding.
  @Test(
    arguments: [
      ("convnext-torchvision", nil, "convnext-6x1-1-2-1"), ("swin-torchvision", nil, "swin-4x2-2-2"),
      ("swinv2-torchvision", nil, "swinv2-4x2-2-2"),
      ("convnextv2-timm", nil, "convnextv2-6x1-1-2-1"), ("vit-timm", "vit-16x2-4-heads2", "vit-16x2-4-heads2"),
      ("efficientnet-timm-tf", nil, "efficientnet-b0-tf"),
    ] as [(String, String?, String)]) func wholeNetworks(_ name: String, given: String?, architecture: String) throws
  {
    let file = try CheckpointFile.open(Self.folder.appendingPathComponent("whole/\(name).pt").path)
    let model = try ModelFixtures.load(
      file, architecture: given, images: golden(name, "images").shape.droppingFirst)
    #expect(model.architecture == architecture)
    try expectLogits(model, of: name)
    #expect(model.notes.contains { $0.contains("layers were compared with those of the file's modules") })
  }

  @Test(arguments: [
    ("vit-timm", "vit-16x2-4-heads4", "`blocks.0.attn` has num_heads 2, the network's 4"),
    (
      "efficientnet-timm-tf", "efficientnet-b0", "`conv_stem` pads as TensorFlow does, the network's alike on all sides"
    ),
  ]) func wholeNetworksContradict(_ name: String, architecture: String, words: String) throws {
    let file = try CheckpointFile.open(Self.folder.appendingPathComponent("whole/\(name).pt").path)
    let message = ModelFixtures.message {
      _ = try ModelFixtures.load(
        file, architecture: architecture, images: golden(name, "images").shape.droppingFirst)
    }
    #expect(message?.contains(words) == true, "\(message ?? "read")")
  }

  /// Depths that torchvision's and timm's code has, by the number of channels where depths are alike.
  @Test(arguments: [
    ([2, 3, 3, 4, 4, 5, 2], false, 1280, "-b1"), ([2, 3, 3, 4, 4, 5, 2], false, 1408, "-b2"),
    ([2, 4, 4, 6, 9, 15], true, 1280, "v2-s"), ([4, 7, 7, 10, 10, 13, 4], false, 2560, "-b7"),
  ]) func efficientNetsAreToldByTheirDepths(counts: [Int], isV2: Bool, width: Int, name: String) throws {
    #expect(try EfficientNetMember.find(counts, isV2: isV2, lastWidth: width).name == name)
  }
}
